"""How much nuisances tell about the class: known answers at both ends."""

import numpy as np
import pytest
import torch

from cgnlib.errors import UserError
from cgnlib.evaluation.nuisance_correlation import (
    LabelTraining,
    OverChance,
    class_order,
    over_chance,
)
from cgnlib.evaluation.rates import Rate
from cgnlib.rng import rng

TRAINING = LabelTraining(updates=60, batch=32, lr=3e-3, hidden=16)


def drawn(count, classes, told):
    """Nuisances that hold the class (``told``) or nothing of it."""
    labels = torch.arange(count) % classes
    noise = torch.randn(count, 3, generator=rng(0, "nuisances"))
    return noise + 8 * told * torch.nn.functional.one_hot(labels, classes)[:, :3], labels


def test_ratio_and_interval_by_hand():
    found = OverChance(Rate(40, 100), 5)
    assert found.ratio == pytest.approx(2.0)
    low, high = found.interval
    assert low < 2 < high and (low, high) == pytest.approx(
        tuple(5 * end / 100 for end in Rate(40, 100).interval)
    )


def test_a_class_that_nuisances_hold_is_told_and_one_they_do_not_is_guessed():
    chosen = np.array([0, 1, 2])
    told = over_chance(*drawn(600, 3, True), chosen, TRAINING, 0)
    assert told.rate.denominator == 120 and told.ratio > 2.8
    guessed = over_chance(*drawn(600, 3, False), chosen, TRAINING, 0)
    low, high = guessed.interval
    assert low < 1 < high


def test_only_the_chosen_classes_take_part_and_equally():
    nuisances, labels = drawn(90, 3, True)
    labels[:30] = 2  # class 2 is the largest, 1 and 0 have 20 each
    found = over_chance(nuisances, labels, np.array([2, 0]), TRAINING, 0)
    assert found.rate.denominator == 2 * (20 // 5) and found.categories == 2


def test_it_repeats():
    parts = drawn(120, 3, False), np.array([1, 2]), TRAINING, 5
    assert over_chance(*parts[0], *parts[1:]) == over_chance(*parts[0], *parts[1:])


def test_more_categories_hold_the_fewer():
    assert sorted(class_order(9, 0)) == list(range(9))
    assert np.array_equal(class_order(9, 3), class_order(9, 3))


def test_too_little_is_refused():
    nuisances, labels = drawn(12, 3, True)
    with pytest.raises(UserError, match="at least two"):
        over_chance(nuisances, labels, np.array([1]), TRAINING, 0)
    with pytest.raises(UserError, match="too small"):
        over_chance(nuisances, labels, np.array([0, 1]), TRAINING, 0)
