"""Masks, heat maps and head correlations by hand."""

import numpy as np
import pytest

from cgnlib.errors import UserError
from cgnlib.evaluation.head_correlation import (
    Correlation,
    fisher_interval,
    head_correlations,
    true_logits,
)
from cgnlib.evaluation.saliency_scores import (
    mask_entropy,
    mask_iou,
    pointing_game,
    texture_leak,
)
from cgnlib.rng import numpy_rng


def test_mask_iou_cuts_both_at_one_half():
    mask = np.array([[[0.9, 0.6], [0.4, 0.0]], [[0.1, 0], [0, 0]]])
    truth = np.array([[[1.0, 0.3], [0.9, 0.2]], [[0.2, 0], [0, 0]]])
    assert mask_iou(mask, truth).tolist() == pytest.approx([1 / 3, 1])  # two empty masks agree
    assert mask_iou(mask[:, None], truth[:, None]).tolist() == pytest.approx([1 / 3, 1])
    with pytest.raises(UserError, match="expected"):
        mask_iou(mask, truth[:1])


def test_pointing_game_by_hand():
    mask = np.array([[1.0, 0], [0, 0]])
    maps = np.array([[[0.9, 0.1], [0, 0]], [[0.2, 0.8], [0, 0]], [[0.7, 0.7], [0, 0]]])
    assert pointing_game(maps, np.stack([mask] * 3)).tolist() == [1, 0, 0.5]


def test_a_flat_map_points_nowhere():
    assert pointing_game(np.zeros((1, 2, 2)), np.ones((1, 1, 2, 2))).tolist() == [0]
    with pytest.raises(UserError, match="differ in shape"):
        pointing_game(np.zeros((1, 2, 2)), np.ones((1, 3, 3)))


def test_texture_leak_is_the_mean_saliency_of_each_image():
    saliency = np.array([[[[0.0, 1], [1, 0]]], [[[0.2, 0.2], [0.2, 0.2]]]])
    assert texture_leak(saliency).tolist() == pytest.approx([0.5, 0.2])


def test_true_logits_and_their_correlation_by_hand():
    labels = np.array([0, 1, 1])
    shape = np.array([[1.0, 9], [9, 2], [9, 3]])
    texture = np.array([[5.0, 0], [0, 3], [0, 1]])
    background = np.array([[0.0, 0], [0, 2], [0, 1]])
    assert true_logits(shape, labels).tolist() == [1, 2, 3]
    heads = {"shape": shape, "texture": texture, "background": background}
    made = head_correlations(heads, labels)
    assert set(made) == {("shape", "texture"), ("shape", "background"), ("texture", "background")}
    assert made["shape", "texture"].r == pytest.approx(-1)  # 1, 2, 3 against 5, 3, 1
    assert made["shape", "background"].r == pytest.approx(0.5)  # against 0, 2, 1
    assert made["shape", "texture"].images == 3


def test_each_head_may_have_its_own_label():
    draw = numpy_rng(0, "heads")
    logits = {"shape": draw.normal(size=(50, 3)), "texture": draw.normal(size=(50, 3))}
    labels = {"shape": draw.integers(3, size=50), "texture": draw.integers(3, size=50)}
    made = head_correlations(logits, labels)["shape", "texture"].r
    one, other = (true_logits(logits[head], labels[head]) for head in logits)
    assert made == pytest.approx(np.corrcoef(one, other)[0, 1])


def test_a_constant_head_is_named():
    with pytest.raises(UserError, match="the texture head has one true-class logit"):
        head_correlations(
            {"shape": np.array([[1.0, 0], [2, 0]]), "texture": np.ones((2, 2))}, np.array([0, 0])
        )


def test_mask_entropy_is_in_bits_and_per_image():
    masks = np.zeros((3, 1, 2, 2))
    masks[1] = 0.5
    masks[2, 0] = [[0.25, 1.0], [0.0, 0.5]]
    quarter = -(0.25 * np.log2(0.25) + 0.75 * np.log2(0.75))
    np.testing.assert_allclose(mask_entropy(masks), [0, 1, (quarter + 1) / 4])


def test_the_interval_of_a_correlation_by_fishers_transformation():
    low, high = fisher_interval(Correlation(0.5, 103))
    # artanh 0.5 = 0.5493; 1.96 / 10 to either side; tanh of 0.3533 and 0.7453
    assert (low, high) == (pytest.approx(0.3393, abs=1e-4), pytest.approx(0.6323, abs=1e-4))
    assert fisher_interval(Correlation(0.9, 3)) == (-1.0, 1.0)
