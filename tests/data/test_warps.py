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


def test_elastic_of_nothing_moves_nothing():
    masks = torch.rand(3, 1, 32, 32, generator=rng(0, "m"))
    assert torch.allclose(warps.random_elastic(masks, rng(0, "e"), 0.0), masks, atol=1e-5)


def test_elastic_displaces_by_its_standard_deviation(monkeypatch):
    # one knot: the whole mask moves by one normal number per axis
    monkeypatch.setattr(warps, "KNOTS", 1)
    moved = warps.random_elastic(_square(2000), rng(0, "e"), 0.8)[:, 0]
    axis = torch.arange(32.0)
    for side in (2, 1):
        shift = (moved.sum(side) * axis).sum(1) / moved.sum((1, 2)) - 15.5
        assert abs(shift.mean()) < 0.06 and abs(shift.std() - 0.8) < 0.04


def test_elastic_bends_and_stays_a_mask():
    bent = warps.random_elastic(_square(50), rng(0, "e"), 0.8)
    assert bent.min() >= 0 and bent.max() <= 1
    areas = bent.sum((1, 2, 3))
    assert areas.std() > 1 and abs(areas.mean() - 64) < 3  # no pure shift


def test_a_tint_is_one_number_per_image_and_channel():
    grey = torch.full((4000, 3, 2, 2), 0.5)
    shift = warps.random_tint(grey, rng(0, "t"), 0.05) - 0.5
    assert torch.equal(shift, shift[:, :, :1, :1].expand_as(shift))
    assert abs(shift.std() - 0.05) < 0.002 and abs((shift[:, 0] * shift[:, 1]).mean()) < 3e-4
    white = warps.random_tint(torch.ones(9, 3, 2, 2), rng(0, "t"), 0.5)
    assert white.max() == 1 and white.min() >= 0
