"""Accuracies and differences over trainings and images, with intervals by hand."""

import numpy as np
import pytest

from cgnlib.errors import UserError
from cgnlib.evaluation.repeats import repeated_accuracy, repeated_difference

T1, T2 = 12.7062, 4.30265  # Student's t, 97.5 %, one and two degrees of freedom


def rows(*right, images=100):
    """One training per number of images that it reads, always the first ones."""
    return np.array([np.arange(images) < count for count in right])


def test_accuracy_over_trainings_and_images():
    correct = np.array([[1, 1, 0, 0], [1, 1, 1, 0]])
    value, low, high = repeated_accuracy(correct)
    assert value == pytest.approx(62.5) and (low, high) == (0, 100)  # two trainings say little
    assert repeated_accuracy(np.ones((3, 5))) == (100, 100, 100)


def test_trainings_that_read_every_image_alike_are_a_t_interval():
    """Every image is worth the same, so that drawing images changes nothing."""
    value, low, high = repeated_difference(np.ones((3, 8)), np.zeros((3, 8)))
    assert (value, low, high) == (100, 100, 100)
    one = np.array([[0.5] * 8, [0.6] * 8, [0.7] * 8])  # shares: mean 0.6, standard deviation 0.1
    value, low, high = repeated_accuracy(one)
    half = 100 * T2 * 0.1 / np.sqrt(3)
    assert value == pytest.approx(60)
    assert (value - low, high - value) == pytest.approx((half, half), rel=1e-4)
    value, low, high = repeated_difference(one[:2], np.zeros((2, 8)))
    half = 100 * T1 * np.sqrt(0.005) / np.sqrt(2)
    assert (value - low, high - value) == pytest.approx((half, half), rel=1e-4)


def test_both_half_widths_are_added_in_squares():
    alike = repeated_accuracy(rows(60, 60, 60, images=400))  # images alone
    images = (alike[0] - alike[1], alike[2] - alike[0])
    assert repeated_accuracy(rows(60, images=400)) == alike
    shifted = np.array([row * 1.0 + add for add, row in zip((0, 0.02, 0.04), rows(60, 60, 60,
                        images=400), strict=True)])  # fmt: skip
    value, low, high = repeated_difference(shifted, np.zeros((3, 400)))
    trainings = 100 * T2 * 0.02 / np.sqrt(3)
    assert value - low == pytest.approx(np.hypot(images[0], trainings), rel=1e-4)
    assert high - value == pytest.approx(np.hypot(images[1], trainings), rel=1e-4)
    assert high - low > max(sum(images), 2 * trainings)


def test_a_difference_is_paired_by_training():
    """Both rows gain as much from a lucky seed: their difference knows no luck."""
    one, other = rows(70, 50, 60), rows(60, 40, 50)
    value, low, high = repeated_difference(one, other)
    assert value == pytest.approx(10)
    alone = repeated_accuracy(one)
    assert high - low < 20 < alone[2] - alone[1]
    _, low, high = repeated_difference(one, other[[1, 0, 2]])  # other pairs
    assert high - low > 90


def test_a_row_trained_once_adds_no_spread():
    one = np.array([[0.5] * 8, [0.6] * 8, [0.7] * 8])
    value, low, high = repeated_difference(one, np.full((1, 8), 0.4))
    half = 100 * T2 * 0.1 / np.sqrt(3)
    assert (value, value - low) == pytest.approx((20, half), rel=1e-4)
    assert repeated_difference(np.full((1, 8), 0.4), one)[0] == pytest.approx(-value)


def test_a_single_training_has_the_interval_of_its_images():
    value, low, high = repeated_accuracy(rows(50, images=400))
    share = 50 / 400
    half = 196 * np.sqrt(share * (1 - share) / 400)
    assert (value - low, high - value) == pytest.approx((half, half), rel=0.15)


def test_a_difference_is_paired_by_image():
    one = np.random.default_rng(0).random((1, 400)) < 0.5
    value, low, high = repeated_difference(one, one)
    assert (value, low, high) == (0, 0, 0)
    better = one.copy()
    better[0, np.flatnonzero(~one[0])[:40]] = True
    value, low, high = repeated_difference(better, one)
    assert value == pytest.approx(10) and 6 < low < 10 < high < 14


def test_differences_need_the_same_images_and_pairs_of_trainings():
    with pytest.raises(UserError, match="not the same"):
        repeated_difference(np.ones((1, 3)), np.ones((1, 4)))
    with pytest.raises(UserError, match="3 and 2 trainings: they form no pairs"):
        repeated_difference(np.ones((3, 4)), np.ones((2, 4)))
    with pytest.raises(UserError, match="expected"):
        repeated_accuracy(np.ones(3))
