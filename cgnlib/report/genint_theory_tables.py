"""Tables of GenInt's bound, choices, nuisances and GradCAM; published numbers are ImageNet's."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cgnlib.report import published
from cgnlib.report.cells import MISSING, NOT_AVAILABLE, styled
from cgnlib.report.genint_theory_records import READER
from cgnlib.report.record_model import Record

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler

PUBLISHED_ON, SOURCE = "imagenet", "G"
READER_COLUMNS = {
    "train_error": "Error, trained on",
    "val_error": "Error, held out",
    "chance_error": "Error of a constant",
}
_FORMS = {"%": ".1f", "times chance": ".2f"}


def shown(record: Record) -> str:
    """``-4.61 (-4.63 to -4.59)``: value and interval, to what its unit needs."""
    form = _FORMS.get(record.unit, ".3f")
    if record.interval_low is None:
        return f"{record.value:{form}}"
    return f"{record.value:{form}} ({record.interval_low:{form}} to {record.interval_high:{form}})"


def by_setting_lines(
    records: Sequence[Record], experiment: str, columns: Mapping[str, str], first: str
) -> list[dict[str, str]]:
    """The cells of :func:`by_setting`, one dict per line."""
    own = {(r.setting, r.metric): r for r in records if r.experiment == experiment}
    settings = dict.fromkeys(setting for setting, metric in own if metric in columns)
    lines = []
    for setting in settings:
        cells = {
            heading: shown(own[setting, metric]) if (setting, metric) in own else NOT_AVAILABLE
            for metric, heading in columns.items()
        }
        lines.append({first: setting, **cells})
    return lines or [{first: f"{MISSING}: not measured"}]


def by_setting(
    records: Sequence[Record],
    experiment: str,
    columns: Mapping[str, str],
    first: str,
    caption: str,
) -> "Styler":
    """One line per setting of an experiment, one column per metric.

    Args:
        columns: metric to the heading of its column.
        first: heading of the settings.
    """
    import pandas as pd

    return styled(pd.DataFrame(by_setting_lines(records, experiment, columns, first)), caption)


def reader_lines(records: Sequence[Record]) -> list[dict[str, str]]:
    """The cells of :func:`reader`, one dict per line."""
    theirs = {
        row.metric: row.text
        for row in published.rows("GENINT-10", PUBLISHED_ON, source=SOURCE)
        if row.setting == READER
    }
    ours = {r.metric: shown(r) for r in records if r.setting == READER}
    absent = f"{MISSING}: not measured"
    return [
        {"": name, **{heading: cells.get(m, rest) for m, heading in READER_COLUMNS.items()}}
        for name, cells, rest in (("Paper", theirs, NOT_AVAILABLE), ("This run", ours, absent))
    ]


def reader(records: Sequence[Record], caption: str) -> "Styler":
    """L1 errors of the network that reads nuisances, published and of this run (GENINT-10)."""
    import pandas as pd

    return styled(pd.DataFrame(reader_lines(records)), caption)


def told_columns(records: Sequence[Record]) -> dict[str, str]:
    """Columns of accuracy over chance, by the number of classes that were told apart."""
    metrics = {r.metric for r in records if r.metric.startswith("over_chance_")}
    counts = sorted(int(metric.removeprefix("over_chance_")) for metric in metrics)
    return {f"over_chance_{count}": f"{count} classes" for count in counts}
