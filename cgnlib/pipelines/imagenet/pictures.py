"""Pictures of an ImageNet CGN for the pages: real scenes, triples, mechanisms, interpolations,
failures. Images are uint8 arrays with channels last."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from cgnlib.data import scenes9
from cgnlib.data.class_names import class_triples
from cgnlib.generators.imagenet_cgn import FACTORS, ImagenetCgn
from cgnlib.generators.imagenet_sampling import (
    MECHANISM_CLASSES,
    PAPER_TRIPLES,
    sheet,
    triples,
)
from cgnlib.generators.sampling import to_bytes
from cgnlib.networks.biggan import truncated_noise
from cgnlib.params import ImagenetParams
from cgnlib.pipelines.imagenet.measure import Composites, Drawn, Quality
from cgnlib.pipelines.imagenet.train_cgn import SHEET_TRUNCATION, class_names
from cgnlib.rng import rng

PER_FACTOR = 10
INTERPOLATION_TRUNCATION = 0.3  # of the published code (HQC-4)
PARTS = ("premask", "mask", "foreground", "background", "composite")
BELIEVED = 0.5


@dataclass(frozen=True)
class Captioned:
    """Images (N, H, W, 3) with a line of text each."""

    images: np.ndarray
    captions: list[str]


@dataclass(frozen=True)
class Worst:
    """The images believed least: ``images`` (W, H, W, 3); names of the ``intended`` and the
    ``read`` class; the ``confidence`` (W,) in the intended one."""

    images: np.ndarray
    intended: list[str]
    read: list[str]
    confidence: np.ndarray


def real_scenes(per_class: int = 5) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Rendered scenes by kind, (images (N, 64, 64, 3), classes (N,)): as they come, and with shape,
    texture and background recombined; with the masks of the first kind as a third."""
    count = 9 * per_class
    own = scenes9.scene_set("original", count, 0, "train")
    mixed = scenes9.recombined(count, 0, "train", free=("texture", "background"))
    show = lambda values: values.permute(0, 2, 3, 1).numpy()  # noqa: E731
    return {
        "original": (show(own.images), own.shape.numpy()),
        "masks": (show(own.masks), own.shape.numpy()),
        "recombined": (show(mixed.images), mixed.shape.numpy()),
    }


def _scene_triples() -> list[tuple[int, int, int]]:
    """25 triples of three different classes of scenes9; every class stands in every place."""
    return [(i % 9, (i + 1 + i // 9) % 9, (i + 4 + 2 * (i // 9)) % 9) for i in range(25)]


def chosen_triples(params: ImagenetParams) -> list[tuple[int, int, int]]:
    """Classes of the counterfactuals to show: those that ``triples`` names, else the 25 of the
    paper's figure 24, or as many of scenes9.

    Raises:
        UserError: ``triples`` holds no triple, or a name that is no class.
    """
    rendered = params.dataset == "scenes9"
    if params.triples:
        names = class_names(params) if rendered else None  # ImageNet's have synonyms
        return class_triples((one.strip() for one in params.triples.split(",")), names)
    return _scene_triples() if rendered else class_triples(PAPER_TRIPLES)


def counterfactual_triples(params: ImagenetParams, model: ImagenetCgn) -> Captioned:
    """Counterfactuals named ``shape/texture/background`` (HQC-2), see :func:`chosen_triples`; their
    noise is shared as that of the training set.

    Raises:
        UserError: see :func:`chosen_triples`.
    """
    names, chosen = class_names(params), chosen_triples(params)
    made = triples(
        model, chosen, params.seed, params.cf_truncation, shared_noise=params.cf_shared_noise
    )
    captions = ["/".join(names[label] for label in triple) for triple in chosen]
    return Captioned(made["composite"].numpy(), captions)


def mechanisms(
    params: ImagenetParams, model: ImagenetCgn
) -> tuple[dict[str, np.ndarray], list[str]]:
    """Every part for each class at one noise (HQC-3), by name, and the names of the classes."""
    classes = range(9) if params.dataset == "scenes9" else MECHANISM_CLASSES
    made = sheet(model, list(classes), params.seed, SHEET_TRUNCATION)
    names = class_names(params)
    return {part: made[part].numpy() for part in PARTS}, [names[label] for label in classes]


def interpolations(
    params: ImagenetParams, model: ImagenetCgn, midpoints: int = 6
) -> dict[str, np.ndarray]:
    """One factor moved from one class to another, the others held (HQC-4): factor to (S, H, W, 3).
    As published: the one-hot label moves, the noise stays."""
    first, last = (0, 3) if params.dataset == "scenes9" else (MECHANISM_CLASSES[0], 145)
    u = truncated_noise(
        1, model.latent, INTERPOLATION_TRUNCATION, rng(params.seed, "interpolation")
    )[0]
    strips = {}
    for factor in FACTORS:
        made = model.interpolate(
            factor, u, (first,) * 3, last, midpoints, truncation=INTERPOLATION_TRUNCATION
        )
        strips[factor] = to_bytes(made.composite).numpy()
    return strips


def _again(model: ImagenetCgn, drawn: Drawn, rows: Sequence[int]) -> np.ndarray:
    """Composites of some of the images that were drawn."""
    labels, noise = drawn.asked(torch.as_tensor(rows), model.device)
    with model.sampling():
        made = model(noise, *labels.T, truncation=drawn.truncation)
    return to_bytes(made.composite).numpy()


def _worst(
    params: ImagenetParams,
    model: ImagenetCgn,
    drawn: Drawn,
    labels: np.ndarray,
    log_probabilities: np.ndarray,
) -> Worst:
    given = np.exp(log_probabilities[np.arange(len(labels)), labels])
    rows = np.argsort(given, kind="stable")[:PER_FACTOR]
    names, read = class_names(params), log_probabilities[rows].argmax(1)
    return Worst(
        _again(model, drawn, rows.tolist()),
        [names[label] for label in labels[rows]],
        [names[label] for label in read],
        given[rows],
    )


def failures(
    params: ImagenetParams, model: ImagenetCgn, quality: Quality, composites: Composites
) -> tuple[dict[str, Worst], np.ndarray]:
    """The images a classifier believes least, worst first, and for each image (N,) the least
    probability of an intended label (HQC-6).

    Where the factors can be read: counterfactuals with three different labels, by factor. On
    ImageNet: class-consistent composites, by the score network's probability of their class.
    """
    told = quality.log_probabilities
    if told is None:
        logs = composites.logits - _log_sum(composites.logits)
        worst = _worst(params, model, composites.drawn, composites.labels, logs)
        return {"class": worst}, np.exp(logs[np.arange(len(logs)), composites.labels])
    worst = {
        factor: _worst(params, model, quality.drawn, quality.labels[:, place], told[:, place])
        for place, factor in enumerate(FACTORS)
    }
    given = np.take_along_axis(told, quality.labels[:, :, None], axis=2)[:, :, 0]
    return worst, np.exp(given.min(1))


def _log_sum(logits: np.ndarray) -> np.ndarray:
    return torch.from_numpy(logits).logsumexp(1, keepdim=True).numpy()
