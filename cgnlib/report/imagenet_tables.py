"""Tables of the ImageNet CGN's pages: quality before and after training, and the loss ablation.

Published values are ImageNet's; beside the rendered stand-in each line says so.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cgnlib.datasets import TITLES
from cgnlib.params import ImagenetParams
from cgnlib.report import committed, published
from cgnlib.report.cells import COLUMNS, MISSING, NOT_AVAILABLE, published_mark, styled
from cgnlib.report.imagenet_records import FACTORS, FAILURES, INITIAL, PARTS, TRAINED
from cgnlib.report.numbers import in_short, number
from cgnlib.report.record_model import Record
from cgnlib.report.statistics import summarise

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler

THIS_RUN = "This run"
_QUALITY = {
    **{f"oracle_{factor}_{factor}": f"{factor} label recovered" for factor in FACTORS},
    "mask_iou": "mask's overlap with the saliency of the pseudo ground truth",
    "texture_leak": "texture leak: saliency of the foreground",
    "object_residue": "object residue: saliency of the background",
    "mask_mean": "mean of the mask",
    "mask_entropy": "entropy of a mask pixel, bits",
}


def _shown(records: Sequence[Record], setting: str, metric: str, reason: str) -> str:
    found = [r for r in records if (r.setting, r.metric) == (setting, metric)]
    if not found:
        return f"{MISSING}: {reason}" if reason else NOT_AVAILABLE
    mean = summarise(found)
    unit = "" if mean.unit == "score" else mean.unit
    if mean.low is None:
        return number(mean.value, unit).strip()
    ends = " to ".join(number(end, unit).strip() for end in (mean.low, mean.high))
    return f"{number(mean.value, unit).strip()} ({ends})"


def quality(records: Sequence[Record], params: ImagenetParams) -> "Styler":
    """HQC-2 in numbers: at initialisation, after training, and at the full scale."""
    import pandas as pd

    own = [r for r in records if (r.experiment, r.dataset) == ("HQC-2", params.dataset)]
    full = committed.beside("HQC-2", params)
    reason = "no reader of this dataset's factors" if params.evaluators == "none" else "not run"
    rows = []
    for metric, text in _QUALITY.items():
        row = {
            "Quality (95 % interval)": text,
            "At initialisation": _shown(own, INITIAL, metric, reason),
            "After training": _shown(own, TRAINED, metric, reason),
        }
        if full:
            same = [r for r in full if (r.setting, r.metric) == (TRAINED, metric)]
            row["Full scale"] = in_short(same) if same else f"{MISSING}: not run"
        rows.append(row)
    return styled(pd.DataFrame(rows), f"Quality of the counterfactuals, {params.dataset}")


_ABLATION = {"inception_score": "Inception score", "mask_mean": "Mask mean \u00b1 std"}


def _published_lines(setting: str, mark: str) -> list[dict[str, str]]:
    """A line per source and table that published anything for this row of the ablation."""
    rows = [row for row in published.rows("IBR-1", "imagenet") if row.setting == setting]
    lines: dict[tuple[str, bool], dict[str, str]] = {}
    for row in rows:
        stored = row.table == "stored runs"
        name = COLUMNS.get(row.source, row.source) + (" (stored)" if stored else "")
        if mark:
            name += f" [{mark}]"
        line = lines.setdefault((row.source, stored), {"Source": name})
        if row.metric in _ABLATION:
            line[_ABLATION[row.metric]] = row.text
    return list(lines.values())


def _own_line(records: Sequence[Record], setting: str, source: str, reason: str) -> dict[str, str]:
    line = {"Source": source}
    for metric, heading in {**_ABLATION, **_own_columns()}.items():
        line[heading] = _shown(records, setting, metric, reason)
        spread = [r for r in records if (r.setting, r.metric) == (setting, f"{metric}_std")]
        if metric == "mask_mean" and spread:
            mean = summarise([r for r in records if (r.setting, r.metric) == (setting, metric)])
            line[heading] = f"{mean.value:.3f} \u00b1 {summarise(spread).value:.3f}"
    return line


def _own_columns() -> dict[str, str]:
    names = {
        "mask_entropy": "Mask entropy",
        "texture_leak": "Texture leak",
        "object_residue": "Object residue",
        "mask_iou": "Mask IoU",
    }
    return {metric: names[metric] for metric in PARTS if metric in names}


def ablation(
    records: Sequence[Record], params: ImagenetParams, names: Mapping[str, str]
) -> "Styler":
    """IBR-1: per dropped group a line for each source and one for this run.

    Args:
        names: setting to what the table calls it, in order.
    """
    import pandas as pd

    mark = published_mark(params)
    own = [r for r in records if (r.experiment, r.dataset) == ("IBR-1", params.dataset)]
    full = committed.beside("IBR-1", params)
    lines = []
    for setting, name in names.items():
        reason = "" if any(r.setting == setting for r in own) else "not run"
        block = _published_lines(setting, mark)
        block.append(_own_line(own, setting, f"{THIS_RUN} ({TITLES[params.dataset]})", reason))
        if any(r.setting == setting for r in full):
            block.append(_own_line(full, setting, "Full scale", ""))
        lines += [{"Dropped": "" if n else name, **line} for n, line in enumerate(block)]
    frame = pd.DataFrame(lines).fillna(NOT_AVAILABLE)
    return styled(frame, "One group of losses dropped at a time, class-consistent composites")


_FAILED = {  # row, metric: what was published, and what is measured
    ("shape", "mask_entropy"): ("masks not binary", "entropy of a mask pixel, bits"),
    ("text", "texture_leak"): ("object shows in the texture", "texture leak"),
    ("bg", "object_residue"): ("object stays in the background", "object residue"),
    ("bg", "mask_mean"): ("mask shrinks", "mean of the mask"),
    ("rec", "inception_score"): ("score falls", "inception score"),
}


def failures(records: Sequence[Record], params: ImagenetParams) -> "Styler":
    """IBR-1: for each published failure, what is measured in the control and without the losses,
    and the paired difference where it is taken image by image."""
    import pandas as pd

    own = [r for r in records if (r.experiment, r.dataset) == ("IBR-1", params.dataset)]
    differences = {
        ("bg" if first == "none" else first, metric): f"{first} minus {second}"
        for first, second, metric in FAILURES
    }
    rows = []
    for (dropped, metric), (failure, measured) in _FAILED.items():
        pair = differences.get((dropped, metric), "")
        rows.append(
            {
                "Dropped": dropped,
                "Published failure": failure,
                "Measured": measured,
                "Control": _shown(own, "none", metric, "not run"),
                "Without": _shown(own, dropped, metric, "not run"),
                "Difference": f"{pair}: {_shown(own, pair, metric, 'not run')}" if pair else "",
            }
        )
    return styled(pd.DataFrame(rows), "Published failures and what shows here (95 % interval)")


def scores(records: Sequence[Record], params: ImagenetParams) -> "Styler":
    """HQC-8: inception score by number of images, published and here."""
    import pandas as pd

    mark = published_mark(params)
    rows = [
        {
            "Source": COLUMNS.get(row.source, row.source) + (f" [{mark}]" if mark else ""),
            "Images": row.note or NOT_AVAILABLE,
            "Inception score": row.text,
        }
        for experiment, setting in (("HQC-8", "CGN"), ("IBR-1", "none"))
        for row in published.rows(experiment, params.dataset, "inception_score")
        if row.setting == setting
    ]
    for record in records:
        if (record.experiment, record.metric) == ("HQC-8", "inception_score"):
            shown = _shown([record], record.setting, record.metric, "")
            name = f"{THIS_RUN} ({TITLES[params.dataset]}): {record.setting}"
            rows.append({"Source": name, "Images": f"{record.n:,}", "Inception score": shown})
    return styled(pd.DataFrame(rows), "Inception score of class-consistent composites")
