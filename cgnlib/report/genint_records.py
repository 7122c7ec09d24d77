"""Numbers of GenInt's classifiers as records: accuracies, differences, corruption errors."""

from collections.abc import Mapping
from typing import Any

from cgnlib.data.corruption_names import CORRUPTIONS
from cgnlib.params.genint_classifiers import GENERATED_ROWS
from cgnlib.report.records import Run

SHIFTED = "nuisance_shifted"  # the set of GENINT-4; those of GENINT-6 are named in their metrics
TYPES = {"ImageNet only": "A", "GenInt": "B", "Transfer only": "C", "GenInt + transfer": "D"}
RELATIVE = "% of reference"  # unit of corruption errors, which can exceed 100
_SETS = {
    "original": "original test images",
    SHIFTED: "images with shifted nuisances (ObjectNet, or scenes9's counterpart)",
    "second_test": "a second test set (ImageNet-V2 with matched frequencies, or a fresh draw)",
    "second_test_threshold": "ImageNet-V2, threshold 0.7",
    "second_test_top_images": "ImageNet-V2, top images",
    "mixed_rand": "scenes before another class's place",
    "cue_conflict": "shapes with the texture of another class",
    "stylised": "scenes with textures from elsewhere",
    "sketch": "sketches",
    "hard": "hard images (small, turned, hidden in part)",
    "validation": "validation images",
    "validation_shifted": "validation images with shifted nuisances",
}


def metric_of(name: str, top: str = "top1") -> str:
    """``top1_accuracy`` on the set of GENINT-4, ``second_test_top1_accuracy`` on another."""
    return f"{top}_accuracy" if name == SHIFTED else f"{name}_{top}_accuracy"


def experiment_of(name: str) -> str:
    """The table that a set belongs to."""
    return "GENINT-4" if name == SHIFTED else "GENINT-6"


def record_accuracies(
    run: Run,
    experiment: str,
    setting: str,
    name: str,
    scores: Mapping[str, tuple[float, float, float]],
    found: Any,
) -> None:
    """Accuracies of one row on one set.

    Args:
        name: of the set.
        scores: ``top1`` and ``top5`` to value, low and high in %.
        found: has ``rank`` (R, N) and ``artefacts``, see
            :class:`cgnlib.pipelines.genint_scenes9.robustness.Answers`.
    """
    trainings, images = found.rank.shape
    for top, (value, low, high) in scores.items():
        what = "the class read" if top == "top1" else "the class among the five most likely"
        run.record(
            experiment,
            setting,
            metric_of(name, top),
            value,
            n=images,
            interval=(low, high),
            definition=f"share of {_SETS.get(name, name)} with {what}; mean over "
            f"{_trainings(trainings)}; {_drawn(trainings)}",
            artefacts=found.artefacts,
        )


def record_difference(
    run: Run,
    experiment: str,
    setting: str,
    name: str,
    difference: tuple[float, float, float],
    first: Any,
    second: Any,
) -> None:
    """Top-1 accuracy of one row less that of another on the same images, in points.

    Args:
        setting: ``GenInt minus ImageNet only`` or the like.
        difference: value, low and high.
        first, second: of the two rows, see ``found`` of :func:`record_accuracies`.
    """
    value, low, high = difference
    counts = (len(first.rank), len(second.rank))
    once = "; of the row trained once no spread over trainings is in it"
    run.record(
        experiment,
        setting,
        metric_of(name),
        value,
        "points",
        n=first.rank.shape[1],
        interval=(low, high),
        definition=f"difference of top-1 accuracies on {_SETS.get(name, name)}, paired by image "
        f"and training ({_trainings(counts[0])} and {_trainings(counts[1])}); "
        f"{_drawn(max(counts))}{once if min(counts) == 1 < max(counts) else ''}",
        artefacts=[*first.artefacts, *second.artefacts],
    )


def record_corruptions(run: Run, setting: str, errors: Any, found: Any, reference: str) -> None:
    """GENINT-5: error per corruption and their mean, relative to a reference's, and the plain
    error; what the reference leaves undefined is not recorded.

    Args:
        errors: :class:`cgnlib.evaluation.mce.CorruptionErrors`.
        found: has ``wrong`` (C, S, N), ``trainings`` and ``artefacts``.
        reference: who is divided by, for the definition.
    """
    corruptions, severities, images = found.wrong.shape
    over = f"mean over {severities} severities"
    ratio = f"{over}, divided by that of {reference}"
    told = {f"corruption_error_{name}": (one, f"error on images with {name.replace('_', ' ')}, "
                                              f"{ratio}")
            for name, one in zip(CORRUPTIONS, errors.each, strict=True)}  # fmt: skip
    told["mean_corruption_error"] = (errors.mean, f"mean over corruptions of the error, {ratio}")
    told["corrupted_error"] = (errors.rate, f"plain error, mean over corruptions and {over}")
    for metric, (one, text) in told.items():
        if one is None:
            continue
        run.record(
            "GENINT-5",
            setting,
            metric,
            one.value,
            "%" if one is errors.rate else RELATIVE,
            n=images * severities * (1 if metric.startswith("corruption_error_") else corruptions),
            interval=(one.low, one.high),
            definition=f"{text}; mean over {_trainings(found.trainings)}; interval: 95 %, "
            f"bootstrap over the {images} images, trainings fixed",
            artefacts=found.artefacts,
        )


def generated_setting(row: str, params: Any) -> str:
    """What a row of GENINT-7 is called: by the truncation that its images have."""
    if GENERATED_ROWS[row] != "interventional":
        return row
    return f"Interventional, truncation {params.int_truncation}"


def _trainings(count: int) -> str:
    return "one training" if count == 1 else f"{count} trainings"


def _drawn(trainings: int) -> str:
    """How an interval over so many trainings comes about (:mod:`cgnlib.evaluation.repeats`)."""
    if trainings == 1:
        return "interval: 95 %, bootstrap over images; the spread of trainings is not in it"
    return (
        f"interval: 95 %, Student's t over {trainings} trainings and bootstrap over images, "
        "half-widths added in squares"
    )
