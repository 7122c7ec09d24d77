"""Colour jitter: brightness, contrast, saturation and hue of each image changed a little at random.

Source: second reproduction, Table 6 (0.1 each, torchvision's definitions). Its code jitters images
that are already normalised to [-1, 1]; torchvision clamps to [0, 1], so every negative value is
lost. ``legacy`` does the same; ``before`` jitters in [0, 1], as was meant.
"""

import torch
from torch import Generator, Tensor

STRENGTH = 0.1
_GREY = (0.2989, 0.587, 0.114)  # torchvision's weights of red, green, blue


def draw_factors(count: int, generator: Generator) -> Tensor:
    """(4, count): factors on brightness, contrast and saturation in [0.9, 1.1], and a hue shift in
    [-0.1, 0.1] turns."""
    drawn = (2 * torch.rand(4, count, generator=generator) - 1) * STRENGTH
    drawn[:3] += 1
    return drawn


def _grey(images: Tensor) -> Tensor:
    red, green, blue = images.unbind(1)
    return (_GREY[0] * red + _GREY[1] * green + _GREY[2] * blue)[:, None]


def _blend(images: Tensor, other: Tensor, factor: Tensor) -> Tensor:
    return torch.lerp(other.expand_as(images), images, factor[:, None, None, None]).clamp(0, 1)


def shift_hue(images: Tensor, turns: Tensor) -> Tensor:
    """Images (B, 3, H, W) in [0, 1] with each hue turned by ``turns`` (B,) of a full circle."""
    value, least = images.amax(1), images.amin(1)
    chroma = value - least
    gap = torch.where(chroma > 0, chroma, 1)
    red, green, blue = images.unbind(1)
    hue = torch.where(
        value == red,
        (green - blue) / gap,
        torch.where(value == green, 2 + (blue - red) / gap, 4 + (red - green) / gap),
    )  # (B, H, W), in sixths of a circle
    hue = hue + 6 * turns[:, None, None]
    channels = []
    for start in (5, 3, 1):
        at = (start + hue) % 6
        channels.append(value - chroma * torch.minimum(at, 4 - at).clamp(0, 1))
    return torch.stack(channels, 1)


def colour_jitter(images: Tensor, factors: Tensor) -> Tensor:
    """Brightness, contrast, saturation, then hue of (B, 3, H, W), each image by its own factors.

    Returns:
        Images in [0, 1]: what lies outside is clamped, as torchvision does.
    """
    brightness, contrast, saturation, hue = factors
    images = _blend(images, images.new_zeros(1), brightness)
    images = _blend(images, _grey(images).mean(dim=(1, 2, 3), keepdim=True), contrast)
    images = _blend(images, _grey(images), saturation)
    return shift_hue(images, hue) if hue.any() else images


def jittered(images: Tensor, form: str, generator: Generator) -> Tensor:
    """Normalised images (B, 3, H, W) in [-1, 1] after the jitter of ``form``.

    ``none``: as they are. ``before``: jittered in [0, 1], then normalised. ``legacy``: jittered as
    if they were in [0, 1]; nothing below 0 is left.
    """
    if form == "none":
        return images
    factors = draw_factors(len(images), generator)
    if form == "before":
        return 2 * colour_jitter((images + 1) / 2, factors) - 1
    return colour_jitter(images, factors)
