"""Correlation of two measures over settings, and how far it moves with other images."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgnlib.errors import UserError
from cgnlib.evaluation.setting_correlation import setting_correlations
from cgnlib.rng import numpy_rng


def test_correlations_by_hand():
    one = np.array([[1.0, 3], [2, 4], [5, 9], [4, 4]])  # means 2, 3, 7, 4
    other = np.array([[0.0, 2], [1, 3], [10, 30], [4, 2]])  # means 1, 2, 20, 3
    found = setting_correlations(one, other)
    assert found["spearman"].value == pytest.approx(1) and found["spearman"].settings == 4
    expected = np.corrcoef([2, 3, 7, 4], [1, 2, 20, 3])[0, 1]
    assert found["pearson"].value == pytest.approx(expected)
    assert found["pearson"].low <= expected <= found["pearson"].high


def test_ties_share_their_rank():
    one, other = np.array([[1.0], [1], [2]]), np.array([[3.0], [4], [5]])
    # ranks 1.5, 1.5, 3 against 1, 2, 3
    value = setting_correlations(one, other)["spearman"].value
    assert value == pytest.approx(np.corrcoef([1.5, 1.5, 3], [1, 2, 3])[0, 1])


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 1000), scale=st.floats(0.1, 10))
def test_order_alone_counts_for_spearman_and_size_alone_for_neither(seed, scale):
    draw = numpy_rng(seed, "settings")
    one, other = draw.normal(size=(5, 30)), draw.normal(size=(5, 20))
    found = setting_correlations(one, other, draws=50)
    moved = setting_correlations(scale * one + 3, other, draws=50)
    for name, same in found.items():
        assert moved[name].value == pytest.approx(same.value)
        assert moved[name].interval == pytest.approx(same.interval)
        assert setting_correlations(one, one, draws=50)[name].value == pytest.approx(1)
        assert setting_correlations(one, -one, draws=50)[name].value == pytest.approx(-1)


def test_images_without_noise_leave_no_doubt():
    one, other = np.repeat([[1.0], [2], [4]], 8, 1), np.repeat([[2.0], [3], [9]], 6, 1)
    for found in setting_correlations(one, other, draws=20).values():
        assert found.low == pytest.approx(found.value) == found.high


def test_what_never_changes_has_no_correlation():
    assert setting_correlations(np.ones((3, 4)), numpy_rng(0, "settings").normal(size=(3, 5))) == {}


@pytest.mark.parametrize("shapes", [((2, 5), (2, 5)), ((3, 5), (4, 5)), ((3, 0), (3, 5))])
def test_too_few_settings_or_images_are_refused(shapes):
    with pytest.raises(UserError, match="correlation over settings"):
        setting_correlations(*(np.ones(shape) for shape in shapes))
