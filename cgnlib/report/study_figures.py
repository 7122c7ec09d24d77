"""Figures of the studies over many classifiers: amount and ratio (ODR-2), environments (ODR-5).

Both draw from records, of one seed or several, beside the published values; nothing measured is
drawn as nothing, and the published curves stay.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from cgnlib.report import published
from cgnlib.report.figures import BLUE, GREEN, ORANGE, VERMILION, WIDTH_IN
from cgnlib.report.records import Record
from cgnlib.report.statistics import Estimate, summarise

_AMOUNT = re.compile(r"^([\d.]+(?:e\d+)?), ratio (\d+)(, with real images)?$")
_ENVIRONMENT = re.compile(r"^(SC|OCC|BCC) at (\d+) % correlation$")
_COLOURS = (BLUE, ORANGE, GREEN, VERMILION)
_MARKERS = ("o", "s", "^", "D")
_NAMES = {
    "SC": "SC, learned the shape",
    "OCC": "OCC, learned the object colour",
    "BCC": "BCC, learned the background colour",
}

Curve = dict[float, Estimate]


def _curves(
    records: Sequence[Record], experiment: str, pattern: re.Pattern, groups: tuple[int, int]
) -> dict[str, Curve]:
    """Line name to x to estimate; ``groups`` name and x in the setting."""
    name, x = groups
    found: dict[tuple[str, float], list[Record]] = {}
    for record in records:
        match = pattern.match(record.setting)
        if match and (record.experiment, record.metric) == (experiment, "test_accuracy"):
            found.setdefault((match[name], float(match[x])), []).append(record)
    curves: dict[str, Curve] = {}
    for (line, place), same in found.items():
        curves.setdefault(line, {})[place] = summarise(same)
    return curves


def _published(
    experiment: str, dataset: str, source: str, pattern: re.Pattern, groups: tuple[int, int]
) -> dict[str, dict[float, float]]:
    curves: dict[str, dict[float, float]] = {}
    for row in published.rows(experiment, dataset, "test_accuracy", source):
        match = pattern.match(row.setting)
        if match:
            curves.setdefault(match[groups[0]], {})[float(match[groups[1]])] = row.value
    return curves


def _draw(
    axes: Any,
    ours: Mapping[str, Curve],
    theirs: Mapping[str, Mapping[float, float]],
    order: Sequence[str],
    step: Any,
) -> None:
    """Filled markers with intervals for ours, open ones on dashes for theirs; lines stand a little
    apart (``step``: x and position of the line to the drawn x) so that intervals do not cover each
    other."""
    for place, name in enumerate(order):
        colour, marker = _COLOURS[place % 4], _MARKERS[place % 4]
        if name in theirs:
            xs = sorted(theirs[name])
            axes.plot(
                [step(x, place) for x in xs],
                [theirs[name][x] for x in xs],
                marker,
                color=colour,
                markerfacecolor="none",
                linestyle=(0, (4, 3)),
                linewidth=0.9,
                markersize=5,
            )
        if name in ours:
            xs = sorted(ours[name])
            found = [ours[name][x] for x in xs]
            below = [0 if e.low is None else e.value - e.low for e in found]
            above = [0 if e.high is None else e.high - e.value for e in found]
            axes.errorbar(
                [step(x, place) for x in xs],
                [e.value for e in found],
                yerr=[below, above],
                fmt=marker,
                linestyle="-",
                color=colour,
                linewidth=1.5,
                markersize=5,
                capsize=2.5,
            )


def _legend(figure: Figure, lines: Mapping[str, str], ours: str, theirs: str) -> None:
    """``lines``: name to label, in drawing order; ``ours``, empty: nothing was measured."""
    handles = [
        Line2D([], [], color=_COLOURS[i % 4], marker=_MARKERS[i % 4], label=label)
        for i, label in enumerate(lines.values())
    ]
    grey = {"color": "#444444", "marker": "o"}
    handles += [Line2D([], [], **grey, label=ours)] if ours else []
    open_marker = {"markerfacecolor": "none", "linestyle": (0, (4, 3))}
    handles += [Line2D([], [], **grey, **open_marker, label=theirs)]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, fontsize=7.5, frameon=False)


def amounts(records: Sequence[Record], dataset: str, ours: str, mark: str = "") -> Figure:
    """Test accuracy over the size of the counterfactual set, one line per ratio, beside the first
    reproduction.

    Args:
        records: of ODR-2 on ``dataset``; none: the published curves alone.
        ours: what the measured lines are, such as ``this run (one seed)``.
        mark: what is different about the published values, e.g. ``other textures``.
    """
    groups = (2, 1)
    curves = _curves(records, "ODR-2", _AMOUNT, groups)
    theirs = _published("ODR-2", dataset, "R1", _AMOUNT, groups)
    order = sorted({*curves, *theirs}, key=int)
    figure = Figure(figsize=(WIDTH_IN, 3.9), layout="constrained")
    axes = figure.subplots()
    middle = (len(order) - 1) / 2
    _draw(axes, curves, theirs, order, lambda x, place: x * 1.05 ** (place - middle))
    axes.set_xscale("log")
    axes.set(xlabel="counterfactual images in the training set", ylabel="test accuracy in %")
    axes.grid(alpha=0.25)
    suffix = f", {mark}" if mark else ""
    shown = f"{ours}, 95 % interval" if curves else ""
    _legend(figure, {r: f"ratio {r}" for r in order}, shown, f"reproduction 1{suffix}")
    return figure


def environments(records: Sequence[Record], dataset: str, ours: str) -> Figure:
    """Test accuracy of the three mechanisms' classifiers over the correlation of the environment,
    beside the paper.

    Args:
        records: of ODR-5 on ``dataset``; none: the published values alone.
        ours: what the measured lines are.
    """
    groups = (1, 2)
    curves = _curves(records, "ODR-5", _ENVIRONMENT, groups)
    theirs = _published("ODR-5", dataset, "P", _ENVIRONMENT, groups)
    figure = Figure(figsize=(WIDTH_IN, 3.9), layout="constrained")
    axes = figure.subplots()
    _draw(axes, curves, theirs, list(_NAMES), lambda x, place: x + 0.15 * (place - 1))
    places = sorted({x for lines in (curves, theirs) for line in lines.values() for x in line})
    axes.set_xticks(places, [f"{x:g}" for x in places])
    axes.set(
        xlabel="correlation of the environment in %", ylabel="accuracy on the digit's class in %"
    )
    axes.grid(alpha=0.25)
    _legend(figure, _NAMES, f"{ours}, 95 % interval" if curves else "", "paper")
    return figure
