"""Losses of the counterfactual generators, as pure functions of tensors.

Masks are (B, 1, H, W) in (0, 1), images (B, 3, H, W) in [-1, 1]. Every function returns a scalar.
"""

from collections.abc import Callable, Sequence

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
