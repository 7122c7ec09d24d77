"""Numbers of an ImageNet CGN as records: recovery of labels, masks, leaks, inception scores."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from cgnlib.evaluation.inception_score import score_interval
from cgnlib.evaluation.scores import share_interval
from cgnlib.report.image_scores import BOOTSTRAP, WILSON, record_image_mean
from cgnlib.report.records import Run

FACTORS = ("shape", "texture", "background")
INITIAL, TRAINED = "initialisation", "CGN"  # settings of the records
PARTS = {
    "mask_mean": "mean of the mask over pixels and images",
    "mask_entropy": "mean entropy of a mask pixel in bits; 0 is a binary mask",
    "mask_iou": "overlap of the mask, cut at one half, with the saliency of the pseudo ground "
    "truth of the same noise and shape label",
    "texture_leak": "mean saliency of the foreground image: what is left of an object in it",
    "object_residue": "mean saliency of the background image: what is left of an object in it",
}
# Per row of the ablation: what must rise (first minus second) for its published failure to show.
FAILURES = (
    ("shape", "none", "mask_entropy"),
    ("text", "none", "texture_leak"),
    ("bg", "none", "object_residue"),
    ("none", "bg", "mask_mean"),
)
SCORE = (
    "exp of the mean KL divergence between a composite's class probabilities and their mean, "
    "composites with one class for all mechanisms; mean over splits; " + BOOTSTRAP
)


def record_parts(
    run: Run, experiment: str, setting: str, parts: Any, artefacts: Iterable[Any]
) -> None:
    """The means of per-image scores of a CGN's parts, and the spread of the mask's mean.

    Args:
        parts: has the fields of :class:`cgnlib.pipelines.imagenet.PartScores`, each (N,).
    """
    artefacts = list(artefacts)
    for metric, meaning in PARTS.items():
        scores = getattr(parts, metric)
        record_image_mean(
            run, experiment, setting, metric, scores, "share", meaning=meaning, artefacts=artefacts
        )
    run.record(
        experiment,
        setting,
        "mask_mean_std",
        float(np.std(parts.mask_mean)),
        "share",
        n=len(parts.mask_mean),
        definition="standard deviation of the mask's mean over images",
        artefacts=artefacts,
    )


def record_difference(
    run: Run, setting: str, metric: str, first: Any, second: Any, artefacts: Iterable[Any]
) -> None:
    """IBR-1: how much higher a score lies in the first CGN than in the second, image by image."""
    values = np.asarray(getattr(first, metric)) - np.asarray(getattr(second, metric))
    meaning = f"{PARTS[metric]}: difference on the same labels and noise"
    record_image_mean(
        run, "IBR-1", setting, metric, values, "share", meaning=meaning, artefacts=artefacts
    )


def recovery(labels: np.ndarray, log_probabilities: np.ndarray) -> np.ndarray:
    """(3, 3) share of images in which the reader of factor i names the intended label of factor j.

    Args:
        labels: (N, 3).
        log_probabilities: (N, 3, K) of the readers.
    """
    read = np.asarray(log_probabilities).argmax(2)  # (N, 3)
    return (read[:, :, None] == np.asarray(labels)[:, None, :]).mean(0)


def record_recovery(
    run: Run, setting: str, labels: np.ndarray, log_probabilities: Any, artefacts: Iterable[Any]
) -> np.ndarray | None:
    """HQC-2: what the readers of shape, texture and background name; returns the (3, 3) shares,
    None where nobody can read the images."""
    if log_probabilities is None:
        return None
    matrix, artefacts = recovery(labels, log_probabilities), list(artefacts)
    for (i, j), share in np.ndenumerate(matrix):
        run.record(
            "HQC-2",
            setting,
            f"oracle_{FACTORS[i]}_{FACTORS[j]}",
            share,
            "share",
            n=len(labels),
            interval=share_interval(share, len(labels)),
            definition=f"share of counterfactuals with three different labels in which the reader "
            f"of {FACTORS[i]} names the intended label of {FACTORS[j]}; {WILSON}",
            artefacts=artefacts,
        )
    least = float(np.diag(matrix).min())
    run.record(
        "HQC-2",
        setting,
        "label_recovery",
        least,
        "share",
        n=len(labels),
        interval=share_interval(least, len(labels)),
        definition=f"least share over factors in which a reader names its own label; {WILSON}",
        artefacts=artefacts,
    )
    return matrix


def record_change(run: Run, before: Any, after: Any, artefacts: Iterable[Any]) -> None:
    """How much of the texture's leak and of the object's residue is left after training: ratios of
    means over the same images."""
    for metric in ("texture_leak", "object_residue"):
        first, last = (float(np.mean(getattr(parts, metric))) for parts in (before, after))
        run.record(
            "HQC-2",
            TRAINED,
            f"{metric}_ratio",
            last / max(first, 1e-9),
            "share",
            n=len(getattr(after, metric)),
            definition=f"{metric.replace('_', ' ')} after training, divided by that at "
            "initialisation, on the same labels and noise",
            artefacts=artefacts,
        )


def record_score(
    run: Run,
    experiment: str,
    setting: str,
    score: Any,
    logits: np.ndarray,
    artefacts: Iterable[Any],
    metric: str = "inception_score",
) -> None:
    """An inception score, its interval over images and its spread over splits.

    Args:
        score: :class:`cgnlib.evaluation.inception_score.InceptionScore` of ``logits``.
    """
    artefacts = list(artefacts)
    run.record(
        experiment,
        setting,
        metric,
        score.mean,
        "score",
        n=score.images,
        interval=score_interval(logits[: score.images], score.splits, seed=0),
        definition=f"{SCORE}; {score.splits} splits",
        artefacts=artefacts,
    )
    run.record(
        experiment,
        setting,
        f"{metric}_std",
        score.std,
        "score",
        n=score.images,
        definition=f"standard deviation of the inception score over {score.splits} splits",
        artefacts=artefacts,
    )
