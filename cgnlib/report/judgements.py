"""Verdicts as pages show them: of this scale's records, else of the committed full scale's.

A study over many trainings runs at the full scale only. Where a scale has no verdict of its own,
its pages show what the same rules say of the committed records, under the name of that scale.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cgnlib.report import committed, verdicts
from cgnlib.report.record_model import Record, Verdict

FULL_SCALE = "full scale"


@dataclass(frozen=True)
class Judgement:
    """A verdict; ``source`` is ``full scale`` where it is that of the committed records, else
    empty."""

    verdict: Verdict
    source: str = ""

    @property
    def text(self) -> str:
        """``supported``, or ``supported (full scale, 3 seeds)``."""
        if not self.source:
            return self.verdict.verdict
        count = len(self.verdict.seeds)
        return f"{self.verdict.verdict} ({self.source}, {count} seed{'' if count == 1 else 's'})"


def shown(found: Verdict, scale: str, notes: Sequence[str] = ()) -> Judgement:
    """``found``, made at ``scale``, or in place of ``not run`` what the committed records of the
    full scale say; ``found`` where they do not answer the claim either.

    Args:
        notes: what a reader must know beside the conditions.

    Raises:
        UserError: a damaged committed file.
    """
    if found.verdict != "not run" or scale == committed.FULL:
        return Judgement(found)
    records = committed.full_records(found.experiment, found.dataset)
    full = verdicts.judge(found.claim, found.dataset, records, notes=notes)
    return Judgement(found) if full.verdict == "not run" else Judgement(full, FULL_SCALE)


def of_page(
    page: str, dataset: str, scale: str, records: Sequence[Record], notes: Sequence[str] = ()
) -> list[Judgement]:
    """A judgement on every claim that is tested on ``page`` (``odr``) and made for ``dataset``."""
    rules = [r for r in verdicts.claims() if r.page == page and dataset in r.datasets]
    found = [verdicts.judge(rule.claim, dataset, records, notes=notes) for rule in rules]
    return [shown(one, scale, notes) for one in found]


def own(judgements: Sequence[Judgement]) -> list[Verdict]:
    """The verdicts that rest on the page's own records: what a run publishes."""
    return [one.verdict for one in judgements if not one.source]


def show(judgement: Judgement) -> None:
    """Display a judgement with its reasons."""
    from IPython.display import Markdown, display

    display(Markdown(verdicts.markdown(judgement.verdict, judgement.source)))
