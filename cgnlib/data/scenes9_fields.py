"""What every scenes9 layer is drawn with: the pixel grid, smooth edges, periodic noise, colours.

Layers are planes (n, 64, 64) that depend on their own image's numbers alone, through elementwise
operations, so that an image comes out the same in any batch.
"""

from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

SIDE = 64  # pixels
PIXEL = 2 / SIDE  # a pixel's width where the frame is [-1, 1]
_TILE = 128  # noise repeats after this many samples
_BANDS = {"coarse": (1, 2, 14), "fine": (2, 2, 14), "grit": (3, 8, 40)}  # seed, cycles from, to


@lru_cache(maxsize=1)
def grid() -> tuple[Tensor, Tensor]:
    """Pixel centres x and y (up), (1, 64, 64) each, in (-1, 1)."""
    centres = (torch.arange(SIDE) + 0.5) * PIXEL - 1
    x, y = torch.meshgrid(centres, -centres, indexing="xy")
    return x[None].contiguous(), y[None].contiguous()


@lru_cache(maxsize=len(_BANDS))
def _tile(band: str) -> Tensor:
    """Band-limited 1/f noise of std 1, (1, 1, 130, 130): one period and a wrapped border."""
    seed, low, high = _BANDS[band]
    white = torch.randn(_TILE, _TILE, generator=torch.Generator().manual_seed(seed))
    cycles = torch.fft.fftfreq(_TILE) * _TILE
    radius = (cycles[:, None] ** 2 + cycles[None] ** 2).sqrt()
    kept = ((radius >= low) & (radius <= high)) / radius.clamp(min=1)
    field = torch.fft.ifft2(torch.fft.fft2(white) * kept).real
    return F.pad((field / field.std())[None, None], (1, 1, 1, 1), mode="circular")


def noise(x: Tensor, y: Tensor, band: str = "coarse") -> Tensor:
    """Smooth noise of mean 0 and std 1 at x, y (n, 64, 64); it repeats with period 1."""
    where = torch.stack(torch.broadcast_tensors(x, y), -1)
    where.sub_(where.floor()).sub_(0.5).mul_(2 * _TILE / (_TILE + 2))
    tile = _tile(band).expand(len(where), -1, -1, -1)
    return F.grid_sample(tile, where, align_corners=False)[:, 0]


def plane(values: Tensor) -> Tensor:
    """One number per image, (n,), as (n, 1, 1): it broadcasts over pixels."""
    return values[:, None, None]


def signed(uniforms: Tensor) -> Tensor:
    """Numbers in (0, 1) moved to (-1, 1)."""
    return uniforms * 2 - 1


def edge(value: Tensor, width: float) -> Tensor:
    """0 where ``value`` is negative, 1 where positive, smooth within ``width``."""
    t = (value / width).add_(0.5).clamp_(0, 1)
    return (3 - 2 * t).mul_(t).mul_(t)


def wrap(value: Tensor) -> Tensor:
    """The part after the point, in [0, 1)."""
    return value - value.floor()


def turn(x: Tensor, y: Tensor, angle: Tensor) -> tuple[Tensor, Tensor]:
    """Coordinates in a frame turned by ``angle`` (n,) radians."""
    cosine, sine = plane(angle.cos()), plane(angle.sin())
    return cosine * x + sine * y, cosine * y - sine * x


def mix(first: Tensor, second: Tensor, amount: Tensor) -> Tensor:
    """From ``first`` to ``second``, (n, 3, 64 or 1, 64 or 1), by ``amount`` (n, 64, 64)."""
    return ((second - first) * amount[:, None]).add_(first)


def hsv(hue: Tensor, saturation: Tensor, value: Tensor) -> Tensor:
    """RGB in [0, 1] on a new last axis; hue in turns."""
    shift = torch.tensor([5.0, 3.0, 1.0])
    k = torch.remainder(shift + 6 * hue[..., None], 6)
    distance = torch.minimum(k, 4 - k).clamp(0, 1)
    return value[..., None] * (1 - saturation[..., None] * distance)


def colours(table: Tensor, uniforms: Tensor, hue_spread: float = 0.02) -> list[Tensor]:
    """Each image's own palette.

    Args:
        table: (n, k, 3) hue, saturation, value of k colours.
        uniforms: (n, k + 1); colour i draws its hue from column i, its value from column i + 1.
        hue_spread: largest change of hue, in turns; values change by at most 12 %.

    Returns:
        k colours (n, 3, 1, 1) in [0, 1].
    """
    moves = signed(uniforms)
    count = table.shape[1]
    hue = table[..., 0] + hue_spread * moves[:, :count]
    value = (table[..., 2] * (1 + 0.12 * moves[:, 1 : count + 1])).clamp(0, 1)
    rgb = hsv(hue, table[..., 1], value)
    return [rgb[:, i, :, None, None] for i in range(count)]
