"""Accuracies over images and over repeated trainings at once: both are drawn in the bootstrap.

With a handful of trainings the spread between them is itself known roughly only.
"""

import numpy as np

from cgnlib.errors import UserError
from cgnlib.rng import numpy_rng

Interval = tuple[float, float, float]  # value and its 95 % interval, in percent or points
_STEP = 100  # draws at a time: 50,000 images fit in memory


def repeated_accuracy(correct: np.ndarray, seed: int = 0, draws: int = 1000) -> Interval:
    """Mean over trainings and images, in percent.

    Args:
        correct: (R, N) 0 or 1 (or bool): R trainings asked about the same N images.

    Raises:
        UserError: another shape, or nothing to score.
    """
    correct = _checked(correct)
    (made,) = _drawn([correct], seed, draws)
    return _interval(correct.mean(), made)


def repeated_difference(
    one: np.ndarray, other: np.ndarray, seed: int = 0, draws: int = 1000
) -> Interval:
    """Accuracy of ``one`` (R, N) less that of ``other`` (Q, N) on the same images, in points:
    images are drawn for both together, trainings of each on their own.

    Raises:
        UserError: see :func:`repeated_accuracy`; different numbers of images.
    """
    one, other = _checked(one), _checked(other)
    if one.shape[1] != other.shape[1]:
        raise UserError(f"difference on {one.shape[1]} and {other.shape[1]} images: not the same")
    first, second = _drawn([one, other], seed, draws)
    return _interval(one.mean() - other.mean(), first - second)


def _checked(correct: np.ndarray) -> np.ndarray:
    correct = np.asarray(correct, np.float64)
    if correct.ndim != 2 or not correct.size:
        raise UserError(f"accuracy of {correct.shape}: expected (trainings, images), at least one")
    return correct


def _drawn(arrays: list[np.ndarray], seed: int, draws: int) -> list[np.ndarray]:
    """Accuracies (draws,) in [0, 1] of every array (R, N), over the same drawn images."""
    stream = numpy_rng(seed, "bootstrap of trainings")
    made: list[list[np.ndarray]] = [[] for _ in arrays]
    for start in range(0, draws, _STEP):
        size = min(_STEP, draws - start)
        images = _shares(arrays[0].shape[1], size, stream)
        for kept, array in zip(made, arrays, strict=True):
            trainings = _shares(len(array), size, stream)
            kept.append((trainings * (images @ array.T)).sum(1))
    return [np.concatenate(kept) for kept in made]


def _shares(count: int, draws: int, stream: np.random.Generator) -> np.ndarray:
    """How much each of ``count`` things weighs in every draw, (draws, count), rows of sum 1."""
    return stream.multinomial(count, np.full(count, 1 / count), size=draws) / count


def _interval(value: float, draws: np.ndarray) -> Interval:
    low, high = np.quantile(draws, [0.025, 0.975])
    return 100 * float(value), 100 * float(low), 100 * float(high)
