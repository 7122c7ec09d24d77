"""Small random deformations of digit masks, and of colours: more of both than was trained on."""

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

TURN_RAD = 0.2
SCALE = 0.12
SHEAR = 0.15
SHIFT = 0.125  # of half the image's side: 2 px of 32
KNOTS = 5  # control points of an elastic deformation, per side


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


def random_elastic(masks: Tensor, generator: Generator, std_px: float) -> Tensor:
    """Masks (B, C, H, W) in [0, 1], each bent by a smooth displacement of its own: normal with
    standard deviation ``std_px`` pixels at 5x5 points, bicubic between them."""
    count, _, height, width = masks.shape
    still = F.affine_grid(torch.eye(2, 3).expand(count, 2, 3), list(masks.shape), False)
    knots = torch.randn(count, 2, KNOTS, KNOTS, generator=generator)
    knots *= torch.tensor([2 * std_px / width, 2 * std_px / height])[:, None, None]
    moves = F.interpolate(knots, (height, width), mode="bicubic", align_corners=True)
    return F.grid_sample(masks, still + moves.permute(0, 2, 3, 1), align_corners=False)


def random_tint(images: Tensor, generator: Generator, std: float) -> Tensor:
    """Images (B, C, H, W) in [0, 1], to each channel of each image a random number added: normal
    with standard deviation ``std``; cut to [0, 1]."""
    shift = torch.randn(*images.shape[:2], 1, 1, generator=generator) * std
    return (images + shift).clamp(0, 1)
