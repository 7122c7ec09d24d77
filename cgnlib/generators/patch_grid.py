"""The texture target: a grid of patches from inside the object.

Source: CGN, section 3.2 and appendix, in the published code's form: the windows under which the
mask is fullest, 36 of them drawn with replacement from the 100 best, laid out 6 by 6.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def window_scores(mask: Tensor, patch_px: int) -> Tensor:
    """Mean mask under every window: (B, 1, H, W) to (B, H - patch_px + 1, W - patch_px + 1).

    A box filter along each axis in turn: the windows themselves, 225 numbers for each of 12,996,
    are never laid out.
    """
    rows = F.avg_pool2d(mask, (patch_px, 1), stride=1)
    return F.avg_pool2d(rows, (1, patch_px), stride=1)[:, 0]


def draw_patches(count: int, best: int, side: int, generator: torch.Generator) -> Tensor:
    """(count, side^2) ranks in [0, best), drawn with replacement; row i is image i's."""
    return torch.randint(0, best, (count, side * side), generator=generator)


def _resized(images: Tensor, px: int) -> Tensor:
    if images.shape[-2:] == (px, px):
        return images
    return F.interpolate(images, size=(px, px), mode="bicubic", align_corners=False)


@torch.no_grad()
def drawn_patch_grid(
    source: Tensor, mask: Tensor, ranks: Tensor, *, work_px: int, patch_px: int, best: int
) -> Tensor:
    """The patch grid of given draws (see :func:`patch_grid`).

    Args:
        ranks: (B, side^2) from :func:`draw_patches`; 0 is the window with the fullest mask.

    Raises:
        ValueError: when ``work_px`` gives fewer than ``best`` windows.
    """
    across = work_px - patch_px + 1
    if across < 1 or across**2 < best:
        raise ValueError(f"{work_px} px hold fewer than {best} windows of {patch_px} px")
    scores = window_scores(_resized(mask.float(), work_px), patch_px)
    windows = scores.flatten(1).topk(best).indices  # (B, best)
    chosen = windows.gather(1, ranks.to(windows.device))  # (B, side^2)
    inside = torch.arange(patch_px, device=source.device)
    rows = (chosen // across)[..., None] + inside  # (B, side^2, patch)
    columns = (chosen % across)[..., None] + inside
    pixels = _resized(source.float(), work_px).permute(0, 2, 3, 1)
    images = torch.arange(len(source), device=source.device)[:, None, None, None]
    patches = pixels[images, rows[..., :, None], columns[..., None, :]]  # (B, side^2, p, p, 3)
    side = round(ranks.shape[1] ** 0.5)
    grid = patches.unflatten(1, (side, side)).permute(0, 5, 1, 3, 2, 4)  # (B, 3, side, p, side, p)
    grid = grid.reshape(len(source), -1, side * patch_px, side * patch_px)
    return _resized(grid, source.shape[-1])


def patch_grid(
    source: Tensor,
    mask: Tensor,
    generator: torch.Generator,
    *,
    work_px: int = 128,
    patch_px: int = 15,
    best: int = 100,
    side: int = 6,
) -> Tensor:
    """A grid of ``side`` x ``side`` patches of ``source`` from under the fullest windows of
    ``mask``, as large as ``source`` and without gradient.

    Both are resized (bicubic) to ``work_px``, every window of ``patch_px`` (stride 1, no padding)
    is scored by its mean mask, ``side``^2 are drawn with replacement from the ``best``, and the
    grid is resized (bicubic) to the size of ``source``. The defaults are the published ones;
    64-pixel images take ``work_px=64, patch_px=10``.

    Args:
        source: images (B, 3, H, H) in [-1, 1]; the ground-truth ones in the published code, the
            composites in the paper (D9).
        mask: (B, 1, H, H) in [0, 1].
        generator: of the draws.

    Returns:
        (B, 3, H, H); bicubic resizing may leave [-1, 1] a little.

    Raises:
        ValueError: when ``work_px`` gives fewer than ``best`` windows.
    """
    ranks = draw_patches(len(source), best, side, generator)
    return drawn_patch_grid(source, mask, ranks, work_px=work_px, patch_px=patch_px, best=best)
