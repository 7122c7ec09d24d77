"""Tables of a page: published | reproductions | this run, as styled HTML that fits the book.

A row that was published but not measured is shown as MISSING with its reason, never dropped.
"""

import math
import re
from collections.abc import Mapping, Sequence
from statistics import fmean, stdev
from typing import TYPE_CHECKING, Any

from cgnlib.params import MnistParams
from cgnlib.report import published
from cgnlib.report.records import Record, read_records

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler

MISSING = "MISSING"
OTHER_TEXTURES = "other textures"
OTHER_TEXTURES_NOTE = (
    "published wildlife values were measured with DTD textures, this run with procedural ones"
)
NOT_AVAILABLE = "\u2013"  # a source that has no such row
SOURCES = ("P", "R1", "R2")
_COLUMNS = {"P": "Paper", "R1": "Reprod. 1", "R2": "Reprod. 2"}
_VARIANT = re.compile(r" \((released|retrained)\)$")

# Rows of ODR-1 as a reader expects them: data only, invariance methods, generated data.
ROW_ORDER = (
    "Original",
    "IRM (2 envs)",
    "IRM (5 envs)",
    "LNTL",
    "GAN",
    "Original+GAN",
    "CGN",
    "Original+CGN",
)
QUALITY_TEXT = {
    "mask_readability": "masks read as their label",
    "mask_mean": "mean coverage of the mask",
    "border_mean": "mask inside a 3-px border",
    "undecided_share": "mask pixels in (0.05, 0.95)",
    "label_recovery": "least label recovery (diagonal)",
    "label_leak": "most leak between factors (off diagonal; chance 0.1)",
}


def styled(frame: Any, caption: str = "") -> "Styler":
    """A table without index, as wide as the book at most, MISSING set in grey italics."""
    style = frame.style.hide(axis="index").set_table_styles(
        [
            {"selector": "", "props": "font-size: 0.9em; max-width: 100%;"},
            {"selector": "th", "props": "text-align: left; vertical-align: bottom;"},
            {"selector": "td", "props": "text-align: left; padding: 0.2em 0.7em 0.2em 0;"},
            {
                "selector": "caption",
                "props": "caption-side: top; text-align: left; font-weight: 600;",
            },
        ]
    )
    style = style.map(
        lambda text: "color: #6b6b6b; font-style: italic;" if str(text).startswith(MISSING) else ""
    )
    return style.set_caption(caption) if caption else style


def number(value: float, unit: str) -> str:
    """``95.1`` for accuracies in %, ``0.971`` for shares, ``8.9`` for digits; else a unit."""
    if unit == "%":
        return f"{value:.1f}"
    if unit == "digits":
        return f"{value:.3g}"
    return f"{value:.3f}" if unit == "share" else f"{value:,.4g} {unit}"


def other_textures(params: MnistParams) -> bool:
    """Whether published wildlife numbers belong to other textures than this run's."""
    return params.dataset == "wildlife_mnist" and params.textures != "dtd"


def _base(setting: str) -> str:
    return _VARIANT.sub("", setting)


def _published_cell(rows: Sequence[published.Row]) -> str:
    if not rows:
        return NOT_AVAILABLE
    parts = []
    for row in rows:
        variant = _VARIANT.search(row.setting)
        name = variant.group(1) if variant else "stored" if row.table == "stored runs" else ""
        parts.append(f"{row.text} ({name})" if name else row.text)
    return ", ".join(parts)


def _own_cells(found: Sequence[Record], reason: str) -> dict[str, str]:
    if not found:
        return {"This run": f"{MISSING}: {reason}", "95 % interval": "", "n": "", "Seed": ""}
    unit = found[0].unit
    shown = number(fmean(record.value for record in found), unit)
    if len(found) > 1:
        shown += f" ± {stdev(record.value for record in found):.2g}"
    whole = all(record.interval_low is not None for record in found)
    low, high = (
        (min(r.interval_low for r in found), max(r.interval_high for r in found))
        if whole
        else (0.0, 0.0)
    )
    return {
        "This run": shown,
        "95 % interval": f"{number(low, unit)}\u2013{number(high, unit)}" if whole else "",
        "n": f"{found[0].n:,}",
        "Seed": ", ".join(str(r.seed) for r in found),
    }


