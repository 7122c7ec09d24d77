"""Figures of GenInt's generated images: directions on several classes, samples, style transfer."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cgnlib.report.pictures import as_pixels, tiles
from cgnlib.report.style import BLUE, GREEN, WIDTH_IN


def direction_sheet(
    images: Any,
    components: Sequence[int],
    ranges: Sequence[Sequence[float]],
    classes: Sequence[str],
) -> Figure:
    """Each direction on several classes (GenInt, figures 2 and 17): one block of columns per class,
    from the low to the high end of the direction's range; one row per direction.

    Args:
        images: (K, C, S, H, W, 3), K directions, C classes, S positions.
        components: K numbers of directions, counted from 0.
        ranges: K pairs, low and high.
        classes: C names.
    """
    pixels = as_pixels(images)
    steps = pixels.shape[2]
    labels = [
        f"{component}: {low:g} \u2026 {high:g}"
        for component, (low, high) in zip(components, ranges, strict=True)
    ]
    rows = pixels.reshape(len(pixels), -1, *pixels.shape[3:])
    figure = tiles(rows, labels, unit_range=True)
    axes, width = figure.axes[0], pixels.shape[4] + 2
    middles = [(place + 0.5) * steps * width for place in range(len(classes))]
    axes.set_xticks(middles, classes)
    for place in range(1, len(classes)):
        axes.axvline(place * steps * width - 1.5, color="black", linewidth=1)
    axes.set_ylabel("direction and its range")
    return figure


def one_direction(images: Any, component: int, range_: Sequence[float], classes: Any) -> Figure:
    """One direction on several classes, (C, S, H, W, 3): classes down, positions across."""
    positions = np.linspace(*range_, np.shape(images)[1])
    title = f"position along direction {component}"
    return tiles(images, classes, [f"{position:.1f}" for position in positions], column_title=title)


def generated_samples(
    sets: Mapping[str, tuple[Any, Any]], classes: Sequence[str], per_class: int = 2
) -> Figure:
    """The first images of each class, classes across; ``per_class`` rows per set.

    Args:
        sets: name to images (N, 3, H, W) and labels (N,).
    """
    rows, names = [], []
    for name, (images, labels) in sets.items():
        images, labels = as_pixels(images), np.asarray(labels)
        picked = [np.flatnonzero(labels == label)[:per_class] for label in range(len(classes))]
        shown = min(len(index) for index in picked)
        rows += [np.stack([images[index[row]] for index in picked]) for row in range(shown)]
        names += [name] + [""] * (shown - 1)
    return tiles(np.stack(rows), names, classes, unit_range=True)


def transfers(pictures: Mapping[str, Any]) -> Figure:
    """Content, style and result beneath each other (GenInt, figure 18).

    Args:
        pictures: name of the row to images (N, 3, H, W) in [0, 1].
    """
    rows = [as_pixels(images, unit_range=True) for images in pictures.values()]
    return tiles(np.stack(rows), list(pictures), unit_range=True)


def scales_and_cosines(scales: Any, cosines: Any, least: float = 0.98) -> Figure:
    """How strongly each direction moves the first layer's output, and how well sampled PCA with
    regression finds the leading ones (GENINT-2).

    Args:
        scales: (k,) of the exact directions.
        cosines: (m,) absolute cosines of the leading ones with the sampled ones.
        least: cosine that was asked for.
    """
    figure = Figure(figsize=(WIDTH_IN, 2.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.bar(range(len(scales)), scales, color=BLUE)
    left.set(xlabel="direction", ylabel="output moved per unit", ylim=(0, None))
    right.plot(range(len(cosines)), cosines, "o", color=BLUE, markersize=4)
    right.axhline(least, color=GREEN, linestyle=":", linewidth=1, label=f"asked for: {least:g}")
    right.set(
        xlabel="direction",
        ylabel="|cosine|, exact and sampled",
        ylim=(min(0.9, float(np.min(cosines)) - 0.02), 1.005),
    )
    right.legend(fontsize=7, frameon=False)
    for axes in (left, right):
        axes.grid(axis="y", alpha=0.25)
    return figure
