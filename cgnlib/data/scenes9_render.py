"""The scenes9 renderer: forty uniforms and three labels make one image and its mask.

A silhouette, filled with a texture, lit as a rounded solid, stands in a place and casts a shadow on
it. Each part has its own uniforms, so any label can change while the rest stays.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from cgnlib.data.scenes9_backgrounds import PLACES
from cgnlib.data.scenes9_backgrounds import paint as paint_place
from cgnlib.data.scenes9_fields import PIXEL, SIDE, edge, grid, mix, plane, signed, wrap
from cgnlib.data.scenes9_shapes import CLASSES, SKELETONS, object_frame, signed_distance
from cgnlib.data.scenes9_textures import OUTSIDE_TEXTURES, TEXTURES
from cgnlib.data.scenes9_textures import paint as paint_texture
from cgnlib.errors import UserError

RENDERER_VERSION = 1  # rises when the same uniforms and labels give other pixels
UNIFORMS = 40
POSE, SHAPE, ELASTIC = slice(0, 6), slice(6, 12), slice(12, 18)
TEXTURE, BACKGROUND, LIGHT = slice(18, 26), slice(26, 36), slice(36, 40)
PLAIN = -1  # label of no texture (clay) or no place (plain grey)
MODES = ("full", "only_foreground", "no_foreground", "sketch", "hard", "shifted")
_CHUNK = 128  # images at a time: their planes fit the cache
_BEVEL = 0.22  # how far from the outline a solid is rounded, frame units
_HARD_TURN = math.pi / 2  # largest rotation of a hard scene, radians
_BEYOND = {  # how far past the usual range of a column it goes, below and above, in half ranges
    1: (2.4, 1.0),  # half height 0.40 to 0.64 or 0.84 to 0.94 of the frame
    3: (0.5, 0.5),  # stretch
    4: (0.8, 0.8),  # off centre by 0.14 to 0.25
    5: (0.8, 0.8),  # and 0.12 to 0.22
    36: (0.6, 0.6),  # light from farther aside,
    37: (3.4, 1.2),  # from below or from right above,
    38: (2.6, 2.2),  # and dim or flat
}
_ALL_TEXTURES = (*TEXTURES, *OUTSIDE_TEXTURES)


@dataclass(frozen=True)
class Scenes:
    """``images`` (B, 3, 64, 64) float32 in [-1, 1]; ``masks`` (B, 1, 64, 64) float32 in [0, 1],
    the share of each pixel that shows the object."""

    images: Tensor
    masks: Tensor


def latent_to_uniforms(z: Tensor) -> Tensor:
    """Gaussian latents (B, 40) as the uniforms of the image they are paired with: Phi(z)."""
    return torch.special.ndtr(z)


@torch.no_grad()
def render(
    uniforms: Tensor, shape: Tensor, texture: Tensor, background: Tensor, mode: str = "full"
) -> Scenes:
    """Draw scenes, on the CPU. An image depends on its own row alone, not on its batch.

    Args:
        uniforms: (B, 40) in [0, 1]: 6 pose, 6 shape, 6 elastic, 8 texture, 10 background, 4 light.
        shape: (B,) class of the silhouette, 0 to 8.
        texture: (B,) 0 to 8 of the classes, 9 to 17 from outside them, -1 plain clay.
        background: (B,) 0 to 8, or -1 plain grey.
        mode: ``full``; ``only_foreground`` on black; ``no_foreground``, the place without object
            (masks are 0); ``sketch``, dark edges on white; ``hard``, small, turned by up to a
            right angle and behind a pole, which the mask leaves out; ``shifted``, size, rotation,
            position, stretch and light all outside the ranges that ``full`` draws from.

    Raises:
        UserError: another mode, numbers outside their range, or sizes that differ.
    """
    _check(uniforms, shape, texture, background, mode)
    count, uniforms = len(uniforms), uniforms.float()
    images, masks = torch.empty(count, 3, SIDE, SIDE), torch.empty(count, 1, SIDE, SIDE)
    for start in range(0, count, _CHUNK):
        part = slice(start, start + _CHUNK)
        drawn, mask = _DRAW[mode](uniforms[part], shape[part], texture[part], background[part])
        torch.sub(drawn.clamp_(0, 1).mul_(2), 1, out=images[part])
        masks[part, 0] = mask
    return Scenes(images, masks)


def _check(uniforms: Tensor, shape: Tensor, texture: Tensor, background: Tensor, mode: str) -> None:
    if mode not in MODES:
        raise UserError(f"render: mode {mode!r} is none of {', '.join(MODES)}")
    if uniforms.device.type != "cpu":
        raise UserError(f"render: uniforms lie on {uniforms.device}; scenes are drawn on the CPU")
    if uniforms.ndim != 2 or uniforms.shape[1] != UNIFORMS:
        raise UserError(f"render: uniforms are {tuple(uniforms.shape)}; pass (B, {UNIFORMS})")
    if len(uniforms) and not (uniforms.min() >= 0 and uniforms.max() <= 1):
        raise UserError("render: uniforms leave [0, 1]; pass a Gaussian latent's Phi(z)")
    limits = {
        "shape": (shape, 0, len(CLASSES)),
        "texture": (texture, PLAIN, len(_ALL_TEXTURES)),
        "background": (background, PLAIN, len(PLACES)),
    }
    for name, (labels, low, high) in limits.items():
        if labels.shape != (len(uniforms),):
            raise UserError(f"render: {name} is {tuple(labels.shape)}; pass ({len(uniforms)},)")
        if len(labels) and not (low <= int(labels.min()) and int(labels.max()) < high):
            raise UserError(f"render: {name} labels must be {low} to {high - 1}")


def _by_label(labels: Tensor, size: tuple[int, ...], draw: Callable[[int, Tensor], Tensor]):
    """One call of ``draw(label, rows)`` per label that occurs, put back in order."""
    out = torch.empty(len(labels), *size)
    for label in labels.unique().tolist():
        rows = (labels == label).nonzero()[:, 0]
        out[rows] = draw(label, rows)
    return out


def _distance(u: Tensor, shape: Tensor, hard: bool = False) -> Tensor:
    """Distance to the outline in frame units, (B, 64, 64), negative inside."""
    size = (0.64 + 0.20 * u[:, 1]) * (0.7 if hard else 1.0)

    def draw(label: int, rows: Tensor) -> Tensor:
        own, rotation = u[rows], _HARD_TURN if hard else SKELETONS[CLASSES[label]].rotation
        x, y = object_frame(own[:, POSE], own[:, ELASTIC], rotation, size[rows])
        return signed_distance(CLASSES[label], x, y, own[:, SHAPE]).mul_(plane(size[rows]))

    return _by_label(shape, (SIDE, SIDE), draw)


def _coverage(distance: Tensor) -> Tensor:
    """The share of each pixel inside the outline."""
    return (0.5 - distance / (1.2 * PIXEL)).clamp_(0, 1)


def _textures(u: Tensor, texture: Tensor) -> Tensor:
    x, y = grid()
    shift = 0.3 * signed(u[:, 4:6])  # the texture travels with the object

    def draw(label: int, rows: Tensor) -> Tensor:
        if label == PLAIN:
            return torch.full((), 0.75)
        moved_x = 1.25 * x - plane(shift[rows, 0])
        moved_y = 1.25 * y - plane(shift[rows, 1])
        return paint_texture(_ALL_TEXTURES[label], moved_x, moved_y, u[rows, TEXTURE])

    return _by_label(texture, (3, SIDE, SIDE), draw)


def _places(u: Tensor, background: Tensor) -> Tensor:
    def draw(label: int, rows: Tensor) -> Tensor:
        own = u[rows, BACKGROUND]
        if label == PLAIN:
            return (0.55 + 0.2 * own[:, 4]).view(-1, 1, 1, 1)
        return paint_place(PLACES[label], own)

    return _by_label(background, (3, SIDE, SIDE), draw)


def _slopes(distance: Tensor) -> tuple[Tensor, Tensor]:
    """How fast the distance grows rightwards and upwards, (B, 64, 64) each."""
    right, up = torch.empty_like(distance), torch.empty_like(distance)
    torch.sub(distance[..., 2:], distance[..., :-2], out=right[..., 1:-1])
    torch.sub(distance[..., :-2, :], distance[..., 2:, :], out=up[..., 1:-1, :])
    right[..., 0], right[..., -1] = right[..., 1], right[..., -2]
    up[..., 0, :], up[..., -1, :] = up[..., 1, :], up[..., -2, :]
    return right.mul_(0.5 / PIXEL), up.mul_(0.5 / PIXEL)


def _brightness(distance: Tensor, slopes: tuple[Tensor, Tensor], light: Tensor) -> Tensor:
    """Lambert's law on a solid rounded near its outline, about 1 where it faces the viewer."""
    s = signed(light)
    rim = (1 + distance / _BEVEL).clamp_(0, 1)
    facing = (1 - rim.square()).sqrt_()
    aside = plane(0.7 * s[:, 0]) * slopes[0] + plane(0.45 + 0.25 * s[:, 1]) * slopes[1]
    lit = aside.mul_(rim).add_(facing.mul_(0.85)).clamp_(min=0)
    ambient = 0.42 + 0.10 * s[:, 2]
    return lit.mul_(plane(1.16 - ambient)).add_(plane(ambient))


