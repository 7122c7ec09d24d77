"""Figures of GenInt's bound, choice of interventions and nuisances, from plain arrays."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from cgnlib.evaluation.causal_bound import ConfoundedModel, EffectBound, natural_bound
from cgnlib.evaluation.scores import mean_interval
from cgnlib.report import published
from cgnlib.report.genint_theory_tables import PUBLISHED_ON
from cgnlib.report.style import BLACK, BLUE, COLOURS, GREEN, ORANGE, SKY, WIDTH_IN, legend_below

_MARKERS = ("o", "s", "^", "D", "v", "P", "X")
_CHOICES = {"t": "truncation t", "k": "components k", "s": "scale s in %"}
_CHOICE = re.compile(r"\b([tks]) ([\d.]+)")  # in the setting of the published choice


def _mean(values: Any) -> tuple[float, float, float]:
    """Mean of (N,) and how far its 95 % interval reaches down and up."""
    values = np.asarray(values, dtype=np.float64)
    low, high = mean_interval(values, np.arange(len(values)), seed=0)
    mean = float(values.mean())
    return mean, mean - low, high - mean


def _cross(axes: Any, x: tuple, y: tuple, **look: Any) -> None:
    axes.errorbar(x[0], y[0], xerr=[[x[1]], [x[2]]], yerr=[[y[1]], [y[2]]], capsize=2, **look)


def tightness(
    likelihood: Mapping[str, np.ndarray], correct: Mapping[str, Mapping[str, np.ndarray]]
) -> Figure:
    """Accuracy over log P(x|z), one point per strength, one panel per set of images (figure 5).

    Images differ in how likely they can be at all, strengths hardly: each image is drawn relative
    to its own ceiling, so that intervals show what differs between strengths.

    Args:
        likelihood: strength to (N,) nats, less the ceiling of each image.
        correct: set to strength to (M,) 0 or 1.
    """
    figure = Figure(figsize=(WIDTH_IN, 3.2), layout="constrained")
    panels = figure.subplots(1, len(correct), squeeze=False)[0]
    for axes, (name, answers) in zip(panels, correct.items(), strict=True):
        for place, (strength, values) in enumerate(likelihood.items()):
            hits = 100 * np.asarray(answers[strength], dtype=np.float64)
            look = {"fmt": _MARKERS[place % 7], "color": COLOURS[place % 7], "label": strength}
            _cross(axes, _mean(values), _mean(hits), **look)
        axes.set_ylabel("accuracy in %")
        axes.set_title(f"{name.replace('_', ' ')} images", fontsize=9)
        axes.grid(alpha=0.25)
    figure.supxlabel("log P(x|z) less its ceiling, nats", fontsize=9)
    legend_below(figure, len(likelihood))
    return figure


def effect_bounds(bounds: Mapping[str, Mapping[str, EffectBound]]) -> Figure:
    """Where P(y|do(x)) of the true class may lie, mean ends over real images: one bar per strength.

    Args:
        bounds: title of a panel to strength to the bound of every image.
    """
    count = len(next(iter(bounds.values())))
    size = (WIDTH_IN, 0.4 * count + 1.2)
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(1, len(bounds), sharey=True, squeeze=False)[0]
    for axes, (title, found) in zip(panels, bounds.items(), strict=True):
        for height, bound in enumerate(reversed(found.values())):
            low, high = float(np.mean(bound.lower)), float(np.mean(bound.upper))
            axes.barh(height, high - low, left=low, height=0.5, color=SKY, edgecolor=BLUE)
            inside = high - low > 0.2
            place, side = ((low + high) / 2, "center") if inside else (low - 0.02, "right")
            axes.text(place, height, f"{high - low:.3f}", ha=side, va="center", fontsize=7)
        axes.set_yticks(range(count), list(reversed(found)))
        axes.set(xlim=(0, 1), xlabel="P(y | do(x)), lower to upper bound")
        axes.set_title(title, fontsize=9)
        axes.grid(axis="x", alpha=0.25)
    return figure


def solved_model(model: ConfoundedModel | None = None) -> Figure:
    """The bound where everything is known: a confounder, a binary X and Y, and an intervention of
    rising strength. What is observed misses the effect; the bound never does."""
    model = model or ConfoundedModel()
    strength = np.linspace(0, 1, 51)
    joint, treated = model.observed(strength)
    bound = natural_bound(joint, treated)
    figure = Figure(figsize=(WIDTH_IN * 0.7, 2.8), layout="constrained")
    axes = figure.subplots()
    axes.fill_between(strength, bound.lower, bound.upper, color=SKY, alpha=0.5, label="bound")
    axes.axhline(model.effect, color=BLACK, label="P(y | do(x))")
    axes.plot(strength, joint / treated, "--", color=ORANGE, label="P(y | x, z)")
    axes.plot(strength, treated, ":", color=GREEN, label="P(x | z)")
    axes.set(xlabel="strength of the intervention", ylabel="probability", ylim=(0, 1))
    axes.grid(alpha=0.25)
    legend_below(figure, 4)
    return figure


def choices(found: Mapping[tuple[str, float], np.ndarray]) -> Figure:
    """log P(x|z) over truncation, components and scale, one at a time (figure 6).

    Args:
        found: (``t``, ``k`` or ``s``, its value) to (N,) nats, less the ceiling of each image.
    """
    theirs = published.rows("GENINT-9", PUBLISHED_ON, "log_likelihood")
    chosen = {name: float(value) for row in theirs for name, value in _CHOICE.findall(row.setting)}
    figure = Figure(figsize=(WIDTH_IN, 2.7), layout="constrained")
    for axes, (name, label) in zip(
        figure.subplots(1, 3, sharey=True), _CHOICES.items(), strict=True
    ):
        points = sorted((value, _mean(each)) for (one, value), each in found.items() if one == name)
        axes.errorbar(
            [value for value, _ in points],
            [mean for _, (mean, _, _) in points],
            yerr=np.array([reach for _, (_, *reach) in points]).reshape(-1, 2).T,
            fmt="o-",
            color=BLUE,
            capsize=2,
            label="this run, 95 % interval",
        )
        if name in chosen:
            axes.axvline(chosen[name], color=ORANGE, linewidth=1, label="published choice")
        axes.set_xlabel(label)
        axes.grid(alpha=0.25)
    figure.axes[0].set_ylabel("log P(x|z) less its ceiling, nats")
    legend_below(figure, 2)
    return figure


def over_chance(found: Mapping[str, Sequence[Any]], controls: Sequence[str] = ()) -> Figure:
    """How much nuisances tell of the class over the number of classes (figures 3 and 15).

    Args:
        found: kind of images to one :class:`cgnlib.evaluation.nuisance_correlation.OverChance` per
            number of classes.
        controls: kinds drawn dashed and black: their nuisances are known, not read.
    """
    figure = Figure(figsize=(WIDTH_IN, 3.6), layout="constrained")
    axes = figure.subplots()
    for place, (kind, points) in enumerate(found.items()):
        known = kind in controls
        x = [one.categories * 1.012 ** (place - len(found) / 2) for one in points]
        reach = [[one.ratio - one.interval[0], one.interval[1] - one.ratio] for one in points]
        axes.errorbar(
            x,
            [one.ratio for one in points],
            yerr=np.clip(np.array(reach).T, 0, None),
            fmt=_MARKERS[place % 7],
            linestyle="--" if known else "-",
            color=BLACK if known else COLOURS[place % 6],
            markersize=4,
            capsize=2,
            label=kind,
        )
    counts = sorted({one.categories for points in found.values() for one in points})
    axes.axhline(1, color="#888888", linestyle=":", linewidth=1, label="chance")
    axes.plot(counts, counts, color="#bbbbbb", linewidth=1, zorder=0, label="every image told")
    axes.set(xlabel="number of classes", ylabel="accuracy over chance")
    axes.grid(alpha=0.25)
    legend_below(figure, 4)
    return figure


def reading(true: np.ndarray, read: np.ndarray, chance: float, reach: float) -> Figure:
    """Positions that the network reads against those that were set, held-out generated images.

    Args:
        true, read: (N,) positions along the edited direction.
        chance: L1 error of a constant answer.
        reach: largest position.
    """
    error = float(np.abs(np.asarray(true) - np.asarray(read)).mean())
    figure = Figure(figsize=(WIDTH_IN * 0.5, 3.2), layout="constrained")
    axes = figure.subplots()
    axes.plot([-reach, reach], [-reach, reach], color="#888888", linewidth=1)
    axes.scatter(true, read, s=4, alpha=0.4, color=BLUE, linewidths=0)
    axes.set_title(f"mean error {error:.2f}, chance {chance:.2f}", fontsize=9)
    axes.set(xlabel="true position", ylabel="position read")
    axes.grid(alpha=0.25)
    return figure
