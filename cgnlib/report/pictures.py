"""Tables of pictures: samples, counterfactual grids, mechanisms, interpolations, masks.

Images are (..., H, W, C) or (..., C, H, W) with one or three channels, uint8 or float in [-1, 1];
masks have one channel, uint8 or float in [0, 1]; torch tensors are taken as they are.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cgnlib.report.style import WIDTH_IN


def as_pixels(images: Any, *, unit_range: bool = False) -> np.ndarray:
    """Images with channels first or last as (..., H, W, 3) floats in [0, 1].

    Args:
        unit_range: floats are in [0, 1] (masks), not in [-1, 1].

    Raises:
        ValueError: neither one nor three channels.
    """
    array = np.asarray(images)
    last = array.ndim >= 3 and array.shape[-1] in (1, 3)
    if not last and (array.ndim < 3 or array.shape[-3] not in (1, 3)):
        raise ValueError(f"images have 1 or 3 channels, first or last, not {array.shape}")
    if array.dtype == np.uint8:
        array = array / 255.0
    elif not unit_range and array.dtype.kind == "f":
        array = (array + 1) / 2
    array = np.clip(array.astype(np.float64), 0, 1)
    array = array if last else np.moveaxis(array, -3, -1)
    return np.repeat(array, 3, axis=-1) if array.shape[-1] == 1 else array


def _mosaic(images: np.ndarray, gap_px: int = 2) -> np.ndarray:
    """(R, C, H, W, 3) tiles as one picture with white gaps."""
    rows, columns, height, width, _ = images.shape
    canvas = np.ones((rows * (height + gap_px) - gap_px, columns * (width + gap_px) - gap_px, 3))
    for row in range(rows):
        for column in range(columns):
            top, left = row * (height + gap_px), column * (width + gap_px)
            canvas[top : top + height, left : left + width] = images[row, column]
    return canvas


def tiles(
    images: Any,
    row_labels: Sequence[Any] = (),
    column_labels: Sequence[Any] = (),
    *,
    row_title: str = "",
    column_title: str = "",
    unit_range: bool = False,
) -> Figure:
    """A table of pictures, (R, C) images, with labelled rows and columns."""
    pixels = as_pixels(images, unit_range=unit_range)
    rows, columns, height, width, _ = pixels.shape
    inches = WIDTH_IN * 0.88 * rows * height / (columns * width)
    figure = Figure(figsize=(WIDTH_IN, min(inches, 9.0) + 0.45), layout="constrained")
    axes = figure.subplots()
    axes.imshow(_mosaic(pixels), interpolation="nearest")
    axes.set_xticks(
        [c * (width + 2) + width / 2 for c in range(len(column_labels))],
        [str(label) for label in column_labels],
    )
    axes.set_yticks(
        [r * (height + 2) + height / 2 for r in range(len(row_labels))],
        [str(label) for label in row_labels],
    )
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    axes.set(xlabel=column_title, ylabel=row_title)
    axes.tick_params(length=0, labelsize=8)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return figure


def real_samples(
    images: Any, labels: Any, per_class: int = 5, column_title: str = "class of the digit"
) -> Figure:
    """The first ``per_class`` real images of each class, classes in columns."""
    images, labels = np.asarray(images), np.asarray(labels)
    classes = [int(label) for label in np.unique(labels)]
    picked = [images[np.flatnonzero(labels == label)[:per_class]] for label in classes]
    shown = min(len(one) for one in picked)
    grid = np.stack([one[:shown] for one in picked], axis=1)
    return tiles(grid, (), classes, column_title=column_title)


def counterfactual_grid(
    images: Any,
    column_labels: Sequence[Any] | None = None,
    column_title: str = "foreground label / background label",
) -> Figure:
    """Images by (shape label, texture labels): shape changes down, texture changes across."""
    images = np.asarray(images)
    columns = range(images.shape[1]) if column_labels is None else column_labels
    return tiles(
        images, range(images.shape[0]), columns, row_title="shape label", column_title=column_title
    )


def mechanisms(outputs: Mapping[str, Any]) -> Figure:
    """One row of ten images per mechanism output: mask, foreground, background, composite."""
    rows = [as_pixels(images, unit_range="mask" in name) for name, images in outputs.items()]
    return tiles(
        np.stack(rows), list(outputs), range(len(rows[0])), column_title="class", unit_range=True
    )


def interpolations(strips: Mapping[str, Any]) -> Figure:
    """One row per varied factor, S images each: only that factor moves from left to right."""
    grid = np.stack([np.asarray(strip) for strip in strips.values()])
    shares = np.linspace(0, 1, grid.shape[1])
    return tiles(
        grid,
        list(strips),
        [f"{share:.2f}" for share in shares],
        column_title="position between the two labels",
        row_title="factor that changes",
    )


def over_training(sheets: Any, steps: Sequence[int]) -> Figure:
    """Samples at fixed noise by (kept step, class): one row per step. Without steps the one row is
    that of imported weights, which were not trained here."""
    sheets = np.asarray(sheets)
    return tiles(
        sheets,
        [f"{int(step):,}" for step in steps] or ["imported"],
        range(sheets.shape[1]),
        row_title="generator updates" if len(steps) else "",
        column_title="class",
    )


def masks(rows: Mapping[str, Any], row_title: str = "dropped group") -> Figure:
    """Ten masks in [0, 1] of each of several CGNs, one row each."""
    grid = np.stack([np.asarray(images) for images in rows.values()])
    return tiles(
        grid,
        list(rows),
        range(grid.shape[1]),
        row_title=row_title,
        column_title="shape label",
        unit_range=True,
    )
