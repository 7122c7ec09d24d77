"""Accuracy of digits that are shown several times, by hand."""

import numpy as np
import pytest

from cgnlib.errors import UserError
from cgnlib.evaluation.weighted_digits import accuracy_interval, digit_accuracies


def test_showings_count_by_their_probability():
    correct = np.array([1, 0, 1, 0, 1])
    digit = np.array([0, 0, 1, 1, 1])
    found = digit_accuracies(correct, digit, np.array([0.25, 0.75, 0.5, 0.3, 0.2]))
    assert found.tolist() == pytest.approx([0.25, 0.7])


@pytest.mark.parametrize("probability", [[0.5, 0.4, 1.0], [0.5, 0.5, 0.0]])
def test_probabilities_must_sum_to_one(probability):
    with pytest.raises(UserError, match="must sum to 1"):
        digit_accuracies(np.ones(3), np.array([0, 0, 1]), np.array(probability))
    with pytest.raises(UserError, match="must sum to 1"):  # a digit without an image
        digit_accuracies(np.ones(1), np.array([1]), np.ones(1))


def test_the_interval_is_in_percent_and_over_digits():
    accuracies = np.linspace(0, 1, 400)
    low, high = accuracy_interval(accuracies)
    assert low < 50 < high
    half = 1.96 * 100 * accuracies.std() / 20
    assert (high - low) / 2 == pytest.approx(half, rel=0.1)
    assert accuracy_interval(np.full(9, 0.25)) == (25.0, 25.0)
