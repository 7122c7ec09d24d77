"""Losses that compare a generated image with the very image it should be, as pure functions."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from cgnlib.generators.losses import gram


def multi_scale_l1(images: Tensor, target: Tensor, weight: Tensor, scales: int = 3) -> Tensor:
    """Sum over scales 1, 2, 4, ... of the mean absolute difference after averaging boxes of that
    many pixels; a pixel counts ``weight`` times.

    Coarse scales say where things are while fine ones still disagree everywhere.

    Args:
        images, target: (B, 3, H, W).
        weight: (B, 1, H, W), above 0.
        scales: how many; H and W divisible by 2 ** (scales - 1).
    """
    difference, total = images - target, images.new_zeros(())
    for scale in range(scales):
        if scale:
            difference, weight = F.avg_pool2d(difference, 2), F.avg_pool2d(weight, 2)
        total = total + (weight * difference.abs()).sum() / (3 * weight.sum())
    return total


def relative_l1(made: Sequence[Tensor], wanted: Sequence[Tensor]) -> Tensor:
    """Mean over layers of the mean absolute difference, as a share of the mean absolute value of
    ``wanted``, so that layers of any size count alike."""
    parts = [
        F.l1_loss(a, b) / b.abs().mean().clamp(min=1e-6) for a, b in zip(made, wanted, strict=True)
    ]
    return torch.stack(parts).mean()


def part_grams(layers: Sequence[Tensor], masks: Tensor) -> list[Tensor]:
    """Gram matrices (B, C, C) of each layer (B, C, h, w), over the object's pixels and over the
    others; masks (B, 1, H, W) in [0, 1], H a multiple of h.

    They say which texture a part has, not where its marks lie.
    """
    grams = []
    for layer in layers:
        share = F.avg_pool2d(masks, masks.shape[-1] // layer.shape[-1])
        grams += [gram(layer * share.sqrt()), gram(layer * (1 - share).sqrt())]
    return grams
