"""Losses of the counterfactual generators, as pure functions of tensors.

Masks are (B, 1, H, W) in (0, 1), images (B, 3, H, W) in [-1, 1]. Every function returns a scalar.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor


def lsgan_generator(fake: Tensor) -> Tensor:
    """Least squares to 1 (the published MNIST generator loss)."""
    return (fake - 1).square().mean()


def lsgan_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Half of: least squares of real to 1 plus fake to 0."""
    return 0.5 * ((real - 1).square().mean() + fake.square().mean())


def nonsaturating_generator(fake: Tensor) -> Tensor:
    """-log sigmoid of the fake logits."""
    return F.softplus(-fake).mean()


def nonsaturating_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """-log sigmoid of real and of minus fake logits."""
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def bce_generator(fake: Tensor) -> Tensor:
    """Binary cross-entropy of the fake logits to 1 (first reproduction's GAN): the non-saturating
    loss under its other name."""
    return nonsaturating_generator(fake)


def bce_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Half of: binary cross-entropy of real logits to 1 plus fake logits to 0."""
    return 0.5 * nonsaturating_discriminator(real, fake)


def r1_penalty(logits: Tensor, images: Tensor) -> Tensor:
    """Half the squared gradient norm of the logits at real images (Mescheder et al., 2018)."""
    (gradient,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
    return 0.5 * gradient.square().sum(dim=(1, 2, 3)).mean()


def binary_entropy(mask: Tensor) -> Tensor:
    """Mean entropy of a mask pixel, in bits: 0 for a binary mask, 1 for one half everywhere."""
    return -(mask * mask.log2() + (1 - mask) * (1 - mask).log2()).mean()


def mask_interval(mask: Tensor, low: float, high: float, power: int = 1) -> Tensor:
    """Distance of each image's mask mean to [low, high] (CGN, equation 3 with 1 - tau above).

    With ``power`` 2 the lower end looks at the mean square: a grey mask no longer counts as cover.
    """
    mean = mask.mean(dim=(1, 2, 3))
    cover = mean if power == 1 else mask.pow(power).mean(dim=(1, 2, 3))
    return (F.relu(low - cover) + F.relu(mean - high)).mean()


def edge(mask: Tensor, px: int) -> Tensor:
    """Mask mass within ``px`` of the border, over all pixels (first reproduction, edge loss)."""
    inner = mask[:, :, px:-px, px:-px]
    return (mask.sum() - inner.sum()) / mask.numel()


def edge_legacy(mask: Tensor) -> Tensor:
    """The edge loss as that study coded it: three channels, 6 px top and left and 7 px bottom and
    right, border minus centre, over width x height x batch."""
    centre = mask[:, :, 6:-7, 6:-7].sum()
    return 3 * (mask.sum() - 2 * centre) / mask.numel()


def gram(features: Tensor) -> Tensor:
    """Gram matrices (B, C, C) over C * H * W of features (B, C, H, W)."""
    flat = features.flatten(2)
    return flat @ flat.transpose(1, 2) / flat[0].numel()


def style_targets(layers: Sequence[Tensor | None]) -> list[Tensor | None]:
    """Gram matrices of the layers that carry weight."""
    return [None if layer is None else gram(layer) for layer in layers]


def perceptual(
    images: Tensor,
    target: Tensor,
    features: Callable[[Tensor], list[Tensor | None]],
    weights: Sequence[float],
) -> Tensor:
    """Sum over layers of 5000 w^2 L1(Gram(images), Gram(target)) (published code of the CGN).

    Args:
        features: returns the four layers' maps, ``None`` where nothing is to be compared.
        weights: one w per layer; a layer of weight 0 is not computed.
    """
    with torch.no_grad():
        wanted = style_targets(features(target))
    made = style_targets(features(images))
    total = images.new_zeros(())
    for have, want, weight in zip(made, wanted, weights, strict=True):
        if weight > 0:
            total = total + 5000 * weight**2 * F.l1_loss(have, want)
    return total


@lru_cache(maxsize=8)
def _gaussian_rows(side: int, window: int, sigma: float) -> Tensor:
    """(side - window + 1, side): row r weighs the ``window`` pixels from r on."""
    offset = torch.arange(window) - (window - 1) / 2
    weight = torch.exp(-offset.square() / (2 * sigma**2))
    rows = torch.zeros(side - window + 1, side)
    for row in range(len(rows)):
        rows[row, row : row + window] = weight / weight.sum()
    return rows


def ssim(
    a: Tensor, b: Tensor, window: int = 11, sigma: float = 1.5, data_range: float = 2.0
) -> Tensor:
    """Mean structural similarity of images (B, C, H, W), in [-1, 1]; 1 for equal images.

    Gaussian window, constants 0.01 and 0.03, population variances, windows wholly inside the image
    (Wang et al., 2004). Local means are two small matrix products, which on 32x32 images beats a
    convolution.

    Args:
        data_range: largest minus smallest possible pixel; 2 for images in [-1, 1].

    Raises:
        ValueError: images of different shapes or smaller than the window.
    """
    height, width = a.shape[-2:]
    if a.shape != b.shape or min(height, width) < window:
        raise ValueError(f"ssim of {tuple(a.shape)} and {tuple(b.shape)}, window {window}")
    down = _gaussian_rows(height, window, sigma).to(a)
    across = _gaussian_rows(width, window, sigma).to(a).T
    maps = down @ torch.stack([a, b, a * a, b * b, a * b]) @ across  # (5, B, C, H', W')
    mean_a, mean_b, square_a, square_b, product = maps
    var_a, var_b = square_a - mean_a.square(), square_b - mean_b.square()
    covariance = product - mean_a * mean_b
    c1, c2 = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
    alike = (2 * mean_a * mean_b + c1) * (2 * covariance + c2)
    return (alike / ((mean_a.square() + mean_b.square() + c1) * (var_a + var_b + c2))).mean()
