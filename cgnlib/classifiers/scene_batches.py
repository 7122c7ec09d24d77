"""Training batches of rendered scenes, new ones at every step, some of them out of focus.

A batch is a function of seed, name and step alone. Blur and noise make a network that is trained
on the renderer's crisp images read a generator's soft ones too.
"""

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from cgnlib.data.scenes9 import CLASSES, UNIFORMS, Scenes, render
from cgnlib.data.scenes9_fields import grid
from cgnlib.data.scenes9_textures import TEXTURES, paint
from cgnlib.errors import UserError

_NOISE = 0.08  # largest standard deviation added, of a range of 2
Labels = tuple[Tensor, Tensor, Tensor]  # shape, texture, background


def draw_labels(count: int, generator: Generator, own: int = 0) -> Labels:
    """Independent labels (count,) of shape, texture and background; in the first ``own`` images
    all three are those of one class."""
    drawn = torch.randint(len(CLASSES), (3, count), generator=generator)
    drawn[1:, :own] = drawn[0, :own]
    return drawn[0], drawn[1], drawn[2]


def draw_scenes(labels: Labels, generator: Generator, mode: str = "full") -> Scenes:
    """New scenes of these labels."""
    return render(torch.rand(len(labels[0]), UNIFORMS, generator=generator), *labels, mode)


def full_textures(count: int, generator: Generator) -> Tensor:
    """Images (count, 3, 64, 64) in [-1, 1] that one of the nine textures fills."""
    labels = torch.randint(len(CLASSES), (count,), generator=generator)
    uniforms = torch.rand(count, 8, generator=generator)
    x, y = (1.25 * plane.repeat(count, 1, 1) for plane in grid())
    images = [
        paint(TEXTURES[label], x[i : i + 1], y[i : i + 1], uniforms[i : i + 1])
        for i, label in enumerate(labels.tolist())
    ]
    return torch.cat(images).mul_(2).sub_(1) if images else torch.empty(0, 3, *x.shape[1:])


def out_of_focus(images: Tensor, generator: Generator) -> Tensor:
    """Every other image, on average, blurred by a random amount (at most two 3x3 boxes), and each
    with Gaussian noise of its own strength; (B, 3, H, W)."""
    draws = torch.rand(3, len(images), 1, 1, 1, generator=generator)
    amount = draws[0] * (draws[1] < 0.5)
    soft = images
    for _ in range(2):
        soft = F.avg_pool2d(soft, 3, stride=1, padding=1, count_include_pad=False)
    grain = torch.randn(images.shape, generator=generator).mul_(_NOISE * draws[2].square())
    return torch.lerp(images, soft, amount).add_(grain)


def distorted_masks(masks: Tensor, generator: Generator) -> Tensor:
    """Masks (B, 1, H, W) in [0, 1] a little thinner or fatter, as a saliency network errs: blurred,
    then cut at a level of their own between 0.3 and 0.7."""
    level = 0.3 + 0.4 * torch.rand(len(masks), 1, 1, 1, generator=generator)
    soft = F.avg_pool2d(masks, 3, stride=1, padding=1, count_include_pad=False)
    return ((soft - level) * 4 + 0.5).clamp_(0, 1)


def check_batch(batch: int, least: int, where: str) -> None:
    """Refuse a batch that is too small to hold one image of each kind.

    Raises:
        UserError: when it is.
    """
    if batch < least:
        raise UserError(f"{where}: a batch of {batch} is too small; ask for at least {least}")
