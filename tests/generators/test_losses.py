"""Every loss against a value worked out by hand."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from skimage.metrics import structural_similarity

from cgnlib.generators import losses
from cgnlib.rng import rng


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


def _images(*names):
    made = [torch.rand(2, 3, 32, 32, generator=rng(0, name)) * 2 - 1 for name in names]
    return made[0] if len(made) == 1 else made


@pytest.mark.parametrize("data_range", [2.0, 1.0])
def test_ssim_is_that_of_scikit_image(data_range):
    a, noise = _images("a", "noise")
    b = (0.8 * a + 0.3 * noise).clamp(-1, 1)
    expected = [
        structural_similarity(
            one.numpy(),
            other.numpy(),
            channel_axis=0,
            data_range=data_range,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
        for one, other in zip(a.double(), b.double(), strict=True)
    ]
    found = losses.ssim(a, b, data_range=data_range).item()
    assert found == pytest.approx(sum(expected) / 2, abs=1e-5)
    assert 0.3 < found < 0.99


def test_ssim_of_equal_and_of_constant_images():
    a = _images("a")
    assert losses.ssim(a, a).item() == pytest.approx(1.0, abs=1e-6)
    half, minus = torch.full((1, 1, 11, 11), 0.5), torch.full((1, 1, 11, 11), -0.5)
    c1 = 0.02**2  # constants: only the means differ
    assert losses.ssim(half, minus).item() == pytest.approx((-0.5 + c1) / (0.5 + c1), abs=1e-4)


def test_ssim_has_a_gradient_that_makes_images_alike():
    a, b = _images("a", "b")
    a.requires_grad_()
    before = losses.ssim(a, b)
    (gradient,) = torch.autograd.grad(before, a)
    assert losses.ssim(a + 100 * gradient, b) > before + 0.01


def test_ssim_refuses_other_shapes():
    with pytest.raises(ValueError, match="ssim of"):
        losses.ssim(torch.zeros(1, 3, 32, 32), torch.zeros(2, 3, 32, 32))
    with pytest.raises(ValueError, match="window 11"):
        losses.ssim(torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 8, 8))
