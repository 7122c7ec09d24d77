"""Records and figures of GenInt's theory page, from numbers made by hand."""

import math

import numpy as np
import pytest

from cgnlib.evaluation.causal_bound import bound_of_images
from cgnlib.evaluation.nuisance_correlation import OverChance
from cgnlib.evaluation.rates import Rate
from cgnlib.evaluation.setting_correlation import setting_correlations
from cgnlib.params import ImagenetParams
from cgnlib.report import (
    genint_theory_figures,
    genint_theory_records,
    genint_theory_tables,
    style,
)
from cgnlib.report.records import begin

LIKELIHOOD = {
    "none": np.array([-3.0, -2.8]),
    "weak": np.array([-2.9, -2.7]),
    "strong": np.array([-2.5, -2.3]),
}
CORRECT = {
    "original": {name: np.arange(10) < 5 + i for i, name in enumerate(LIKELIHOOD)},
    "nuisance_shifted": {name: np.arange(10) < 3 + i for i, name in enumerate(LIKELIHOOD)},
}


@pytest.fixture
def run(workplace):
    return begin(ImagenetParams(scale="smoke"), "genint_scenes9", "GI-2")


def bounds():
    return {name: bound_of_images(values, [0.5, 0.7]) for name, values in LIKELIHOOD.items()}


def numbers(run):
    return {(r.experiment, r.setting, r.metric): r for r in run.records}


def test_likelihood_and_width_of_the_bound_are_recorded(run):
    widths = {"bound_width": bounds()["strong"]}
    ceiling = np.array([-2.0, -2.0])
    genint_theory_records.record_bound(run, "strong", LIKELIHOOD["strong"], ceiling, widths)
    found = numbers(run)
    one = found["GENINT-8", "strong", "log_likelihood"]
    assert (one.value, one.unit, one.n, one.claim) == (-2.4, "nats", 2, "GI-3")
    width = found["GENINT-8", "strong", "bound_width"]
    assert width.value == pytest.approx(1 - (math.exp(-2.5) + math.exp(-2.3)) / 2)
    assert found["GENINT-8", "strong", "log_likelihood_ceiling"].value == -2.0
    gap = found["GENINT-8", "strong", "likelihood_gap"]
    assert gap.value == pytest.approx(0.4) and gap.interval_low == pytest.approx(0.3)


def test_correlations_over_strengths_are_recorded(run):
    values = np.stack(list(LIKELIHOOD.values()))
    found = setting_correlations(values, np.stack(list(CORRECT["original"].values())))
    genint_theory_records.record_correlations(run, "original", found)
    one = numbers(run)["GENINT-8", genint_theory_records.ALL, "spearman_original"]
    assert (one.value, one.n, one.unit) == (pytest.approx(1.0), 3, "r")
    assert "Spearman correlation over strengths of log P(x|z)" in one.definition
    assert "the strengths and the one training of each fixed" in one.definition
    told = genint_theory_records.meaning("spearman_width_nuisance_shifted")
    assert "of the relative width of the bound" in told and "on nuisance shifted images" in told


def test_choices_accuracies_and_readers_are_recorded(run):
    values = {("t", 0.125): np.array([-5.0, -6.0])}
    genint_theory_records.record_choices(run, values, np.array([-4.5, -4.5]))
    rate = Rate(30, 100)
    genint_theory_records.record_accuracy(run, "GENINT-8", "none", "nuisance_shifted", rate)
    errors = {"train_error": 0.1, "val_error": 0.5, "chance_error": 6.0}
    counts = dict.fromkeys(errors, 20)
    genint_theory_records.record_reader(run, errors, counts)
    told = [OverChance(Rate(50, 100), 2), OverChance(Rate(40, 100), 9)]
    genint_theory_records.record_over_chance(run, "plain", told, ["kind/hash"])
    found = numbers(run)
    assert found["GENINT-9", "t 0.125", "log_likelihood"].value == -5.5
    assert found["GENINT-9", "t 0.125", "likelihood_gap"].value == 1.0
    accuracy = found["GENINT-8", "none", "nuisance_shifted_accuracy"]
    assert accuracy.value == 30 and "nuisance shifted images" in accuracy.definition
    assert found["GENINT-10", "nuisance reader", "chance_error"].value == 6.0
    ratio = found["GENINT-10", "plain", "over_chance_9"]
    assert ratio.value == pytest.approx(3.6) and ratio.interval_low < 3.6 < ratio.interval_high
    assert (ratio.claim, ratio.unit) == ("GI-1", "times chance")
    assert "among 9 classes" in ratio.definition


