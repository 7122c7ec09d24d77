"""Textures of scenes9: nine that belong to the classes, nine from outside them.

A texture is a pattern of marks in [0, 1] between two colours. The nine differ in both, and each is
readable on every background. The outside ones draw their colours freely, so that colour names
nothing.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from cgnlib.data.scenes9_fields import colours, edge, mix, noise, plane, signed, turn, wrap

Hsv = tuple[float, float, float]
# x, y (n, 64, 64) and (n, 8) uniforms to marks (n, 64, 64) in [0, 1]. Column 0 changes the scale,
# 1 and 2 shift, 3 to 5 colour, 6 turns, 7 is the pattern's own.
Pattern = Callable[[Tensor, Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Texture:
    """A named pattern and its colours (hue, saturation, value); without colours they are free."""

    name: str
    pattern: Pattern
    ground: Hsv | None = None
    marks: Hsv | None = None


def paint(texture: Texture, x: Tensor, y: Tensor, uniforms: Tensor) -> Tensor:
    """The texture at x, y (n, 64, 64), (n, 3, 64, 64) in [0, 1]; ``uniforms`` (n, 8)."""
    count = len(uniforms)
    if texture.ground is None:
        ground, marks = _free_colours(uniforms)
    else:
        table = torch.tensor([texture.ground, texture.marks]).expand(count, 2, 3)
        ground, marks = colours(table, uniforms[:, 3:6])
    return mix(ground, marks, texture.pattern(x, y, uniforms))


def _free_colours(uniforms: Tensor) -> list[Tensor]:
    """Any hue for the ground; marks a third of a turn or more away and of opposite brightness."""
    u = uniforms
    dark, far = u[:, 7] < 0.5, 0.33 + 0.34 * u[:, 4]
    low, high = torch.full_like(far, 0.35), torch.full_like(far, 0.95)
    ground = torch.stack((u[:, 3], 0.2 + 0.6 * u[:, 5], torch.where(dark, low, high)), 1)
    marks = torch.stack((u[:, 3] + far, 0.8 - 0.6 * u[:, 5], torch.where(dark, high, low)), 1)
    return colours(torch.stack((ground, marks), 1), u[:, 3:6], 0.0)


def _frame(
    x: Tensor, y: Tensor, u: Tensor, scale: float, swing: float = 0.0, shift: float = 1.0
) -> tuple[Tensor, Tensor]:
    """Turned by at most ``swing`` radians, scaled by ``scale`` and a quarter of it, shifted."""
    size = plane(scale * (1 + 0.2 * signed(u[:, 0])))
    if swing:
        x, y = turn(x, y, swing * signed(u[:, 6]))
    return x * size + plane(shift * u[:, 1]), y * size + plane(shift * u[:, 2])


def _rows(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Cell coordinates in [-0.5, 0.5) of unit cells, every other row shifted by half a cell."""
    odd = torch.remainder(y.floor(), 2)
    return wrap(x + 0.5 * odd) - 0.5, wrap(y) - 0.5


def _wave(value: Tensor) -> Tensor:
    return (value * (2 * math.pi)).sin_()


def _spots(x: Tensor, y: Tensor, u: Tensor) -> Tensor:
    x, y = _frame(x, y, u, 0.38)
    return edge(noise(x, y) - 0.72, 0.5)


def _feathers(x: Tensor, y: Tensor, u: Tensor) -> Tensor:
    x, y = _rows(*_frame(x, y, u, 3.0, 0.3, 2))
    above_tip = y + 0.5 - 1.9 * x.square_()
    return torch.maximum(edge(0.06 - above_tip, 0.12), (1.25 * above_tip).clamp_(0, 1))


def _panels(x: Tensor, y: Tensor, u: Tensor) -> Tensor:
    x, y = _frame(x, y, u, 2.7, 0.15)
    across, up = (wrap(x) - 0.5).abs_(), (wrap(1.4 * y) - 0.5).abs_()
    seams = torch.maximum(edge(across - 0.40, 0.09), edge(up - 0.37, 0.12))
    return seams


def _scales(x: Tensor, y: Tensor, u: Tensor) -> Tensor:
    x, y = _frame(x, y, u, 4.6, 0.5, 2)
    hexagons = _wave(x) + _wave(0.5 * x + 0.866 * y) + _wave(0.5 * x - 0.866 * y + 0.25)
    return edge(hexagons + 0.1, 2.2)


def _stripes(x: Tensor, y: Tensor, u: Tensor) -> Tensor:
    x, y = _frame(x, y, u, 1.0, 0.3, 7)
    bend = noise(0.16 * x, 0.3 * y)
    fork = noise(0.3 * x, 0.22 * y + 0.5, "fine")
    return edge(_wave(1.9 * x + 0.22 * bend) - 0.35 + 0.4 * fork, 0.6)


def _dots(x: Tensor, y: Tensor, u: Tensor) -> Tensor:
    x, y = _rows(*_frame(x, y, u, 2.7, 0.8))
    return edge(0.36 - (x.square() + y.square()).sqrt_(), 0.14)


