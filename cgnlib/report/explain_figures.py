"""Figures of explanations: maps beside their images, overlaps, and features in the plane."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cgnlib.report.figures import BLUE, ORANGE, SKY, WIDTH_IN, as_pixels

# Ten classes: Paul Tol's "muted" scheme with black for its pale grey; glyphs repeat what it says.
CLASS_COLOURS = (
    "#332288",
    "#88CCEE",
    "#44AA99",
    "#117733",
    "#999933",
    "#DDCC77",
    "#CC6677",
    "#882255",
    "#AA4499",
    "#000000",
)


def captions(labels: Any, values: Any, form: str = "{label}: {value:.2f}") -> list[str]:
    """One short text per map, such as ``7: 0.32``: the class and the score of it."""
    return [
        form.format(label=label, value=value) for label, value in zip(labels, values, strict=True)
    ]


def explained(
    images: Any,
    masks: Any,
    maps: Mapping[str, Any],
    texts: Mapping[str, Sequence[str]],
    *,
    signed: bool = False,
) -> Figure:
    """Images and, beneath each, its maps with the outline of the true object: one row per name.

    Args:
        images: (K, 3, H, W) in [-1, 1], ten at most.
        masks: (K, H, W) or (K, 1, H, W), 1 on the object; None where it is not known.
        maps: row name to (K, H, W); in [0, 1], or with ``signed`` of either sign.
        texts: row name to K short texts above its tiles; ``image`` for the first row.
        signed: scale each map by its largest absolute value; orange speaks for, purple against.
    """
    pixels = as_pixels(images)
    count = len(pixels)
    shape = (count, *pixels.shape[1:3])
    outlines = np.zeros(shape) if masks is None else np.asarray(masks).reshape(shape)
    tile = (WIDTH_IN - 0.4) / max(count, 5)
    height = (tile + 0.16) * (1 + len(maps))
    figure = Figure(figsize=(WIDTH_IN, height), layout="constrained")
    grid = figure.subplots(1 + len(maps), count, squeeze=False)
    for axes, image in zip(grid[0], pixels, strict=True):
        axes.imshow(image, interpolation="nearest")
    for row, shown in zip(grid[1:], maps.values(), strict=True):
        for axes, one, outline in zip(row, np.asarray(shown, dtype=float), outlines, strict=True):
            _map(axes, one, outline, signed)
    for row, name in zip(grid, ["image", *maps], strict=True):
        row[0].set_ylabel(name.replace("trained on ", "trained on\n"), fontsize=7)
        for axes, text in zip(row, texts.get(name, [""] * count), strict=True):
            axes.set_title(text, fontsize=7, pad=2)
            axes.set(xticks=[], yticks=[])
    return figure


def _map(axes: Any, values: np.ndarray, outline: np.ndarray, signed: bool) -> None:
    limit = max(np.abs(values).max(), 1e-12) if signed else 1.0
    axes.imshow(
        values,
        cmap="PuOr_r" if signed else "magma",
        vmin=-limit if signed else 0,
        vmax=limit,
        interpolation="nearest",
    )
    if outline.any():
        colour = "black" if signed else SKY
        axes.contour(outline, [0.5], colors=[colour], linewidths=0.7)


def paired(values: Mapping[str, np.ndarray], xlabel: str) -> Figure:
    """How a per-image score is spread under two trainings, and by how much it changes.

    Args:
        values: two names to (N,) scores of the same images; the first is what is compared with.
    """
    (first, before), (second, after) = values.items()
    figure = Figure(figsize=(WIDTH_IN, 2.5), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    bins = np.linspace(0, max(before.max(), after.max(), 0.05), 31)
    for name, scores, colour, dash in (
        (first, before, ORANGE, "--"),
        (second, after, BLUE, "-"),
    ):
        left.hist(
            scores, bins, histtype="step", color=colour, linestyle=dash, linewidth=1.4, label=name
        )
    left.set(xlabel=xlabel, ylabel="images")
    left.legend(fontsize=7, frameon=False)
    right.hist(after - before, 31, color=BLUE, alpha=0.75)
    right.axvline(0, color="black", linewidth=0.8)
    right.axvline((after - before).mean(), color=ORANGE, linestyle="--", label="mean")
    right.set(xlabel="change on the same image")
    right.legend(fontsize=7, frameon=False)
    for axes in (left, right):
        axes.grid(alpha=0.25)
    return figure


def planes(panels: Mapping[tuple[str, str], tuple[Any, Any]], legend: str) -> Figure:
    """Features in the plane, each point drawn as its label's digit in its label's colour.

    Args:
        panels: (row, column) to points (N, 2) and labels (N,) in 0..9; every pair present.
        legend: what the labels are.
    """
    rows = list(dict.fromkeys(row for row, _ in panels))
    columns = list(dict.fromkeys(column for _, column in panels))
    figure = Figure(figsize=(WIDTH_IN, 3.4 * len(rows) + 0.3), layout="constrained")
    grid = figure.subplots(len(rows), len(columns), squeeze=False)
    for (row, column), (points, labels) in panels.items():
        axes = grid[rows.index(row), columns.index(column)]
        points, labels = np.asarray(points), np.asarray(labels)
        for label in np.unique(labels):
            own = points[labels == label]
            axes.scatter(
                own[:, 0],
                own[:, 1],
                s=16,
                marker=f"${label}$",
                color=CLASS_COLOURS[label],
                linewidths=0.2,
            )
        axes.set_title(f"{column}, {row}", fontsize=9)
        axes.set(xticks=[], yticks=[])
    text = f"t-SNE, two dimensions without unit; each image is drawn as its {legend}"
    figure.supxlabel(text, fontsize=8)
    return figure
