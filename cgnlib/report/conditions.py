"""The conditions of a claim, each applied to records: met, not met, or a record is missing."""

from collections.abc import Sequence
from dataclasses import dataclass

from cgnlib.errors import UserError
from cgnlib.report import published
from cgnlib.report.claims import (
    AtLeast,
    AtMost,
    Beats,
    Claim,
    Condition,
    DroppingHurts,
    IntervalAbove,
    ReachesPublished,
    Rule,
    Steady,
)
from cgnlib.report.record_model import Record
from cgnlib.report.statistics import Estimate, paired_difference, summarise


@dataclass(frozen=True)
class Outcome:
    """``met`` is None when a record is missing."""

    met: bool | None
    core: bool
    reason: str


def _number(value: float, unit: str) -> str:
    forms = {"%": f"{value:.1f} %", "s": f"{value:,.0f} s", "digits": f"{value:.2f}"}
    return forms.get(unit, f"{value:.3f}")


def measure(records: Sequence[Record], setting: str, metric: str) -> Estimate | None:
    """One number over all seeds of ``records``, or None when there is none."""
    found = [r for r in records if r.setting == setting and r.metric == metric]
    return summarise(found) if found else None


def _shown(estimate: Estimate) -> str:
    return _number(estimate.value, estimate.unit)


def _in_doubt(estimate: Estimate, bound: float) -> str:
    """Says so when the interval, over seeds or as recorded for one or two, contains the bound the
    mean is held against."""
    if estimate.low is None or not estimate.low <= bound <= estimate.high:
        return ""
    ends = f"{_number(estimate.low, estimate.unit)} to {_number(estimate.high, estimate.unit)}"
    word = "over" if estimate.over == "seeds" else "recorded for"
    return f"; in doubt: the interval {word} {estimate.strength}, {ends}, contains the bound"


def _missing(condition: Rule, what: str) -> Outcome:
    return Outcome(None, condition.core, f"MISSING: {condition.text} ({what} not recorded)")


def _outcome(condition: Rule, met: bool, detail: str) -> Outcome:
    word = "met" if met else "not met"
    return Outcome(met, condition.core, f"{word}: {condition.text} ({detail})")


def _threshold(condition: AtLeast | AtMost, records: Sequence[Record]) -> Outcome:
    ours = measure(records, condition.setting, condition.metric)
    if ours is None:
        return _missing(condition, f"{condition.metric} of {condition.setting}")
    at_least = condition.kind == "at_least"
    met = ours.value >= condition.value if at_least else ours.value <= condition.value
    bound = f"{'at least' if at_least else 'at most'} {_number(condition.value, ours.unit)}"
    doubt = _in_doubt(ours, condition.value)
    return _outcome(condition, met, f"{_shown(ours)}; asked: {bound}{doubt}")


def _without_order(condition: IntervalAbove, records: Sequence[Record]) -> Outcome | None:
    """Not met where every setting has the same value of ``ranks``: no order to correlate with."""
    ranked = [r for r in records if r.metric == condition.ranks]
    if len({r.setting for r in ranked}) < 2 or len({r.value for r in ranked}) > 1:
        return None
    same = _number(ranked[0].value, ranked[0].unit)
    return _outcome(
        condition,
        False,
        f"undefined: {condition.ranks} is {same} in every setting: no order to compare",
    )


def _interval_above(condition: IntervalAbove, records: Sequence[Record]) -> Outcome:
    ours = measure(records, condition.setting, condition.metric)
    if ours is None and (tied := _without_order(condition, records)):
        return tied
    if ours is None or ours.low is None:
        what = condition.metric if ours is None else f"interval of {condition.metric}"
        return _missing(condition, f"{what} of {condition.setting}")
    low, high, bound = (_number(v, ours.unit) for v in (ours.low, ours.high, condition.value))
    return _outcome(
        condition,
        ours.low > condition.value,
        f"{_shown(ours)}, interval {low} to {high}; asked: the whole interval above {bound}",
    )


def _beats(condition: Beats, records: Sequence[Record]) -> Outcome:
    ours = measure(records, condition.setting, condition.metric)
    other = measure(records, condition.over, condition.metric)
    for name, measured in ((condition.setting, ours), (condition.over, other)):
        if measured is None or measured.low is None:
            what = condition.metric if measured is None else f"interval of {condition.metric}"
            return _missing(condition, f"{what} of {name}")
    gap = paired_difference(records, condition.setting, condition.over, condition.metric)
    if gap is not None and gap.over == "seeds":
        margin, apart = gap.value, gap.low > 0
        seen = f"paired interval over {gap.strength} {gap.low:+.1f} to {gap.high:+.1f}"
    else:
        margin, apart = ours.value - other.value, ours.low > other.high
        seen = f"intervals {'apart' if apart else 'overlap'}"
    return _outcome(
        condition,
        apart and margin >= condition.value,
        f"{_shown(ours)} against {_shown(other)}, {margin:+.{1 if ours.unit == '%' else 3}f}; "
        "asked: at least "
        f"{condition.value:g}; {seen}",
    )


