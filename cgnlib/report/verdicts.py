"""Verdicts: the rules of :mod:`cgnlib.report.claims` applied to records.

Pure functions over records; nothing here measures, and nothing here reads what a page says.
"""

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
    claims,
    load_claims,
)
from cgnlib.report.record_model import Record, Verdict
from cgnlib.report.statistics import ENOUGH_SEEDS, Estimate, paired_difference, summarise

__all__ = ["Claim", "Verdict", "claims", "judge", "judge_all", "load_claims", "markdown", "show"]


@dataclass(frozen=True)
class Outcome:
    """``met`` is None when a record is missing."""

    met: bool | None
    core: bool
    reason: str


def _number(value: float, unit: str) -> str:
    return f"{value:.1f} %" if unit == "%" else f"{value:.3f}"


def measure(records: Sequence[Record], setting: str, metric: str) -> Estimate | None:
    """One number over all seeds of ``records``, or None when there is none."""
    found = [r for r in records if r.setting == setting and r.metric == metric]
    return summarise(found) if found else None


def _shown(estimate: Estimate) -> str:
    return _number(estimate.value, estimate.unit)


def _in_doubt(estimate: Estimate, bound: float) -> str:
    """Says so when the interval over seeds contains the bound the mean is held against."""
    if estimate.over != "seeds" or not estimate.low <= bound <= estimate.high:
        return ""
    ends = f"{_number(estimate.low, estimate.unit)} to {_number(estimate.high, estimate.unit)}"
    return f"; in doubt: the interval over {estimate.strength}, {ends}, contains the bound"


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


def _interval_above(condition: IntervalAbove, records: Sequence[Record]) -> Outcome:
    ours = measure(records, condition.setting, condition.metric)
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


def _apply(
    condition: Condition, records: Sequence[Record], claim: Claim, dataset: str
) -> list[Outcome]:
    if isinstance(condition, AtLeast | AtMost):
        return [_threshold(condition, records)]
    if isinstance(condition, IntervalAbove):
        return [_interval_above(condition, records)]
    if isinstance(condition, Beats):
        return [_beats(condition, records)]
    if isinstance(condition, ReachesPublished):
        return [_reaches_published(condition, records, claim, dataset)]
    return _dropping_hurts(condition, records, claim)


def _conclude(outcomes: Sequence[Outcome]) -> str:
    if any(outcome.met is None for outcome in outcomes):
        return "not run"
    if all(outcome.met for outcome in outcomes):
        return "supported"
    return "partly" if any(o.met and o.core for o in outcomes) else "not supported"


def judge(
    claim: str,
    dataset: str,
    records: Sequence[Record],
    rules: Sequence[Claim] | None = None,
    notes: Sequence[str] = (),
) -> Verdict:
    """Apply the rules of ``claim`` (e.g. ``"ODR"``) to the records of one dataset.

    Args:
        records: of one recipe; other datasets and experiments in it are ignored.
        rules: the claims file's content unless given.
        notes: what a reader must know beside the conditions; added to the reasons.

    Raises:
        UserError: no such claim.
    """
    known = {rule.claim: rule for rule in (claims() if rules is None else rules)}
    if claim not in known:
        raise UserError(f"no rules for claim {claim!r}; there are {', '.join(known)}")
    rule = known[claim]
    own = [r for r in records if r.dataset == dataset and r.experiment == rule.experiment]
    outcomes = [
        outcome
        for condition in rule.conditions
        if condition.datasets is None or dataset in condition.datasets
        for outcome in _apply(condition, own, rule, dataset)
    ]
    reasons = [outcome.reason for outcome in outcomes] + [f"note: {note}" for note in notes]
    return Verdict(
        claim=claim,
        experiment=rule.experiment,
        dataset=dataset,
        verdict=_conclude(outcomes),
        reasons=reasons,
        seeds=sorted({record.seed for record in own}),
    )


def judge_all(records: Sequence[Record], datasets: Sequence[str]) -> list[Verdict]:
    """A verdict for every claim on each of ``datasets`` that it is made for; without records it is
    ``not run``."""
    return [
        judge(rule.claim, dataset, records)
        for rule in claims()
        for dataset in datasets
        if dataset in rule.datasets
    ]


def strength(verdict: Verdict) -> str:
    """How much the verdict rests on: ``one seed: an indication``, ``mean of 2 seeds: an
    indication``, or ``3 seeds, intervals over seeds``."""
    count = len(verdict.seeds)
    if not count:
        return "no records"
    if count >= ENOUGH_SEEDS:
        return f"{count} seeds, intervals over seeds"
    return "one seed: an indication" if count == 1 else f"mean of {count} seeds: an indication"


def markdown(verdict: Verdict) -> str:
    """The verdict as a page shows it; without any record the reasons are left out."""
    statement = next((rule.statement for rule in claims() if rule.claim == verdict.claim), "")
    lines = [
        f"**{verdict.claim} on {verdict.dataset}: {verdict.verdict}** ({strength(verdict)}). "
        f"Claim: {statement}",
        "",
    ]
    return "\n".join(lines + [f"- {reason}" for reason in verdict.reasons if verdict.seeds])


def show(verdict: Verdict) -> None:
    """Display :func:`markdown` in a notebook."""
    from IPython.display import Markdown, display

    display(Markdown(markdown(verdict)))
