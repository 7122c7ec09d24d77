"""Figures of a page, from plain arrays: colour-blind-safe, book width, labelled axes.

Heat maps and accuracies are drawn here; curves come from :mod:`cgnlib.report.curves`, tables of
pictures from :mod:`cgnlib.report.pictures`. Each function returns a figure that :func:`show` puts
on the page with its caption. No global matplotlib state is changed.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from cgnlib.datasets import FACTORS
from cgnlib.report.curves import history
from cgnlib.report.pictures import (
    as_pixels,
    counterfactual_grid,
    interpolations,
    masks,
    mechanisms,
    over_training,
    real_samples,
    tiles,
)
from cgnlib.report.style import (
    BLACK,
    BLUE,
    COLOURS,
    GREEN,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    WIDTH_IN,
    legend_below,
    png,
    show,
)

__all__ = [
    "BLACK",
    "BLUE",
    "COLOURS",
    "GREEN",
    "ORANGE",
    "PURPLE",
    "SKY",
    "VERMILION",
    "WIDTH_IN",
    "accuracies",
    "accuracy_rows",
    "as_pixels",
    "counterfactual_grid",
    "disentanglement",
    "history",
    "interpolations",
    "masks",
    "mechanisms",
    "over_training",
    "png",
    "real_samples",
    "show",
    "tiles",
]


def disentanglement(matrices: Any, factors: Sequence[str] = FACTORS) -> Figure:
    """The 3x3 share of counterfactuals in which oracle i reads the intended label j.

    An undefined entry (NaN; the colored variant has no background to read) is shown as a dash.

    Args:
        matrices: one matrix, or name to matrix for several panels.
    """
    named = matrices if isinstance(matrices, Mapping) else {"": matrices}
    columns, rows = min(3, len(named)), -(-len(named) // 3)
    one = len(named) == 1
    figure = Figure(
        figsize=(WIDTH_IN * 0.72, 3.6) if one else (WIDTH_IN, 2.35 * rows + 0.9),
        layout="constrained",
    )
    panels = figure.subplots(rows, columns, squeeze=False, sharey=True)
    for axes, (name, matrix) in zip(panels.flat, named.items(), strict=False):
        image = _heat_map(axes, np.asarray(matrix, dtype=float), factors, small=not one)
        axes.set_title(name, fontsize=9)
    for axes in list(panels.flat)[len(named) :]:
        axes.set_visible(False)
    for axes in panels[:, 0]:
        axes.set_ylabel("oracle")
    figure.colorbar(
        image,
        ax=panels,
        label="share that agrees (chance 0.1)",
        **({} if one else {"location": "bottom", "shrink": 0.5, "aspect": 35}),
    )
    return figure


def _heat_map(axes: Any, matrix: np.ndarray, factors: Sequence[str], small: bool) -> Any:
    """A matrix of shares with its numbers; returns the image, for a colour bar."""
    colours = matplotlib.colormaps["cividis"].with_extremes(bad="#dddddd")
    image = axes.imshow(np.ma.masked_invalid(matrix), vmin=0, vmax=1, cmap=colours)
    for (row, column), value in np.ndenumerate(matrix):
        undefined = not np.isfinite(value)
        axes.text(
            column,
            row,
            "\u2013" if undefined else f"{value:.2f}",
            ha="center",
            va="center",
            fontsize=8 if small else 10,
            color="black" if undefined or value > 0.5 else "white",
        )
    axes.set_xticks(range(len(factors)), factors, fontsize=6 if small else 9)
    axes.set_yticks(range(len(factors)), factors, fontsize=6 if small else 9)
    axes.set_xlabel("intended label", fontsize=8 if small else 10)
    return image


OWN = "this run, 95 % interval"


def accuracies(rows: Sequence[Mapping[str, Any]], chance: float = 10.0, ours: str = OWN) -> Figure:
    """Accuracies with intervals, and published values as open markers.

    Args:
        rows: each with ``setting``, ``value`` (or None), ``interval`` ((low, high) or None) and
            ``published`` (name of the source to its value); all in %.
        ours: what the legend calls the values and their intervals.
    """
    figure = Figure(figsize=(WIDTH_IN, 0.42 * len(rows) + 1.2), layout="constrained")
    axes = figure.subplots()
    sources = list(dict.fromkeys(name for row in rows for name in row.get("published", {})))
    looks = dict(
        zip(
            sources,
            zip(("s", "^", "D", "v"), (ORANGE, GREEN, VERMILION, PURPLE), strict=True),
            strict=False,
        )
    )
    for height, row in enumerate(reversed(rows)):
        _accuracy(axes, height, row, looks, ours)
    axes.axvline(chance, color="#888888", linestyle=":", linewidth=1, label="chance")
    axes.set_yticks(range(len(rows)), [row["setting"] for row in reversed(rows)])
    axes.set(xlabel="test accuracy in %", xlim=(0, 101), ylim=(-0.6, len(rows) - 0.4))
    axes.grid(axis="x", alpha=0.25)
    legend_below(figure, len(set(axes.get_legend_handles_labels()[1])))
    return figure


def _accuracy(
    axes: Any,
    height: int,
    row: Mapping[str, Any],
    looks: Mapping[str, tuple[str, str]],
    ours: str,
) -> None:
    """One row: our value with its interval, and each source's value with its marker."""
    if row.get("value") is not None:
        low, high = row.get("interval") or (row["value"], row["value"])
        axes.errorbar(
            row["value"],
            height,
            xerr=[[row["value"] - low], [high - row["value"]]],
            fmt="o",
            color=BLUE,
            capsize=3,
            label=ours,
        )
    for source, value in row.get("published", {}).items():
        marker, colour = looks[source]
        axes.plot(value, height, marker, markerfacecolor="none", color=colour, label=source)


def accuracy_rows(
    records: Sequence[Any],
    experiment: str,
    dataset: str,
    metric: str = "test_accuracy",
    mark: str = "",
) -> list[dict[str, Any]]:
    """Rows of :func:`accuracies` from records and published values, in the order of the table.

    ``mark`` is added to the name of each source, e.g. ``other textures``.
    """
    from cgnlib.report import published, tables
    from cgnlib.report.cells import published_beside
    from cgnlib.report.statistics import summarise

    cells = tables.comparison_rows(records, experiment, dataset, metric)
    rows, suffix = [], f" ({mark})" if mark else ""
    for setting in (cell["Trained on"] for cell in cells):
        wanted = (experiment, dataset, metric, setting)
        found = [r for r in records if (r.experiment, r.dataset, r.metric, r.setting) == wanted]
        ours = summarise(found) if found else None
        printed = [
            row
            for row in published.rows(experiment, dataset, metric)
            if row.source in ("P", "R1") and row.table != "stored runs"
        ]
        theirs = {
            {"P": "paper", "R1": "reproduction 1"}[row.source] + suffix: row.value
            for row in published_beside(printed, setting)
        }
        has_interval = ours is not None and ours.low is not None
        rows.append(
            {
                "setting": setting,
                "value": ours.value if ours else None,
                "interval": (ours.low, ours.high) if has_interval else None,
                "published": theirs,
            }
        )
    return rows
