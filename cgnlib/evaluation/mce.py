"""Corruption error: a classifier's errors over severities, relative to a reference's (GENINT-5).

CE_c = 100 * sum_s E(s, c) / sum_s E_reference(s, c), and mCE is its mean over corruptions
(Hendrycks and Dietterich, 2019; experiments A9). Published numbers have AlexNet as reference.
"""

from dataclasses import dataclass

import numpy as np

from cgnlib.errors import UserError
from cgnlib.rng import numpy_rng

# Errors of AlexNet on ImageNet-C by corruption, means over severities, in the order of
# cgnlib.data.corruption_names (github.com/hendrycks/robustness).
ALEXNET = (
    0.886428,
    0.894468,
    0.922640,
    0.819880,
    0.826268,
    0.785948,
    0.798360,
    0.866816,
    0.826572,
    0.819324,
    0.564592,
    0.853204,
    0.646056,
    0.717840,
    0.606500,
)
_STEP = 100  # draws at a time: 50,000 images fit in memory


@dataclass(frozen=True)
class Estimate:
    """A value and its 95 % interval, in percent."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class CorruptionErrors:
    """``each`` corruption's error relative to the reference's, None where the reference makes no
    error; ``mean`` of them (mCE), None where one is undefined; ``rate``, the plain error averaged
    over corruptions and severities. In percent, intervals by bootstrap over images."""

    each: tuple[Estimate | None, ...]
    mean: Estimate | None
    rate: Estimate


def corruption_errors(
    wrong: np.ndarray, reference: np.ndarray, seed: int = 0, draws: int = 1000
) -> CorruptionErrors:
    """Corruption errors of one classifier.

    Args:
        wrong: (C, S, N) in [0, 1]: whether each image is misread, or how often among several
            trainings; image ``n`` is the same one throughout.
        reference: the same of the reference on the same images, drawn together with it; or (C,)
            known error rates.
        seed: of the bootstrap.

    Raises:
        UserError: shapes that do not fit, or nothing to score.
    """
    wrong, reference = np.asarray(wrong, np.float64), np.asarray(reference, np.float64)
    known = reference.ndim == 1
    if wrong.ndim != 3 or not wrong.size or reference.shape not in (wrong.shape, wrong.shape[:1]):
        raise UserError(
            f"corruption errors: {wrong.shape} against a reference of {reference.shape}; expected "
            "(C, S, N) twice, or (C,) error rates"
        )
    own = wrong.mean(1)  # (C, N)
    errors = _drawn(own, seed, draws)  # (1 + draws, C), the first row without drawing
    below = reference if known else _drawn(reference.mean(1), seed, draws)
    below = np.broadcast_to(below, errors.shape)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.where(below > 0, errors / below, np.nan)
    each = tuple(_estimate(column) for column in relative.T)
    mean = None if None in each else _estimate(relative.mean(1))
    return CorruptionErrors(each, mean, _estimate(errors.mean(1)))


def _drawn(own: np.ndarray, seed: int, draws: int) -> np.ndarray:
    """Error rates (1 + draws, C) of (C, N): over all images, then over drawn ones; the same ones
    for the same seed."""
    stream, count = numpy_rng(seed, "bootstrap"), own.shape[1]
    rows = [own.mean(1)[None]]
    for start in range(0, draws, _STEP):
        size = min(_STEP, draws - start)
        drawn = stream.multinomial(count, np.full(count, 1 / count), size=size)
        rows.append(drawn @ own.T / count)
    return np.concatenate(rows)


def _estimate(values: np.ndarray) -> Estimate | None:
    """Of the plain value and its bootstrap draws; None where the plain one is undefined. Draws in
    which it is undefined are left out."""
    if np.isnan(values[0]):
        return None
    low, high = np.nanquantile(values[1:], [0.025, 0.975])
    return Estimate(100 * float(values[0]), 100 * float(low), 100 * float(high))
