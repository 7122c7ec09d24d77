"""Figures of the ImageNet robustness page: shape bias, background challenge, heads, test sets."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cgnlib.report import published
from cgnlib.report.pictures import tiles
from cgnlib.report.records import Record
from cgnlib.report.robustness_tables import PUBLISHED_ON
from cgnlib.report.statistics import Estimate, summarise
from cgnlib.report.style import (
    BLUE,
    COLOURS,
    GREEN,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    WIDTH_IN,
    legend_below,
)

_LOOKS = {"P": ("s", ORANGE), "R1": ("^", GREEN), "R2": ("D", VERMILION)}
_NAMES = {"P": "paper", "R1": "reproduction 1", "R2": "reproduction 2"}


def _estimates(records: Sequence[Record], experiment: str, metric: str) -> dict[str, Estimate]:
    """By setting, in the order of the records."""
    found: dict[str, list[Record]] = {}
    for record in records:
        if (record.experiment, record.metric) == (experiment, metric):
            found.setdefault(record.setting, []).append(record)
    return {setting: summarise(same) for setting, same in found.items()}


def _dot(axes: Any, found: Estimate, height: float, **look: Any) -> None:
    low, high = (found.value, found.value) if found.low is None else (found.low, found.high)
    reach = [[max(0.0, found.value - low)], [max(0.0, high - found.value)]]
    axes.errorbar(found.value, height, xerr=reach, fmt="o", capsize=3, **look)


def shape_bias(records: Sequence[Record]) -> Figure:
    """Shape bias with published values (left), and what the cue-conflict images are read as
    (right): a bias over few decided images says little."""
    settings = [s for s in _estimates(records, "ODR-3", "shape_accuracy") if " minus " not in s]
    figure = Figure(figsize=(WIDTH_IN, 0.42 * len(settings) + 1.4), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    bias = _estimates(records, "ODR-3", "shape_bias")
    theirs = [r for r in published.rows("ODR-3", PUBLISHED_ON, "shape_bias") if r.source in _LOOKS]
    for height, setting in enumerate(reversed(settings)):
        if setting in bias:
            _dot(left, bias[setting], height, color=BLUE, label="this run, 95 % interval")
        for row in (r for r in theirs if r.setting == setting):
            marker, colour = _LOOKS[row.source]
            label = f"{_NAMES[row.source]} (ImageNet)"
            left.plot(row.value, height, marker, mfc="none", color=colour, label=label)
    left.set_yticks(range(len(settings)), list(reversed(settings)))
    left.set(xlabel="shape bias in %", xlim=(-2, 102))
    left.grid(axis="x", alpha=0.25)
    _decisions(right, records, list(reversed(settings)))
    legend_below(figure, 3)
    return figure


def _decisions(axes: Any, records: Sequence[Record], settings: Sequence[str]) -> None:
    """Stacked shares of the images read as their shape, as their texture, as neither."""
    parts = [_estimates(records, "ODR-3", f"{what}_accuracy") for what in ("shape", "texture")]
    start = np.zeros(len(settings))
    for found, name, colour in zip(parts, ("shape", "texture"), (SKY, ORANGE), strict=True):
        widths = np.array([found[setting].value for setting in settings])
        axes.barh(range(len(settings)), widths, left=start, color=colour, label=f"read as {name}")
        start += widths
    rest = 100 - start
    axes.barh(range(len(settings)), rest, left=start, color="#dddddd", label="read as neither")
    axes.set(xlabel="cue-conflict images in %", xlim=(0, 100))


def background(records: Sequence[Record]) -> Figure:
    """Accuracy on mixed-same and mixed-rand, a line per row: the steeper it falls, the more the
    place matters. Left as published, right this run."""
    metrics = ("original_accuracy", "mixed_same_accuracy", "mixed_rand_accuracy")
    ours = {m: _estimates(records, "ODR-4", m) for m in metrics}
    theirs = {
        m: {r.setting: r.value for r in published.rows("ODR-4", PUBLISHED_ON, m, "P")}
        for m in metrics
    }
    settings = list(dict.fromkeys([*theirs[metrics[0]], *ours[metrics[0]]]))
    settings = [s for s in settings if " minus " not in s]
    figure = Figure(figsize=(WIDTH_IN, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    for place, setting in enumerate(settings):
        look = {"color": COLOURS[place % len(COLOURS)], "marker": "o", "label": setting}
        if setting in theirs[metrics[0]]:
            left.plot(range(3), [theirs[m][setting] for m in metrics], **look, mfc="none")
        if setting in ours[metrics[0]]:
            right.plot(range(3), [ours[m][setting].value for m in metrics], **look)
    for axes, title in ((left, "paper (ImageNet-9)"), (right, "this run")):
        axes.set_title(title, fontsize=9)
        axes.set_xticks(range(3), ["original", "mixed-same", "mixed-rand"], fontsize=8)
        axes.grid(alpha=0.25)
    left.set_ylabel("accuracy in %")
    legend_below(figure, 5)
    return figure


def elsewhere(records: Sequence[Record], sets: Sequence[str]) -> Figure:
    """Accuracies of the baseline and of the ensemble on every set of experiment EXT-4."""
    figure = Figure(figsize=(WIDTH_IN, 0.36 * len(sets) + 1.1), layout="constrained")
    axes = figure.subplots()
    for height, name in enumerate(reversed(sets)):
        found = _estimates(records, "EXT-4", f"{name}_accuracy")
        pair = [found[s] for s in ("IN", "IN+CGN") if s in found]
        if len(pair) == 2:
            axes.plot([one.value for one in pair], [height] * 2, color="#bbbbbb", zorder=0)
        for setting, colour in (("IN", ORANGE), ("IN+CGN", BLUE)):
            if setting in found:
                _dot(axes, found[setting], height, color=colour, label=setting)
    axes.set_yticks(range(len(sets)), [name.replace("_", " ") for name in reversed(sets)])
    axes.set(xlabel="accuracy in % (95 % interval)", xlim=(-1, 101))
    axes.grid(axis="x", alpha=0.25)
    legend_below(figure, 2)
    return figure


def head_scatter(panels: Mapping[str, Mapping[str, np.ndarray]], most: int = 600) -> Figure:
    """True-class logits of every pair of heads against each other, one row per set of images.

    Args:
        panels: set to head to (N,).
        most: images drawn of each set, the first ones.
    """
    rows = list(panels)
    pairs = list(combinations(next(iter(panels.values())), 2))
    size = (WIDTH_IN, 2.3 * len(rows) + 0.3)
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(len(rows), len(pairs), squeeze=False)
    for line, name in zip(grid, rows, strict=True):
        for axes, (one, other) in zip(line, pairs, strict=True):
            x, y = (panels[name][head][:most] for head in (one, other))
            axes.scatter(x, y, s=5, alpha=0.4, color=PURPLE, linewidths=0)
            axes.set(xlabel=one, ylabel=other)
            axes.grid(alpha=0.25)
        line[0].set_title(f"{name} images", fontsize=9)
    return figure


def gallery(sets: Mapping[str, Any], classes: Sequence[str]) -> Figure:
    """The first image of each class of every set, one row per set.

    Args:
        sets: by name, with ``source.images`` (N, 3, H, W) uint8 whose image ``i`` has the class
            ``i % len(classes)``.
    """
    rows = np.stack([np.asarray(one.source.images[: len(classes)]) for one in sets.values()])
    return tiles(rows, [name.replace("_", " ") for name in sets], classes)
