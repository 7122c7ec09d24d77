"""Figures of a page, from plain arrays: colour-blind-safe, book width, labelled axes.

Images are (..., H, W, C) or (..., C, H, W) with one or three channels, uint8 or float in [-1, 1];
masks have one channel, uint8 or float in [0, 1]; torch tensors are taken as they are. Each function
returns a figure that :func:`show` puts on the page with its caption. No global matplotlib state is
changed.
"""

import base64
import html
import io
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.figure import Figure

from cgnlib.report.measures import FACTORS

WIDTH_IN = 7.2  # width of the book's text column
# Okabe & Ito's palette, told apart with every common colour-vision deficiency
BLUE, ORANGE, GREEN, SKY, VERMILION, PURPLE, BLACK = (
    "#0072B2",
    "#E69F00",
    "#009E73",
    "#56B4E9",
    "#D55E00",
    "#CC79A7",
    "#000000",
)
COLOURS = (BLUE, ORANGE, GREEN, VERMILION, SKY, PURPLE, BLACK)


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
    """Samples at fixed noise by (kept step, class): one row per step."""
    sheets = np.asarray(sheets)
    return tiles(
        sheets,
        [f"{int(step):,}" for step in steps],
        range(sheets.shape[1]),
        row_title="generator updates",
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


def history(
    entries: Sequence[Mapping[str, float]],
    panels: Mapping[str, Sequence[str]],
    xlabel: str = "generator updates",
) -> Figure:
    """Curves over training, one panel per y-axis label.

    Args:
        entries: logged steps, each with ``step`` and metrics.
        panels: y-axis label to the metrics drawn there; a metric that was never logged is left out.

    Raises:
        ValueError: nothing of what is asked for was logged.
    """
    logged = {
        title: [name for name in names if any(name in entry for entry in entries)]
        for title, names in panels.items()
    }
    logged = {title: names for title, names in logged.items() if names}
    if not logged:
        raise ValueError(f"none of {sorted(sum(map(list, panels.values()), []))} was logged")
    figure = Figure(figsize=(WIDTH_IN, 2.0 * ((len(logged) + 1) // 2) + 0.6), layout="constrained")
    grid = figure.subplots((len(logged) + 1) // 2, min(2, len(logged)), squeeze=False)
    for axes, (title, names) in zip(grid.flat, logged.items(), strict=False):
        for colour, name in zip(COLOURS, names, strict=False):
            points = [(entry["step"], entry[name]) for entry in entries if name in entry]
            axes.plot(
                *zip(*points, strict=True),
                color=colour,
                linewidth=1.3,
                label=name.replace("_", " "),
                marker="" if len(points) > 1 else "o",
            )
        axes.set(xlabel=xlabel, ylabel=title)
        axes.grid(alpha=0.25)
        if len(names) > 1:
            axes.legend(fontsize=7, frameon=False)
    for axes in list(grid.flat)[len(logged) :]:
        axes.set_visible(False)
    return figure


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


def accuracies(rows: Sequence[Mapping[str, Any]], chance: float = 10.0) -> Figure:
    """Accuracies with intervals, and published values as open markers.

    Args:
        rows: each with ``setting``, ``value`` (or None), ``interval`` ((low, high) or None) and
            ``published`` (name of the source to its value); all in %.
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
        if row.get("value") is not None:
            low, high = row.get("interval") or (row["value"], row["value"])
            axes.errorbar(
                row["value"],
                height,
                xerr=[[row["value"] - low], [high - row["value"]]],
                fmt="o",
                color=BLUE,
                capsize=3,
                label="this run, 95 % interval",
            )
        for source, value in row.get("published", {}).items():
            marker, colour = looks[source]
            axes.plot(value, height, marker, markerfacecolor="none", color=colour, label=source)
    axes.axvline(chance, color="#888888", linestyle=":", linewidth=1, label="chance")
    axes.set_yticks(range(len(rows)), [row["setting"] for row in reversed(rows)])
    axes.set(xlabel="test accuracy in %", xlim=(0, 101), ylim=(-0.6, len(rows) - 0.4))
    axes.grid(axis="x", alpha=0.25)
    unique = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    figure.legend(
        unique.values(),
        unique.keys(),
        loc="outside lower center",
        fontsize=7,
        frameon=False,
        ncols=len(unique),
    )
    return figure


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
    from cgnlib.report.statistics import summarise

    cells = tables.comparison_rows(records, experiment, dataset, metric)
    rows, suffix = [], f" ({mark})" if mark else ""
    for setting in (cell["Trained on"] for cell in cells):
        wanted = (experiment, dataset, metric, setting)
        found = [r for r in records if (r.experiment, r.dataset, r.metric, r.setting) == wanted]
        ours = summarise(found) if found else None
        theirs = {
            {"P": "paper", "R1": "reproduction 1"}[row.source] + suffix: row.value
            for row in published.rows(experiment, dataset, metric)
            if row.setting == setting and row.source in ("P", "R1") and row.table != "stored runs"
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


def png(figure: Figure, dpi: int = 144) -> bytes:
    """The figure as PNG bytes."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
    return buffer.getvalue()


def show(figure: Figure, caption: str) -> None:
    """Display the figure with ``caption`` as its alternative text and beneath it."""
    from IPython.display import display

    data, text = base64.b64encode(png(figure)).decode(), html.escape(caption, quote=True)
    width_px = 96 * figure.get_figwidth()  # CSS: 96 px per inch
    markup = (
        f'<figure style="margin:0"><img style="max-width:100%;width:{width_px:.0f}px" '
        f'alt="{text}" src="data:image/png;base64,{data}">'
        f"<figcaption>{text}</figcaption></figure>"
    )
    display({"text/html": markup, "text/plain": caption}, raw=True)
