"""Paired differences between trainings: the same test digits, first weights and seeds on both
sides.

A page records, for its one seed, the difference with a paired bootstrap over test digits. Over
three seeds or more the interval is that of the mean difference over seeds.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from cgnlib.report.records import Record, Run
from cgnlib.report.statistics import paired_bootstrap, paired_difference

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler

METRIC = "test_accuracy"
DIFFERENCE = "test_accuracy_difference"
# Of ODR-1, rows of every scale: each against plain training, counterfactuals against the others.
PAIRS = (
    ("CGN", "Original"),
    ("Original+CGN", "Original"),
    ("IRM (2 envs)", "Original"),
    ("LNTL", "Original"),
    ("Original+GAN", "Original"),
    ("Original+CGN", "IRM (2 envs)"),
    ("Original+CGN", "LNTL"),
    ("Original+CGN", "Original+GAN"),
    ("Original+CGN", "CGN"),
)


def against(control: str, settings: Sequence[str]) -> list[tuple[str, str]]:
    """The pairs of each of ``settings`` with ``control``."""
    return [(setting, control) for setting in settings if setting != control]


def _name(setting: str, over: str) -> str:
    return f"{setting} minus {over}"


def record_differences(
    run: Run,
    experiment: str,
    predictions: Mapping[str, Mapping[str, np.ndarray]],
    pairs: Sequence[tuple[str, str]] = PAIRS,
) -> None:
    """Record every pair's difference in test accuracy with its paired bootstrap interval; a pair of
    which a side was not run is left out.

    Args:
        predictions: per setting, the arrays of its predictions on the same test digits in one
            order, in the same colours unless the setting itself changes how test images look.
    """
    for setting, over in pairs:
        if not {setting, over} <= predictions.keys():
            continue
        one, other = predictions[setting], predictions[over]
        gap, low, high = paired_bootstrap(
            one["predicted"] == one["shape"], other["predicted"] == other["shape"], one["digit"]
        )
        run.record(
            experiment,
            _name(setting, over),
            DIFFERENCE,
            gap,
            "points",
            n=len(one["predicted"]),
            interval=(low, high),
            definition="difference of two test accuracies on the same test digits; interval: 95 %, "
            "bootstrap over digits, both answers drawn together",
        )


def difference_rows(
    records: Sequence[Record],
    experiment: str,
    dataset: str,
    pairs: Sequence[tuple[str, str]] = PAIRS,
) -> list[dict[str, str]]:
    """One row per pair that was measured: the difference, its interval and what that covers."""
    ours = [r for r in records if (r.experiment, r.dataset) == (experiment, dataset)]
    rows = []
    for setting, over in pairs:
        gap = paired_difference(ours, setting, over, METRIC)
        if gap is None:
            continue
        low, high, covers = gap.low, gap.high, f"{len(gap.seeds)} seeds"
        if low is None:
            name = _name(setting, over)
            own = [r for r in ours if (r.setting, r.metric) == (name, DIFFERENCE)]
            ends = [(r.interval_low, r.interval_high) for r in own if r.interval_low is not None]
            covers = f"test digits, {gap.strength}" if ends else "none"
            low, high = (min(e[0] for e in ends), max(e[1] for e in ends)) if ends else (None, None)
        shown = "" if low is None else f"{low:+.1f} to {high:+.1f}"
        rows.append(
            {
                "Difference": _name(setting, over),
                "Points": f"{gap.value:+.1f}",
                "95 % interval": shown,
                "Interval over": covers,
                "Excludes 0": "" if low is None else "yes" if low > 0 or high < 0 else "no",
            }
        )
    return rows


def differences(
    records: Sequence[Record],
    experiment: str,
    dataset: str,
    pairs: Sequence[tuple[str, str]] = PAIRS,
    source: str = "",
) -> "Styler":
    """:func:`difference_rows` as a table; MISSING when no pair was measured. ``source`` ends the
    caption where the records are not the page's own."""
    import pandas as pd

    from cgnlib.report import tables

    rows = difference_rows(records, experiment, dataset, pairs)
    rows = rows or [{"Difference": f"{tables.MISSING}: no pair was measured"}]
    caption = (
        f"{experiment}, paired differences of test accuracy in percent points, {dataset}{source}"
    )
    return tables.styled(pd.DataFrame(rows), caption)
