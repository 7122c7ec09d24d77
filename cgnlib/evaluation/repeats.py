"""Accuracies over images and over repeated trainings at once, with 95 % intervals.

Two things are drawn: images and trainings. Images are many, so their part is a bootstrap, with the
trainings as they are. Trainings are few, and a bootstrap of few is too narrow; their part is
Student's t over the values of the trainings. The two half-widths are added in squares. What images
and trainings do together (one image that only some trainings read) is in both parts, so that the
interval errs on the wide side. A single training shows no spread: its interval is that of images.
"""

import numpy as np

from cgnlib.errors import UserError
from cgnlib.rng import numpy_rng

Interval = tuple[float, float, float]  # value and its 95 % interval, in percent or points
_STEP = 100  # draws at a time: 50,000 images fit in memory
_LEVELS = (0.025, 0.975)


def repeated_accuracy(correct: np.ndarray, seed: int = 0, draws: int = 1000) -> Interval:
    """Mean over trainings and images, in percent; the interval stays within 0 and 100.

    Args:
        correct: (R, N) 0 or 1 (or bool): R trainings asked about the same N images.

    Raises:
        UserError: another shape, or nothing to score.
    """
    correct = _checked(correct)
    value, low, high = _interval(correct, seed, draws)
    return value, max(low, 0.0), min(high, 100.0)


def repeated_difference(
    one: np.ndarray, other: np.ndarray, seed: int = 0, draws: int = 1000
) -> Interval:
    """Accuracy of ``one`` (R, N) less that of ``other`` (R, N) on the same images, in points:
    paired by image and by training, in their order. Either may have one training only, which is
    then taken as it is against each of the others: its spread is not in the interval.

    Raises:
        UserError: see :func:`repeated_accuracy`; different numbers of images, or of trainings where
            both have several.
    """
    one, other = _checked(one), _checked(other)
    if one.shape[1] != other.shape[1]:
        raise UserError(f"difference on {one.shape[1]} and {other.shape[1]} images: not the same")
    if len(one) != len(other) and 1 not in (len(one), len(other)):
        raise UserError(f"difference of {len(one)} and {len(other)} trainings: they form no pairs")
    return _interval(one - other, seed, draws)


def _checked(correct: np.ndarray) -> np.ndarray:
    correct = np.asarray(correct, np.float64)
    if correct.ndim != 2 or not correct.size:
        raise UserError(f"accuracy of {correct.shape}: expected (trainings, images), at least one")
    return correct


def _interval(values: np.ndarray, seed: int, draws: int) -> Interval:
    """Mean of values (R, N) and its interval, times 100."""
    mean, ends = values.mean(), np.quantile(_image_means(values.mean(0), seed, draws), _LEVELS)
    spread = _training_half_width(values.mean(1))
    low = mean - np.hypot(max(mean - ends[0], 0.0), spread)
    high = mean + np.hypot(max(ends[1] - mean, 0.0), spread)
    return 100 * float(mean), 100 * float(low), 100 * float(high)


def _image_means(values: np.ndarray, seed: int, draws: int) -> np.ndarray:
    """Means (draws,) over images drawn with replacement from values (N,)."""
    stream, count = numpy_rng(seed, "bootstrap of trainings"), len(values)
    chance = np.full(count, 1 / count)
    sizes = [min(_STEP, draws - start) for start in range(0, draws, _STEP)]
    made = [stream.multinomial(count, chance, size=size) @ values / count for size in sizes]
    return np.concatenate(made)


def _training_half_width(values: np.ndarray) -> float:
    """Half the 95 % interval of Student's t over the values (R,) of trainings; 0 of one."""
    from scipy.stats import t

    if len(values) < 2:
        return 0.0
    return float(t.ppf(_LEVELS[1], len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values)))
