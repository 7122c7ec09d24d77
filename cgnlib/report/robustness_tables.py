"""Tables of the ImageNet robustness page: several metrics side by side, a line per source.

Published values are ImageNet's; on the rendered stand-in they stand there for orientation, each
line naming the images it was measured on.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cgnlib.datasets import TITLES
from cgnlib.params import ImagenetParams
from cgnlib.report import committed, published
from cgnlib.report.cells import COLUMNS, MISSING, NOT_AVAILABLE, SOURCES, styled
from cgnlib.report.numbers import interval, number
from cgnlib.report.record_model import Record
from cgnlib.report.robustness_records import HITS
from cgnlib.report.statistics import summarise

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler

PUBLISHED_ON = "imagenet"  # what the file of published numbers calls every ImageNet dataset
THIS_RUN = "This run"


def _published_lines(
    experiment: str, setting: str, metrics: Mapping[str, str]
) -> list[dict[str, str]]:
    """A line per source that published any of the metrics for this setting."""
    lines = []
    for source in SOURCES:
        rows = {
            row.metric: row
            for row in published.rows(experiment, PUBLISHED_ON, source=source)
            if row.setting == setting and row.metric in metrics
        }
        if rows:
            cells = {metrics[m]: rows[m].text if m in rows else NOT_AVAILABLE for m in metrics}
            images = "ImageNet" if source == "P" else "ImageNet-mini"
            lines.append({"Source": COLUMNS[source], "Images": images, **cells})
    return lines


def _value(records: Sequence[Record]) -> str:
    """``95.0 (94.1-95.9)``: mean over seeds and interval; with the count behind one seed."""
    found = summarise(records)
    ends = interval(found)
    unit = found.unit if found.unit in ("%", "share") else ""
    shown = number(found.value, unit) if unit else f"{found.value:+.1f}"
    if not ends or found.low is None:
        return shown
    if not unit:
        ends = f"{found.low:+.1f} to {found.high:+.1f}"
    return f"{shown} ({ends})"


def _own_line(
    records: Sequence[Record], setting: str, metrics: Mapping[str, str], reason: str
) -> dict[str, str]:
    cells = {}
    own = [r for r in records if r.setting == setting]
    for metric, heading in metrics.items():
        found = [r for r in own if r.metric == metric]
        absent = NOT_AVAILABLE if own else f"{MISSING}: {reason}"
        cells[heading] = _value(found) if found else absent
    return cells


def by_source_rows(
    records: Sequence[Record],
    experiment: str,
    params: ImagenetParams,
    metrics: Mapping[str, str],
    missing: str = "not among odr_rows",
) -> list[dict[str, str]]:
    """The cells of :func:`by_source`, one dict per line."""
    wanted = (experiment, params.dataset)
    ours = [r for r in records if (r.experiment, r.dataset) == wanted and r.metric in metrics]
    full = [r for r in committed.beside(experiment, params) if r.metric in metrics]
    theirs = [r for r in published.rows(experiment, PUBLISHED_ON) if r.metric in metrics]
    settings = dict.fromkeys(
        [r.setting for r in theirs if r.source in SOURCES] + [r.setting for r in ours]
    )
    lines = []
    for setting in settings:
        block = _published_lines(experiment, setting, metrics)
        own = _own_line(ours, setting, metrics, missing)
        block.append({"Source": THIS_RUN, "Images": TITLES[params.dataset], **own})
        if any(r.setting == setting for r in full):
            beside = _own_line(full, setting, metrics, missing)
            block.append({"Source": "Full scale", "Images": TITLES[params.dataset], **beside})
        for place, line in enumerate(block):
            lines.append({"Trained on": setting if not place else "", **line})
    return lines


def by_source(
    records: Sequence[Record],
    experiment: str,
    params: ImagenetParams,
    metrics: Mapping[str, str],
    caption: str,
    missing: str = "not among odr_rows",
) -> "Styler":
    """Several metrics of one experiment: per setting a line for each source that published it, one
    for this run, and one for the committed records of the full scale where there are any.

    Args:
        metrics: metric to the heading of its column.
        missing: why a published setting was not measured.
    """
    import pandas as pd

    return styled(
        pd.DataFrame(by_source_rows(records, experiment, params, metrics, missing)), caption
    )


def counts(
    records: Sequence[Record], experiment: str, metrics: Mapping[str, str], caption: str
) -> "Styler":
    """``numerator / denominator`` of every share of an experiment: one row per setting."""
    import pandas as pd

    own = {(r.setting, r.metric): r for r in records if r.experiment == experiment}
    rows = []
    for setting in dict.fromkeys(s for s, m in own if m.removesuffix(HITS) in metrics):
        row = {"Trained on": setting}
        for metric, heading in metrics.items():
            hits = own.get((setting, metric + HITS))
            row[heading] = f"{hits.value:,.0f} / {hits.n:,}" if hits else NOT_AVAILABLE
        if set(row.values()) - {setting, NOT_AVAILABLE}:
            rows.append(row)
    return styled(pd.DataFrame(rows or [{"Trained on": f"{MISSING}: nothing counted"}]), caption)


def elsewhere(
    records: Sequence[Record], params: ImagenetParams, sets: Sequence[str], caption: str
) -> "Styler":
    """Experiment EXT-4: one row per set, published and own accuracies of the baseline and of the
    ensemble, and the difference of our two, image by image."""
    import pandas as pd

    theirs = {(r.setting, r.metric): r.text for r in published.rows("EXT-4", PUBLISHED_ON)}
    ours = [r for r in records if (r.experiment, r.dataset) == ("EXT-4", params.dataset)]
    here = TITLES[params.dataset]
    rows = []
    for name in sets:
        metric = f"{name}_accuracy"
        row = {"Test set": SET_TITLES.get(name, name.replace("_", " "))}
        for setting in ("IN", "IN+CGN"):
            cell = theirs.get((setting, metric), NOT_AVAILABLE)
            row[f"{setting}, Reprod. 1 (ImageNet)"] = cell
        for setting in ("IN", "IN+CGN", "IN+CGN minus IN"):
            found = [r for r in ours if (r.setting, r.metric) == (setting, metric)]
            row[f"{setting}, {here}"] = _value(found) if found else f"{MISSING}: not measured"
        rows.append(row)
    return styled(pd.DataFrame(rows), caption)


SET_TITLES = {
    "original": "original (IN-mini)",
    "second_test": "second test set (role of ImageNet-V2)",
    "hard": "hard (role of ImageNet-A)",
    "sketch": "sketch (IN-Sketch)",
    "stylised": "stylised (Stylized-ImageNet proper)",
    "cue_conflict": "cue conflict, read as the shape (printed as IN-Stylized)",
    "only_foreground": "only foreground",
    "no_foreground": "no foreground (nothing but the place)",
}


def sets_overview(sets: Mapping[str, Any], caption: str) -> "Styler":
    """What each test set shows, computed from its labels: how often texture and place go with the
    class.

    Args:
        sets: by name, with ``labels()`` and a length, see
            :class:`cgnlib.pipelines.imagenet.data.ImageSet`.
    """
    import pandas as pd

    rows = []
    for name, images in sets.items():
        known = images.labels()
        row = {"Set": name.replace("_", " "), "Images": f"{len(images):,}"}
        for factor in ("texture", "background"):
            row[f"{factor} of the class"] = _agreement(known, factor)
        rows.append(row)
    return styled(pd.DataFrame(rows), caption)


def _agreement(known: Mapping[str, Any], factor: str) -> str:
    if factor not in known or (known[factor] < 0).all():
        return NOT_AVAILABLE
    return f"{(known[factor] == known['label']).mean():.3f}"


def head_correlations(records: Sequence[Record], caption: str) -> "Styler":
    """Correlation of true-class logits by pair of heads, on originals and on counterfactuals."""
    import pandas as pd

    own = [r for r in records if r.metric.startswith("correlation_")]
    rows = []
    for setting in dict.fromkeys(r.setting for r in own):
        row = {"Heads": setting.removesuffix(" heads")}
        for record in (r for r in own if r.setting == setting):
            heading = record.metric.removeprefix("correlation_") + " images"
            ends = f"{record.interval_low:.2f} to {record.interval_high:.2f}"
            row[heading] = f"{record.value:.2f} ({ends}; n {record.n:,})"
        rows.append(row)
    return styled(pd.DataFrame(rows), caption)
