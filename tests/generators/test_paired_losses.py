"""Losses of paired training, computed by hand."""

import pytest
import torch

from cgnlib.generators.paired_losses import multi_scale_l1, part_grams, relative_l1
from cgnlib.rng import rng


def test_multi_scale_l1_by_hand():
    images, target = torch.zeros(1, 3, 4, 4), torch.zeros(1, 3, 4, 4)
    images[0, :, 0, 0], images[0, :, 0, 1] = 1, -1  # opposite errors side by side
    images[0, :, 3, 3] = 0.8
    even = torch.ones(1, 1, 4, 4)
    # one pixel: (1 + 1 + 0.8) / 16; boxes of 2: the pair cancels, 0.2 / 4; box of 4: 0.05
    assert multi_scale_l1(images, target, even, 1).item() == pytest.approx(2.8 / 16)
    assert multi_scale_l1(images, target, even).item() == pytest.approx(2.8 / 16 + 0.05 + 0.05)
    heavy = even.clone()
    heavy[0, 0, 3, 3] = 5  # weights sum to 20
    assert multi_scale_l1(images, target, heavy, 1).item() == pytest.approx((2 + 5 * 0.8) / 20)


def test_relative_l1_is_a_share_per_layer():
    wanted = [torch.tensor([[2.0, -2.0]]), torch.tensor([[100.0]])]
    made = [torch.tensor([[1.0, -2.0]]), torch.tensor([[50.0]])]
    # 0.5 / 2 and 50 / 100
    assert relative_l1(made, wanted).item() == pytest.approx((0.25 + 0.5) / 2)
    assert relative_l1(wanted, wanted).item() == 0


def test_part_grams_look_at_one_part_each():
    layer = torch.zeros(1, 2, 2, 2)
    layer[0, 0, 0, 0], layer[0, 1, 0, 0] = 3.0, 1.0  # on the object
    layer[0, 1, 1, 1] = 2.0  # beside it
    masks = torch.zeros(1, 1, 4, 4)
    masks[0, 0, :2, :2] = 1
    own, rest = part_grams([layer], masks)
    torch.testing.assert_close(own, torch.tensor([[[9.0, 3.0], [3.0, 1.0]]]) / 8)
    torch.testing.assert_close(rest, torch.tensor([[[0.0, 0.0], [0.0, 4.0]]]) / 8)


def test_part_grams_do_not_see_where_a_mark_lies():
    layer = torch.randn(1, 3, 8, 8, generator=rng(0, "layer"))
    masks = torch.ones(1, 1, 8, 8)
    for one, other in zip(
        part_grams([layer], masks), part_grams([layer.roll(3, -1)], masks), strict=True
    ):
        torch.testing.assert_close(one, other)
