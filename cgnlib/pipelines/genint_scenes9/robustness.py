"""What GenInt's rows answer on every set, image by image, and the scores computed from it."""

from dataclasses import dataclass

import numpy as np

from cgnlib import store
from cgnlib.data import corruptions
from cgnlib.data.corruption_names import CORRUPTIONS, SEVERITIES
from cgnlib.errors import UserError
from cgnlib.evaluation.mce import ALEXNET, CorruptionErrors, corruption_errors
from cgnlib.evaluation.objectnet import any_ranks
from cgnlib.evaluation.predict import predict
from cgnlib.evaluation.repeats import Interval, repeated_accuracy, repeated_difference
from cgnlib.evaluation.topk import ranks
from cgnlib.params.genint_classifiers import BASELINE, GenintClassifierParams
from cgnlib.pipelines.arrays import Arrays, kept_arrays
from cgnlib.pipelines.genint_scenes9.asked_sets import AskedSet, asked_set, corrupted_set
from cgnlib.pipelines.genint_scenes9.classify import TrainedRow, classifier
from cgnlib.pipelines.genint_scenes9.training_sets import Sources, class_count

ANSWERS_VERSION = 1
_BATCH = 256
_FEWEST_FOR_TOP5 = 10  # with nine classes chance alone is right in 56 of 100


@dataclass(frozen=True)
class Answers:
    """All trainings of one row on one set.

    Attributes:
        rank: (R, N) classes before the first correct one; below k is correct at top-k.
        predicted: (R, N) classes.
        label: (N,).
        artefacts: classifiers and arrays.
    """

    row: str
    rank: np.ndarray
    predicted: np.ndarray
    label: np.ndarray
    artefacts: tuple[store.Artefact, ...]

    def correct(self, k: int = 1) -> np.ndarray:
        """(R, N) bool."""
        return self.rank < k

    def top(self, k: int = 1) -> Interval:
        """Accuracy in % and its 95 % interval over images and, of several, trainings."""
        return repeated_accuracy(self.correct(k))


@dataclass(frozen=True)
class CorruptionAnswers:
    """All trainings of one row on all corruptions: ``wrong`` (C, S, N), how often each image is
    misread among the ``trainings`` of them, in [0, 1]."""

    row: str
    wrong: np.ndarray
    trainings: int
    artefacts: tuple[store.Artefact, ...]


def answers(params: GenintClassifierParams, sources: Sources, row: str, name: str) -> Answers:
    """What every training of ``row`` answers on the set called ``name``.

    Raises:
        UserError: see :func:`cgnlib.pipelines.genint_scenes9.classify.classifier` and
            :func:`cgnlib.pipelines.genint_scenes9.asked_sets.asked_set`.
    """
    asked, found, artefacts = asked_set(params, name), [], []
    for repetition in range(params.repetitions_of(row)):
        trained = classifier(params, sources, row, repetition)
        arrays, artefact = _asked(params, trained, asked)
        found.append(arrays)
        artefacts += [trained.artefact, artefact]
    ranked, predicted = (np.stack([one[what] for one in found]) for what in ("rank", "predicted"))
    return Answers(row, ranked, predicted, asked.label, tuple(artefacts))


def accuracies(found: Answers, classes: int) -> dict[str, Interval]:
    """``top1`` and, of ten classes or more, ``top5``, in % with intervals."""
    five = {} if classes < _FEWEST_FOR_TOP5 else {"top5": found.top(5)}
    return {"top1": found.top()} | five


def scores(
    params: GenintClassifierParams, sources: Sources, row: str, name: str
) -> tuple[dict[str, Interval], Answers]:
    """:func:`accuracies` of a row on a set, and the answers behind them."""
    found = answers(params, sources, row, name)
    return accuracies(found, class_count(params)), found


def difference(one: Answers, other: Answers) -> Interval:
    """Top-1 accuracy of ``one`` less that of ``other`` on the same set, in points, see
    :func:`cgnlib.evaluation.repeats.repeated_difference`."""
    return repeated_difference(one.correct(), other.correct())