def settings_of(rows: Sequence[published.Row], records: Sequence[Record]) -> list[str]:
    """Settings of published rows and records, each once, in the order of a table."""
    names = dict.fromkeys([_base(row.setting) for row in rows] + [r.setting for r in records])
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
    settings: Sequence[str] = (),
) -> list[dict[str, str]]:
    """The cells of :func:`comparison`, one dict per published or measured setting.

    Args:
        missing: reason for MISSING rows; one text, or one per setting.
        mark: said in every row with a published number, e.g. ``other textures``.
        settings: rows that belong to the table even where nobody published or measured them.
    """
    theirs = [r for r in published.rows(experiment, dataset, metric) if r.source in SOURCES]
    ours = [
        r for r in records if (r.experiment, r.dataset, r.metric) == (experiment, dataset, metric)
    ]
    cells = []
    for setting in dict.fromkeys([*settings_of(theirs, ours), *settings]):
        row = {"Trained on": setting}
        for source in SOURCES:
            same = [r for r in theirs if r.source == source and _base(r.setting) == setting]
            row[_COLUMNS[source]] = _published_cell(same)
        if mark:
            row["Published with"] = mark if any(_base(r.setting) == setting for r in theirs) else ""
        reason = missing if isinstance(missing, str) else missing.get(setting, "not run")
        found = [record for record in ours if record.setting == setting]
        cells.append({**row, **_own_cells(found, reason)})
    return cells


def comparison(
    records: Sequence[Record],
    experiment: str,
    params: MnistParams,
    metric: str = "test_accuracy",
    *,
    caption: str = "",
    missing: str | Mapping[str, str] = "not run at this scale",
    settings: Sequence[str] = (),
) -> "Styler":
    """Published | reproductions | this run for one metric of one experiment.

    Several seeds of one setting become mean ± standard deviation and the hull of their intervals.
    """
    import pandas as pd

    mark = OTHER_TEXTURES if other_textures(params) else ""
    rows = comparison_rows(
        records,
        experiment,
        params.dataset,
        metric,
        missing=missing,
        mark=mark,
        settings=settings,
    )
    title = caption or f"{experiment}, {metric.replace('_', ' ')} in %, {params.dataset}"
    return styled(pd.DataFrame(rows), title)


def full_records(experiment: str, dataset: str, scale: str = "full") -> list[Record]:
    """Records of runs at ``scale``, for pages of another scale that do not run ``experiment``."""
    return read_records(scale, dataset, experiment)


def full_or_missing(
    experiment: str,
    dataset: str,
    metric: str = "test_accuracy",
    *,
    scale: str = "full",
    missing: str | Mapping[str, str] = "no run at that scale",
    settings: Sequence[str] = (),
) -> "Styler":
    """:func:`comparison` with the records of the full scale in place of this run's.

    Args:
        scale: where the records come from when it is not the full scale.
        missing: reason for rows without one; one text, or one per setting.
    """
    import pandas as pd

    found = full_records(experiment, dataset, scale)
    rows = comparison_rows(found, experiment, dataset, metric, missing=missing, settings=settings)
    column = {"full": "Full scale"}.get(scale, f"Scale {scale}")
    frame = pd.DataFrame(rows).rename(columns={"This run": column})
    title = f"{experiment}, {metric.replace('_', ' ')}, {dataset}: not run here, {scale} scale"
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
        own = _own_cells(found, "not measured")
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
            row[heading] = _own_cells(found, "not measured")["This run"]
        cells.append(row)
    return styled(pd.DataFrame(cells), caption)