def _grain(x: Tensor, y: Tensor, u: Tensor) -> Tensor:
    x, y = _frame(x, y, u, 1.0, 0.25, 5)
    bend = noise(0.5 * x, 0.1 * y)
    return edge(_wave(2.3 * x + 0.36 * bend + 0.1 * _wave(0.24 * y)), 1.8)


def _fur(x: Tensor, y: Tensor, u: Tensor) -> Tensor:
    x, y = _frame(x, y, u, 1.0, 0.5, 5)
    comb = 0.03 * noise(0.15 * x, 0.15 * y, "fine")
    return edge(noise(0.62 * x + comb, 0.15 * y) + 0.1, 2.0)


def _chevrons(x: Tensor, y: Tensor, u: Tensor) -> Tensor:
    x, y = _frame(x, y, u, 3.0, 0.3)
    fold = (wrap(x) - 0.5).abs_()
    return edge((wrap(y + 1.2 * fold) - 0.5).abs_() - 0.25, 0.16)


def _checks(x: Tensor, y: Tensor, u: Tensor) -> Tensor:
    x, y = _frame(x, y, u, 1.4, 0.8)
    return edge(_wave(x) * _wave(y), 0.4)


def _rings(x: Tensor, y: Tensor, u: Tensor) -> Tensor:
    x, y = _frame(x, y, u, 1.2)
    radius = ((wrap(x) - 0.5).square() + (wrap(y) - 0.5).square()).sqrt_()
    return edge(_wave(4.0 * radius), 0.9)


def _plaid(x: Tensor, y: Tensor, u: Tensor) -> Tensor:
    x, y = _frame(x, y, u, 1.7, 0.8)
    return 0.5 * edge(_wave(x) - 0.2, 0.5) + 0.5 * edge(_wave(y) - 0.2, 0.5)


def _marble(x: Tensor, y: Tensor, u: Tensor) -> Tensor:
    x, y = _frame(x, y, u, 0.3, 0.8)
    vein = noise(x, y).add_(0.5 * noise(2 * x, 2 * y, "fine")).abs_()
    return edge(0.2 - vein, 0.36)


def _bricks(x: Tensor, y: Tensor, u: Tensor) -> Tensor:
    x, y = _frame(x, y, u, 1.7, 0.2)
    x, y = _rows(x, 1.9 * y)
    return torch.maximum(edge(x.abs_() - 0.43, 0.1), edge(y.abs_() - 0.36, 0.16))


def _confetti(x: Tensor, y: Tensor, u: Tensor) -> Tensor:
    x, y = _frame(x, y, u, 0.3, 0.8)
    return edge(noise(x, y, "grit") - 0.9, 0.5)


def _ripples(x: Tensor, y: Tensor, u: Tensor) -> Tensor:
    x, y = _frame(x, y, u, 1.0, 0.8)
    return edge(_wave(2.6 * y + 0.25 * _wave(1.1 * x)), 0.8)


def _hatching(x: Tensor, y: Tensor, u: Tensor) -> Tensor:
    x, y = _frame(x, y, u, 2.4, 0.8)
    lines = torch.maximum(_wave(x + 0.6 * y), _wave(x - 0.6 * y))
    return edge(lines - 0.8, 0.3)


def _camouflage(x: Tensor, y: Tensor, u: Tensor) -> Tensor:
    x, y = _frame(x, y, u, 0.22, 0.8)
    patches = noise(x, y)
    return 0.5 * edge(patches + 0.4, 0.2) + 0.5 * edge(patches - 0.5, 0.2)


TEXTURES = (
    Texture("dalmatian spots", _spots, (0.10, 0.08, 0.97), (0.05, 0.50, 0.12)),
    Texture("feathers", _feathers, (0.60, 0.70, 0.98), (0.66, 0.95, 0.28)),
    Texture("painted panels", _panels, (0.00, 0.90, 0.78), (0.12, 0.15, 0.97)),
    Texture("scales", _scales, (0.40, 0.90, 0.24), (0.31, 0.62, 1.00)),
    Texture("tiger stripes", _stripes, (0.075, 0.92, 0.98), (0.05, 0.60, 0.08)),
    Texture("polka dots", _dots, (0.70, 0.45, 0.10), (0.145, 0.90, 1.00)),
    Texture("wood grain", _grain, (0.05, 0.80, 0.30), (0.085, 0.58, 0.80)),
    Texture("rose fur", _fur, (0.93, 0.85, 0.38), (0.94, 0.38, 1.00)),
    Texture("chevrons", _chevrons, (0.76, 0.80, 0.50), (0.74, 0.22, 1.00)),
)
OUTSIDE_TEXTURES = tuple(
    Texture(pattern.__name__.strip("_"), pattern)
    for pattern in (
        _checks,
        _rings,
        _plaid,
        _marble,
        _bricks,
        _confetti,
        _ripples,
        _hatching,
        _camouflage,
    )
)
