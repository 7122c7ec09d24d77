"""What every classifier answers on every set, example by example, kept in the store.

All scores of the robustness page are computed from these arrays.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from cgnlib import store
from cgnlib.classifiers.baseline import Baseline, other_pixels
from cgnlib.classifiers.ensemble import HEADS, VIEWS
from cgnlib.errors import UserError
from cgnlib.evaluation.background_challenge import nine_predictions
from cgnlib.evaluation.imagenet_categories import CLASSES, categories
from cgnlib.evaluation.predict import Predictions, load_arrays, predict, save_arrays
from cgnlib.evaluation.predict_heads import predict_heads
from cgnlib.evaluation.rates import Rate, rate
from cgnlib.evaluation.shape_bias import category_predictions
from cgnlib.evaluation.topk import ranks, restricted
from cgnlib.params import ImagenetParams
from cgnlib.pipelines.imagenet.classify import ENSEMBLE, TrainedRow, classifier
from cgnlib.pipelines.imagenet.counterfactual_sets import fakes
from cgnlib.pipelines.imagenet.data import (
    BACKGROUND_SETS,
    ImageSet,
    identity_of,
    is_rendered,
    test_set,
    train_identity,
    training_images,
)

ANSWERS_VERSION = 1
WHOLE = "whole"  # the one view of a baseline
TRAIN, HELD_OUT, RECOMBINED = "train", "counterfactual", "recombined"  # no test sets of the tables
_WHAT = ("predicted", "confidence", "rank", "true_logit")
_BATCH = 256


@dataclass(frozen=True)
class Answers:
    """One classifier on one set.

    Attributes:
        row: of the tables.
        views: what was asked: a head, ``mean``, ``shape_texture``, or ``whole`` of a baseline.
        arrays: (N,) by name: ``label``, ``texture`` and ``background`` where known, and per view
            ``<view>_predicted`` (the class or category), ``_confidence`` (of the most likely
            class), ``_rank`` (classes before the true one; of a head, before its own factor's
            where the set has three labels; 0 or 1 where categories are read) and ``_true_logit``.
        artefacts: the classifier's and that of these arrays.
    """

    row: str
    views: tuple[str, ...]
    arrays: dict[str, np.ndarray]
    artefacts: tuple[store.Artefact, store.Artefact]

    def __len__(self) -> int:
        return len(self.arrays["label"])

    def view(self, name: str) -> str:
        """``name``, or the one view that a baseline has."""
        return name if name in self.views else WHOLE

    def correct(self, view: str, k: int = 1) -> np.ndarray:
        """(N,) bool: whether the true class is among the ``k`` best."""
        return self.arrays[f"{self.view(view)}_rank"] < k

    def top(self, view: str = "mean", k: int = 1) -> Rate:
        """Share of images whose class is among the ``k`` best."""
        return rate(self.correct(view, k))

    def predicted(self, view: str) -> np.ndarray:
        """(N,) int64."""
        return self.arrays[f"{self.view(view)}_predicted"]

    def true_logits(self) -> dict[str, np.ndarray]:
        """(N,) logit of the true class by head."""
        return {head: self.arrays[f"{head}_true_logit"] for head in HEADS if head in self.views}


def setting(row: str, view: str) -> str:
    """What tables call a view of a row: the row itself, or ``IN+CGN shape`` for a head."""
    return f"{row} {view}" if view in HEADS else row


def can_answer(params: ImagenetParams, row: str, name: str) -> bool:
    """Whether a row's classes are those of a set: on ImageNet, Mixed-Rand knows nine only."""
    nine = is_rendered(params) or row != "Mixed-Rand"
    return nine or name in BACKGROUND_SETS[params.dataset].values()