def missing_corruptions(params: GenintClassifierParams) -> str:
    """Why corrupted images cannot be made here; nothing where they can, or are not asked for."""
    if params.corruptions != "made":
        return "" if params.corruptions != "none" else "corruptions: none"
    try:
        corruptions.package_version()
    except UserError as error:
        return str(error)
    return ""


def corruption_answers(
    params: GenintClassifierParams, sources: Sources, rows: list[str]
) -> dict[str, CorruptionAnswers]:
    """What the first trainings of the rows answer on corrupted images, by row. A corruption is made
    once and asked of all rows before the next.

    Raises:
        UserError: absent package or folder; see :func:`answers`.
    """
    trained = {
        row: [classifier(params, sources, row, i) for i in range(params.corrupted_of(row))]
        for row in rows
    }
    wrong: dict[str, list] = {row: [] for row in rows}
    artefacts: dict[str, list] = {row: [one.artefact for one in trained[row]] for row in rows}
    for name in CORRUPTIONS:
        asked = [corrupted_set(params, name, severity) for severity in SEVERITIES]
        for row in rows:
            found = [_corrupted(params, one, name, asked) for one in trained[row]]
            wrong[row].append(np.mean([one["rank"] > 0 for one, _ in found], axis=0))
            artefacts[row] += [artefact for _, artefact in found]
    return {
        row: CorruptionAnswers(row, np.stack(wrong[row]), len(trained[row]), tuple(artefacts[row]))
        for row in rows
    }


def corruption_scores(
    params: GenintClassifierParams, found: dict[str, CorruptionAnswers]
) -> dict[str, CorruptionErrors]:
    """Corruption errors by row, relative to AlexNet's published errors, to those of a guess, or
    to those of the row ImageNet only on the same images."""
    reference = {
        "alexnet": lambda: np.array(ALEXNET),
        "chance": lambda: np.full(len(CORRUPTIONS), 1 - 1 / class_count(params)),
        "baseline": lambda: found[BASELINE].wrong,
    }[params.corruption_reference]()
    return {row: corruption_errors(one.wrong, reference) for row, one in found.items()}


def _key(params: GenintClassifierParams, trained: TrainedRow, images: str | list[str]) -> dict:
    return {
        "classifier": trained.artefact.hash,
        "images": images,
        "device": params.device,
        "threads": params.threads,
    }


def _asked(
    params: GenintClassifierParams, trained: TrainedRow, asked: AskedSet
) -> tuple[Arrays, store.Artefact]:
    key = _key(params, trained, asked.identity)
    return kept_arrays(
        "genint_answers", ANSWERS_VERSION, key, lambda: _ranked(params, trained, asked)
    )


def _corrupted(
    params: GenintClassifierParams, trained: TrainedRow, name: str, asked: list[AskedSet]
) -> tuple[Arrays, store.Artefact]:
    """Arrays (S, N) of one corruption."""

    def make() -> Arrays:
        each = [_ranked(params, trained, one) for one in asked]
        return {what: np.stack([one[what] for one in each]) for what in each[0]}

    key = _key(params, trained, [one.identity for one in asked]) | {"corruption": name}
    return kept_arrays("genint_corruption_answers", ANSWERS_VERSION, key, make)


def _ranked(params: GenintClassifierParams, trained: TrainedRow, asked: AskedSet) -> Arrays:
    """``rank``, ``predicted`` and ``confidence`` (N,) of one pass over the images."""
    made = predict(trained.model, asked.source(), _BATCH, params.device)
    if asked.meant is None:
        found = ranks(made.logits, asked.label)
    else:
        found = any_ranks(made.logits, asked.label, asked.meant)
    return {
        "rank": found.astype(np.int16),
        "predicted": made.predicted.astype(np.int16),
        "confidence": made.confidence,
    }
