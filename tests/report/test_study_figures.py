"""Curves of the studies: what is measured is drawn with its interval, beside what was published."""

import pytest

from cgnlib.report import figures, study_figures
from made_records import record


def measured(experiment, setting, value, seed=0):
    interval = (value - 1.0, value + 1.0)
    place = {"dataset": "double_colored_mnist", "scale": "full"}
    return record(setting, value, interval, experiment=experiment, seed=seed, **place)


def grid(seeds=1):
    return [
        measured("ODR-2", f"{size}, ratio {ratio}", 70 + 5 * place + ratio / 10 + seed, seed)
        for seed in range(seeds)
        for place, size in enumerate(("1e4", "1e5", "1e6"))
        for ratio in (1, 5, 10, 20)
    ]


def drawn(figure):
    """x and y of every curve, the legend's lines left out."""
    axes = figure.axes[0]
    return [tuple(map(list, line.get_data())) for line in axes.lines if len(line.get_xdata()) == 3]


def test_the_mean_over_seeds_is_drawn_at_each_size():
    figure = study_figures.amounts(grid(3), "double_colored_mnist", "this run")
    heights = [[round(y, 2) for y in ys] for _, ys in drawn(figure)]
    assert [71.1, 76.1, 81.1] in heights  # ratio 1, mean of seeds 0, 1, 2
    assert [71.95, 88.91, 90.65] in heights  # reproduction 1, ratio 1
    assert len(heights) >= 8


def test_without_records_the_published_curves_stay_and_ours_are_not_named():
    figure = study_figures.amounts([], "wildlife_mnist", "MISSING", mark="other textures")
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert "reproduction 1, other textures" in labels
    assert not any("MISSING" in label for label in labels)
    assert len(drawn(figure)) == 4


def test_sizes_and_ratios_that_were_never_published_are_drawn():
    ours = [measured("ODR-2", f"{size}, ratio 2", 50) for size in (40, 80, 120)]
    figure = study_figures.amounts(ours, "colored_mnist", "this run")
    xs, ys = next(pair for pair in drawn(figure) if list(pair[1]) == [50, 50, 50])
    assert [x / 40 for x in xs] == pytest.approx([xs[0] / 40, 2 * xs[0] / 40, 3 * xs[0] / 40])


def test_classifiers_of_the_mechanisms_stand_beside_the_paper():
    ours = [
        measured("ODR-5", f"{name} at {degree} % correlation", value)
        for name, value in (("SC", 80), ("OCC", 60), ("BCC", 70))
        for degree in (90, 95, 100)
    ]
    figure = study_figures.environments(ours, "double_colored_mnist", "this run")
    heights = [list(ys) for _, ys in drawn(figure)]
    assert [80, 80, 80] in heights and [85.05, 85.08, 85.14] in heights
    assert figure.axes[0].get_xlabel() == "correlation of the environment in %"
    assert figures.png(study_figures.environments([], "double_colored_mnist", ""))
