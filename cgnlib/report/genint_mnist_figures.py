"""Figures of GENINT-1: colours and generated sheets, accuracies, and accuracy by background."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cgnlib.report import published
from cgnlib.report.genint_mnist_records import EXPERIMENT
from cgnlib.report.pictures import as_pixels, tiles
from cgnlib.report.record_model import Record
from cgnlib.report.statistics import summarise
from cgnlib.report.style import COLOURS, WIDTH_IN, legend_below


def class_colours(images: Any, sets: Any) -> Figure:
    """One training image of each class in the colour of each set.

    Args:
        images: :class:`cgnlib.data.genint_mnist.ColouredDigits`; ``sets`` (N,) 0 or 1.
    """
    labels = images.labels
    first = [
        ((labels == label) & (sets == place)).nonzero()[0]
        for place in range(2)
        for label in range(10)
    ]
    shown = np.stack([np.asarray(images.batch(index)[0][0]) for index in first])
    grid = shown.reshape(2, 10, *shown.shape[1:])
    return tiles(grid, ("set 1", "set 2"), range(10), column_title="class")


def backgrounds(images: Any, columns: int) -> Figure:
    """Images (K, 3, H, W) of the causal test, ``columns`` in a row."""
    images = np.asarray(images)
    return tiles(images.reshape(-1, columns, *images.shape[1:]))


def sheets(images: Any, columns: int = 5) -> Figure:
    """A panel for each class: its images (10, S, S, H, W, 3) on a grid of codes."""
    pixels = as_pixels(images)
    rows = -(-len(pixels) // columns)
    side = pixels.shape[1] * pixels.shape[3] / (pixels.shape[2] * pixels.shape[4])
    figure = Figure(
        figsize=(WIDTH_IN, rows * (WIDTH_IN / columns * side + 0.25)), layout="constrained"
    )
    for place, (axes, own) in enumerate(
        zip(figure.subplots(rows, columns, squeeze=False).flat, pixels, strict=True)
    ):
        axes.imshow(np.concatenate(np.concatenate(own, 1), 1), interpolation="nearest")
        axes.set_title(f"class {place}", fontsize=8)
        axes.set(xticks=[], yticks=[])
    return figure


def draws(images: Any) -> Figure:
    """Images (10, C, H, W, 3): a row for each class."""
    return tiles(images, range(10), row_title="class")


def accuracy_pairs(records: Sequence[Record], rows: Sequence[str], dataset: str) -> Figure:
    """Confounded against causal accuracy: this run filled, with intervals; the paper open, the
    same row in the same colour."""
    figure = Figure(figsize=(WIDTH_IN, 4.2), layout="constrained")
    axes = figure.subplots()
    theirs = {
        (r.setting, r.metric): r.value for r in published.rows(EXPERIMENT, dataset, source="G")
    }
    for row, colour in zip(rows, [*COLOURS] * (len(rows) // len(COLOURS) + 1), strict=False):
        found = [
            [r for r in records if (r.setting, r.metric) == (row, f"{test}_accuracy")]
            for test in ("confounded", "causal")
        ]
        if all(found):
            _point(axes, *map(summarise, found), colour, row)
        known = [theirs.get((row, f"{test}_accuracy")) for test in ("confounded", "causal")]
        if None not in known:
            axes.plot(*known, "s", mfc="none", color=colour, markersize=8)
    axes.plot([], [], "s", mfc="none", color="#555555", label="paper (open)")
    axes.axhline(10, color="#888888", linestyle=":", linewidth=1)
    axes.set(
        xlabel="confounded accuracy in %",
        ylabel="causal accuracy in %",
        xlim=(0, 102),
        ylim=(0, 102),
    )
    axes.grid(alpha=0.25)
    legend_below(figure, 4)
    return figure


def _point(axes: Any, across: Any, up: Any, colour: str, name: str) -> None:
    def reach(found: Any) -> list[list[float]] | None:
        if found.low is None:
            return None
        return [[max(0.0, found.value - found.low)], [max(0.0, found.high - found.value)]]

    axes.errorbar(
        across.value,
        up.value,
        xerr=reach(across),
        yerr=reach(up),
        fmt="o",
        color=colour,
        capsize=2,
        label=name,
    )


def by_background(answers: Sequence[Any], rows: Sequence[str]) -> Figure:
    """Causal accuracy in % of each row (down) under each background (across), mean over seeds.

    Args:
        answers: :class:`cgnlib.pipelines.genint_mnist.Answers` on the causal test.
    """
    shades = np.unique(np.concatenate([one.backgrounds for one in answers]), axis=0)[::-1]
    shown = np.full((len(rows), len(shades)), np.nan)
    for place, row in enumerate(rows):
        own = [one for one in answers if one.row == row]
        for column, shade in enumerate(shades):
            told = [one.correct[(one.backgrounds == shade).all(1)] for one in own]
            told = [one.mean() for one in told if len(one)]
            shown[place, column] = 100 * np.mean(told) if told else np.nan
    figure = Figure(figsize=(WIDTH_IN, 0.34 * len(rows) + 1.3), layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(shown, vmin=0, vmax=100, cmap="cividis", aspect="auto")
    for (row, column), value in np.ndenumerate(shown):
        if np.isfinite(value):
            colour = "black" if value > 50 else "white"
            axes.text(
                column, row, f"{value:.0f}", ha="center", va="center", fontsize=6, color=colour
            )
    axes.set_yticks(range(len(rows)), rows, fontsize=8)
    axes.set_xticks(range(len(shades)), ["\u25a0"] * len(shades), fontsize=13)
    for label, shade in zip(axes.get_xticklabels(), shades, strict=True):
        label.set_color(tuple(np.clip(shade, 0, 1)))
    axes.set_xlabel("background of the test image")
    axes.tick_params(length=0)
    figure.colorbar(image, ax=axes, label="%")
    return figure
