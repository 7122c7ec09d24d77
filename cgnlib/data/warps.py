"""Small random deformations of digit masks: more shapes than there are digits."""

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

TURN_RAD = 0.2
SCALE = 0.12
SHEAR = 0.15
SHIFT = 0.125  # of half the image's side: 2 px of 32


def random_affine(masks: Tensor, generator: Generator) -> Tensor:
    """Masks (B, C, H, W) in [0, 1], each turned by up to 0.2 rad, scaled by up to 12 %, sheared by
    up to 0.15 and shifted by up to 2 px of 32, bilinear, zeros beyond the border."""
    count = len(masks)

    def draw(limit: float) -> Tensor:
        return (2 * torch.rand(count, generator=generator) - 1) * limit

    turn, scale, shear = draw(TURN_RAD), 1 + draw(SCALE), draw(SHEAR)
    cosine, sine = turn.cos() / scale, turn.sin() / scale
    rows = [cosine, shear - sine, draw(SHIFT), sine, cosine, draw(SHIFT)]
    maps = torch.stack(rows, 1).view(count, 2, 3)
    grid = F.affine_grid(maps, list(masks.shape), align_corners=False)
    return F.grid_sample(masks, grid, align_corners=False)