@lru_cache(maxsize=64)
def answers(params: ImagenetParams, row: str, name: str) -> Answers:
    """What ``row`` answers on the set called ``name``: one of ``test_sets``, ``recombined``,
    ``train`` (original training images) or ``counterfactual`` (held-out counterfactuals).

    Raises:
        UserError: see :func:`cgnlib.pipelines.imagenet.data.test_set`; a row that does not know
            the classes of the set.
    """
    if not can_answer(params, row, name):
        raise UserError(f"{row} was trained on nine classes and cannot answer {name}")
    trained = classifier(params, row)
    views = tuple(VIEWS) if row == ENSEMBLE else (WHOLE,)
    key = {
        "classifier": trained.artefact.hash,
        "set": name,
        "images": _identity(params, row, name),
        "device": params.device,
        "threads": params.threads,
        "classifier_bf16": params.classifier_bf16,
    }

    def make(folder: Path) -> None:
        asked = _images(params, name)
        save_arrays(folder / "answers.npz", _asked(params, trained, asked))

    def load(folder: Path) -> dict[str, np.ndarray]:
        known = _label_names(params, name)
        return load_arrays(
            folder / "answers.npz", [*known, *(f"{v}_{what}" for v in views for what in _WHAT)]
        )

    arrays, artefact = store.train_or_load("answers", ANSWERS_VERSION, key, make, load)
    return Answers(row, views, arrays, (trained.artefact, artefact))


def _images(params: ImagenetParams, name: str) -> ImageSet:
    if name == HELD_OUT:
        return fakes(params).held_out
    return training_images(params) if name == TRAIN else test_set(params, name)


def _identity(params: ImagenetParams, row: str, name: str) -> str:
    if name == HELD_OUT:
        return fakes(params).identity
    if name == TRAIN:
        return f"{train_identity(params, 'IN')} first {params.test_images}"
    return identity_of(params, name)


def _label_names(params: ImagenetParams, name: str) -> list[str]:
    if is_rendered(params) or name == HELD_OUT:
        return ["label", "texture", "background"]
    return ["label", "texture"] if name == "cue_conflict" else ["label"]


def _asked(params: ImagenetParams, trained: TrainedRow, asked: ImageSet) -> dict[str, np.ndarray]:
    """All arrays of one pass over the images."""
    model, source = trained.model, asked.source
    with other_pixels(model, asked.pixels):
        if isinstance(model, Baseline):
            made = {WHOLE: predict(model, source, _BATCH, params.device)}
        else:
            made = predict_heads(model, source, _BATCH, params.device, params.classifier_bf16)
    labels = asked.labels()
    arrays = dict(labels)
    for view, one in made.items():
        own = labels[view] if asked.three_labels and view in labels else labels["label"]
        for what, values in _read(one, own, asked).items():
            arrays[f"{view}_{what}"] = values
    return arrays


def _read(made: Predictions, labels: np.ndarray, asked: ImageSet) -> dict[str, np.ndarray]:
    """The arrays of one view, with classes read as the set asks for."""
    logits = made.logits
    if asked.reading == "classes":
        columns = np.arange(logits.shape[1]) if asked.among is None else asked.among
        kept, places = restricted(logits, labels, columns)
        rank, predicted = ranks(kept, places), columns[kept.argmax(1)]
        true = np.take_along_axis(kept, places[:, None], 1)[:, 0]
    else:
        predicted = _category(logits, asked.reading)
        rank, true = (predicted != labels).astype(np.int64), np.zeros(len(labels), np.float32)
    return {
        "predicted": predicted,
        "confidence": made.confidence,
        "rank": rank.astype(np.int32),
        "true_logit": true,
    }


def _category(logits: np.ndarray, reading: str) -> np.ndarray:
    """IN-9's class of the best of all classes, or the cue-conflict category of the largest mean
    probability; a classifier of nine classes is read as it is."""
    if reading == "in9":
        known = categories()["in9"] if logits.shape[1] == CLASSES else None
        return nine_predictions(logits, known)
    return category_predictions(logits, categories()["shape_texture"])