def test_heat_and_its_differences_are_recorded(run):
    scores = {"cam_iou": np.array([0.2, 0.4])}
    genint_theory_records.record_heat(run, "GenInt", "original", scores)
    gap = {"cam_iou": np.array([0.1, -0.3])}
    genint_theory_records.record_heat(run, "GenInt minus ImageNet only", "original", gap)
    found = numbers(run)
    assert found["GENINT-13", "GenInt", "cam_iou_original"].unit == "share"
    change = found["GENINT-13", "GenInt minus ImageNet only", "cam_iou_original"]
    assert change.unit == "difference" and change.value == pytest.approx(-0.1)
    assert change.definition.startswith("difference, GradCAM")


def test_figures_draw_whatever_was_measured():
    told = {
        "plain": [OverChance(Rate(50, 100), 2), OverChance(Rate(40, 100), 9)],
        "plain, true positions": [OverChance(Rate(50, 100), 2), OverChance(Rate(10, 100), 9)],
    }
    choices = {
        (name, value): np.array([-5.0, -5.5])
        for name, values in (("t", (0.5, 1)), ("k", (1, 20)), ("s", (100,)))
        for value in values
    }
    both = {"as estimated": bounds(), "relative": bounds()}
    true = np.linspace(-3, 3, 9)
    for figure in (
        genint_theory_figures.tightness(LIKELIHOOD, CORRECT),
        genint_theory_figures.effect_bounds(both),
        genint_theory_figures.solved_model(),
        genint_theory_figures.choices(choices),
        genint_theory_figures.over_chance(told, ["plain, true positions"]),
        genint_theory_figures.reading(true, true + 0.5, 1.7, 3.0),
    ):
        assert style.png(figure)[:4] == b"\x89PNG"


def test_the_solved_model_shows_what_it_says():
    axes = genint_theory_figures.solved_model().axes[0]
    lines = {line.get_label(): line.get_ydata() for line in axes.get_lines()}
    assert lines["P(y | x, z)"][0] > lines["P(y | do(x))"][0]  # observed alone overstates
    assert lines["P(y | x, z)"][-1] == pytest.approx(lines["P(y | do(x))"][0])


def test_tables_show_what_was_measured_and_what_was_not(run):
    told = [OverChance(Rate(50, 100), 2), OverChance(Rate(40, 100), 9)]
    genint_theory_records.record_over_chance(run, "plain", told)
    genint_theory_records.record_over_chance(run, "genint", told[:1])
    columns = genint_theory_tables.told_columns(run.records)
    assert list(columns.values()) == ["2 classes", "9 classes"]
    lines = genint_theory_tables.by_setting_lines(run.records, "GENINT-10", columns, "Images")
    assert [line["Images"] for line in lines] == ["plain", "genint"]
    assert lines[0]["9 classes"].startswith("3.60 (") and lines[1]["9 classes"] == "\u2013"
    empty = genint_theory_tables.by_setting_lines([], "GENINT-9", {"log_likelihood": "x"}, "Choice")
    assert empty == [{"Choice": "MISSING: not measured"}]
    paper, ours = genint_theory_tables.reader_lines(run.records)
    assert ours["Error, held out"].startswith("MISSING")
    assert (paper["Error, trained on"], paper["Error, held out"]) == ("0.009", "0.36")
    assert genint_theory_tables.reader(run.records, "c").caption == "c"


def test_the_published_choice_is_marked():
    figure = genint_theory_figures.choices({(name, 1.0): np.array([-0.1, -0.2]) for name in "tks"})
    marks = [axes.get_lines()[-1].get_xdata()[0] for axes in figure.axes]
    assert marks == [1, 60, 100]
