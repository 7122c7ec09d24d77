"""Verdicts: the rules of :mod:`cgnlib.report.claims` applied to records.

Pure functions over records; nothing here measures, and nothing here reads what a page says.
"""

from collections.abc import Sequence

from cgnlib.errors import UserError
from cgnlib.report.claims import Claim, claims, load_claims
from cgnlib.report.conditions import Outcome, measure, outcomes_of
from cgnlib.report.record_model import Record, Verdict
from cgnlib.report.statistics import ENOUGH_SEEDS

__all__ = [
    "Claim",
    "Verdict",
    "claims",
    "judge",
    "judge_all",
    "load_claims",
    "markdown",
    "measure",
    "show",
    "strength",
]


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
        for outcome in outcomes_of(condition, own, rule, dataset)
    ]
    told = [*notes, rule.note] if rule.note else notes
    reasons = [outcome.reason for outcome in outcomes] + [f"note: {note}" for note in told]
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


def markdown(verdict: Verdict, source: str = "") -> str:
    """The verdict as a page shows it; without any record the reasons are left out.

    Args:
        source: where the records come from when they are not the page's own, e.g. ``full scale``.
    """
    statement = next((rule.statement for rule in claims() if rule.claim == verdict.claim), "")
    lines = [
        f"**{verdict.claim} on {verdict.dataset}{f', {source}' if source else ''}: "
        f"{verdict.verdict}** ({strength(verdict)}). "
        f"Claim: {statement}",
        "",
    ]
    return "\n".join(lines + [f"- {reason}" for reason in verdict.reasons if verdict.seeds])


def show(verdict: Verdict) -> None:
    """Display :func:`markdown` in a notebook."""
    from IPython.display import Markdown, display

    display(Markdown(markdown(verdict)))
