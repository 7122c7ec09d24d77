"""The frozen networks behind an ImageNet CGN, by the parameters that name them.

What stands behind a name is a parameter, never a fallback: ``shipped`` weights come with the
package, ``published`` ones are below the data root, ``random`` ones are untrained (tests), anything
else is a file or the hash of imported weights.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from cgnlib import store
from cgnlib.classifiers.scene_classifiers import as_silhouettes
from cgnlib.data.registry import path_of
from cgnlib.data.scenes9 import FACTORS
from cgnlib.errors import UserError
from cgnlib.evaluation.scene_labels import Readers
from cgnlib.networks import shipped
from cgnlib.networks.biggan import (
    DEEP_256,
    SCENES9,
    BigGan,
    Layout,
    load_biggan,
    truncated_noise,
    write_standing_statistics,
)
from cgnlib.networks.features import Features, scene_features, vgg_features
from cgnlib.networks.inception import load_inception
from cgnlib.networks.saliency import SmallSaliency, load_small_saliency
from cgnlib.networks.scene_cnn import SceneCnn
from cgnlib.networks.u2net import U2Net, load_u2net
from cgnlib.networks.weights import FILE, import_weights, imported
from cgnlib.params import ImagenetParams
from cgnlib.params.genint_images import GenintImageParams
from cgnlib.rng import rng, seed_for

TINY = replace(SCENES9, z=16, width=4)
_TO_32_PX = ((True, 16, 8), (True, 8, 4), (True, 4, 2), (False, 2, 1))
TINY_1000 = replace(TINY, classes=1000, blocks=_TO_32_PX)
LAYOUTS = {"scenes9": SCENES9, "tiny": TINY, "deep_256": DEEP_256, "tiny_1000": TINY_1000}
SHIPPED, PUBLISHED, RANDOM = "shipped", "published", "random"
_RANDOM_VERSION = 1  # rises when random weights change
Score = Callable[[Tensor], Tensor]  # images (B, 3, H, W) in [-1, 1] to logits (B, K)


def _seeded(name: str, make: Callable[[], nn.Module]) -> nn.Module:
    """An untrained network whose weights depend on its name alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_for(0, "random-network", name))
        return make().eval()


def _untrained_generator(layout: Layout) -> BigGan:
    """A generator that has run, so that its norms and its statistics are of use."""
    generator = BigGan(layout)
    noise = truncated_noise(16, layout.z, 1.0, rng(0, "random-network", "noise"))
    labels = torch.arange(16) % layout.classes
    with torch.no_grad():
        for _ in range(10):
            generator(noise, labels)
    write_standing_statistics(generator, [(noise, labels)])
    return generator


def _file(reference: str, place: "_Place") -> Path:
    """The file that a parameter names: published, a path, or the hash of an import."""
    if reference == PUBLISHED:
        found = path_of(place.resource)
        return found / "pytorch_model.bin" if found.is_dir() else found
    if Path(reference).is_file() or not place.layout:
        return Path(reference)
    return imported(reference, place.layout).folder / FILE


@dataclass(frozen=True)
class _Place:
    """Where the weights of one network may come from: its name among the shipped ones, the
    published file among the resources, and the layout that an import has."""

    shipped: str = ""
    resource: str = ""
    layout: str = ""


_GENERATORS = {
    "scenes9": _Place(shipped="generator"),
    "tiny": _Place(),
    "tiny_1000": _Place(),
    "deep_256": _Place(resource="biggan-deep-256", layout="biggan"),
}
_SALIENCY = {
    "small": _Place(shipped="saliency"),
    "u2net": _Place(resource="u2net", layout="u2net"),
    "u2netp": _Place(resource="u2netp", layout="u2netp"),
}


def _checked(name: str, reference: str, place: _Place) -> str:
    if reference == SHIPPED and not place.shipped:
        raise UserError(f"no weights of {name} come with the package: give a file or 'published'")
    if reference == PUBLISHED and not place.resource:
        raise UserError(f"no weights of {name} were published: give 'shipped' or a file")
    return reference


def _identity(name: str, reference: str, place: _Place) -> str:
    """What an artefact's key says of the weights."""
    reference = _checked(name, reference, place)
    if reference == RANDOM:
        return f"{RANDOM}-{_RANDOM_VERSION}"
    if reference == SHIPPED:
        return shipped.shipped_record(place.shipped)["sha256"]
    return store.file_sha256(_file(reference, place))


def published_cgn(reference: str) -> store.Artefact:
    """The published CGN among the artefacts; ``reference`` is ``published``, a file or a hash.

    Raises:
        UserError: none of them, or not a whole checkpoint of that layout.
    """
    if reference == PUBLISHED:
        return import_weights(path_of("cgn"), "imagenet-cgn")
    return imported(reference, "imagenet-cgn")


def empty_networks(params: ImagenetParams) -> tuple[BigGan, nn.Module]:
    """Generator and saliency network of the published CGN, about to get its weights."""
    with torch.random.fork_rng(devices=[]):
        return BigGan(LAYOUTS[params.biggan]), U2Net("full")


