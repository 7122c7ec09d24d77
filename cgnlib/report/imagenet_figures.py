"""Figures of the ImageNet CGN's pages: captioned counterfactuals, parts by class, score curves."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cgnlib.report.pictures import as_pixels, tiles
from cgnlib.report.style import BLUE, COLOURS, WIDTH_IN, legend_below


def captioned(images: Any, captions: Sequence[str], columns: int = 5) -> Figure:
    """Images (N, H, W, C), each with its caption above, in rows of ``columns``."""
    pixels = as_pixels(images)
    rows = -(-len(pixels) // columns)
    figure = Figure(figsize=(WIDTH_IN, 1.6 * rows), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False)
    for axes in panels.flat:
        axes.set_axis_off()
    for axes, image, caption in zip(panels.flat, pixels, captions, strict=False):
        axes.imshow(image, interpolation="nearest")
        axes.set_title(caption.replace("/", "/\n", 2), fontsize=6.5, pad=2)
    return figure


def real_scenes(images: Any, labels: Any, classes: Sequence[str], per_class: int = 5) -> Figure:
    """The first ``per_class`` scenes of each class, one class per column."""
    images, labels = np.asarray(images), np.asarray(labels)
    picked = [images[np.flatnonzero(labels == label)[:per_class]] for label in range(len(classes))]
    return tiles(np.stack(picked, axis=1), (), classes)


def gallery(worst: Mapping[str, Any]) -> Figure:
    """The images believed least, one row per factor, worst first: the intended class and the one
    that is read above each, the probability of the intended class beneath.

    Args:
        worst: factor to an object with ``images`` (W, H, W, 3), names ``intended`` and ``read``,
            and ``confidence`` (W,), e.g. of :func:`cgnlib.pipelines.imagenet.failures`.
    """
    columns = max(len(found.images) for found in worst.values())
    figure = Figure(figsize=(WIDTH_IN, 1.3 * len(worst) + 0.1), layout="constrained")
    panels = figure.subplots(len(worst), columns, squeeze=False)
    for row, (factor, found) in zip(panels, worst.items(), strict=True):
        for axes in row:
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(False)
        told = zip(as_pixels(found.images), found.intended, found.read, strict=True)
        for axes, (image, want, got), belief in zip(row, told, found.confidence, strict=False):
            axes.imshow(image, interpolation="nearest")
            axes.set_title(f"{want}\n\u2192 {got}", fontsize=6.5, pad=2)
            axes.set_xlabel(f"{belief:.2f}", fontsize=7, labelpad=2)
        row[0].set_ylabel(factor, fontsize=9)
    return figure


def parts(outputs: Mapping[str, Any], classes: Sequence[str]) -> Figure:
    """One row per part of the CGN (premask, mask, foreground, background, composite), one column
    per class."""
    rows = [as_pixels(images, unit_range=name == "mask") for name, images in outputs.items()]
    names = ["texture" if name == "foreground" else name for name in outputs]
    return tiles(np.stack(rows), names, classes, unit_range=True)


def parts_of_several(
    outputs: Mapping[str, Mapping[str, Any]], classes: Sequence[str], part: str
) -> Figure:
    """The same part of several CGNs, one row each."""
    rows = [as_pixels(made[part], unit_range=part == "mask") for made in outputs.values()]
    return tiles(np.stack(rows), list(outputs), classes, unit_range=True)


def over_training(sheets: Any, steps: Sequence[int], classes: Sequence[str]) -> Figure:
    """Samples at fixed noise by (kept step, class). Without steps the one row is that of imported
    weights, which were not trained here."""
    names = [f"{int(step):,}" for step in steps] or ["imported"]
    return tiles(np.asarray(sheets), names, classes, row_title="updates" if len(steps) else "")


def score_curve(
    curves: Mapping[str, Sequence[Any]], published: Mapping[str, float], mark: str = ""
) -> Figure:
    """Inception score over the number of images (HQC-8).

    Args:
        curves: name to scores with ``images``, ``mean`` and ``std`` over splits.
        published: source to its value, drawn as a level line.
        mark: said of published values, such as ``another dataset``.
    """
    figure = Figure(figsize=(WIDTH_IN, 3.2), layout="constrained")
    panels = figure.subplots(1, 2 if published else 1, squeeze=False)[0]
    for colour, (name, scores) in zip(COLOURS, curves.items(), strict=False):
        counts = [score.images for score in scores]
        panels[0].errorbar(
            counts,
            [score.mean for score in scores],
            yerr=[score.std for score in scores],
            marker="o",
            color=colour,
            capsize=3,
            label=name,
        )
    panels[0].set(xlabel="images", ylabel="inception score, this run", ylim=(0, None))
    panels[0].grid(alpha=0.25)
    if published:
        panels[1].barh(list(published), list(published.values()), color=BLUE, alpha=0.5)
        suffix = f"\n({mark})" if mark else ""
        panels[1].set(xlabel=f"inception score, published{suffix}")
        panels[1].grid(axis="x", alpha=0.25)
    legend_below(figure, 2)
    return figure
