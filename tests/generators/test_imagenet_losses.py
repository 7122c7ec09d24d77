"""Every loss of the ImageNet CGN against a value worked out by hand."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cgnlib.generators import imagenet_losses as losses
from cgnlib.rng import rng


def test_reconstruction_is_the_mean_absolute_difference():
    x = torch.tensor([0.5, -0.5, 1.0]).view(1, 3, 1, 1)
    target = torch.tensor([0.0, 0.5, 1.0]).view(1, 3, 1, 1)
    assert losses.reconstruction(x, target).item() == pytest.approx((0.5 + 1.0 + 0.0) / 3)


def test_background_saliency_is_its_mean():
    mask = torch.tensor([0.0, 1.0, 0.5, 0.1]).view(1, 1, 2, 2)
    assert losses.background_saliency(mask).item() == pytest.approx(0.4)


def test_binary_entropy_is_in_bits():
    mask = torch.tensor([0.5, 0.25]).view(1, 1, 1, 2)
    quarter = -(0.25 * math.log2(0.25) + 0.75 * math.log2(0.75))
    assert losses.binary_entropy_bits(mask).item() == pytest.approx((1 + quarter) / 2)


def test_mask_interval_looks_at_each_image():
    # 0.05 is 0.05 too low, 0.95 is 0.05 too high; their mean mask, 0.5, would cost nothing
    masks = torch.tensor([0.05, 0.95]).view(2, 1, 1, 1).expand(2, 1, 3, 3)
    assert losses.mask_interval(masks, 0.1, 0.9).item() == pytest.approx(0.05)


def test_gram_style_by_hand():
    # one channel, two pixels: Gram = (1 + 4) / 2 = 2.5 against (1 + 0) / 2 = 0.5
    a = torch.tensor([1.0, 2.0]).view(1, 1, 1, 2)
    b = torch.tensor([1.0, 0.0]).view(1, 1, 1, 2)
    assert losses.gram_style([a], [b], [0.1]).item() == pytest.approx(5000 * 0.01 * 2.0)
    # published weights: 4 is 80,000 per layer, 5 is 125,000
    assert losses.gram_style([a], [b], [4]).item() == pytest.approx(80_000 * 2.0)
    assert losses.gram_style([a], [b], [5]).item() == pytest.approx(125_000 * 2.0)


def test_gram_style_compares_every_entry_of_two_channels():
    # channels (1, 0) and (0, 2): Gram = diag(1, 4) / 4 against zero; L1 = (1 + 4) / 4 / 4 entries
    a = torch.tensor([[1.0, 0.0], [0.0, 2.0]]).view(1, 2, 1, 2)
    value = losses.gram_style([a], [torch.zeros_like(a)], [0.1]).item()
    assert value == pytest.approx(50 * 5 / 16)


def test_layers_without_weight_are_not_looked_at():
    a = torch.ones(1, 1, 1, 2)
    assert losses.gram_style([None, a, None], [None, 0 * a, a], [0, 0.1, 0]).item() == 50.0
    assert losses.gram_style([None], [None], [0]).item() == 0.0
    with pytest.raises(ValueError, match="layer 2 has weight 1 but no feature map"):
        losses.gram_style([a, None], [a, None], [1, 1])


def test_style_is_computed_in_float32_under_autocast():
    generator = rng(0, "style")
    a, b = (torch.randn(2, 8, 16, 16, generator=generator) for _ in range(2))
    b = a + 1e-3 * b  # a difference that half precision would round away
    whole = losses.gram_style([a], [b], [1.0])
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(losses.gram_style([a], [b], [1.0]), whole)


@given(count=st.integers(1, 5), seed=st.integers(0, 100))
def test_every_loss_is_the_mean_of_single_images(count, seed):
    generator = rng(seed, "images")
    a, b = (torch.rand(count, 3, 4, 4, generator=generator) for _ in range(2))
    mask = torch.rand(count, 1, 4, 4, generator=generator).clamp(0.01, 0.99) ** 3
    for loss, arguments in (
        (losses.reconstruction, (a, b)),
        (lambda x, y: losses.gram_style([x], [y], [1.0]), (a, b)),
        (losses.binary_entropy_bits, (mask,)),
        (lambda m: losses.mask_interval(m, 0.3, 0.4), (mask,)),
        (losses.background_saliency, (mask,)),
    ):
        singles = [
            loss(*(argument[i : i + 1] for argument in arguments)).item() for i in range(count)
        ]
        assert loss(*arguments).item() == pytest.approx(sum(singles) / count, rel=1e-4)
