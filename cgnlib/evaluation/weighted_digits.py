"""Accuracy over digits that are shown several times, each showing with its probability."""

import numpy as np

from cgnlib.errors import UserError
from cgnlib.evaluation.scores import mean_interval


def digit_accuracies(correct: np.ndarray, digit: np.ndarray, probability: np.ndarray) -> np.ndarray:
    """(D,) probability, in [0, 1], that each digit is read when its showing is drawn.

    Args:
        correct: (N,) whether each image is read.
        digit: (N,) source digit of each image, in [0, D); every one occurs.
        probability: (N,) of each image among those of its digit; they sum to 1 per digit.

    Raises:
        UserError: a digit without images, or probabilities that do not sum to 1.
    """
    whole = np.bincount(digit, weights=probability)
    if not np.allclose(whole, 1.0):
        raise UserError(
            "digit_accuracies: the probabilities of a digit's images must sum to 1, found "
            f"{whole.min():g} to {whole.max():g}"
        )
    return np.bincount(digit, weights=probability * np.asarray(correct, dtype=np.float64))


def accuracy_interval(accuracies: np.ndarray, seed: int = 0) -> tuple[float, float]:
    """Bootstrap interval over digits of the mean of :func:`digit_accuracies`, (low, high) in
    percent."""
    low, high = mean_interval(accuracies, np.arange(len(accuracies)), seed)
    return 100 * low, 100 * high