def _shadow(distance: Tensor, slopes: tuple[Tensor, Tensor], light: Tensor) -> Tensor:
    """How dark the ground is, (B, 64, 64) in [0, 1]: the outline moved away from the light (to
    first order) and blurred."""
    s = signed(light)
    moved = distance + plane(0.05 * s[:, 0]) * slopes[0] + 0.04 * slopes[1]
    return edge(0.06 - moved, 0.2).mul_(plane(0.30 + 0.15 * light[:, 3]))


def _solid(u: Tensor, distance: Tensor, texture: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    slopes = _slopes(distance)
    return _textures(u, texture).mul_(_brightness(distance, slopes, u[:, LIGHT])[:, None]), slopes


def _full(u: Tensor, shape: Tensor, texture: Tensor, background: Tensor, hard: bool = False):
    distance = _distance(u, shape, hard)
    mask = _coverage(distance)
    solid, slopes = _solid(u, distance, texture)
    ground = _places(u, background)
    ground.mul_((1 - _shadow(distance, slopes, u[:, LIGHT]))[:, None])
    return torch.lerp(ground, solid.clamp_(0, 1), mask[:, None]), mask


def _only_foreground(u: Tensor, shape: Tensor, texture: Tensor, background: Tensor):
    distance = _distance(u, shape)
    mask = _coverage(distance)
    return _solid(u, distance, texture)[0].clamp_(0, 1).mul_(mask[:, None]), mask


def _no_foreground(u: Tensor, shape: Tensor, texture: Tensor, background: Tensor):
    return _places(u, background), torch.zeros(())


def _sketch(u: Tensor, shape: Tensor, texture: Tensor, background: Tensor):
    """The outline, and hatching where the solid lies in shade."""
    distance = _distance(u, shape)
    mask = _coverage(distance)
    x, y = grid()
    line = edge(0.03 - distance.abs(), 0.04)
    shade = edge(0.78 - _brightness(distance, _slopes(distance), u[:, LIGHT]), 0.2).mul_(mask)
    hatching = edge(wrap(6 * (x + y) + plane(u[:, 18])) - 0.6, 0.4).mul_(shade)
    ink = torch.maximum(line, hatching.mul_(0.7))
    return (0.98 - 0.85 * ink)[:, None].repeat(1, 3, 1, 1), mask


def _hard(u: Tensor, shape: Tensor, texture: Tensor, background: Tensor):
    image, mask = _full(u, shape, texture, background, hard=True)
    extra = wrap(4093 * u[:, POSE])  # the low digits, as good as new uniforms
    x, y = grid()
    lean, s = 2 * math.pi * extra[:, 0], signed(u)
    across = plane(lean.cos()) * (x - plane(0.14 * s[:, 4]))
    across += plane(lean.sin()) * (y - plane(0.12 * s[:, 5]))
    across += plane(0.12 * signed(extra[:, 1]))
    width = plane(0.05 + 0.04 * extra[:, 2])
    pole = _coverage(across.abs() - width)
    round_light = (1 - (across / width).square()).clamp_(min=0).mul_(0.6).add_(0.4)
    colour = plane(0.35 + 0.4 * extra[:, 3]) * round_light
    return mix(image, colour[:, None], pole), mask * (1 - pole)


def _beyond(values: Tensor, below: Tensor | float, above: Tensor | float) -> Tensor:
    """Uniforms (B,) moved out of [0, 1], the lower half past 0 and the upper half past 1, by up to
    ``below`` or ``above`` half ranges."""
    s = signed(values)
    moved = torch.where(s < 0, s * below - 1, s * above + 1)
    return (moved + 1) / 2


def _shifted(u: Tensor, shape: Tensor, texture: Tensor, background: Tensor):
    """A full scene whose pose and light lie outside the ranges that :func:`_full` draws from."""
    u = u.clone()
    turns = torch.tensor([math.pi / SKELETONS[name].rotation - 1 for name in CLASSES])[shape]
    u[:, 0] = _beyond(u[:, 0], turns, turns)  # rotation: up to half a turn either way
    for column, (below, above) in _BEYOND.items():
        u[:, column] = _beyond(u[:, column], below, above)
    return _full(u, shape, texture, background)


_DRAW = {
    "full": _full,
    "only_foreground": _only_foreground,
    "no_foreground": _no_foreground,
    "sketch": _sketch,
    "hard": _hard,
    "shifted": _shifted,
}
