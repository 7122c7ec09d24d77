"""Where the classifiers look and what their features group by: arrays kept in the store."""

import numpy as np
import torch
from torch import Tensor

from cgnlib import store
from cgnlib.data.biased_mnist import LabelledImages
from cgnlib.data.digits import DATA_SEED
from cgnlib.errors import UserError
from cgnlib.evaluation import explain, features
from cgnlib.evaluation.predict import predict
from cgnlib.generators.counterfactuals import Counterfactuals
from cgnlib.generators.sampling import FACTORS
from cgnlib.params import MnistParams
from cgnlib.pipelines.arrays import Arrays, kept_arrays
from cgnlib.pipelines.mnist.classify import classifier
from cgnlib.pipelines.mnist.data import base_key, datasets
from cgnlib.pipelines.mnist.generate import cgn
from cgnlib.rng import rng, seed_for
from cgnlib.training import progress

HEAT_MAPS_VERSION = 1
LIME_VERSION = 1
EMBEDDING_VERSION = 1
# The rows of the published score (R1, Fig. 4) and the classifiers behind them.
TRAINED_ON = {"trained on original": "Original", "trained on CF": "CGN"}
PANELS = ("real", "counterfactual")
_RELU = 9  # in MnistCnn.model: the rectifier after the last convolution, 64x8x8


def explained_images(params: MnistParams, count: int) -> LabelledImages:
    """A fixed random choice of ``count`` images of the decorrelated test set, the same for every
    seed and classifier: at most one colouring per digit, all classes in turn.

    Raises:
        UserError: more images than there are test digits.
    """
    test = datasets(params).test
    order = torch.randperm(len(test), generator=rng(DATA_SEED, "explained"))
    _, first = np.unique(test.digit[order].numpy(), return_index=True)
    if count > len(first):
        raise UserError(
            f"{count:,} images were asked for, one per test digit, but there are {len(first):,} "
            "test digits: lower explain_images, lime_images or tsne_images"
        )
    rows = order[np.sort(first)]  # one per digit, in random order
    rows = rows[_in_turn(test.shape[rows])][:count]
    fields = ("images", "shape", "foreground", "background", "masks", "digit")
    return LabelledImages(*(getattr(test, name)[rows] for name in fields))


def factors(params: MnistParams) -> tuple[str, ...]:
    """The factors with classes of their own: the backgrounds of colored MNIST are all black."""
    return FACTORS if datasets(params).variants["test"].has_background else FACTORS[:2]


def _in_turn(labels: Tensor) -> Tensor:
    """The order that takes the first of each class, then the second of each, and so on."""
    turn = torch.empty_like(labels)
    for label in labels.unique():
        own = labels == label
        turn[own] = torch.arange(int(own.sum()))
    return (turn * (int(labels.max()) + 1) + labels).argsort()


def _key(params: MnistParams, setting: str, **changed: object) -> dict:
    return {
        **base_key(params),
        "classifier": classifier(params, setting).artefact.hash,
        "evaluated": datasets(params).variants["test"].identity,
        "test_colourings": params.test_colourings,
        **changed,
    }


def heat_maps(params: MnistParams, setting: str) -> tuple[Arrays, store.Artefact]:
    """GradCAM of a classifier on ``explain_images`` test images (experiment EXT-2).

    The layer is the rectified last convolution: the published code reads the convolution, whose
    values its in-place rectifier overwrites.

    Returns:
        ``maps`` (N, 32, 32) float16 in [0, 1] and ``predicted`` (N,), in the order of
        :func:`explained_images`.
    """
    model = classifier(params, setting).model

    def make() -> Arrays:
        images = explained_images(params, params.explain_images).images
        maps, predicted = explain.grad_cam(model, model.model[_RELU], images, device=params.device)
        return {"maps": maps.astype(np.float16), "predicted": predicted}

    key = _key(params, setting, images=params.explain_images)
    return kept_arrays("heat_maps", HEAT_MAPS_VERSION, key, make)


def lime_maps(params: MnistParams, setting: str) -> tuple[Arrays, store.Artefact]:
    """LIME of a classifier's predicted class on ``lime_images`` test images (experiment EXT-7).

    Returns:
        ``maps`` (N, 32, 32) float32, the weight of each pixel, and ``predicted`` (N,), in the order
        of :func:`explained_images`.
    """
    model = classifier(params, setting).model

    def make() -> Arrays:
        images = explained_images(params, params.lime_images).images
        predicted = predict(model, images, device=params.device).predicted
        maps = []
        for number, (image, label) in enumerate(zip(images, predicted, strict=True)):
            parts = explain.segments(image, params.lime_segments, params.lime_segment_px)
            seed = seed_for(params.seed, "lime", number)
            maps.append(
                explain.lime_map(
                    model, image, parts, int(label), params.lime_samples, seed, params.device
                )
            )
        return {"maps": np.stack(maps), "predicted": predicted}

    names = ("lime_images", "lime_samples", "lime_segments", "lime_segment_px")
    key = _key(params, setting, **{name: getattr(params, name) for name in names})
    return kept_arrays("lime", LIME_VERSION, key, make)


def _panel(params: MnistParams, panel: str) -> tuple[Tensor, np.ndarray, np.ndarray]:
    """Images, their labels (N, 3) and which images are not independent (N,)."""
    count = params.tsne_images
    if panel == "real":
        shown = explained_images(params, count)
        labels = torch.stack([shown.shape, shown.foreground, shown.background], 1)
        return shown.images, labels.numpy(), shown.digit.numpy()
    # A stream of their own: no classifier was trained on these.
    fakes = Counterfactuals(cgn(params).model, count, 1, count, params.seed, "explained")
    images, labels = fakes.batch(torch.arange(count))
    return images, labels.numpy(), np.arange(count)


def embedding(params: MnistParams, setting: str, panel: str) -> tuple[Arrays, store.Artefact]:
    """Features of a classifier on ``tsne_images`` images and their t-SNE (experiment EXT-1).

    Args:
        panel: ``real`` (test images, see :func:`explained_images`) or ``counterfactual`` (held-out
            ones).

    Returns:
        ``features`` (N, 64) float32, ``points`` (N, 2) float32, ``labels`` (N, 3) of shape,
        foreground and background, ``digit`` (N,) the source of each image.

    Raises:
        UserError: unknown panel.
    """
    if panel not in PANELS:
        raise UserError(f"unknown panel {panel!r}; choose one of {', '.join(PANELS)}")
    model = classifier(params, setting).model

    def make() -> Arrays:
        progress(f"t-SNE of {params.tsne_images:,} {panel} images, {setting}")
        images, labels, digit = _panel(params, panel)
        found = features.features_of(model, images, device=params.device)
        seed = seed_for(params.seed, "t-sne")
        points = features.tsne(found, params.tsne_perplexity, seed)
        return {"features": found, "points": points, "labels": labels, "digit": digit}

    key = _key(
        params, setting, panel=panel, images=params.tsne_images, perplexity=params.tsne_perplexity
    )
    if panel == "counterfactual":
        key["cgn"] = cgn(params).artefact.hash
    return kept_arrays("embedding", EMBEDDING_VERSION, key, make)
