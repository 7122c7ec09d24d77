"""Scores from arrays: pure functions, averaged per example, never per batch."""

from collections.abc import Mapping

import numpy as np

from cgnlib.datasets import FACTORS
from cgnlib.errors import UserError
from cgnlib.rng import numpy_rng

UNDECIDED = (0.05, 0.95)  # a mask pixel strictly between is neither background nor digit
_CHUNK_CELLS = 4_000_000


def accuracy(predicted: np.ndarray, label: np.ndarray) -> float:
    """Share of predictions that equal their label, in percent. Both (N,)."""
    return 100 * _agreement(predicted, label)


def bootstrap_interval(
    correct: np.ndarray,
    groups: np.ndarray,
    seed: int,
    draws: int = 2000,
    level: float = 0.95,
) -> tuple[float, float]:
    """Percentile bootstrap interval of an accuracy, (low, high) in percent.

    Whole groups are drawn with replacement, because the colourings of one test digit are not
    independent; a draw's accuracy weighs every image in it alike.

    Args:
        correct: (N,) 0 or 1 (or bool).
        groups: (N,) which group, such as the source digit, each belongs to.
    """
    low, high = mean_interval(correct, groups, seed, draws, level)
    return 100 * low, 100 * high


def mean_interval(
    values: np.ndarray,
    groups: np.ndarray,
    seed: int,
    draws: int = 2000,
    level: float = 0.95,
) -> tuple[float, float]:
    """Percentile bootstrap interval of the mean of ``values`` (N,), (low, high) in their unit.

    Groups (N,) are drawn whole, as in :func:`bootstrap_interval`; give the differences of two
    methods on the same images for the interval of a paired difference.
    """
    values = _filled(values, "mean_interval").astype(np.float64)
    if len(groups) != len(values):
        raise UserError(f"mean_interval: {len(values)} results in {len(groups)} groups")
    _, member, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    sums = np.bincount(member, weights=values)  # (G,)
    stream = numpy_rng(seed, "bootstrap")
    count = len(sizes)
    means = []
    for start in range(0, draws, step := max(1, _CHUNK_CELLS // count)):
        chosen = stream.integers(count, size=(min(step, draws - start), count))
        means.append(sums[chosen].sum(axis=1) / sizes[chosen].sum(axis=1))
    tail = (1 - level) / 2
    low, high = np.quantile(np.concatenate(means), [tail, 1 - tail])
    return float(low), float(high)


def share_interval(share: float, count: int) -> tuple[float, float]:
    """95 % Wilson interval of a share in [0, 1] observed over ``count`` independent images."""
    z = 1.959964
    centre = share + z**2 / (2 * count)
    spread = z * np.sqrt(share * (1 - share) / count + z**2 / (4 * count**2))
    scale = 1 + z**2 / count
    return float((centre - spread) / scale), float((centre + spread) / scale)


def t_interval(values: np.ndarray, level: float = 0.95) -> tuple[float, float] | None:
    """Student's t interval of the mean of independent ``values`` (N,); None for fewer than two."""
    from scipy import stats

    values = _filled(values, "t_interval").astype(np.float64)
    if len(values) < 2:
        return None
    reach = stats.t.ppf(0.5 + level / 2, len(values) - 1) * values.std(ddof=1) / len(values) ** 0.5
    return float(values.mean() - reach), float(values.mean() + reach)


def whole_digits(readable: np.ndarray, borders: np.ndarray, digits: np.ndarray) -> np.ndarray:
    """(10,) bool: digits whose masks do not collapse, by rule where the first reproduction counted
    by hand (experiment HQC-7).

    A digit is whole when at least 80 % of its masks are read as their label and the mean of its
    masks inside the border is below 0.1; a digit without a mask is not.

    Args:
        readable: (N,) whether each mask is read as its label.
        borders: (N,) mean of each mask inside the border, in [0, 1].
        digits: (N,) shape labels.
    """
    chosen = [np.asarray(digits) == digit for digit in range(10)]
    return np.array(
        [own.any() and readable[own].mean() >= 0.8 and borders[own].mean() < 0.1 for own in chosen]
    )


def mask_mean(masks: np.ndarray) -> np.ndarray:
    """Mean of each mask, (N,) in [0, 1]; masks (N, 1, H, W) or (N, H, W)."""
    return _planes(masks).mean(axis=(1, 2))


def border_mean(masks: np.ndarray, px: int) -> np.ndarray:
    """Mean of each mask over the frame ``px`` pixels wide, (N,) in [0, 1]."""
    planes = _planes(masks)
    height, width = planes.shape[1:]
    if not 0 < px <= min(height, width) / 2:
        raise UserError(f"border_mean: a border of {px} px does not fit {height}x{width} masks")
    frame = np.ones((height, width), dtype=bool)
    frame[px : height - px, px : width - px] = False
    return planes[:, frame].mean(axis=1)


def undecided_share(masks: np.ndarray) -> float:
    """Share of all pixels left undecided, strictly between 0.05 and 0.95: 0 is a binary mask."""
    planes = _planes(masks)
    return float(((planes > UNDECIDED[0]) & (planes < UNDECIDED[1])).mean())


def mask_readability(predicted: np.ndarray, label: np.ndarray) -> float:
    """Share of thresholded masks that a digit classifier reads as their shape label, in [0, 1]."""
    return _agreement(predicted, label)


def disentanglement_matrix(
    predicted: Mapping[str, np.ndarray], intended: Mapping[str, np.ndarray]
) -> np.ndarray:
    """How often what each factor's oracle reads agrees with each intended label.

    Args:
        predicted: by factor (shape, foreground, background), the (N,) labels its oracle reads.
        intended: by factor, the (N,) labels the images were made with.

    Returns:
        (3, 3) in [0, 1]: row the oracle, column the intended label. Independent factors make the
        diagonal 1 and the rest 0.1. An absent factor's row and column are NaN.
    """
    matrix = np.full((3, 3), np.nan)
    for row, oracle in enumerate(FACTORS):
        for column, factor in enumerate(FACTORS):
            if oracle in predicted and factor in intended:
                matrix[row, column] = _agreement(predicted[oracle], intended[factor])
    return matrix


def _agreement(predicted: np.ndarray, label: np.ndarray) -> float:
    predicted, label = _filled(predicted, "predictions"), np.asarray(label)
    if predicted.shape != label.shape:
        raise UserError(f"predictions {predicted.shape} and labels {label.shape} differ in shape")
    return float((predicted == label).mean())


def _filled(values: np.ndarray, where: str) -> np.ndarray:
    values = np.asarray(values)
    if not values.size:
        raise UserError(f"{where}: nothing to score; pass at least one example")
    return values


def _planes(masks: np.ndarray) -> np.ndarray:
    """(N, H, W) float64."""
    masks = _filled(masks, "masks").astype(np.float64)
    if masks.ndim == 4 and masks.shape[1] == 1:
        masks = masks[:, 0]
    if masks.ndim != 3:
        raise UserError(f"masks have shape {masks.shape}; expected (N, 1, H, W) or (N, H, W)")
    return masks
