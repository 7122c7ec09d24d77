"""Numbers of the ImageNet robustness page as records: every share with what was counted."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from cgnlib.evaluation.head_correlation import fisher_interval
from cgnlib.report.image_scores import record_image_mean, record_image_share
from cgnlib.report.records import Run

HITS = "_hits"  # ends the metric that counts what a share's numerator counts
_PAIRED = "interval: 95 %, bootstrap over images, both answers drawn together"
_UNPAIRED = "interval: 95 %, normal, the images of the two sets independent"
MEANINGS = {
    "shape_bias": "of the cue-conflict images read as their shape or their texture, the share read "
    "as their shape (images whose shape and texture agree left out)",
    "shape_accuracy": "share of cue-conflict images read as their shape",
    "texture_accuracy": "share of cue-conflict images read as their texture",
    "top1": "share of original test images whose class is read",
    "top5": "share of original test images whose class is among the five most likely",
    "test_top1": "share of original test images whose class is read",
    "test_top5": "share of original test images whose class is among the five most likely",
    "train_top1": "share of original training images, not augmented, whose class is read",
    "train_top5": "share of original training images, not augmented, whose class is among the five "
    "most likely",
    "cf_accuracy": "share of held-out counterfactuals whose own factor the head reads",
    "original_accuracy": "share of original test images whose class is read",
    "mixed_same_accuracy": "share read of foregrounds before another place of their own class",
    "mixed_rand_accuracy": "share read of foregrounds before the place of a random class",
    "bg_gap": "accuracy on mixed-same less that on mixed-rand, each over its own images",
    "pointing_game": "share of GradCAM maps of the predicted class that peak on the object (ties "
    "shared out)",
    "cam_iou": "GradCAM of the predicted class, cut at one half: intersection over union with the "
    "true mask",
    "heat_on_object": "GradCAM of the predicted class: share of its heat on the object",
    "positive_share": "LIME of the predicted class: share of the positive weight on the object",
    "object_share": "share of the image that is object: where weight thrown at random would lie",
}


def meaning(metric: str) -> str:
    """The definition of a metric; accuracies on a set of experiment EXT-4 are named after it."""
    if metric in MEANINGS:
        return MEANINGS[metric]
    name = metric.removesuffix("_accuracy").replace("_", " ")
    if name == "cue conflict":
        return "share of all cue-conflict images read as their shape (printed as IN-Stylized, D20)"
    return f"share of {name} images whose class is read"


def _claim(experiment: str) -> str:
    """``ODR`` or ``EXT``."""
    return experiment.split("-")[0]


def record_rate(
    run: Run, experiment: str, setting: str, metric: str, rate: Any, artefacts: Iterable[Any]
) -> None:
    """A share in % and, under the metric's name with ``_hits``, its numerator; ``n`` is the
    denominator. Nothing where nothing was counted.

    Args:
        rate: has ``numerator``, ``denominator``, ``percent`` and ``interval``, see
            :class:`cgnlib.evaluation.rates.Rate`.
    """
    if not rate.denominator:
        return
    artefacts = list(artefacts)
    text = meaning(metric)
    claim = _claim(experiment)
    record_image_share(
        run, experiment, setting, metric, rate, meaning=text, artefacts=artefacts, claim=claim
    )
    run.record(
        experiment,
        setting,
        metric + HITS,
        rate.numerator,
        "images",
        n=rate.denominator,
        definition=f"images counted: {text}",
        artefacts=artefacts,
        claim=_claim(experiment),
    )


def record_difference(
    run: Run,
    experiment: str,
    setting: str,
    metric: str,
    difference: tuple[float, float, float] | None,
    n: int,
    artefacts: Iterable[Any],
) -> None:
    """A difference in points with its interval; nothing for None.

    The sets behind a BG-gap show the same foregrounds in the same order on scenes9 alone, so that
    elsewhere its interval is not paired.
    """
    if difference is None:
        return
    value, low, high = difference
    paired = metric != "bg_gap" or run.params.dataset == "scenes9"
    run.record(
        experiment,
        setting,
        metric,
        value,
        "points",
        n=n,
        interval=(low, high),
        definition=f"difference, {meaning(metric)}; {_PAIRED if paired else _UNPAIRED}",
        artefacts=artefacts,
        claim=_claim(experiment),
    )


def record_shape_bias(run: Run, setting: str, found: Any, artefacts: Iterable[Any]) -> None:
    """Shape bias and both accuracies (ODR-3); see
    :class:`cgnlib.evaluation.shape_bias.ShapeBias`."""
    artefacts = list(artefacts)
    shares = {
        "shape_bias": found.bias,
        "shape_accuracy": found.shape_accuracy,
        "texture_accuracy": found.texture_accuracy,
    }
    for metric, rate in shares.items():
        record_rate(run, "ODR-3", setting, metric, rate, artefacts)


def record_background(run: Run, setting: str, found: Any) -> None:
    """The three accuracies of the background challenge and its gap (ODR-4).

    Args:
        found: has ``challenge`` (:class:`cgnlib.evaluation.background_challenge.
            BackgroundChallenge`), ``gap`` with its interval, ``artefacts``.
    """
    challenge = found.challenge
    for name in ("original", "mixed_same", "mixed_rand"):
        rate = getattr(challenge, name)
        record_rate(run, "ODR-4", setting, f"{name}_accuracy", rate, found.artefacts)
    images = challenge.mixed_same.denominator
    record_difference(run, "ODR-4", setting, "bg_gap", found.gap, images, found.artefacts)


def record_correlations(run: Run, found: Mapping[tuple[str, str, str], tuple[Any, Any]]) -> None:
    """Pearson correlation of the true-class logits of two heads (EXT-4), by set and heads."""
    for (name, one, other), (correlation, answered) in found.items():
        run.record(
            "EXT-4",
            f"{one} and {other} heads",
            f"correlation_{name}",
            correlation.r,
            "r",
            n=correlation.images,
            interval=fisher_interval(correlation),
            definition=f"Pearson correlation of the true-class logits, {name} images; interval: "
            "95 %, Fisher's transformation",
            artefacts=answered.artefacts,
            claim="EXT",
        )


def record_means(
    run: Run,
    experiment: str,
    setting: str,
    scores: Mapping[str, np.ndarray],
    artefacts: Iterable[Any] = (),
) -> None:
    """Means over images of per-image shares (N,), by metric; a setting called ``... minus ...``
    holds differences."""
    artefacts, paired = list(artefacts), " minus " in setting
    for metric, each in scores.items():
        record_image_mean(
            run,
            experiment,
            setting,
            metric,
            each,
            "difference" if paired else "share",
            meaning=f"{'difference, ' if paired else ''}{meaning(metric)}; mean over images",
            artefacts=artefacts,
            claim=_claim(experiment),
        )
