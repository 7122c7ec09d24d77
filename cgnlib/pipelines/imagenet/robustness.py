"""Scores of the robustness page from the answers: shape bias, background challenge, other sets."""

from dataclasses import dataclass

import numpy as np

from cgnlib.classifiers.ensemble import HEADS
from cgnlib.evaluation import head_correlation
from cgnlib.evaluation.background_challenge import BackgroundChallenge, background_challenge
from cgnlib.evaluation.head_correlation import Correlation
from cgnlib.evaluation.rates import Rate
from cgnlib.evaluation.scores import mean_interval
from cgnlib.evaluation.shape_bias import ShapeBias, bias_difference, shape_bias
from cgnlib.params import ImagenetParams
from cgnlib.pipelines.imagenet.classify import ENSEMBLE, START
from cgnlib.pipelines.imagenet.data import BACKGROUND_SETS, class_count, is_rendered
from cgnlib.pipelines.imagenet.predictions import (
    HELD_OUT,
    RECOMBINED,
    TRAIN,
    WHOLE,
    Answers,
    answers,
    can_answer,
    setting,
)
from cgnlib.store import Artefact

ELSEWHERE = (  # sets of experiment EXT-4; on cue conflict the shape counts
    "original",
    "second_test",
    "hard",
    "sketch",
    "stylised",
    "cue_conflict",
    "only_foreground",
    "no_foreground",
)
_MIXED = ("mixed_same", "mixed_rand")
_NO_PLACE = "shape_texture"  # the view of the background challenge
Difference = tuple[float, float, float]  # value and its 95 % interval, in percentage points


@dataclass(frozen=True)
class Background:
    """The background challenge of one row, with the interval of its gap in points."""

    challenge: BackgroundChallenge
    gap: Difference
    artefacts: tuple[Artefact, ...]


def able(params: ImagenetParams, *names: str) -> list[str]:
    """Rows of this run that can answer every one of these sets: the sets are among ``test_sets``
    and the row knows their classes."""
    asked = set(names) <= {*params.sets(), TRAIN, HELD_OUT, RECOMBINED}
    return [r for r in params.rows() if asked and all(can_answer(params, r, n) for n in names)]


def compared(params: ImagenetParams, *names: str) -> bool:
    """Whether the ensemble and the baseline it starts from both answer these sets."""
    return {START, ENSEMBLE} <= set(able(params, *names))


def background_sets(params: ImagenetParams) -> tuple[str, ...]:
    """The three sets of the background challenge."""
    return tuple(BACKGROUND_SETS[params.dataset].values())


def shape_biases(params: ImagenetParams, row: str) -> dict[str, tuple[ShapeBias, Answers]]:
    """Shape bias by setting (experiment ODR-3): of a baseline, or of the ensemble's heads and the
    mean of their logits."""
    found = answers(params, row, "cue_conflict")
    views = (*HEADS, "mean") if row == ENSEMBLE else (WHOLE,)
    shape, texture = found.arrays["label"], found.arrays["texture"]
    return {
        setting(row, view): (shape_bias(found.predicted(view), shape, texture), found)
        for view in views
    }


def head_bias_difference(params: ImagenetParams) -> tuple[Difference | None, Answers]:
    """Shape bias of the shape head less that of the texture head, in points; None where one of them
    reads neither shape nor texture of any image."""
    found = answers(params, ENSEMBLE, "cue_conflict")
    shape, texture = found.arrays["label"], found.arrays["texture"]
    predicted = (found.predicted("shape"), found.predicted("texture"))
    return bias_difference(*predicted, shape, texture), found


def accuracies(params: ImagenetParams, row: str, name: str = "original") -> dict[str, Rate]:
    """Top-1 (and top-5 of many classes) of a row on one set; of the ensemble, of the mean logits.

    With nine classes chance alone puts the true one among five in 56 of 100 images, so that top-5
    says nothing there.
    """
    found = answers(params, row, name)
    five = {} if class_count(params, row) < 10 else {"top5": found.top("mean", 5)}
    return {"top1": found.top("mean")} | five


def background(params: ImagenetParams, row: str) -> Background:
    """The background challenge (experiment ODR-4); of the ensemble, on the mean of shape and
    texture logits (the code and the first reproduction leave the background head out)."""
    found = _challenge(params, row)
    predicted = {name: one.predicted(_NO_PLACE) for name, one in found.items()}
    labels = {name: one.arrays["label"] for name, one in found.items()}
    trained = found["original"].artefacts[0]
    gap = _difference(params, *(found[name].correct(_NO_PLACE) for name in _MIXED))
    return Background(
        background_challenge(predicted, labels),
        gap,
        (trained, *(one.artefacts[1] for one in found.values())),
    )


def background_difference(params: ImagenetParams) -> Difference:
    """BG-gap of the baseline less that of the ensemble, in points: above 0 where counterfactuals
    make the place matter less."""
    ours, theirs = (_challenge(params, row) for row in (ENSEMBLE, START))
    changes = (_change(theirs[name], ours[name], _NO_PLACE) for name in _MIXED)
    return _difference(params, *changes)


def accuracy_difference(params: ImagenetParams, name: str, view: str = "mean") -> Difference:
    """Accuracy of the ensemble less that of its baseline on one set, image by image, in points."""
    ours, theirs = (answers(params, row, name) for row in (ENSEMBLE, START))
    return _points(_change(ours, theirs, view))


def _challenge(params: ImagenetParams, row: str) -> dict[str, Answers]:
    sets = BACKGROUND_SETS[params.dataset]
    return {name: answers(params, row, own) for name, own in sets.items()}


def _change(one: Answers, other: Answers, view: str) -> np.ndarray:
    """(N,) of -1, 0, 1: where one is right and the other is not."""
    return one.correct(view).astype(np.float64) - other.correct(view)


def _points(values: np.ndarray) -> Difference:
    """Mean of per-image differences and its bootstrap interval, in percentage points."""
    low, high = mean_interval(values, np.arange(len(values)), seed=0)
    return 100 * float(values.mean()), 100 * low, 100 * high


def _difference(params: ImagenetParams, one: np.ndarray, other: np.ndarray) -> Difference:
    """Mean of ``one`` less that of ``other``, in points. scenes9 shows the same foregrounds in both
    sets in the same order, so that images pair up; the files of IN-9 do not."""
    one, other = one.astype(np.float64), other.astype(np.float64)
    if is_rendered(params):
        return _points(one - other)
    gap = one.mean() - other.mean()
    reach = 1.959964 * np.sqrt(one.var() / len(one) + other.var() / len(other))
    return 100 * gap, 100 * (gap - reach), 100 * (gap + reach)


def elsewhere(params: ImagenetParams) -> list[str]:
    """The sets of experiment EXT-4 among ``test_sets``."""
    return [name for name in ELSEWHERE if name in params.sets()]


def head_accuracies(params: ImagenetParams) -> dict[str, tuple[Rate, Answers]]:
    """How often each head reads its own factor of held-out counterfactuals."""
    found = answers(params, ENSEMBLE, HELD_OUT)
    return {head: (found.top(head), found) for head in HEADS}


def correlations(
    params: ImagenetParams,
) -> dict[tuple[str, str, str], tuple[Correlation, Answers]]:
    """Pearson correlation of the true-class logits of two heads, by set and heads: on original
    test images, and on held-out counterfactuals, where each head has a label of its own."""
    made = {}
    for name in ("original", HELD_OUT):
        found = answers(params, ENSEMBLE, name)
        for pair, one in head_correlation.correlations(found.true_logits()).items():
            made[(name, *pair)] = (one, found)
    return made