def _steady(condition: Steady, records: Sequence[Record]) -> Outcome:
    gap = paired_difference(records, condition.setting, condition.over, condition.metric)
    if gap is None:
        both = f"{condition.setting} and {condition.over}"
        return _missing(condition, f"{condition.metric} of {both}, with a common seed,")
    over_seeds = gap.over == "seeds"
    ends = (gap.low, gap.high) if over_seeds else (gap.value, gap.value)
    shown = f"difference {gap.value:+.2f}"
    if over_seeds:
        shown += f", paired interval over {gap.strength} {gap.low:+.2f} to {gap.high:+.2f}"
    met = -condition.value <= ends[0] and ends[1] <= condition.value
    asked = f"asked: {'all of it ' if over_seeds else ''}within {condition.value:g}"
    return _outcome(condition, met, f"{shown}; {asked}")


def _reaches_published(
    condition: ReachesPublished, records: Sequence[Record], claim: Claim, dataset: str
) -> Outcome:
    rows = [
        row
        for row in published.rows(claim.experiment, dataset, condition.metric, condition.source)
        if row.setting == condition.setting and row.table == condition.table
    ]
    if len(rows) != 1 or rows[0].value is None or rows[0].tolerance is None:
        raise UserError(
            f"params/claims.yaml: {claim.claim}: {condition.source} {condition.table} "
            f"has no single {condition.setting} value with a tolerance on {dataset}"
        )
    ours = measure(records, condition.setting, condition.metric)
    if ours is None:
        return _missing(condition, f"{condition.metric} of {condition.setting}")
    row = rows[0]
    return _outcome(
        condition,
        ours.value >= row.value - row.tolerance,
        f"{_shown(ours)} against {row.text}, tolerance {row.tolerance:g} points"
        + _in_doubt(ours, row.value - row.tolerance),
    )


def _loss(
    records: Sequence[Record], setting: str, control: str, metric: str, margin: float
) -> tuple[bool, str] | None:
    """Whether dropping ``setting`` costs more than ``margin``, and the numbers behind it."""
    ours, usual = measure(records, setting, metric), measure(records, control, metric)
    if ours is None or usual is None:
        return None
    loss = paired_difference(records, control, setting, metric)
    by_chance = loss is not None and loss.over == "seeds" and loss.low <= 0
    text = f"{metric} {_shown(usual)} to {_shown(ours)}"
    if by_chance:
        text += ", the interval over seeds of the loss contains 0"
    return usual.value - ours.value > margin and not by_chance, text


def _dropping_hurts(
    condition: DroppingHurts, records: Sequence[Record], claim: Claim
) -> list[Outcome]:
    present = {record.setting for record in records}
    dropped = [setting for setting in claim.settings if setting in present]
    if claim.control not in present or not dropped:
        what = "the control" if claim.control not in present else "every dropped group"
        return [_missing(condition, what)]
    outcomes = []
    for setting in dropped:
        found = [
            _loss(records, setting, claim.control, metric, margin)
            for metric, margin in condition.margins.items()
        ]
        losses = [loss for loss in found if loss is not None]
        if len(losses) < len(condition.margins):
            outcomes.append(_missing(condition, f"a metric of {setting} or of the control"))
            continue
        hurts = any(hurt for hurt, _ in losses)
        verb = "hurts" if hurts else "does not hurt"
        outcomes.append(
            Outcome(
                hurts,
                condition.core,
                f"{'met' if hurts else 'not met'}: dropping {setting} {verb} ("
                + ", ".join(text for _, text in losses)
                + ")",
            )
        )
    return outcomes


def outcomes_of(
    condition: Condition, records: Sequence[Record], claim: Claim, dataset: str
) -> list[Outcome]:
    """What ``condition`` of ``claim`` gives on the records of one dataset and experiment.

    Raises:
        UserError: a condition that points at no single published value.
    """
    if isinstance(condition, AtLeast | AtMost):
        return [_threshold(condition, records)]
    if isinstance(condition, IntervalAbove):
        return [_interval_above(condition, records)]
    if isinstance(condition, Beats):
        return [_beats(condition, records)]
    if isinstance(condition, Steady):
        return [_steady(condition, records)]
    if isinstance(condition, ReachesPublished):
        return [_reaches_published(condition, records, claim, dataset)]
    return _dropping_hurts(condition, records, claim)
