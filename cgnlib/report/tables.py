"""Tables of a page: published | reproductions | this run, as styled HTML that fits the book.

A row that was published but not measured is shown as MISSING with its reason, never dropped.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cgnlib.params import ODR_SETTINGS, MnistParams, Params
from cgnlib.report import committed, published
from cgnlib.report.cells import (
    COLUMNS,
    FULL_SCALE,
    MISSING,
    NO_NEIGHBOUR,
    NOT_AVAILABLE,
    OTHER_DATASET,
    OTHER_TEXTURES,
    OTHER_TEXTURES_NOTE,
    SOURCES,
    base_setting,
    other_textures,
    own_cells,
    published_beside,
    published_cell,
    published_mark,
    styled,
)
from cgnlib.report.cost_tables import costs
from cgnlib.report.departures import departures, departures_list
from cgnlib.report.numbers import in_short, number
from cgnlib.report.record_model import Record

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler

__all__ = [
    "MISSING",
    "NOT_AVAILABLE",
    "OTHER_DATASET",
    "OTHER_TEXTURES",
    "OTHER_TEXTURES_NOTE",
    "comparison",
    "comparison_rows",
    "costs",
    "departures",
    "departures_list",
    "number",
    "other_textures",
    "quality",
    "styled",
]

# Rows of ODR-1 as a reader expects them: data only, invariance methods, generated data.
ROW_ORDER = ODR_SETTINGS
QUALITY_TEXT = {
    "mask_readability": "masks read as their label",
    "mask_mean": "mean coverage of the mask",
    "border_mean": "mask inside a 3-px border",
    "undecided_share": "mask pixels in (0.05, 0.95)",
    "label_recovery": "least label recovery (diagonal)",
    "label_leak": "most leak between factors (off diagonal; chance 0.1)",
}


def settings_of(rows: Sequence[published.Row], records: Sequence[Record]) -> list[str]:
    """Settings of published rows and records, each once, in the order of a table."""
    names = dict.fromkeys(
        [base_setting(row.setting) for row in rows] + [r.setting for r in records]
    )
    rank = {name: position for position, name in enumerate(ROW_ORDER)}
    return sorted(names, key=lambda name: rank.get(name, len(rank)))  # stable


def comparison_rows(
    records: Sequence[Record],
    experiment: str,
    dataset: str,
    metric: str,
    *,
    missing: str | Mapping[str, str] = "not run at this scale",
    mark: str = "",
    full: Sequence[Record] = (),
    settings: Sequence[str] = (),
) -> list[dict[str, str]]:
    """The cells of :func:`comparison`, one dict per published or measured setting.

    Args:
        missing: reason for MISSING rows; one text, or one per setting.
        mark: said in every row with a published number, e.g. ``other textures``.
        full: committed records of the full scale, in a column of their own.
        settings: rows that belong to the table even where nobody published or measured them.
    """
    wanted = (experiment, dataset, metric)
    theirs = [row for row in published.rows(*wanted) if row.source in SOURCES]
    ours = [r for r in records if (r.experiment, r.dataset, r.metric) == wanted]
    full = [r for r in full if (r.experiment, r.dataset, r.metric) == wanted]
    cells = []
    for setting in dict.fromkeys([*settings_of(theirs, [*ours, *full]), *settings]):
        said = published_beside(theirs, setting)
        row = {"Trained on": setting, **_published_cells(said, mark)}
        reason = missing if isinstance(missing, str) else missing.get(setting, "not run")
        row |= own_cells([record for record in ours if record.setting == setting], reason)
        if full:
            same = [record for record in full if record.setting == setting]
            row[FULL_SCALE] = in_short(same) if same else f"{MISSING}: not run"
        cells.append(row)
    return cells


def _published_cells(rows: Sequence[published.Row], mark: str) -> dict[str, str]:
    """The published values of one setting, a cell per source; ``mark`` where there is any. A
    setting that nobody published says so."""
    cells = {
        COLUMNS[source]: published_cell([row for row in rows if row.source == source])
        for source in SOURCES
    }
    if not rows:
        cells[COLUMNS[SOURCES[0]]] = NO_NEIGHBOUR
    return cells | ({"Published with": mark if rows else ""} if mark else {})


def comparison(
    records: Sequence[Record],
    experiment: str,
    params: Params,
    metric: str = "test_accuracy",
    *,
    caption: str = "",
    missing: str | Mapping[str, str] = "not run at this scale",
    settings: Sequence[str] = (),
) -> "Styler":
    """Published | reproductions | this run for one metric of one experiment; beside a run of
    another scale, also the committed records of the full scale where there are any.

    Several seeds of one setting become mean ± standard deviation; the interval is over seeds from
    three on, below that the hull of their intervals over test digits.
    """
    import pandas as pd

    mark = published_mark(params)
    rows = comparison_rows(
        records,
        experiment,
        params.dataset,
        metric,
        missing=missing,
        mark=mark,
        full=committed.beside(experiment, params),
        settings=settings,
    )
    reason = missing if isinstance(missing, str) else "not run"
    rows = rows or [{"Trained on": f"{MISSING}: {reason}"}]
    title = caption or f"{experiment}, {metric.replace('_', ' ')} in %, {params.dataset}"
    return styled(pd.DataFrame(rows), title)


def full_or_missing(
    experiment: str,
    params: Params,
    metric: str = "test_accuracy",
    *,
    scale: str = "full",
    missing: str | Mapping[str, str] = "no run at that scale",
    settings: Sequence[str] = (),
    note: str = "",
) -> "Styler":
    """:func:`comparison` with the records of the full scale in place of this run's.

    Args:
        params: of the page; they say what must be said beside published values.
        scale: where the records come from when it is not the full scale.
        missing: reason for rows without one; one text, or one per setting.
        note: end of the caption.
    """
    import pandas as pd

    dataset, mark = params.dataset, published_mark(params)
    found = committed.records_of(experiment, dataset, scale)
    options = {"missing": missing, "mark": mark, "settings": settings}
    rows = comparison_rows(found, experiment, dataset, metric, **options)
    column = {"full": "Full scale"}.get(scale, f"Scale {scale}")
    frame = pd.DataFrame(rows).rename(columns={"This run": column})
    shown = f"{metric.replace('_', ' ')}, {dataset}: not run here, {scale} scale"
    title = f"{experiment}, {shown}{note}"
    return styled(frame, title)


def quality(records: Sequence[Record], params: MnistParams) -> "Styler":
    """Quality of the CGN (HQC-1) beside what the released checkpoints measure."""
    import pandas as pd

    mark = f" [{OTHER_TEXTURES}]" if other_textures(params) else ""
    cells = []
    for metric, text in QUALITY_TEXT.items():
        released = published.rows("HQC-1", params.dataset, metric, "M")
        found = [
            r
            for r in records
            if r.experiment == "HQC-1"
            and r.setting == "CGN"
            and r.metric == metric
            and r.dataset == params.dataset
        ]
        own = own_cells(found, "not measured")
        cells.append(
            {
                "Quality": text,
                "This run": own["This run"],
                "n": own["n"],
                "Released checkpoint": released[0].text + mark if released else NOT_AVAILABLE,
            }
        )
    return styled(pd.DataFrame(cells), f"Quality of the counterfactuals, {params.dataset}")


def by_setting(
    records: Sequence[Record],
    experiment: str,
    metrics: Mapping[str, str],
    *,
    first: str,
    caption: str,
    names: Mapping[str, str] | None = None,
) -> "Styler":
    """One row per recorded setting of ``experiment``, one column per metric.

    Args:
        metrics: metric to the heading of its column.
        first: heading of the column of settings.
        names: what a setting is called, where that is not its own name.
    """
    import pandas as pd

    ours = [record for record in records if record.experiment == experiment]
    cells = []
    for setting in dict.fromkeys(record.setting for record in ours):
        row = {first: (names or {}).get(setting, setting)}
        for metric, heading in metrics.items():
            found = [r for r in ours if r.setting == setting and r.metric == metric]
            row[heading] = own_cells(found, "not measured")["This run"]
        cells.append(row)
    return styled(pd.DataFrame(cells), caption)
