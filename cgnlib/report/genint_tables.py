"""Tables of GenInt's classifiers: what the paper printed for ImageNet above what this run measured.

Published values belong to one network and augmentation, which is part of the table's name there;
they stand beside scenes9 for orientation only, those of ResNet-18 with standard augmentation.
"""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cgnlib.data.corruption_names import CORRUPTIONS
from cgnlib.report import published
from cgnlib.report.cells import MISSING, NOT_AVAILABLE, styled
from cgnlib.report.record_model import Record

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler

SOURCE = "G"  # of the published rows
PAPER, THIS_RUN = "Paper", "This run"
# Rows of the source that no run here can have; it quotes them from work with another generator.
OUT_OF_REACH = {
    f"Observational, truncation {one}": f"{MISSING}: BigGAN's weights end at truncation 1"
    for one in ("1.5", "2.0")
}
SHIFTED_COLUMNS = {"top1_accuracy": "Top-1", "top5_accuracy": "Top-5"}
SECOND_COLUMNS = {
    f"{name}_{top}_accuracy": f"{title}, {top.replace('top', 'top-')}"
    for name, title in (
        ("original", "Original"),
        ("second_test", "Second test"),
        ("second_test_threshold", "V2 threshold"),
        ("second_test_top_images", "V2 top images"),
    )
    for top in ("top1", "top5")
}
CORRUPTION_COLUMNS = {
    "mean_corruption_error": "mCE",
    **{f"corruption_error_{name}": title for name, title in CORRUPTIONS.items()},
}


def published_tables(experiment: str) -> list[str]:
    """Names of the published tables of an experiment, such as ``Table 1 (ResNet-18, standard)``."""
    return list(dict.fromkeys(row.table for row in published.rows(experiment, source=SOURCE)))


def published_table(experiment: str, params: Any, number: int = 0) -> str:
    """The name of the published table beside a run: that of its network and augmentation.

    ResNet-18's with standard augmentation stands beside scenes9, and beside a choice that the paper
    prints no table of.

    Args:
        number: which, of several tables that fit.
    """
    network, augmentation = "ResNet-18", "standard"
    if params.dataset == "genint_imagenet":
        network = params.classifier_network.replace("resnet", "ResNet-")
        augmentation = params.augmentation
    names = published_tables(experiment)
    for wanted, usual in ((network, "ResNet-18"), (augmentation, "standard")):
        fitting = [name for name in names if _says(name, wanted)]
        names = fitting or [name for name in names if _says(name, usual)] or names
    return names[number]


def published_with(experiment: str, table: str) -> str:
    """``ResNet-18, standard augmentation``: what a published table was measured with, as far as its
    name and note say."""
    note = next(row.note for row in published.rows(experiment, source=SOURCE) if row.table == table)
    told = f"{table} {note}"
    network = re.search(r"ResNet-\d+", told)
    augmentation = re.search(r"standard|additional", told)
    parts = [network and network[0], augmentation and f"{augmentation[0]} augmentation"]
    return ", ".join(part for part in parts if part)


def _says(name: str, word: str) -> bool:
    return re.search(rf"{word}\b", name) is not None


def _value(record: Record | None, missing: str) -> str:
    """``62.1 (60.0-64.2)``."""
    if record is None:
        return missing
    if record.interval_low is None:
        return f"{record.value:.1f}"
    return f"{record.value:.1f} ({record.interval_low:.1f}\u2013{record.interval_high:.1f})"


def by_row_lines(
    records: Sequence[Record], experiment: str, table: str, columns: Mapping[str, str]
) -> list[dict[str, str]]:
    """The cells of :func:`by_row`, one dict per line."""
    theirs = {
        (row.setting, row.metric): row.text
        for row in published.rows(experiment, source=SOURCE)
        if row.table == table
    }
    ours = {(r.setting, r.metric): r for r in records if r.experiment == experiment}
    used = [m for m in columns if any(m == metric for _, metric in (*ours, *theirs))]
    plain = [setting for setting, _ in ours if " minus " not in setting]
    lines = []
    for setting in dict.fromkeys([*(setting for setting, _ in theirs), *plain]):
        measured = any(setting == one for one, _ in ours)
        untrained = OUT_OF_REACH.get(setting, f"{MISSING}: not trained")
        absent = NOT_AVAILABLE if measured else untrained
        told = {columns[m]: theirs.get((setting, m), NOT_AVAILABLE) for m in used}
        own = {columns[m]: _value(ours.get((setting, m)), absent) for m in used}
        if set(told.values()) != {NOT_AVAILABLE}:
            lines.append({"Trained on": setting, "Source": PAPER, **told})
            setting = ""
        lines.append({"Trained on": setting, "Source": THIS_RUN, **own})
    return lines


def by_row(
    records: Sequence[Record],
    experiment: str,
    table: str,
    columns: Mapping[str, str],
    caption: str,
) -> "Styler":
    """One experiment, row by row: a line of published values and one of this run's.

    Args:
        records: of this run; differences between rows are left to :func:`differences`.
        table: which published one, of :func:`published_tables`; empty for none.
        columns: metric to heading; those that nobody has are left out.
    """
    import pandas as pd

    return styled(pd.DataFrame(by_row_lines(records, experiment, table, columns)), caption)


def differences(records: Sequence[Record], caption: str) -> "Styler":
    """Every recorded difference between two rows, in points, with its interval."""
    import pandas as pd

    rows = [
        {
            "Difference": one.setting,
            "Table": one.experiment,
            "Metric": one.metric.replace("_", " "),
            "Points (95 % interval)": f"{one.value:+.1f} ({one.interval_low:+.1f} to "
            f"{one.interval_high:+.1f})",
            "Images": f"{one.n:,}",
        }
        for one in records
        if " minus " in one.setting and one.experiment.startswith("GENINT-")
        and one.unit == "points" and one.interval_low is not None
    ]  # fmt: skip
    empty = {"Difference": f"{MISSING}: no two rows to compare"}
    return styled(pd.DataFrame(rows or [empty]), caption)
