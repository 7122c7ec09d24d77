"""Paired differences: recorded for one seed, over seeds from three on, MISSING without numbers."""

import numpy as np

from cgnlib.params import MnistParams
from cgnlib.report import differences
from cgnlib.report.records import begin


def measured(*accuracies, start=0):
    """Records of runs with seeds 0, 1, ...; each (Original, CGN) in %."""
    made = []
    for seed, (original, cgn) in enumerate(accuracies, start):
        run = begin(MnistParams(seed=seed), notebook="odr", claim="ODR")
        answers = {}
        for setting, value in (("Original", original), ("CGN", cgn)):
            run.record("ODR-1", setting, "test_accuracy", value, n=100)
            predicted = (np.arange(100) < value).astype(int)
            digit = np.arange(100)
            answers[setting] = {"predicted": predicted, "shape": np.ones(100), "digit": digit}
        differences.record_differences(run, "ODR-1", answers, [("CGN", "Original")])
        made += run.records
    return made


def test_one_seed_has_its_paired_bootstrap(workplace):
    (row,) = differences.difference_rows(measured((40, 90)), "ODR-1", "colored_mnist")
    assert (row["Difference"], row["Points"]) == ("CGN minus Original", "+50.0")
    low, high = (float(end) for end in row["95 % interval"].split(" to "))
    assert 38 < low < 50 < high < 62
    assert (row["Interval over"], row["Excludes 0"]) == ("test digits, one seed", "yes")


def test_the_recorded_difference_has_its_unit_and_interval(workplace):
    record = measured((40, 90))[-1]
    assert (record.metric, record.unit, record.value) == ("test_accuracy_difference", "points", 50)
    assert record.interval_low < 50 < record.interval_high


def test_three_seeds_have_an_interval_over_seeds(workplace):
    rows = differences.difference_rows(
        measured((40, 91), (50, 102 - 2), (30, 79)), "ODR-1", "colored_mnist"
    )
    assert rows[0]["Points"] == "+50.0"  # 51, 50 and 49
    assert rows[0]["95 % interval"] == "+47.5 to +52.5"
    assert rows[0]["Interval over"] == "3 seeds"


def test_a_difference_that_may_be_nothing_says_so(workplace):
    rows = differences.difference_rows(measured((50, 49)), "ODR-1", "colored_mnist")
    assert rows[0]["Excludes 0"] == "no"


def test_a_pair_with_a_side_that_was_not_run_is_left_out(workplace):
    run = begin(MnistParams(odr_settings="Original,CGN"), notebook="odr", claim="ODR")
    answers = {
        name: {"predicted": np.ones(10), "shape": np.ones(10), "digit": np.arange(10)}
        for name in ("Original", "CGN")
    }
    differences.record_differences(run, "ODR-1", answers)
    assert [record.setting for record in run.records] == ["CGN minus Original"]
    differences.record_differences(run, "ODR-1", {"LNTL": answers["CGN"]})
    assert len(run.records) == 1


def test_every_setting_is_paired_with_the_control():
    assert differences.against("a", ["a", "b", "c"]) == [("b", "a"), ("c", "a")]


def test_nothing_measured_is_missing(workplace):
    assert "MISSING" in differences.differences([], "ODR-1", "colored_mnist").to_html()
