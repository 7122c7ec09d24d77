"""Scores by hand, and their invariances."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cgnlib.errors import UserError
from cgnlib.evaluation.scores import (
    accuracy,
    bootstrap_interval,
    border_mean,
    disentanglement_matrix,
    mask_mean,
    mask_readability,
    mean_interval,
    share_interval,
    t_interval,
    undecided_share,
    whole_digits,
)

labels = arrays(np.int64, st.integers(1, 60), elements=st.integers(0, 9))


def test_accuracy_by_hand():
    assert accuracy(np.array([1, 2, 3, 4]), np.array([1, 2, 0, 4])) == 75.0
    assert mask_readability(np.array([1, 2, 3, 4]), np.array([1, 2, 0, 4])) == 0.75


@given(label=labels, seed=st.integers(0, 99))
def test_accuracy_ignores_order_and_names_of_classes(label, seed):
    stream = np.random.default_rng(seed)
    predicted = stream.integers(0, 10, len(label))
    order, names = stream.permutation(len(label)), stream.permutation(10)
    value = accuracy(predicted, label)
    assert 0 <= value <= 100
    assert np.isclose(value, accuracy(predicted[order], label[order]))
    assert value == accuracy(names[predicted], names[label])
    assert accuracy(label, label) == 100


def test_empty_or_mismatched_arrays_are_refused():
    with pytest.raises(UserError, match="nothing to score"):
        accuracy(np.array([]), np.array([]))
    with pytest.raises(UserError, match="differ in shape"):
        accuracy(np.array([1, 2]), np.array([1]))
    with pytest.raises(UserError, match="2 results in 3 groups"):
        bootstrap_interval(np.array([1, 0]), np.array([0, 1, 2]), seed=0)


@settings(deadline=None, max_examples=30)
@given(correct=arrays(np.bool_, st.integers(5, 40)), seed=st.integers(0, 99), per=st.integers(1, 4))
def test_interval_holds_the_accuracy_and_stays_in_range(correct, seed, per):
    groups = np.arange(len(correct)) // per
    low, high = bootstrap_interval(correct, groups, seed, draws=400)
    assert 0 <= low <= high <= 100
    assert low - 1e-9 <= 100 * correct.mean() <= high + 1e-9


def test_interval_is_a_point_when_groups_agree_and_repeats_for_a_seed():
    groups = np.repeat(np.arange(50), 2)
    half_right = np.tile([1, 0], 50)  # every group is half right
    assert bootstrap_interval(half_right, groups, seed=0) == (50.0, 50.0)
    mixed, singles = np.random.default_rng(0).integers(0, 2, 1003), np.arange(1003)
    one, again, other = (bootstrap_interval(mixed, singles, seed) for seed in (3, 3, 4))
    assert one == again and one != other


def test_interval_counts_groups_not_images():
    """Ten copies of each digit's result must not shrink the interval: 400 digits at 80 % give
    80 +- 1.96 * 2."""
    per_digit = np.array([1, 1, 1, 1, 0] * 80)
    single = bootstrap_interval(per_digit, np.arange(400), seed=0)
    copied = bootstrap_interval(np.repeat(per_digit, 10), np.repeat(np.arange(400), 10), seed=0)
    assert single == copied
    assert abs(single[0] - 76.08) < 0.6 and abs(single[1] - 83.92) < 0.6
    wide = bootstrap_interval(per_digit, np.arange(400), seed=0, level=0.99)
    assert wide[0] < single[0] and wide[1] > single[1]


def test_interval_does_not_depend_on_how_draws_are_chunked(monkeypatch):
    correct, groups = np.random.default_rng(1).integers(0, 2, 300), np.arange(300)
    whole = bootstrap_interval(correct, groups, seed=0)
    monkeypatch.setattr("cgnlib.evaluation.scores._CHUNK_CELLS", 1000)
    assert bootstrap_interval(correct, groups, seed=0) == whole


def test_mask_statistics_by_hand():
    masks = np.zeros((2, 1, 4, 4))
    masks[0, 0, 0, 0] = 1.0  # in the border
    masks[1, 0, 1, 1] = 0.5  # inside
    assert mask_mean(masks).tolist() == [1 / 16, 0.5 / 16]
    assert np.allclose(border_mean(masks, 1), [1 / 12, 0])
    assert np.allclose(border_mean(masks, 2), [1 / 16, 0.5 / 16])  # the border is everything
    assert undecided_share(masks) == 1 / 32
    assert np.array_equal(mask_mean(masks[:, 0]), mask_mean(masks))


def test_undecided_pixels_are_strictly_inside():
    assert undecided_share(np.array([[[0.05, 0.95], [0.06, 0.94]]])) == 0.5


@pytest.mark.parametrize("px", [0, 3])
def test_a_border_that_does_not_fit_is_refused(px):
    with pytest.raises(UserError, match="border"):
        border_mean(np.zeros((1, 4, 4)), px)


def test_masks_of_another_shape_are_refused():
    with pytest.raises(UserError, match="expected"):
        mask_mean(np.zeros((2, 3, 4, 4)))


def test_disentanglement_rows_are_oracles_and_columns_intended_labels():
    shape, front, back = np.array([0, 1, 2, 3]), np.array([0, 5, 5, 5]), np.array([7, 1, 5, 8])
    intended = {"shape": shape, "foreground": front, "background": back}
    perfect = disentanglement_matrix(intended, intended)
    assert np.array_equal(perfect, [[1, 0.25, 0.25], [0.25, 1, 0.25], [0.25, 0.25, 1]])
    leaking = disentanglement_matrix({**intended, "shape": front}, intended)
    assert leaking[0].tolist() == [0.25, 1, 0.25]
    assert np.array_equal(leaking[1:], perfect[1:])


def test_an_absent_factor_is_nan():
    known = {"shape": np.array([1, 2]), "foreground": np.array([1, 0])}
    matrix = disentanglement_matrix(known, known)
    assert matrix[0, 1] == 0.5 and matrix[1, 1] == 1
    assert np.isnan(matrix[2]).all() and np.isnan(matrix[:, 2]).all()


def test_share_interval_by_hand():
    # Wilson at 50 of 100: centre (0.5 + 0.019207) / 1.038415, half-width 0.099813 / 1.038415
    low, high = share_interval(0.5, 100)
    assert (low, high) == pytest.approx((0.40383, 0.59617), abs=1e-4)
    assert share_interval(1.0, 2000) == pytest.approx((0.99808, 1.0), abs=1e-4)


def test_mean_interval_is_in_the_unit_of_its_values_and_pairs():
    assert mean_interval(np.full(9, -0.25), np.arange(9), 0) == (-0.25, -0.25)
    values = np.arange(40) / 40
    low, high = mean_interval(values, np.arange(40), 0)
    assert low < values.mean() < high and high - low < 0.25
    shifted = mean_interval(values + 0.5 - values, np.arange(40), 0)  # a paired difference
    assert shifted == pytest.approx((0.5, 0.5))
    percent = bootstrap_interval(values, np.arange(40), 0)
    assert percent == pytest.approx((100 * low, 100 * high))


def test_whole_digits_are_read_and_keep_off_the_border():
    digits = np.repeat([0, 1, 2], 5)
    readable = np.array([1, 1, 1, 1, 0] + [1, 1, 1, 0, 0] + [1] * 5, dtype=bool)
    borders = np.concatenate([np.full(5, 0.05), np.full(5, 0.0), [0.1, 0.1, 0.1, 0.1, 0.11]])
    whole = whole_digits(readable, borders, digits)
    assert whole.tolist() == [True] + [False] * 9  # 80 % read; 60 % read; border 0.102; no masks


def test_interval_of_a_mean():
    low, high = t_interval(np.array([1.0, 3.0]))
    assert (low, high) == pytest.approx((2 - 12.7062, 2 + 12.7062), abs=1e-3)  # t of 1 degree
    assert t_interval(np.array([4.0])) is None
