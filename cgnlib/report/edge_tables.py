"""What the page of HQC-7 says of its runs: how long each CGN trained, and each paper-scale run."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cgnlib.params import MnistParams
from cgnlib.report.cells import MISSING, own_cells, styled
from cgnlib.report.committed import by_run
from cgnlib.report.record_model import Record

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler

EXPERIMENT, UPDATES, DIGITS = "HQC-7", "updates", "correct_digits"


def _updates(records: Sequence[Record]) -> str:
    """``1,000``, or nothing where no run said how long it trained."""
    found = [r.value for r in records if (r.experiment, r.metric) == (EXPERIMENT, UPDATES)]
    return " or ".join(f"{value:,.0f}" for value in sorted(set(found)))


def budget(records: Sequence[Record], params: MnistParams) -> str:
    """End of a caption: updates of every CGN that was counted, against those of the page's own.

    Args:
        records: of the runs that are shown; none with updates: nothing is said.
    """
    steps = _updates(records)
    own = "imported" if params.cgn_weights else f"{params.cgn_steps:,} updates"
    return f"; {steps} updates of each CGN (the CGN of this page: {own})" if steps else ""


def legend(records: Sequence[Record], here: bool) -> str:
    """What a legend calls the runs: ``full scale, by rule, 1,000 updates each``."""
    steps = _updates(records)
    name = "here, by rule" if here else "full scale, by rule"
    return f"{name}, {steps} updates each" if steps else name


def _shortest_first(own: Sequence[Record]) -> tuple[float, int, str]:
    steps = min((r.value for r in own if r.metric == UPDATES), default=0.0)
    return steps, own[0].seed, own[0].params_hash


def run_rows(records: Sequence[Record]) -> list[dict[str, str]]:
    """One row per run (by its parameters) and setting, shortest training first; runs are never
    averaged: they may differ in how long they trained."""
    rows = []
    found = by_run([r for r in records if r.experiment == EXPERIMENT])
    for own in sorted(found.values(), key=_shortest_first):
        for setting in dict.fromkeys(r.setting for r in own if r.metric == UPDATES):
            same = [r for r in own if r.setting == setting]
            digits = own_cells([r for r in same if r.metric == DIGITS], "not measured")
            rows.append(
                {
                    "Published training, shortened": setting,
                    "Run": own[0].params_hash,
                    "Seed": str(own[0].seed),
                    "Updates of each CGN": _updates(same),
                    "CGNs": digits["n"] or MISSING,
                    "Digits with whole masks, mean": digits["This run"],
                    "95 % interval, over CGNs": digits["95 % interval"],
                }
            )
    return rows


def runs(records: Sequence[Record]) -> "Styler":
    """:func:`run_rows` as a table."""
    import pandas as pd

    return styled(pd.DataFrame(run_rows(records)), f"{EXPERIMENT} at paper settings, run by run")
