"""Patches come from under the fullest windows, and the box filter equals laying them out."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from cgnlib.generators.patch_grid import (
    draw_patches,
    drawn_patch_grid,
    patch_grid,
    window_scores,
)
from cgnlib.rng import rng


def _naive_scores(mask, patch_px):
    across = mask.shape[-1] - patch_px + 1
    windows = F.unfold(mask, patch_px)  # (B, patch^2, windows)
    return windows.mean(1).view(len(mask), -1, across)


@settings(max_examples=20, deadline=None)
@given(side=st.integers(5, 12), patch=st.integers(1, 5), seed=st.integers(0, 99))
def test_scores_equal_the_windows_means(side, patch, seed):
    mask = torch.rand(2, 1, side, side, generator=rng(seed, "mask"))
    assert torch.allclose(window_scores(mask, patch), _naive_scores(mask, patch), atol=1e-6)


def test_scores_by_hand():
    mask = torch.tensor([[1.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]).view(1, 1, 3, 3)
    assert window_scores(mask, 2).tolist() == [[[0.75, 0.25], [0.5, 0.5]]]


def _numbered(side):
    """An image whose red is the pixel's number, green its row, blue its column."""
    number = torch.arange(side * side, dtype=torch.float32).view(side, side)
    return torch.stack([number, number // side, number % side])[None]


def test_a_grid_by_hand():
    # 4x4 image, 2x2 windows; the best is at (2, 2), the second at (0, 0)
    mask = torch.zeros(1, 1, 4, 4)
    mask[..., 2:, 2:], mask[..., :2, :2] = 0.9, 0.8
    ranks = torch.tensor([[0, 1, 1, 0]])
    grid = drawn_patch_grid(_numbered(4), mask, ranks, work_px=4, patch_px=2, best=2)
    assert grid[0, 0].tolist() == [[10, 11, 0, 1], [14, 15, 4, 5], [0, 1, 10, 11], [4, 5, 14, 15]]
    assert torch.equal(grid[0, 1] * 4 + grid[0, 2], grid[0, 0])  # channels stay together


def _naive_grid(source, mask, ranks, work_px, patch_px, best):
    """The definition: lay out every window, sort, pick, tile, resize."""
    small = F.interpolate(source, (work_px, work_px), mode="bicubic")
    shrunk = F.interpolate(mask, (work_px, work_px), mode="bicubic")
    scores = F.unfold(shrunk, patch_px).mean(1)
    windows = F.unfold(small, patch_px)  # (B, 3 patch^2, windows)
    side, grids = int(ranks.shape[1] ** 0.5), []
    for image in range(len(source)):
        order = scores[image].argsort(descending=True)[:best]
        chosen = windows[image][:, order[ranks[image]]].T.view(side, side, 3, patch_px, patch_px)
        rows = [torch.cat(list(chosen[row]), dim=2) for row in range(side)]
        grids.append(torch.cat(rows, dim=1))
    return F.interpolate(torch.stack(grids), source.shape[-2:], mode="bicubic")


@pytest.mark.parametrize(("side", "work", "patch"), [(32, 16, 5), (16, 16, 4), (24, 32, 6)])
def test_the_grid_equals_its_definition(side, work, patch):
    generator = rng(3, "grid", side)
    source = torch.rand(3, 3, side, side, generator=generator) * 2 - 1
    mask = torch.rand(3, 1, side, side, generator=generator)
    ranks = draw_patches(3, 30, 4, generator)
    made = drawn_patch_grid(source, mask, ranks, work_px=work, patch_px=patch, best=30)
    assert made.shape == source.shape
    assert torch.allclose(made, _naive_grid(source, mask, ranks, work, patch, 30), atol=1e-5)


@pytest.mark.parametrize(("side", "changes"), [(256, {}), (64, {"work_px": 64, "patch_px": 10})])
def test_patches_lie_inside_the_object(side, changes):
    # a red disc on blue: every patch is red, whatever is drawn
    axis = torch.linspace(-1, 1, side)
    disc = ((axis[:, None] ** 2 + axis**2) < 0.36).float().view(1, 1, side, side)
    red = torch.tensor([1.0, -1.0, -1.0]).view(1, 3, 1, 1)
    source = red * disc - red * (1 - disc)
    grid = patch_grid(source, disc, rng(0, "patches"), **changes)
    assert grid.shape == source.shape
    assert (grid * red).min() > 0.9  # bicubic resizing may overshoot, but lets no blue in


def test_no_gradient_reaches_source_or_mask():
    source = torch.rand(1, 3, 16, 16, requires_grad=True)
    mask = torch.rand(1, 1, 16, 16, requires_grad=True)
    assert not patch_grid(source, mask, rng(0, "p"), work_px=16, patch_px=4).requires_grad


def test_draws_are_with_replacement_and_of_one_image_each():
    ranks = draw_patches(50, 100, 6, rng(0, "patches"))
    assert ranks.shape == (50, 36) and ranks.min() == 0 and ranks.max() == 99
    assert any(len(row.unique()) < 36 for row in ranks)
    assert torch.equal(draw_patches(3, 100, 6, rng(0, "patches")), ranks[:3])


def test_too_few_windows():
    with pytest.raises(ValueError, match="16 px hold fewer than 100 windows of 10 px"):
        patch_grid(
            torch.zeros(1, 3, 16, 16), torch.zeros(1, 1, 16, 16), rng(0, "p"), work_px=16,
            patch_px=10,
        )  # fmt: skip
