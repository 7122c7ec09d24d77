"""Shape bias and background challenge by hand."""

import numpy as np
import pytest

from cgnlib.errors import UserError
from cgnlib.evaluation.background_challenge import background_challenge, nine_predictions
from cgnlib.evaluation.imagenet_categories import categories
from cgnlib.evaluation.rates import Rate
from cgnlib.evaluation.shape_bias import (
    bias_difference,
    category_predictions,
    shape_bias,
    shape_bias_by_head,
)


def test_shape_bias_by_hand():
    #                     s  t  -  s  both agree
    predicted = np.array([0, 2, 3, 1, 1, 0])
    shape = np.array([0, 1, 1, 1, 1, 2])
    texture = np.array([1, 2, 2, 0, 1, 2])
    made = shape_bias(predicted, shape, texture)
    assert made.bias == Rate(2, 3) and made.agreeing == 2
    assert made.shape_accuracy == Rate(2, 4) and made.texture_accuracy == Rate(1, 4)


def test_a_head_that_reads_neither_has_no_bias_but_accuracies():
    made = shape_bias(np.array([2, 2]), np.array([0, 1]), np.array([1, 0]))
    assert made.bias == Rate(0, 0) and made.shape_accuracy == Rate(0, 2)
    with pytest.raises(UserError, match="nothing was counted"):
        _ = made.bias.percent


def test_agreeing_pairs_never_count():
    with pytest.raises(UserError, match="no image has a shape and a texture that differ"):
        shape_bias(np.array([0, 1]), np.array([0, 1]), np.array([0, 1]))
    with pytest.raises(UserError, match="differ in number"):
        shape_bias(np.array([0]), np.array([0, 1]), np.array([0, 1]))


def test_probabilities_are_averaged_not_summed():
    # Softmax proportional to 4, 3, 3, 1: category b holds more in all (6 > 4) but less on average.
    logits = np.log(np.array([[4.0, 3, 3, 1], [1.0, 3, 3, 9]]))
    maps = {"a": np.array([0]), "b": np.array([1, 2])}
    assert category_predictions(logits, maps).tolist() == [0, 1]
    assert category_predictions(logits).tolist() == [0, 3]
    # Averaging probabilities is not averaging logits: e.g. (8, 0.001) against (3, 3)
    logits = np.log(np.array([[8.0, 0.001, 3.0, 3.0]]))
    assert category_predictions(logits, {"a": np.array([0, 1]), "b": np.array([2, 3])}) == [0]
    with pytest.raises(UserError, match="category index 7 has no logit"):
        category_predictions(logits, {"a": np.array([7])})


def test_imagenet_logits_are_read_as_the_sixteen_and_do_not_overflow():
    logits = np.full((3, 1000), -1000.0)
    logits[0, 404], logits[1, 867], logits[2, 250] = 900.0, 900.0, 900.0
    assert category_predictions(logits, categories()["shape_texture"]).tolist() == [0, 15, 10]


def test_every_head_is_scored():
    shape, texture = np.array([0, 1]), np.array([1, 2])
    by_shape, by_texture = np.eye(3)[shape], np.eye(3)[texture]
    made = shape_bias_by_head({"shape": by_shape, "texture": by_texture}, shape, texture)
    assert made["shape"].bias == Rate(2, 2) and made["texture"].bias == Rate(0, 2)


def test_an_unmapped_class_is_wrong_even_when_the_right_category_comes_second():
    logits = np.zeros((3, 1000))
    logits[0, 151] = 1  # dog
    logits[1, 397] = 1  # fish
    logits[2, 950], logits[2, 151] = 2, 1  # an orange, then a dog
    assert nine_predictions(logits, categories()["in9"]).tolist() == [0, 8, -1]
    assert nine_predictions(np.eye(9)).tolist() == list(range(9))
    with pytest.raises(UserError, match="the classifier has 9"):
        nine_predictions(np.eye(9), categories()["in9"])


def test_the_gap_uses_each_sets_own_size():
    predicted = {
        "original": np.array([0, 1, 2]),
        "mixed_same": np.array([0, 1, 2, 3]),
        "mixed_rand": np.array([0, -1, -1, 3, 4]),
    }
    labels = {name: np.arange(len(values)) for name, values in predicted.items()}
    labels["mixed_same"] = np.array([0, 1, 2, 0])
    made = background_challenge(predicted, labels)
    assert made.original == Rate(3, 3) and made.mixed_same == Rate(3, 4)
    assert made.mixed_rand == Rate(3, 5) and made.gap == pytest.approx(15)
    with pytest.raises(UserError, match="mixed_rand"):
        background_challenge({"original": 0, "mixed_same": 0}, labels)


def test_the_difference_of_two_biases_and_its_interval():
    shape, texture = np.zeros(60, dtype=int), np.ones(60, dtype=int)
    by_shape = np.where(np.arange(60) < 45, 0, 1)  # bias 75
    mixed = np.where(np.arange(60) % 4 == 0, 0, np.where(np.arange(60) % 2 == 0, 1, 2))  # 15 of 30
    value, low, high = bias_difference(by_shape, mixed, shape, texture)
    assert value == pytest.approx(75 - 50)
    # standard errors: sqrt(.75 * .25 / 60) and about sqrt(.25 / 30), 11 points together
    assert 25 - 2.6 * 11 < low < 25 - 1.4 * 11 and 25 + 1.4 * 11 < high < 25 + 2.6 * 11
    assert bias_difference(by_shape, mixed, shape, texture) == (value, low, high)


def test_images_are_drawn_for_both_heads_together():
    predicted = np.array([0, 1] * 20)
    shape, texture = np.zeros(40, dtype=int), np.ones(40, dtype=int)
    assert bias_difference(predicted, predicted, shape, texture) == (0, 0, 0)


def test_a_head_that_decides_on_nothing_has_no_difference():
    shape, texture = np.zeros(4, dtype=int), np.ones(4, dtype=int)
    assert bias_difference(np.full(4, 2), shape, shape, texture) is None
