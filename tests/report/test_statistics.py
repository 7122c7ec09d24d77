"""Intervals over seeds and paired differences, checked by hand."""

import numpy as np
import pytest

from cgnlib.errors import UserError
from cgnlib.report import statistics
from made_records import record


def records(setting, *values, half=None, **changes):
    """One record per seed 0, 1, ..."""
    return [
        record(
            setting,
            value,
            None if half is None else (float(value - half), float(value + half)),
            seed=seed,
            scale="full",
            **changes,
        )
        for seed, value in enumerate(values)
    ]


def test_the_t_interval_of_three_values():
    # mean 90, std 1, standard error 1 / sqrt(3); t(0.975, 2) = 4.302653
    low, high = statistics.t_interval([89.0, 90.0, 91.0])
    assert low == pytest.approx(90 - 4.302653 / 3**0.5, abs=1e-6)
    assert high == pytest.approx(90 + 4.302653 / 3**0.5, abs=1e-6)
    assert statistics.t_interval([90.0]) is None


def test_the_t_interval_of_five_values():
    # deviations -2..2: std sqrt(2.5), standard error sqrt(0.5); t(0.975, 4) = 2.776445
    low, high = statistics.t_interval([8.0, 9.0, 10.0, 11.0, 12.0])
    assert (low, high) == pytest.approx((10 - 2.776445 * 0.5**0.5, 10 + 2.776445 * 0.5**0.5))


def test_three_seeds_have_an_interval_over_seeds():
    found = statistics.summarise(records("CGN", 89, 90, 91, half=0.1))
    assert (found.value, found.over, found.seeds, found.std) == (90.0, "seeds", (0, 1, 2), 1.0)
    assert found.low == pytest.approx(87.5159, abs=1e-4)
    assert found.strength == "3 seeds"


def test_one_seed_has_the_interval_it_recorded():
    found = statistics.summarise(records("CGN", 90, half=1))
    assert (found.low, found.high, found.over, found.std) == (89.0, 91.0, "examples", None)
    assert found.strength == "one seed"


def test_two_seeds_have_the_hull_and_no_interval_over_seeds():
    found = statistics.summarise(records("CGN", 80, 90, half=1))
    assert (found.value, found.low, found.high, found.over) == (85.0, 79.0, 91.0, "examples")
    assert found.std == pytest.approx(50**0.5)


def test_without_recorded_intervals_there_is_none():
    found = statistics.summarise(records("CGN", 80, 90))
    assert (found.low, found.high, found.over) == (None, None, "")
    with pytest.raises(ValueError, match="no records"):
        statistics.summarise([])


def test_a_rate_stays_a_rate():
    found = statistics.summarise(records("CGN", 98, 99, 100))
    assert found.high == 100.0 and found.low == pytest.approx(99 - 4.302653 / 3**0.5, abs=1e-5)
    share = statistics.summarise(records("CGN", 0.9, 0.95, 1.0, unit="share"))
    assert share.high == 1.0
    digits = statistics.summarise(records("original", 9.0, 10.0, 10.0, unit="digits"))
    assert digits.high == 10.0  # of ten
    signed = statistics.summarise(records("a minus b", -0.02, 0.0, -0.04, unit="difference"))
    assert signed.low < signed.value < signed.high < 0.05 and signed.low < -0.05


def test_paired_differences_cancel_what_the_seeds_share():
    # Seeds differ by ten points; the differences are 2, 3 and 4.
    both = records("CGN", 72, 83, 94) + records("Original", 70, 80, 90)
    found = statistics.paired_difference(both, "CGN", "Original", "test_accuracy")
    assert found.value == pytest.approx(3.0)
    assert (found.low, found.high) == pytest.approx((3 - 4.302653 / 3**0.5, 3 + 4.302653 / 3**0.5))
    assert found.low > 0
    apart = [statistics.summarise(records(s, *v)) for s, v in
             (("CGN", (72, 83, 94)), ("Original", (70, 80, 90)))]  # fmt: skip
    assert apart[0].low < apart[1].high  # unpaired, the intervals overlap


def test_paired_differences_use_common_seeds_only():
    both = records("CGN", 72, 83) + records("Original", 70)
    found = statistics.paired_difference(both, "CGN", "Original", "test_accuracy")
    assert (found.value, found.seeds, found.low, found.over) == (2.0, (0,), None, "")
    assert statistics.paired_difference(both, "CGN", "LNTL", "test_accuracy") is None
    assert statistics.paired_difference(both, "CGN", "Original", "other") is None


def test_a_difference_may_be_negative():
    both = records("CGN", 10, 11, 12) + records("Original", 13, 14, 15)
    found = statistics.paired_difference(both, "CGN", "Original", "test_accuracy")
    assert (found.value, found.low, found.high) == (-3.0, -3.0, -3.0)


def test_the_paired_bootstrap_of_a_constant_difference_has_no_width():
    # Each of the digits is read once more by the first: 50 points, whichever digits are drawn.
    correct, other = np.array([1, 1, 1, 1]), np.array([1, 0, 0, 1])
    found = statistics.paired_bootstrap(correct, other, np.array([0, 0, 1, 1]))
    assert found == (50.0, 50.0, 50.0)


def test_the_paired_bootstrap_covers_the_truth_and_is_narrower_than_unpaired():
    draw = np.random.default_rng(0)
    digits = np.repeat(np.arange(400), 5)
    hard = np.repeat(draw.random(400) < 0.3, 5)
    other = ~hard & (draw.random(2000) < 0.9)
    correct = ~hard & (draw.random(2000) < 0.95)
    gap, low, high = statistics.paired_bootstrap(correct, other, digits)
    assert low < gap < high and low < 3.5 < high  # 0.7 x 5 points
    from cgnlib.evaluation.scores import bootstrap_interval

    alone = [bootstrap_interval(one, digits, 0) for one in (correct, other)]
    assert high - low < min(b - a for a, b in alone)


def test_answers_must_pair_up():
    with pytest.raises(UserError, match="do not pair up"):
        statistics.paired_bootstrap(np.ones(3), np.ones(2), np.arange(3))
