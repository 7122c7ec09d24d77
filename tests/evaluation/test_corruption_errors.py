"""Corruption errors by hand, and accuracies over repeated trainings."""

import numpy as np
import pytest

from cgnlib.data.corruption_names import CORRUPTIONS
from cgnlib.errors import UserError
from cgnlib.evaluation.mce import ALEXNET, corruption_errors


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
