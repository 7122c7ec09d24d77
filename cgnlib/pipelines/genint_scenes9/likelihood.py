"""log P(x|z) of real images under a set of interventions (GENINT-8, GENINT-9)."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from cgnlib.classifiers.augment import IMAGENET_MEAN, IMAGENET_STD, Standardise, StoredImages
from cgnlib.classifiers.supervised import channels_last
from cgnlib.data import imagenet, scenes9
from cgnlib.data.image_folders import ImageFiles
from cgnlib.data.registry import path_of
from cgnlib.evaluation.generated_likelihood import ceiling, nearest_log_likelihood
from cgnlib.generators.ganspace import directions_of
from cgnlib.generators.interventions import InterventionGroups, InterventionSettings
from cgnlib.networks import resnet
from cgnlib.networks.shipped import shipped, shipped_record
from cgnlib.params.genint_theory import GenintTheoryParams
from cgnlib.pipelines.arrays import Arrays, kept_arrays
from cgnlib.pipelines.genint_scenes9.generator import generator
from cgnlib.pipelines.imagenet.nets import generator_identity
from cgnlib.rng import rng
from cgnlib.store import Artefact, file_sha256

LIKELIHOOD_VERSION = 1
VALIDATION_SEED = 0  # the same real images for every seed of a run
_BATCH = 200
Features = Callable[[Tensor], Tensor]  # images (B, 3, H, W) in [-1, 1] to (B, D)


@dataclass(frozen=True)
class RealImages:
    """Validation images: ``source`` (see :class:`cgnlib.classifiers.augment.StoredImages`),
    ``label`` (N,) int64 and what names them in artefact keys."""

    source: StoredImages | ImageFiles
    label: Tensor
    identity: str


@dataclass(frozen=True)
class Likelihood:
    """log P(x|z) under one set of generated images.

    Attributes:
        arrays: per real image (N,): ``value`` and ``ceiling`` in nats, ``label``, and ``index``,
            the nearest generated image's place in its set.
        artefact: that of the arrays.
    """

    arrays: Arrays
    artefact: Artefact

    @property
    def value(self) -> np.ndarray:
        """(N,) nats."""
        return self.arrays["value"]

    @property
    def ceiling(self) -> np.ndarray:
        """(N,) nats; nothing is above it."""
        return self.arrays["ceiling"]

    @property
    def relative(self) -> np.ndarray:
        """(N,) nats, at most 0: the value less its ceiling."""
        return np.minimum(self.value - self.ceiling, 0)


@lru_cache(maxsize=2)
def real_images(params: GenintTheoryParams) -> RealImages:
    """``bound_real`` validation images of every class of the generator.

    Raises:
        UserError: absent files.
    """
    if params.biggan != "deep_256":
        count = params.bound_real * len(scenes9.CLASSES)
        drawn = scenes9.scene_set("original", count, VALIDATION_SEED, "validation")
        return RealImages(StoredImages(drawn.images), drawn.shape, drawn.identity)
    listing = imagenet.imagenet("val", params.transfer_source)
    rows = [
        np.flatnonzero(listing.labels == label)[: params.bound_real]
        for label in range(len(listing.classes))
    ]
    rows = np.concatenate(rows)
    identity = f"{params.transfer_source} val, {params.bound_real} per class"
    paths = [listing.paths[row] for row in rows]
    return RealImages(ImageFiles(paths), torch.from_numpy(listing.labels[rows]), identity)


def _feature_identity(params: GenintTheoryParams) -> str:
    if params.bound_features == "resnet18":
        return file_sha256(path_of("resnet18"))
    return shipped_record("classifier")["sha256"]


@lru_cache(maxsize=2)
def feature_net(params: GenintTheoryParams) -> Features:
    """Penultimate features of the frozen network that ``bound_features`` names.

    Raises:
        UserError: absent weights.
    """
    if params.bound_features == "resnet18":
        network, _ = resnet.trunk("resnet18", path_of("resnet18"))
        standardised = torch.nn.Sequential(Standardise(IMAGENET_MEAN, IMAGENET_STD), network)
        return standardised.to(params.device).eval()
    return shipped("classifier").to(params.device).eval().features


@torch.no_grad()
def _features(params: GenintTheoryParams, parts) -> Tensor:
    read = feature_net(params)
    return torch.cat([read(channels_last(part.to(params.device))) for part in parts])


@lru_cache(maxsize=2)
def real_features(params: GenintTheoryParams) -> Tensor:
    """Features (N, D) of :func:`real_images`."""
    return _features(params, real_images(params).source.split(_BATCH))


def interventions(params: GenintTheoryParams, settings: InterventionSettings) -> InterventionGroups:
    """The images that ``settings`` describe, made group by group.

    Raises:
        UserError: more directions than have an effect.
    """
    model = generator(params)
    found = directions_of(model, settings.components) if settings.edits else None
    return InterventionGroups(model, found, settings, params.seed)


def settings_key(params: GenintTheoryParams, settings: InterventionSettings) -> dict:
    """What a set of interventions depends on, beside its size."""
    kept = asdict(settings) | {
        "ranges": [list(limits) for limits in settings.ranges[: settings.components]],
        "without": list(settings.without),
    }
    made = {"generator": generator_identity(params), "layout": params.biggan, "seed": params.seed}
    return kept | made | {"device": params.device, "threads": params.threads}


def likelihood(
    params: GenintTheoryParams, settings: InterventionSettings, per_class: int
) -> Likelihood:
    """log P(x|z) of the real images under ``per_class`` images of every class.

    Raises:
        UserError: absent weights or data; see :func:`interventions`.
    """
    key = settings_key(params, settings) | {
        "per_class": per_class,
        "features": _feature_identity(params),
        "network": params.bound_features,
        "reading": params.bound_reading,
        "match": params.bound_match,
        "real": real_images(params).identity,
    }

    def make() -> Arrays:
        groups = interventions(params, settings)
        theirs, labels = _generated_features(params, groups, per_class)
        ours, own = real_features(params), real_images(params).label
        among = (own.to(ours.device), labels.to(ours.device))
        found = nearest_log_likelihood(
            ours, theirs, params.bound_reading, among if params.bound_match == "class" else None
        )
        made = {"value": found.value, "ceiling": ceiling(ours, params.bound_reading)}
        made |= {"label": own, "index": found.index}
        return {name: values.cpu().numpy() for name, values in made.items()}

    arrays, artefact = kept_arrays("genint_likelihood", LIKELIHOOD_VERSION, key, make)
    return Likelihood(arrays, artefact)


def _generated_features(
    params: GenintTheoryParams, groups: InterventionGroups, per_class: int
) -> tuple[Tensor, Tensor]:
    """Features (M, D) and labels (M,); images are read as they are made, and not kept."""
    count, labels, read = per_class * len(groups.classes), [], []
    for number in range(-(-count // groups.batch)):
        drawn, pixels = groups.group(number)
        images = pixels.permute(0, 3, 1, 2).float().div_(127.5).sub_(1)
        read.append(_features(params, [images]))
        labels.append(drawn.labels)
    return torch.cat(read)[:count], torch.cat(labels)[:count]


def nearest_pictures(
    params: GenintTheoryParams, settings: InterventionSettings, found: Likelihood, count: int
) -> np.ndarray:
    """Real images beside the generated ones they are nearest to, (2, count, H, W, 3) uint8; a fixed
    random choice of ``count`` images."""
    real = real_images(params)
    order = torch.randperm(len(real.label), generator=rng(VALIDATION_SEED, "nearest pictures"))
    rows = order[:count]
    groups = interventions(params, settings)
    made = []
    for row in rows.tolist():
        number, place = divmod(int(found.arrays["index"][row]), groups.batch)
        made.append(groups.pixels(number)[place])
    shown = real.source.draw(rows, rng(VALIDATION_SEED, "nearest pictures"))
    pixels = shown.add(1).mul(127.5).round().to(torch.uint8).permute(0, 2, 3, 1)
    return np.stack([pixels.numpy(), np.stack(made)])
