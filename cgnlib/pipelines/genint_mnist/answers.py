"""What the classifiers of GENINT-1 answer on the confounded and the causal test."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cgnlib import store
from cgnlib.evaluation.predict import load_arrays, predict, save_arrays
from cgnlib.evaluation.weighted_digits import digit_accuracies
from cgnlib.params import GenintMnistParams
from cgnlib.pipelines.genint_mnist.classify import classifiers
from cgnlib.pipelines.genint_mnist.data import base_key, datasets, repetitions
from cgnlib.pipelines.mnist.networks import TrainedClassifier

PREDICTIONS_VERSION = 1
TESTS = ("confounded", "causal")
_ARRAYS = ("predicted", "confidence", "label", "digit", "background", "probability")


def predictions(
    params: GenintMnistParams, trained: TrainedClassifier, name: str
) -> tuple[dict[str, np.ndarray], store.Artefact]:
    """Per-example predictions on a set such as ``test_causal``, with each image's label, source
    digit, background (N, 3) and probability among those of its digit."""
    images = datasets(params)[name]
    key = {**base_key(params), "classifier": trained.artefact.hash, "evaluated": images.identity}

    def make(folder: Path) -> None:
        made = predict(trained.model, images, device=params.device)
        known = (images.labels, images.digit, images.backgrounds, images.probability)
        arrays = (made.predicted, made.confidence, *map(np.asarray, known))
        save_arrays(folder / "predictions.npz", dict(zip(_ARRAYS, arrays, strict=True)))

    def load(folder: Path) -> dict[str, np.ndarray]:
        return load_arrays(folder / "predictions.npz", _ARRAYS)

    return store.train_or_load("genint_predictions", PREDICTIONS_VERSION, key, make, load)


@dataclass(frozen=True)
class Answers:
    """One row with one seed on one test: ``accuracies`` (D,) by digit, in [0, 1], mean over the
    restarts of IRM; ``correct`` (N,) the share of restarts that read each image, with its
    ``backgrounds`` (N, 3); and the artefacts behind them."""

    row: str
    seed: int
    test: str
    accuracies: np.ndarray
    correct: np.ndarray
    backgrounds: np.ndarray
    artefacts: list[store.Artefact]


def answers(params: GenintMnistParams, row: str, test: str, split: str = "test") -> Answers:
    """The answers of a row's classifiers on the ``confounded`` or ``causal`` images of a split."""
    made, correct = [], []
    for trained in classifiers(params, row):
        arrays, artefact = predictions(params, trained, f"{split}_{test}")
        correct.append(arrays["predicted"] == arrays["label"])
        made += [trained.artefact, artefact]
    shares = np.mean(correct, axis=0)
    accuracies = digit_accuracies(shares, arrays["digit"], arrays["probability"])
    return Answers(row, params.seed, test, accuracies, shares, arrays["background"], made)


def all_answers(params: GenintMnistParams) -> list[Answers]:
    """Of every row with every seed on both tests, seeds outermost: what the page trains."""
    return [
        answers(one, row, test)
        for one in repetitions(params)
        for row in params.rows_at(one.seed)
        for test in TESTS
    ]
