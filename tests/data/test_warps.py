"""Deformed digit masks stay masks, and are bounded, repeatable deformations."""

import torch

from cgnlib.data import warps
from cgnlib.data.biased_mnist import BiasedMnist
from cgnlib.data.digits import load_digits
from cgnlib.rng import rng


def _square(count):
    masks = torch.zeros(count, 1, 32, 32)
    masks[:, :, 12:20, 12:20] = 1
    return masks


def test_without_any_limit_nothing_moves(monkeypatch):
    for name in ("TURN_RAD", "SCALE", "SHEAR", "SHIFT"):
        monkeypatch.setattr(warps, name, 0.0)
    masks = torch.rand(3, 1, 32, 32, generator=rng(0, "m"))
    assert torch.allclose(warps.random_affine(masks, rng(0, "w")), masks, atol=1e-5)


def test_a_shift_moves_the_centre_by_two_pixels_at_most(monkeypatch):
    for name in ("TURN_RAD", "SCALE", "SHEAR"):
        monkeypatch.setattr(warps, name, 0.0)
    moved = warps.random_affine(_square(200), rng(0, "w"))[:, 0]
    axis = torch.arange(32.0)
    rows = (moved.sum(2) * axis).sum(1) / moved.sum((1, 2)) - 15.5
    assert torch.allclose(moved.sum((1, 2)), torch.full((200,), 64.0), atol=1e-2)
    assert 1.8 < rows.abs().max() <= 2.001


def test_masks_are_deformed_each_differently_and_repeatably():
    first = warps.random_affine(_square(4), rng(0, "w"))
    assert torch.equal(first, warps.random_affine(_square(4), rng(0, "w")))
    assert not torch.equal(first[0], first[1])
    assert first.min() >= 0 and first.max() <= 1


def test_binary_digits_stay_binary_and_grey_ones_grey():
    digits, index = load_digits("bundled")["train"], torch.arange(50)
    double = BiasedMnist("double_colored_mnist", digits)
    assert set(double.warped_masks(index, rng(0, "w")).unique().tolist()) == {0.0, 1.0}
    colored = BiasedMnist("colored_mnist", digits)
    grey = colored.warped_masks(index, rng(0, "w"))
    assert len(grey.unique()) > 100 and not torch.equal(grey, colored.masks(index))
