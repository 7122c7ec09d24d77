"""Training curves of several models in one figure, one curve per model and panel."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from cgnlib.report.figures import COLOURS, WIDTH_IN

_STYLES = ("-", "--", ":")


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
    figure = Figure(figsize=(WIDTH_IN, 3.4), layout="constrained")
    for axes, (title, metric) in zip(
        figure.subplots(1, len(panels), squeeze=False).flat, panels.items(), strict=True
    ):
        for place, (name, entries) in enumerate(histories.items()):
            points = [(entry["step"], entry[metric]) for entry in entries if metric in entry]
            if not points:
                continue
            axes.plot(
                *zip(*points, strict=True),
                label=name,
                color=COLOURS[place % len(COLOURS)],
                linestyle=_STYLES[place // len(COLOURS) % len(_STYLES)],
                linewidth=1.2,
                marker="" if len(points) > 1 else "o",
            )
        axes.set(xlabel=xlabel, ylabel=title)
        axes.grid(alpha=0.25)
    labelled = [axes.get_legend_handles_labels() for axes in figure.axes]
    unique = {
        name: handle
        for handles, names in labelled
        for name, handle in zip(names, handles, strict=True)
    }
    if not unique:
        raise ValueError(f"none of {sorted(panels.values())} was logged")
    figure.legend(
        unique.values(),
        unique.keys(),
        loc="outside lower center",
        fontsize=7,
        frameon=False,
        ncols=4,
    )
    return figure
