"""Backgrounds of scenes9: one place per class, drawn from ten uniforms."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from cgnlib.data.scenes9_fields import (
    SIDE,
    colours,
    edge,
    grid,
    mix,
    noise,
    plane,
    signed,
    turn,
    wrap,
)

Hsv = tuple[float, float, float]


@dataclass(frozen=True)
class Place:
    """A named background: how it is painted, and its colours (hue, saturation, value).

    ``paint`` takes the (n, 10) uniforms and one (n, 3, 1, 1) colour per entry of ``palette``.
    Columns 0, 1, 2, 3 and 9 place things; columns 4 to 8 move the colours.
    """

    name: str
    paint: Callable[..., Tensor]
    palette: tuple[Hsv, ...]


def paint(place: Place, uniforms: Tensor) -> Tensor:
    """The background, (n, 3, 64, 64) in [0, 1]; ``uniforms`` (n, 10)."""
    table = torch.tensor(place.palette).expand(len(uniforms), -1, 3)
    image = place.paint(uniforms, *colours(table, uniforms[:, 4:]))
    return image.clamp_(0, 1).expand(-1, 3, SIDE, SIDE)


def _column(u: Tensor, i: int) -> Tensor:
    return plane(u[:, i])


def _horizon(u: Tensor) -> Tensor:
    """Height above a horizon somewhere in the upper half, (n, 64, 64)."""
    return grid()[1] - (0.10 + 0.22 * _column(signed(u), 2))


def _shifted_noise(u: Tensor, scale_x: float, scale_y: float, band: str = "coarse") -> Tensor:
    x, y = grid()
    first = 0 if band == "coarse" else 2
    return noise(scale_x * x + _column(u, first), scale_y * y + _column(u, first + 1), band)


def _meadow(u: Tensor, shade: Tensor, blades: Tensor, sky: Tensor, haze: Tensor) -> Tensor:
    grass = mix(shade, blades, edge(_shifted_noise(u, 0.9, 0.2), 2.0))
    above = _horizon(u)
    far = mix(haze, sky, (1.4 * above).clamp(0, 1))
    return mix(grass, far, edge(above + 0.05 * _shifted_noise(u, 0.8, 0.05, "fine"), 0.1))


def _clouds(u: Tensor, low: Tensor, high: Tensor, cloud: Tensor) -> Tensor:
    sky = mix(low, high, (grid()[1] + 1) / 2)
    puff = _shifted_noise(u, 0.2, 0.32) + 0.3 * _shifted_noise(u, 0.5, 0.5, "fine")
    return mix(sky, cloud, edge(puff - 0.45, 1.3))


def _road(
    u: Tensor, low: Tensor, high: Tensor, house: Tensor, asphalt: Tensor, paint: Tensor
) -> Tensor:
    (x, y), s, above = grid(), signed(u), _horizon(u)
    sky = mix(low, high, (y + 1) / 2)
    shifted = x + _column(s, 0)
    block = (3.2 * shifted).floor_()
    height = 0.12 + 0.24 * (1 + (12.9 * block + 6 * _column(u, 1)).sin_())
    lit = ((wrap(11 * shifted) > 0.5) & (wrap(10 * y) > 0.5)).float()
    town = house * (0.85 + 0.5 * lit)[:, None]
    street = asphalt * (1 + 0.10 * _shifted_noise(u, 0.7, 0.7, "fine"))[:, None]
    depth = (-above).clamp(min=0.03)
    aside = (x - 0.5 * _column(s, 0) * (1 - depth)).abs_()
    dashes = edge(0.07 * depth - aside, 0.05) * edge(
        wrap(1.1 / depth + 6 * _column(u, 1)) - 0.4, 0.1
    )
    street = mix(street, paint, dashes)
    return mix(street, mix(sky, town, edge(height - above, 0.05)), edge(above, 0.05))


def _desert(u: Tensor, hollow: Tensor, crest: Tensor, sky: Tensor) -> Tensor:
    x, y = grid()
    sway = (1.7 * x + 6 * _column(u, 0)).sin_()
    ridges = (8 * y + 2.6 * sway + _shifted_noise(u, 0.3, 0.3) + 6 * _column(u, 1)).sin_()
    sand = mix(hollow, crest, edge(ridges, 2.0))
    rim = _horizon(u) - 0.18 + 0.1 * (3 * x + 6 * _column(u, 3)).sin_()
    return mix(sand, sky, edge(rim, 0.08))


def _forest(u: Tensor, dark: Tensor, leaves: Tensor, bark: Tensor) -> Tensor:
    x, y = grid()
    s, fine = signed(u), _shifted_noise(u, 0.5, 0.5, "fine")
    lean = 0.25 * _column(s, 0) + 0.03 * _shifted_noise(u, 0.3, 0.3) + 0.1 * _column(s, 8) * y
    aside = (wrap(2.3 * (x + lean) + _column(u, 1)) - 0.5).abs_()
    trunk = bark * ((1.05 - 1.7 * aside) * (1 + 0.15 * fine))[:, None]
    return mix(
        mix(dark, leaves, edge(fine, 1.6)), trunk, edge(0.17 + 0.05 * _column(s, 9) - aside, 0.09)
    )


def _leaf(u: Tensor, dull: Tensor, fresh: Tensor, vein: Tensor) -> Tensor:
    s = signed(u)
    x, y = turn(*grid(), 0.5 * s[:, 0])
    across = (x - 0.2 * _column(s, 1)).abs_()
    side = (wrap(2.1 * (y - 0.9 * across) + _column(u, 2)) - 0.5).abs_()
    veins = torch.maximum(edge(0.04 - across, 0.06), 0.8 * edge(0.06 - side, 0.12))
    blade = mix(dull, fresh, edge(0.5 - 2.2 * side + 0.3 * _shifted_noise(u, 0.3, 0.3), 1.6))
    return mix(blade, vein, 0.8 * veins)


def _stage(u: Tensor, fold: Tensor, curtain: Tensor, boards: Tensor) -> Tensor:
    (x, y), s = grid(), signed(u)
    waves = (11 * (x + 0.4 * _column(s, 0)) + 0.6 * (3 * y + 6 * _column(u, 1)).sin_()).sin_()
    drape = mix(fold, curtain, edge(waves, 2.0))
    floor = boards * (1 + 0.25 * (20 * y / (1.3 - y)).sin_())[:, None]
    image = mix(floor, drape, edge(y + 0.6 + 0.1 * _column(s, 2), 0.08))
    far = (x - 0.4 * _column(s, 3)).square() + (y - 0.2).square()
    return image * (0.5 + 0.75 * (-1.2 * far).exp_())[:, None]


def _wall(u: Tensor, stone: Tensor, mortar: Tensor) -> Tensor:
    x, y = grid()
    wobble = 0.05 * _shifted_noise(u, 0.5, 0.5, "fine")
    x = 2.0 * x + 2 * _column(u, 0) + wobble
    y = 2.7 * y + 3 * _column(u, 1) + wobble
    row = y.floor()
    x = x + 0.5 * torch.remainder(row, 2)
    own = (7.1 * x.floor() + 3.7 * row).sin_()
    across, up = (wrap(x) - 0.5).abs_(), (wrap(y) - 0.5).abs_()
    gap = torch.maximum(edge(across - 0.44, 0.09), edge(up - 0.42, 0.11))
    light = 1 + 0.13 * own + 0.08 * _shifted_noise(u, 0.9, 0.9)
    return mix(stone * light[:, None], mortar, gap)


def _water(u: Tensor, deep: Tensor, shallow: Tensor, glint: Tensor) -> Tensor:
    net = _shifted_noise(u, 0.2, 0.2) + 0.6 * _shifted_noise(u, 0.24, 0.24, "fine")
    caustics = 0.6 * (1 - net.abs_() / 0.3).clamp_(min=0).square_()
    return mix(mix(deep, shallow, (grid()[1] + 1) / 2), glint, caustics)


PLACES = (
    Place(
        "meadow",
        _meadow,
        ((0.29, 0.75, 0.36), (0.25, 0.72, 0.74), (0.56, 0.35, 0.98), (0.55, 0.12, 1.00)),
    ),
    Place("clouds", _clouds, ((0.56, 0.35, 0.98), (0.60, 0.75, 0.82), (0.58, 0.02, 0.99))),
    Place(
        "road",
        _road,
        (
            (0.60, 0.06, 0.84),
            (0.60, 0.16, 0.64),
            (0.62, 0.22, 0.40),
            (0.60, 0.05, 0.34),
            (0.14, 0.10, 0.96),
        ),
    ),
    Place("desert", _desert, ((0.09, 0.58, 0.74), (0.115, 0.40, 0.98), (0.06, 0.28, 1.00))),
    Place("forest", _forest, ((0.42, 0.60, 0.24), (0.36, 0.52, 0.46), (0.06, 0.42, 0.52))),
    Place("leaf", _leaf, ((0.25, 0.80, 0.56), (0.22, 0.72, 0.82), (0.20, 0.35, 0.96))),
    Place("stage", _stage, ((0.97, 0.95, 0.24), (0.985, 0.88, 0.72), (0.08, 0.60, 0.45))),
    Place("wall", _wall, ((0.11, 0.16, 0.70), (0.10, 0.22, 0.42))),
    Place("water", _water, ((0.53, 0.90, 0.50), (0.48, 0.70, 0.90), (0.46, 0.20, 1.00))),
)
