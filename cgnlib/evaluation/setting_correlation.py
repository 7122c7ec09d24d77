"""Do two measures rank a few settings alike? Each is a mean over images of its own (GENINT-8)."""

from dataclasses import dataclass

import numpy as np

from cgnlib.errors import UserError
from cgnlib.rng import numpy_rng

FEWEST = 3  # settings: two are always in perfect order or in perfect disorder


@dataclass(frozen=True)
class SettingCorrelation:
    """A correlation in [-1, 1] over ``settings`` settings with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float
    settings: int

    @property
    def interval(self) -> tuple[float, float]:
        """(low, high)."""
        return self.low, self.high


def setting_correlations(
    one: np.ndarray, other: np.ndarray, seed: int = 0, draws: int = 2000
) -> dict[str, SettingCorrelation]:
    """``pearson`` and ``spearman`` correlation, over settings, of the means of two measures.

    The interval draws the images of either measure with replacement, the same for all settings: how
    far the correlation would move with other images, not with other settings or other trainings. A
    measure that is the same in all settings has no correlation: it is left out.

    Args:
        one: (S, N) per setting and image.
        other: (S, M), the images may be others.

    Raises:
        UserError: fewer than three settings, or different ones.
    """
    one, other = (np.asarray(values, dtype=np.float64) for values in (one, other))
    if one.ndim != 2 or other.ndim != 2 or len(one) != len(other) or len(one) < FEWEST:
        raise UserError(
            f"correlation over settings of {one.shape} and {other.shape}: give (S, N) and (S, M), "
            f"at least {FEWEST} settings"
        )
    if not one.shape[1] or not other.shape[1]:
        raise UserError("correlation over settings: no images were given")
    drawn = [
        _drawn_means(values, numpy_rng(seed, "setting correlation", name), draws)
        for name, values in (("one", one), ("other", other))
    ]
    found = {}
    for name, rows in (("pearson", _same), ("spearman", _ranks)):
        value = _row_correlations(*(rows(v.mean(1)[None]) for v in (one, other)))[0]
        spread = _row_correlations(*(rows(means) for means in drawn))
        if np.isfinite(value):
            low, high = np.nanquantile(spread, [0.025, 0.975])
            found[name] = SettingCorrelation(float(value), float(low), float(high), len(one))
    return found


def _drawn_means(values: np.ndarray, stream: np.random.Generator, draws: int) -> np.ndarray:
    """(draws, S) means over images drawn with replacement."""
    images = values.shape[1]
    parts = [min(100, draws - start) for start in range(0, draws, 100)]
    chance = np.full(images, 1 / images)
    return np.concatenate(
        [stream.multinomial(images, chance, size=part) @ values.T / images for part in parts]
    )


def _same(means: np.ndarray) -> np.ndarray:
    return means


def _ranks(means: np.ndarray) -> np.ndarray:
    """Ranks within each row; equal values share the mean of theirs."""
    from scipy.stats import rankdata

    return rankdata(means, axis=1)


def _row_correlations(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Pearson correlation of the rows of two (R, S) arrays, (R,); NaN where a row is constant."""
    one, other = (values - values.mean(1, keepdims=True) for values in (one, other))
    scale = np.sqrt((one**2).sum(1) * (other**2).sum(1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(scale > 1e-12, (one * other).sum(1) / scale, np.nan)
