"""Statistics over seeds: means, 95 % intervals and paired differences.

Two kinds of interval are told apart. Over *seeds* (three or more): Student's t on one value per
seed, how far the mean would move with other seeds. Over *examples*: bootstrap over test digits,
recorded with each value, how far it would move with other digits. One seed has no interval of the
first kind.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import TYPE_CHECKING

from cgnlib.report.record_model import Record

if TYPE_CHECKING:
    import numpy as np

LEVEL = 0.95
ENOUGH_SEEDS = 3  # below it a t-interval says little (two seeds: 12.7 standard errors)
_LIMITS = {"%": (0.0, 100.0), "share": (0.0, 1.0), "s": (0.0, math.inf), "digits": (0.0, 10.0)}


def seeds_in_words(count: int) -> str:
    """``one seed`` or ``3 seeds``."""
    return "one seed" if count == 1 else f"{count} seeds"


@dataclass(frozen=True)
class Estimate:
    """A mean over ``seeds`` with its spread and 95 % interval, in ``unit``.

    ``over`` says what the interval covers: ``seeds``, ``examples`` (the hull of the intervals
    recorded for one or two seeds) or nothing (``low`` and ``high`` are then None). ``std`` is the
    sample standard deviation over seeds, None for one.
    """

    value: float
    low: float | None
    high: float | None
    unit: str
    seeds: tuple[int, ...]
    over: str
    std: float | None = None

    @property
    def strength(self) -> str:
        """``one seed`` or ``3 seeds``."""
        return seeds_in_words(len(self.seeds))


def t_interval(values: Sequence[float], level: float = LEVEL) -> tuple[float, float] | None:
    """Student's t interval of the mean of independent ``values``; None for fewer than two."""
    if len(values) < 2:
        return None
    from scipy.stats import t

    half = float(t.ppf(0.5 + level / 2, len(values) - 1)) * stdev(values) / math.sqrt(len(values))
    mean = fmean(values)
    return mean - half, mean + half


def _clipped(interval: tuple[float, float], unit: str) -> tuple[float, float]:
    """An interval within the rates or times that exist."""
    low, high = _LIMITS.get(unit, (-math.inf, math.inf))
    return max(low, interval[0]), min(high, interval[1])


def summarise(records: Sequence[Record]) -> Estimate:
    """One number over the seeds of ``records`` (of one setting, metric and dataset).

    Three seeds or more: mean and t-interval over seeds. Fewer: mean, and the hull of the intervals
    that the records carry, if all do.

    Raises:
        ValueError: no records.
    """
    if not records:
        raise ValueError("nothing to summarise: no records")
    seeds = tuple(sorted({r.seed for r in records}))
    values = [fmean(r.value for r in records if r.seed == seed) for seed in seeds]
    unit, std = records[0].unit, stdev(values) if len(values) > 1 else None
    if len(seeds) >= ENOUGH_SEEDS:
        low, high = _clipped(t_interval(values), unit)
        return Estimate(fmean(values), low, high, unit, seeds, "seeds", std)
    if any(record.interval_low is None for record in records):
        return Estimate(fmean(values), None, None, unit, seeds, "", std)
    hull = min(r.interval_low for r in records), max(r.interval_high for r in records)
    low, high = _clipped(hull, unit)
    return Estimate(fmean(values), low, high, unit, seeds, "examples", std)


def paired_difference(
    records: Sequence[Record], setting: str, over: str, metric: str
) -> Estimate | None:
    """``setting`` minus ``over``, seed by seed, over the seeds that have both: the same data,
    weights and test images stand on both sides, so what they share cancels.

    The interval is a t-interval over seeds; it is absent below three. None without a common seed.
    """
    found = {
        name: {r.seed: r for r in records if (r.setting, r.metric) == (name, metric)}
        for name in (setting, over)
    }
    seeds = tuple(sorted(found[setting].keys() & found[over].keys()))
    if not seeds:
        return None
    gaps = [found[setting][seed].value - found[over][seed].value for seed in seeds]
    unit = found[setting][seeds[0]].unit
    low, high = t_interval(gaps) if len(seeds) >= ENOUGH_SEEDS else (None, None)
    std = stdev(gaps) if len(gaps) > 1 else None
    return Estimate(fmean(gaps), low, high, unit, seeds, "seeds" if low is not None else "", std)


def paired_bootstrap(
    correct: "np.ndarray", other: "np.ndarray", digits: "np.ndarray", seed: int = 0
) -> tuple[float, float, float]:
    """Difference of two accuracies on the same images, with its 95 % interval, in percent points:
    (difference, low, high).

    Whole digits are drawn with replacement, both classifiers' answers together.

    Args:
        correct, other: (N,) whether each image is read, by the first and the second classifier.
        digits: (N,) the source digit of each image.
        seed: of the draws.

    Raises:
        UserError: arrays of different lengths, or none.
    """
    import numpy as np

    from cgnlib.errors import UserError
    from cgnlib.evaluation.scores import bootstrap_interval

    if len(correct) != len(other):
        raise UserError(f"paired_bootstrap: {len(correct)} and {len(other)} answers do not pair up")
    gaps = np.asarray(correct, dtype=np.float64) - np.asarray(other, dtype=np.float64)
    low, high = bootstrap_interval(gaps, digits, seed)
    return 100 * float(gaps.mean()), low, high
