"""Corruption errors by hand, and accuracies over repeated trainings."""

import numpy as np
import pytest

from cgnlib.data.corruption_names import CORRUPTIONS
from cgnlib.errors import UserError
from cgnlib.evaluation.mce import ALEXNET, corruption_errors
from cgnlib.evaluation.repeats import repeated_accuracy, repeated_difference


def wrong(*rates, images=10):
    """(C, 2, N): the first images of each corruption are misread, at either severity's rate."""
    rows = [[np.arange(images) < rate * images for rate in pair] for pair in rates]
    return np.array(rows)


def test_errors_are_summed_over_severities_before_dividing():
    found = corruption_errors(wrong((0.2, 0.4), (0.1, 0.9)), wrong((0.4, 0.8), (0.5, 0.3)))
    assert [one.value for one in found.each] == pytest.approx([50.0, 125.0])
    assert found.mean.value == pytest.approx(87.5)
    assert found.rate.value == pytest.approx(40.0)
    for one in (*found.each, found.mean, found.rate):
        assert one.low < one.value < one.high


def test_the_reference_itself_has_an_error_of_a_hundred_without_spread():
    own = wrong((0.2, 0.4), (0.1, 0.9))
    found = corruption_errors(own, own)
    assert [one.value for one in found.each] == pytest.approx([100, 100])
    assert found.mean.low == pytest.approx(100) and found.mean.high == pytest.approx(100)


def test_known_errors_stand_for_a_reference():
    own = np.full((15, 5, 4), 0.5)
    found = corruption_errors(own, np.array(ALEXNET))
    assert found.each[0].value == pytest.approx(50 / 0.886428)
    assert found.mean.value == pytest.approx(50 * np.mean(1 / np.array(ALEXNET)))
    assert len(CORRUPTIONS) == len(ALEXNET) == 15


def test_alexnets_own_mean_is_a_hundred():
    own = np.broadcast_to(np.array(ALEXNET)[:, None, None], (15, 5, 3))
    assert corruption_errors(own, np.array(ALEXNET)).mean.value == pytest.approx(100)


def test_a_reference_without_errors_leaves_it_undefined():
    found = corruption_errors(wrong((0.2, 0.4), (0.5, 0.5)), wrong((0.0, 0.0), (0.5, 0.5)))
    assert found.each[0] is None and found.mean is None
    assert found.each[1].value == pytest.approx(100) and found.rate.value == pytest.approx(40)


@pytest.mark.parametrize("reference", [np.ones((2, 2, 9)), np.ones(3), np.ones((2, 2))])
def test_shapes_must_fit(reference):
    with pytest.raises(UserError, match="corruption errors"):
        corruption_errors(np.ones((2, 2, 10)), reference)


def test_accuracy_over_trainings_and_images():
    correct = np.array([[1, 1, 0, 0], [1, 1, 1, 0]])
    value, low, high = repeated_accuracy(correct)
    assert value == pytest.approx(62.5) and low < value < high
    assert repeated_accuracy(np.ones((3, 5))) == (100, 100, 100)


def test_disagreeing_trainings_widen_the_interval():
    agree = np.tile(np.arange(100) % 2, (2, 1))
    differ = np.array([np.ones(100), np.zeros(100)])
    widths = [high - low for _, low, high in map(repeated_accuracy, (agree, differ))]
    assert widths[0] < 25 and widths[1] == pytest.approx(100)


def test_a_difference_is_paired_by_image():
    one = np.random.default_rng(0).random((1, 400)) < 0.5
    value, low, high = repeated_difference(one, one)
    assert (value, low, high) == (0, 0, 0)
    better = one.copy()
    better[0, np.flatnonzero(~one[0])[:40]] = True
    value, low, high = repeated_difference(better, one)
    assert value == pytest.approx(10) and 6 < low < 10 < high < 14


def test_differences_need_the_same_images():
    with pytest.raises(UserError, match="not the same"):
        repeated_difference(np.ones((1, 3)), np.ones((1, 4)))
    with pytest.raises(UserError, match="expected"):
        repeated_accuracy(np.ones(3))
