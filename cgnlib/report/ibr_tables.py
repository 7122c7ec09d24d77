"""Tables of the IBR page: what dropping a group of losses does, here and as published."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cgnlib.params import RELEASED_ROW
from cgnlib.report import published
from cgnlib.report.cells import COLUMNS, published_cell, styled
from cgnlib.report.record_model import Record
from cgnlib.report.tables import by_setting

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler


def ablation(records: Sequence[Record], metrics: Mapping[str, str]) -> "Styler":
    """IBR-1: one row per dropped group, one column per metric (``{metric: heading}``)."""
    return by_setting(
        records,
        "IBR-1",
        metrics,
        first="Dropped",
        caption="One group of losses dropped at a time, same budget of every trained row",
        names={"none": "none (control)", RELEASED_ROW: f"nothing: {RELEASED_ROW}"},
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
                row[f"{name}, {COLUMNS[source]}"] = published_cell(same)
        cells.append(row)
    return styled(pd.DataFrame(cells), "Published ablation, for context: ImageNet, other losses")
