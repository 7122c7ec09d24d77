"""The stronger augmentation of the GenInt paper: rotation, random crop, flips, colour jitter."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from cgnlib.data.crops import RATIO, SCALE, draw_boxes, draw_flips
from cgnlib.data.jitter import colour_jitter


@dataclass(frozen=True)
class RotatedCrop:
    """GENINT-4's "additional" augmentation of whole batches.

    Each image is turned by any angle on a canvas that grows with it (black around it), a random
    box of the canvas is cut, resized to ``px`` and mirrored along either axis with chance ``flip``;
    brightness, contrast and saturation change by up to ``jitter``. Turning, cutting and resizing
    are one bilinear sampling, so detail is smoothed less than by torchvision's three steps; the
    colours change in one fixed order.
    """

    px: int
    scale: tuple[float, float] = SCALE
    ratio: tuple[float, float] = RATIO
    flip: float = 0.5
    jitter: float = 0.4

    def __call__(self, images: Tensor, generator: Generator) -> Tensor:
        """Augment every image of a batch by itself.

        Args:
            images: (B, 3, H, W) with values of bytes, uint8 or float.
            generator: a CPU generator, whatever device the images are on.

        Returns:
            (B, 3, px, px) float32 in [0, 255].
        """
        count, _, height, width = images.shape
        angles = 2 * math.pi * torch.rand(count, generator=generator)
        canvas = canvas_sizes(height, width, angles)
        boxes = draw_boxes(canvas[:, 0], canvas[:, 1], generator, self.scale, self.ratio)
        flips = torch.stack([draw_flips(count, generator, self.flip) for _ in range(2)], 1)
        factors = 1 + self.jitter * (2 * torch.rand(4, count, generator=generator) - 1)
        factors[3] = 0  # hues stay
        place = sampling_matrices(height, width, angles, canvas, boxes, flips).to(images.device)
        where = F.affine_grid(place, [count, 3, self.px, self.px], align_corners=False)
        turned = F.grid_sample(images.float() / 255, where, align_corners=False)
        return colour_jitter(turned, factors.to(images.device)).mul_(255)


def canvas_sizes(height: int, width: int, angles: Tensor) -> Tensor:
    """Height and width (B, 2) int64 of the smallest canvases that hold the image turned by
    ``angles`` (B,), radians."""
    cosine, sine = angles.cos().abs(), angles.sin().abs()
    sizes = torch.stack([height * cosine + width * sine, width * cosine + height * sine], 1)
    return (sizes - 1e-3).ceil().long()


def sampling_matrices(
    height: int, width: int, angles: Tensor, canvas: Tensor, boxes: Tensor, flips: Tensor
) -> Tensor:
    """Where each output pixel comes from, for :func:`torch.nn.functional.affine_grid`.

    Args:
        height, width: of the images.
        angles: (B,) radians, counter-clockwise.
        canvas: (B, 2) height and width of what the turned image lies on, both centres in one place.
        boxes: (B, 4) top, left, height, width on the canvas, pixels.
        flips: (B, 2) bool, left to right and upside down.

    Returns:
        (B, 2, 3): from output coordinates in [-1, 1] to those of the image.
    """
    top, left, tall, wide = boxes.float().unbind(1)
    centre_x = left + wide / 2 - canvas[:, 1] / 2  # from the canvas's centre, pixels
    centre_y = top + tall / 2 - canvas[:, 0] / 2
    signs = torch.where(flips, -1.0, 1.0)
    across, down = signs[:, 0] * wide / 2, signs[:, 1] * tall / 2
    cosine, sine = angles.cos(), angles.sin()
    x = torch.stack([cosine * across, -sine * down, cosine * centre_x - sine * centre_y], 1)
    y = torch.stack([sine * across, cosine * down, sine * centre_x + cosine * centre_y], 1)
    return torch.stack([2 / width * x, 2 / height * y], 1)