def ablation(records: Sequence[Record], metrics: Mapping[str, str]) -> "Styler":
    """IBR-1: one row per dropped group, one column per metric (``{metric: heading}``)."""
    return by_setting(
        records,
        "IBR-1",
        metrics,
        first="Dropped",
        caption="One group of losses dropped at a time, same budget",
        names={"none": "none (control)"},
    )


def published_ablation() -> "Styler":
    """IBR-1 as published: on ImageNet only, inception score and mask mean."""
    import pandas as pd

    rows = published.rows("IBR-1", "imagenet")
    cells = []
    for setting in dict.fromkeys(row.setting for row in rows):
        row = {"Dropped (ImageNet)": setting}
        for metric, name in (("inception_score", "IS"), ("mask_mean", "mask mean")):
            for source in ("P", "R1"):
                same = [
                    r for r in rows if (r.setting, r.metric, r.source) == (setting, metric, source)
                ]
                row[f"{name}, {_COLUMNS[source]}"] = _published_cell(same)
        cells.append(row)
    return styled(pd.DataFrame(cells), "Published ablation, for context: ImageNet, other losses")


def costs(artefacts: Mapping[str, tuple[Any, int]], params: MnistParams) -> "Styler":
    """IBR-3: what each trained thing cost here, and what was published.

    Args:
        artefacts: name to (:class:`cgnlib.store.Artefact`, updates).
    """
    import pandas as pd

    cells = []
    for name, (artefact, steps) in artefacts.items():
        made = artefact.provenance
        cells.append(
            {
                "Trained": name,
                "Updates": f"{steps:,}",
                "Seconds": f"{made['seconds']:,.0f}",
                "Peak memory of the process so far": f"{made['peak_memory_mb']:,.0f} MB",
                "Device": made["device"],
                "Threads": made.get("threads") or "",
                "Artefact": str(artefact),
            }
        )
    theirs = [row for row in published.rows("IBR-3", params.dataset) if row.setting == "CGN"]
    known = ", ".join(f"{_COLUMNS.get(r.source, r.source)} {r.text} {r.unit}" for r in theirs)
    processors = {artefact.provenance.get("processor", "") for artefact, _ in artefacts.values()}
    caption = f"Cost of this run on {', '.join(sorted(processors))}" + (
        f"; published for one CGN: {known}" if known else ""
    )
    return styled(pd.DataFrame(cells), caption)


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return " or ".join(_shown(one) for one in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _equal(here: Any, value: Any) -> bool:
    if isinstance(value, list):
        return any(_equal(here, one) for one in value)
    if isinstance(value, float) and not isinstance(here, str):
        return math.isclose(here, value, rel_tol=1e-3, abs_tol=1e-12)
    return here == value


def departures_list(
    params: MnistParams, of: tuple[str, ...] = ("cgn", "classifier")
) -> list[tuple[str, str, str]]:
    """(choice, published, here) for every published training choice that this run changes."""
    found = []
    for entry in published.recipe(params.dataset, of):
        here = {name: getattr(params, name) for name in entry.values}
        differs = [name for name, value in entry.values.items() if not _equal(here[name], value)]
        if differs:
            found.append(
                (
                    entry.what,
                    ", ".join(f"{name} {_shown(entry.values[name])}" for name in differs),
                    ", ".join(f"{name} {_shown(here[name])}" for name in differs),
                )
            )
    return found


def departures(params: MnistParams, of: tuple[str, ...] = ("cgn", "classifier")) -> "Styler":
    """Where the training of this run (of its CGN, its classifier) departs from the published."""
    import pandas as pd

    found = departures_list(params, of)
    if not found:
        found = [("none: the published training", NOT_AVAILABLE, NOT_AVAILABLE)]
    frame = pd.DataFrame(found, columns=["Choice", "Published", "Here"])
    return styled(frame, f"Departures from the published training, {params.dataset}")
