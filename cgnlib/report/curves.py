"""Training curves: every metric of one model, or one metric of several models, per panel."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure

from cgnlib.report.style import COLOURS, WIDTH_IN, legend_below

_STYLES = ("-", "--", ":")


def _curve(axes: Any, entries: Sequence[Mapping[str, float]], metric: str, **look: Any) -> None:
    """One logged metric over the steps, a dot where there is one step; nothing where none."""
    points = [(entry["step"], entry[metric]) for entry in entries if metric in entry]
    if points:
        axes.plot(*zip(*points, strict=True), marker="" if len(points) > 1 else "o", **look)


def _dress(axes: Any, xlabel: str, ylabel: str) -> None:
    axes.set(xlabel=xlabel, ylabel=ylabel)
    axes.grid(alpha=0.25)


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
            _curve(axes, entries, name, color=colour, linewidth=1.3, label=name.replace("_", " "))
        _dress(axes, xlabel, title)
        if len(names) > 1:
            axes.legend(fontsize=7, frameon=False)
    for axes in list(grid.flat)[len(logged) :]:
        axes.set_visible(False)
    return figure


def compared(
    histories: Mapping[str, Sequence[Mapping[str, float]]],
    panels: Mapping[str, str],
    xlabel: str = "classifier updates",
) -> Figure:
    """Panels side by side, each with one logged metric of every model that logged it.

    Args:
        histories: model name to its log, rows with ``step`` and metrics.
        panels: y-axis label to metric.

    Raises:
        ValueError: no model logged any of the metrics.
    """
    logs = histories.values()
    if not any(name in entry for log in logs for entry in log for name in panels.values()):
        raise ValueError(f"none of {sorted(panels.values())} was logged")
    figure = Figure(figsize=(WIDTH_IN, 3.4), layout="constrained")
    for axes, (title, metric) in zip(
        figure.subplots(1, len(panels), squeeze=False).flat, panels.items(), strict=True
    ):
        for place, (name, entries) in enumerate(histories.items()):
            look = {
                "color": COLOURS[place % len(COLOURS)],
                "linestyle": _STYLES[place // len(COLOURS) % len(_STYLES)],
                "linewidth": 1.2,
            }
            _curve(axes, entries, metric, label=name, **look)
        _dress(axes, xlabel, title)
    legend_below(figure, 4)
    return figure
