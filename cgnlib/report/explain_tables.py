"""Explanations as named numbers, and the tables that set two classifiers side by side."""

from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import TYPE_CHECKING

from cgnlib.report import tables
from cgnlib.report.records import Record

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler

MOST_COLUMNS = 6  # settings that fit side by side at the width of a page
_CAM = "GradCAM of the predicted class at the last rectified convolution"
MEANINGS = {
    "foreground_iou": f"{_CAM}, cut at one half: intersection over union with the true digit",
    "mean_iou": f"{_CAM}, cut at one half: mean of the intersection over union with the true digit "
    "and that of what is left with the background",
    "foreground_iou_other": f"{_CAM}, cut at one half: intersection over union with the digit of "
    "another image",
    "foreground_iou_beyond": f"{_CAM}, cut at one half: intersection over union with the true "
    "digit minus that with the digit of another image",
    "heat_on_digit": f"{_CAM}: share of its heat on the true digit",
    "looked_share": f"{_CAM}: share of the image above one half",
    "positive_share": "LIME of the predicted class: share of the positive weight on the true digit",
    "digit_share": "share of the image that is digit: where weight thrown at random would lie",
}
# What a table shows of them, in its order.
CAM_TEXT = {
    "foreground_iou": "overlap with the digit",
    "foreground_iou_other": "overlap with the digit of another image (control)",
    "foreground_iou_beyond": "overlap with the digit beyond that control",
    "heat_on_digit": "share of the heat on the digit",
    "looked_share": "share of the image that is looked at",
}
LIME_TEXT = {"positive_share": "share of the positive weight on the digit"}


def unit(setting: str, metric: str) -> str:
    """``difference`` for what may be negative, a silhouette or one share minus another, else
    ``share``: intervals of a share are kept within 0 to 1."""
    signed = " minus " in setting or metric.endswith("_beyond") or metric.startswith("silhouette")
    return "difference" if signed else "share"


def feature_metrics(panels: Sequence[str], factors: Sequence[str]) -> dict[str, str]:
    """Metrics of experiment EXT-1 and what a table calls them: every factor, panel by panel."""
    names = {
        f"neighbours_{panel}_{factor}": f"{panel} images: neighbours of the same {factor}"
        for panel in panels
        for factor in factors
    }
    return names | {
        f"silhouette_{panel}_shape": f"{panel} images: silhouette of the shapes (-1 to 1)"
        for panel in panels
    }


def feature_meaning(metric: str) -> str:
    """The definition of a metric of experiment EXT-1, such as ``neighbours_real_shape``."""
    kind, panel, factor = metric.split("_")
    images = "test images" if panel == "real" else "counterfactuals no classifier was trained on"
    what = (
        f"share of an image's 15 nearest neighbours that have its {factor} label"
        if kind == "neighbours"
        else f"silhouette of the {factor} labels, in [-1, 1]"
    )
    return (
        f"{what}, among the 64 features of {images}, Euclidean; mean over images; interval: 95 %, "
        "bootstrap over images, their neighbours fixed"
    )


def _cell(found: Sequence[Record]) -> str:
    """``0.437 (0.430-0.444)``: mean over seeds and the hull of their intervals."""
    if not found:
        return tables.NOT_AVAILABLE
    unit = found[0].unit
    shown = tables.number(fmean(record.value for record in found), unit)
    if any(record.interval_low is None for record in found):
        return shown
    low = tables.number(min(record.interval_low for record in found), unit)
    high = tables.number(max(record.interval_high for record in found), unit)
    return f"{shown} ({low} to {high})"


def side_by_side(
    records: Sequence[Record], experiment: str, metrics: Mapping[str, str], caption: str
) -> "Styler":
    """One row per metric (``{metric: text}``), one column per setting, with 95 % intervals; the
    other way round where there are too many settings for the width of a page. Where nothing was
    measured, that is what it says."""
    import pandas as pd

    own = [r for r in records if r.experiment == experiment]
    settings = list(dict.fromkeys(r.setting for r in own if r.metric in metrics)) or ["this run"]
    cells = {
        (metric, setting): _cell([r for r in own if (r.metric, r.setting) == (metric, setting)])
        for metric in metrics
        for setting in settings
    }
    if set(cells.values()) == {tables.NOT_AVAILABLE}:
        cells = dict.fromkeys(cells, f"{tables.MISSING}: not measured")
    if len(settings) > MOST_COLUMNS:
        rows = [
            {"": setting} | {text: cells[metric, setting] for metric, text in metrics.items()}
            for setting in settings
        ]
    else:
        rows = [
            {"": text} | {setting: cells[metric, setting] for setting in settings}
            for metric, text in metrics.items()
        ]
    return tables.styled(pd.DataFrame(rows), caption)
