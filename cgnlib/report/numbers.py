"""Numbers as tables and verdicts write them."""

from collections.abc import Sequence

from cgnlib.report.record_model import Record
from cgnlib.report.statistics import Estimate, summarise


def number(value: float, unit: str) -> str:
    """``95.1`` for accuracies in %, ``0.971`` for shares and their differences, ``8.9`` for digits;
    else a unit."""
    if unit == "%":
        return f"{value:.1f}"
    if unit == "digits":
        return f"{value:.3g}"
    return f"{value:.3f}" if unit in ("share", "difference") else f"{value:,.4g} {unit}"


def interval(estimate: Estimate) -> str:
    """``94.1 to 95.9`` with a dash for the word, or nothing where there is no interval."""
    if estimate.low is None:
        return ""
    return f"{number(estimate.low, estimate.unit)}\u2013{number(estimate.high, estimate.unit)}"


def in_short(records: Sequence[Record]) -> str:
    """Mean, 95 % interval (over seeds from three on) and seeds in one cell:
    ``95.0 (94.1-95.9, 3 seeds)``."""
    found = summarise(records)
    inside = ", ".join(filter(None, (interval(found), found.strength)))
    return f"{number(found.value, found.unit)} ({inside})"
