"""Rows for the accuracy figure of the extensions page."""

from collections.abc import Sequence
from typing import Any

from cgnlib.report import published, tables
from cgnlib.report.statistics import summarise

EXPERIMENTS = ("EXT-5", "EXT-6")


def extension_rows(records: Sequence[Any], dataset: str, mark: str = "") -> list[dict[str, Any]]:
    """Rows for :func:`cgnlib.report.figures.accuracies`: every published or recorded setting of
    EXT-5 and EXT-6 once, several seeds as the table beside the figure gives them.

    Args:
        mark: added to the name of the source, e.g. ``other textures``.
    """
    source = "reproduction 2" + (f" ({mark})" if mark else "")
    rows: dict[str, dict[str, Any]] = {}
    for experiment in EXPERIMENTS:
        theirs = published.rows(experiment, dataset, "test_accuracy", "R2")
        ours = [
            r
            for r in records
            if (r.experiment, r.dataset, r.metric) == (experiment, dataset, "test_accuracy")
        ]
        for setting in tables.settings_of(theirs, ours):
            known = [row.value for row in theirs if row.setting == setting]
            found = [record for record in ours if record.setting == setting]
            mean = summarise(found) if found else None
            whole = mean is not None and mean.low is not None
            row = {
                "setting": setting,
                "value": mean.value if mean else None,
                "interval": (mean.low, mean.high) if whole else None,
                "published": {source: known[0]} if known else {},
            }
            if setting not in rows or not rows[setting]["published"]:
                rows[setting] = row
    return list(rows.values())
