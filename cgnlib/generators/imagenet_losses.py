"""Losses of the ImageNet CGN, as pure functions of tensors.

Source: Sauer & Geiger, *Counterfactual Generative Networks* (ICLR 2021), equations 2 to 5, in the
form of the published code. Masks are (B, 1, H, W) in [0, 1], images (B, 3, H, W) in [-1, 1]. Each
returns a scalar that is a mean over images of a number that depends on that image alone, so that
the gradient of ``B * loss`` is the sum of the gradients of B single images.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from cgnlib.generators.losses import binary_entropy, gram, mask_interval

__all__ = [
    "background_saliency",
    "binary_entropy_bits",
    "gram_style",
    "mask_interval",
    "reconstruction",
]

# The binary loss: mean entropy of a mask pixel in bits (the paper prints a sum over pixels).
binary_entropy_bits = binary_entropy


def reconstruction(x: Tensor, target: Tensor) -> Tensor:
    """Mean absolute difference of composites ``x`` and their ground-truth images ``target``."""
    return F.l1_loss(x, target)


def gram_style(
    features_a: Sequence[Tensor | None],
    features_b: Sequence[Tensor | None],
    weights: Sequence[float],
) -> Tensor:
    """Sum over layers of 5000 w^2 L1(Gram(a), Gram(b)), Gram = X X^T / (C H W), in float32.

    It is both style losses of the ImageNet CGN: the perceptual one compares the composite with the
    ground-truth image (published w = 4, 4, 4, 4), the texture one the foreground with the patch
    grid (published w = 0, 5, 5, 0).

    Args:
        features_a: maps (B, C, H, W) of each layer; those of weight 0 are not looked at.
        features_b: the same of the images to resemble.
        weights: one w per layer.

    Raises:
        ValueError: when the three differ in length, or a layer with weight has no map.
    """
    total = None
    for number, (a, b, weight) in enumerate(zip(features_a, features_b, weights, strict=True), 1):
        if weight <= 0:
            continue
        if a is None or b is None:
            raise ValueError(f"style layer {number} has weight {weight} but no feature map")
        # A Gram matrix sums thousands of products: half precision would round the loss away.
        with torch.autocast(a.device.type, enabled=False):
            term = 5000 * weight**2 * F.l1_loss(gram(a.float()), gram(b.float()))
        total = term if total is None else total + term
    return torch.zeros(()) if total is None else total


def background_saliency(mask: Tensor) -> Tensor:
    """Mean saliency of the background: what the frozen net still takes for an object there."""
    return mask.mean()
