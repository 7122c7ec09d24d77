"""Every loss against a value worked out by hand."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cgnlib.generators import losses


def test_lsgan():
    fake, real = torch.tensor([0.0, 3.0]), torch.tensor([1.0, 2.0])
    assert losses.lsgan_generator(fake).item() == pytest.approx((1 + 4) / 2)
    assert losses.lsgan_discriminator(real, fake).item() == pytest.approx(0.5 * (0.5 + 4.5))


def test_nonsaturating():
    zero = torch.zeros(3)
    assert losses.nonsaturating_generator(zero).item() == pytest.approx(math.log(2))
    assert losses.nonsaturating_discriminator(zero, zero).item() == pytest.approx(2 * math.log(2))


def test_r1_is_half_the_squared_gradient():
    images = torch.ones(2, 1, 1, 2, requires_grad=True)
    logits = (images * torch.tensor([3.0, 4.0])).sum(dim=(1, 2, 3))
    assert losses.r1_penalty(logits, images).item() == pytest.approx(12.5)  # (9 + 16) / 2


def test_entropy_in_bits():
    assert losses.binary_entropy(torch.full((1, 1, 2, 2), 0.5)).item() == pytest.approx(1.0)
    quarter = -(0.25 * math.log2(0.25) + 0.75 * math.log2(0.75))
    assert losses.binary_entropy(torch.full((1, 1, 2, 2), 0.25)).item() == pytest.approx(quarter)


def test_mask_interval_is_per_image():
    masks = torch.stack([torch.full((1, 2, 2), 0.05), torch.full((1, 2, 2), 0.5)])
    # 0.1 - 0.05 below, 0.5 - 0.3 above; their mean over images, not of the mean mask (0.275)
    assert losses.mask_interval(masks, 0.1, 0.3).item() == pytest.approx((0.05 + 0.2) / 2)


def test_mask_interval_of_power_two_discounts_grey():
    mask = torch.full((1, 1, 2, 2), 0.2)  # mean 0.2, mean square 0.04
    assert losses.mask_interval(mask, 0.1, 0.3, power=2).item() == pytest.approx(0.06)
    assert losses.mask_interval(mask, 0.01, 0.15, power=2).item() == pytest.approx(0.05)


def test_edge_counts_the_border_over_all_pixels():
    mask = torch.zeros(1, 1, 32, 32)
    mask[..., 0, 0] = 1.0  # in the border
    mask[..., 16, 16] = 1.0  # not
    assert losses.edge(mask, 3).item() == pytest.approx(1 / 1024)
    assert losses.edge(torch.ones(1, 1, 32, 32), 3).item() == pytest.approx(1 - 26**2 / 32**2)


def test_legacy_edge_subtracts_the_centre_over_three_channels():
    assert losses.edge_legacy(torch.ones(2, 1, 32, 32)).item() == pytest.approx(
        3 * (1024 - 2 * 19 * 19) / 1024
    )


def test_gram_by_hand():
    features = torch.tensor([[[[1.0, 2.0]], [[3.0, 4.0]]]])  # C=2, H=1, W=2
    expected = torch.tensor([[[5.0, 11.0], [11.0, 25.0]]]) / 4
    assert torch.allclose(losses.gram(features), expected)


def test_perceptual_by_hand_and_skips_layers_without_weight():
    def features(images):
        return [images, None]

    images, target = torch.full((1, 1, 1, 1), 2.0), torch.full((1, 1, 1, 1), 1.0)
    # Gram 4 against 1: 5000 * 0.1^2 * 3
    assert losses.perceptual(images, target, features, [0.1, 0.0]).item() == pytest.approx(150.0)


@given(st.floats(0.001, 0.999))
def test_entropy_is_symmetric_and_bounded(level):
    mask = torch.full((1, 1, 1, 1), level, dtype=torch.float64)
    value = losses.binary_entropy(mask).item()
    assert 0 < value <= 1 + 1e-12
    assert value == pytest.approx(losses.binary_entropy(1 - mask).item())