def frozen_generator(params: ImagenetParams | GenintImageParams) -> BigGan:
    """The generator that gives the pseudo ground truth and that the mechanisms start from, in
    evaluation mode.

    Raises:
        UserError: weights that are absent, unknown or of another layout.
    """
    place, where = _GENERATORS[params.biggan], params.biggan_weights
    if _checked(params.biggan, where, place) == SHIPPED:
        return shipped.shipped(place.shipped)
    layout = LAYOUTS[params.biggan]
    if where == RANDOM and params.biggan.startswith("tiny"):
        name = params.biggan.replace("tiny", "generator")
        return _seeded(name, lambda: _untrained_generator(layout))
    if where == RANDOM:
        raise UserError("biggan_weights random: only the layout 'tiny' is of use untrained")
    return load_biggan(_file(where, place), layout)


def saliency_net(params: ImagenetParams) -> nn.Module:
    """The network that makes masks, in evaluation mode: (B, 3, H, W) to (B, 1, H, W) in [0, 1].

    Raises:
        UserError: as :func:`frozen_generator`.
    """
    place, where = _SALIENCY[params.saliency], params.saliency_weights
    if _checked(params.saliency, where, place) == SHIPPED:
        return shipped.shipped(place.shipped)
    size = {"u2net": "full", "u2netp": "small"}.get(params.saliency)
    if where == RANDOM:
        return _seeded("saliency", lambda: U2Net(size) if size else SmallSaliency((4, 8)))
    path = _file(where, place)
    return load_u2net(path, size) if size else load_small_saliency(path)


def random_readers() -> Readers:
    """Small untrained readers, for tests."""
    classifier, silhouette = (
        _seeded(name, lambda heads=shipped.HEADS[name]: SceneCnn(heads, (4, 4, 8, 8)))
        for name in ("classifier", "silhouette")
    )
    return Readers(_seeded("saliency", lambda: SmallSaliency((4, 8))), classifier, silhouette)


def readers(params: ImagenetParams) -> Readers | None:
    """The classifiers that read the labels of scenes9 images; None for ImageNet, whose images
    nobody can read by factor.

    Raises:
        UserError: a shipped file that is absent or damaged.
    """
    if params.evaluators == "none":
        return None
    if params.evaluators == RANDOM:
        return random_readers()
    names = ("saliency", "classifier", "silhouette")
    return Readers(*(shipped.shipped(name) for name in names))


def feature_nets(
    params: ImagenetParams, perceptual: Sequence[float], texture: Sequence[float]
) -> tuple[Features | None, Features | None]:
    """What the perceptual and the texture loss look at, each no deeper than its last layer with
    weight; None where the loss is off.

    Raises:
        UserError: absent or damaged weights.
    """
    kind, both = params.features, [max(pair) for pair in zip(perceptual, texture, strict=True)]
    if kind == "none" or not any(both):
        return None, None
    if kind.endswith("scene_cnn"):
        found = random_readers() if kind.startswith(RANDOM) else None
        network = found.classifier if found else shipped.shipped("classifier")
        whole = scene_features(network, both)
    else:
        whole = vgg_features(kind, both, None if kind == "random_vgg" else path_of(kind))
    made = [Features(whole.network, whole.taps, weights) for weights in (perceptual, texture)]
    return tuple(
        one.to(params.device) if any(weights) else None
        for one, weights in zip(made, (perceptual, texture), strict=True)
    )


def generator_identity(params: ImagenetParams | GenintImageParams) -> str:
    """Hash of the frozen generator's weights."""
    return _identity(params.biggan, params.biggan_weights, _GENERATORS[params.biggan])


def identities(params: ImagenetParams) -> dict[str, str]:
    """Hashes of the frozen networks' weights, for the key of a CGN."""
    found = {
        "biggan": generator_identity(params),
        "saliency": _identity(params.saliency, params.saliency_weights, _SALIENCY[params.saliency]),
        "features": f"{RANDOM}-{_RANDOM_VERSION}",
    }
    if params.features == "scene_cnn":
        found["features"] = shipped.shipped_record("classifier")["sha256"]
    elif params.features in ("vgg16", "vgg16_bn"):
        found["features"] = store.file_sha256(path_of(params.features))
    return found


def score_network(params: ImagenetParams) -> Score:
    """Logits of the classifier behind inception scores: Inception-v3 (ImageNet; tests take an
    untrained one), or on scenes9 the mean log-probability of a class over the three readers, which
    all name the class of an image whose labels agree.

    Raises:
        UserError: absent or damaged weights.
    """
    if params.score_network == "inception_v3":
        return load_inception(path_of("inception-v3")).to(params.device)
    if params.score_network == RANDOM:
        heads = {"class": LAYOUTS[params.biggan].classes}
        untrained = _seeded("score", lambda: SceneCnn(heads, (4, 4, 8, 8))).to(params.device)
        return lambda images: untrained(images)["class"]
    found = readers(params)
    if found is None:
        raise UserError("score_network scene_cnn needs evaluators: give 'shipped'")
    return lambda images: log_probabilities(found, images).mean(1)


def log_probabilities(found: Readers, images: Tensor) -> Tensor:
    """(B, 3, 9): what the readers think of shape, texture and background of images (B, 3, H, W) in
    [-1, 1]; the shape is read in their saliency."""
    images = images.cpu()
    told = {**found.classifier(images), **found.silhouette(as_silhouettes(found.masks(images)))}
    return torch.stack([told[name].log_softmax(1) for name in FACTORS], 1)
