"""Random crop boxes: drawn for a whole batch at once, cut by whoever holds the pixels."""

import math

import torch
from torch import Tensor

SCALE, RATIO = (0.08, 1.0), (3 / 4, 4 / 3)  # share of the image's area; width over height
_TRIES = 10


def draw_boxes(
    heights: Tensor,
    widths: Tensor,
    generator: torch.Generator,
    scale: tuple[float, float] = SCALE,
    ratio: tuple[float, float] = RATIO,
) -> Tensor:
    """Boxes of the random resized crop, as torchvision draws them, for images of any sizes.

    Ten boxes are proposed per image (area uniform in ``scale``, logarithm of width over height
    uniform in ``ratio``) and the first that fits is taken; where none fits, the largest central box
    whose shape lies in ``ratio``.

    Args:
        heights, widths: (B,) int64, in pixels.
        generator: a CPU generator; every image takes the same number of draws.

    Returns:
        (B, 4) int64: top, left, height, width.
    """
    count = len(heights)
    area, shape, top, left = torch.rand(4, count, _TRIES, generator=generator)
    heights, widths = heights[:, None], widths[:, None]  # (B, 1)
    area = heights * widths * (scale[0] + (scale[1] - scale[0]) * area)
    low, high = math.log(ratio[0]), math.log(ratio[1])
    shape = (low + (high - low) * shape).exp()
    tall = (area / shape).sqrt().round().long()  # (B, 10)
    wide = (area * shape).sqrt().round().long()
    fits = (tall > 0) & (tall <= heights) & (wide > 0) & (wide <= widths)
    first = fits.int().argmax(1, keepdim=True)
    tall, wide = tall.gather(1, first), wide.gather(1, first)
    central_tall, central_wide = _central(heights, widths, ratio)
    found = fits.any(1, keepdim=True)
    tall = torch.where(found, tall, central_tall)
    wide = torch.where(found, wide, central_wide)
    free_down, free_right = heights - tall, widths - wide
    top = torch.where(found, (top.gather(1, first) * (free_down + 1)).long(), free_down // 2)
    left = torch.where(found, (left.gather(1, first) * (free_right + 1)).long(), free_right // 2)
    return torch.cat([top, left, tall, wide], 1)


def _central(heights: Tensor, widths: Tensor, ratio: tuple[float, float]) -> tuple[Tensor, Tensor]:
    """Height and width (B, 1) of the largest box whose shape is allowed."""
    tall = torch.minimum(heights, (widths / ratio[0]).round().long())
    wide = torch.minimum(widths, (heights * ratio[1]).round().long())
    return tall, wide


def draw_flips(count: int, generator: torch.Generator, chance: float = 0.5) -> Tensor:
    """(B,) bool: which images to mirror."""
    return torch.rand(count, generator=generator) < chance
