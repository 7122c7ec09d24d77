"""GenInt and CGN side by side: the same sets of images, and what either was given to learn from."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cgnlib.report.cells import MISSING, NOT_AVAILABLE, styled
from cgnlib.report.genint_records import experiment_of, metric_of
from cgnlib.report.record_model import Record

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler

DIFFERENCE = "GenInt minus CGN"


def _cell(records: Sequence[Record], setting: str, name: str) -> str:
    """``62.1 (60.0-64.2)`` of one setting on the set ``name``; differences with their sign."""
    wanted = (experiment_of(name), setting, metric_of(name))
    found = [r for r in records if (r.experiment, r.setting, r.metric) == wanted]
    if not found:
        return f"{MISSING}: not trained"
    one, form = found[0], "+.1f" if setting == DIFFERENCE else ".1f"
    return f"{one.value:{form}} ({one.interval_low:{form}} to {one.interval_high:{form}})"


def side_lines(
    records: Sequence[Record], rows: Sequence[str], sets: Sequence[str]
) -> list[dict[str, str]]:
    """The cells of :func:`side_by_side`, one dict per set."""
    shown = [*rows, DIFFERENCE]
    return [
        {"Images": name.replace("_", " ")} | {row: _cell(records, row, name) for row in shown}
        for name in sets
    ]


def side_by_side(
    records: Sequence[Record], rows: Sequence[str], sets: Sequence[str], caption: str
) -> "Styler":
    """Top-1 accuracy in % of some rows on several sets, and the difference of GenInt and CGN in
    points, each with its 95 % interval.

    Args:
        sets: names of the sets, one line each.
    """
    import pandas as pd

    return styled(pd.DataFrame(side_lines(records, rows, sets)), caption)


def budget_lines(found: Sequence[Any]) -> list[dict[str, str]]:
    """The cells of :func:`budgets`, one dict per row."""
    return [
        {
            "Trained on": one.row,
            "Real images": f"{one.real:,}",
            "Generated images": f"{one.generated:,}" if one.generated else NOT_AVAILABLE,
            "Per update, real and generated": f"{one.batch} and {one.generated_batch}",
            "Updates": f"{one.updates:,}",
            "Training, s": f"{one.seconds:,.0f}",
            "Its generator's training, s": f"{one.generator_seconds:,.0f}",
        }
        for one in found
    ]


def budgets(found: Sequence[Any], caption: str) -> "Styler":
    """What every row was given.

    Args:
        found: :class:`cgnlib.pipelines.genint_scenes9.Budget` of each.
    """
    import pandas as pd

    rows = budget_lines(found) or [{"Trained on": f"{MISSING}: no row to compare"}]
    return styled(pd.DataFrame(rows), caption)
