"""Figures of what goes wrong: the worst counterfactuals, broken digits by run, tangled latents.

As in :mod:`cgnlib.report.figures`: plain arrays in, a labelled figure of book width out.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cgnlib.report import published
from cgnlib.report.figures import BLUE, COLOURS, ORANGE, WIDTH_IN, as_pixels
from cgnlib.report.style import legend_below

_COUNT = re.compile(r"runs_(\d+)_correct$")


def gallery(worst: Mapping[str, Any]) -> Figure:
    """The images an oracle believes least, one row per factor, worst first.

    Args:
        worst: factor to an object with ``images`` (W, H, W, 3), ``intended``, ``read`` and
            ``confidence`` (W,), e.g. :class:`cgnlib.pipelines.mnist.failures.Worst`.
    """
    columns = max(len(found.images) for found in worst.values())
    figure = Figure(figsize=(WIDTH_IN, 1.1 * len(worst) + 0.1), layout="constrained")
    panels = figure.subplots(len(worst), columns, squeeze=False)
    for row, (factor, found) in zip(panels, worst.items(), strict=True):
        pixels = as_pixels(found.images)
        for axes in row:
            axes.set(xticks=[], yticks=[])
            for spine in axes.spines.values():
                spine.set_visible(False)
        for axes, image, want, got, belief in zip(
            row, pixels, found.intended, found.read, found.confidence, strict=False
        ):
            axes.imshow(image, interpolation="nearest")
            axes.set_title(f"{want} \u2192 {got}", fontsize=8, pad=2)
            axes.set_xlabel(f"{belief:.2f}", fontsize=7, labelpad=2)
        row[0].set_ylabel(factor, fontsize=9)
    return figure


def _runs_by_count(rows: Sequence[Any]) -> dict[str, np.ndarray]:
    """Setting to the share of its runs, in %, by number of correct digits (11,)."""
    counts: dict[str, np.ndarray] = {}
    for row in rows:
        if found := _COUNT.match(row.metric):
            counts.setdefault(row.setting, np.zeros(11))[int(found[1])] += row.value
    return {setting: 100 * own / own.sum() for setting, own in counts.items() if own.sum()}


def correct_digits(records: Sequence[Any], dataset: str, ours: str = "here, by rule") -> Figure:
    """HQC-7: how many of the ten digits have whole masks, as a histogram over runs; one panel per
    setting, published counts (by hand) beside the recorded ones. Without records the published bars
    stand alone.

    Args:
        records: any; those of HQC-7 on ``dataset`` are read.
        ours: how the legend calls them.
    """
    own = [r for r in records if (r.experiment, r.dataset) == ("HQC-7", dataset)]
    both = {
        "first reproduction, by hand": (
            _runs_by_count(published.rows("HQC-7", dataset, source="R1")),
            ORANGE,
        ),
        ours: (_runs_by_count(own), BLUE),
    }
    settings = list(dict.fromkeys(setting for found, _ in both.values() for setting in found))
    figure = Figure(figsize=(WIDTH_IN, 2.9), layout="constrained")
    panels = figure.subplots(1, len(settings), sharey=True, squeeze=False)[0]
    for axes, setting in zip(panels, settings, strict=True):
        for offset, (name, (found, colour)) in zip((-0.2, 0.2), both.items(), strict=True):
            if setting in found:
                axes.bar(np.arange(11) + offset, found[setting], 0.4, color=colour, label=name)
        axes.set(xlabel="digits with whole masks, of ten", title=setting, xticks=range(11))
        axes.grid(axis="y", alpha=0.25)
    panels[0].set_ylabel("share of runs in %")
    legend_below(figure, 2, size=8)
    return figure


def latent_space(
    points: Any, digits: Any, colours: Any, palette: Any, decoded: Any, shown: int = 500
) -> Figure:
    """IBR-4: two latents by digit and by colour, beside what the decoder makes of their quantiles.

    Args:
        points: (N, 2) latents; the first ``shown`` are drawn.
        digits: (N,) digit classes, drawn as digits.
        colours: (N,) colour classes, drawn in ``palette`` (10, 3) in [0, 1].
        decoded: (S, S, 3, H, W) images in [0, 1], first latent to the right, second upwards.
    """
    points, digits, colours = (np.asarray(part)[:shown] for part in (points, digits, colours))
    figure = Figure(figsize=(WIDTH_IN, 2.95), layout="constrained")
    by_digit, by_colour, grid = figure.subplots(1, 3)
    for digit in range(10):
        own = digits == digit
        look = {"marker": f"${digit}$", "s": 16, "linewidths": 0.2}
        by_digit.scatter(*points[own].T, color=COLOURS[digit % len(COLOURS)], **look)
    by_colour.scatter(
        *points.T, c=np.asarray(palette)[colours], s=9, edgecolors="#555555", linewidths=0.2
    )
    for axes, title in ((by_digit, "digit"), (by_colour, "colour")):
        axes.set_xlabel("first latent", fontsize=8)
        axes.set_ylabel("second latent", fontsize=8)
        axes.set_title(title, fontsize=9)
        axes.tick_params(labelsize=7)
    pixels = as_pixels(decoded, unit_range=True)  # (S, S, H, W, 3)
    side, height, width = pixels.shape[0], *pixels.shape[2:4]
    picture = pixels.transpose(0, 2, 1, 3, 4).reshape(side * height, side * width, 3)
    grid.imshow(picture, interpolation="nearest", extent=(0, 1, 0, 1))
    grid.set_xlabel("quantile of the first latent", fontsize=8)
    grid.set_ylabel("quantile of the second latent", fontsize=8)
    grid.set_title("decoded", fontsize=9)
    grid.tick_params(labelsize=7)
    return figure
