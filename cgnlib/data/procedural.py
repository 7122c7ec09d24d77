"""Procedural stand-ins for the DTD photographs: ten striped and ten veined 150-px sources.

Like the photographs they are multi-modal inside one source (two or three colour regions, shared
between classes) and overlap in mean colour; what tells classes apart is structure: stripe period,
direction, waviness and duty, or vein network, scale and branching. Everything is drawn once from
fixed seeds.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cgnlib.data.marks import (
    Field,
    Stream,
    cells,
    mould,
    noise,
    pinnate,
    ridges,
    rings,
    stripes,
    zigzag,
)
from cgnlib.rng import numpy_rng

CONTRAST = 0.65  # marks of a photograph are softer than the pure colours of a pair
_SEED = 0

# (ground, mark) pairs, 8-bit RGB. Classes share them, so that colour alone does not name a class.
_PAIRS = {
    "ink": ((232, 228, 220), (32, 30, 32)),
    "tiger": ((222, 142, 58), (44, 28, 20)),
    "oak": ((206, 164, 110), (112, 70, 38)),
    "sand": ((224, 202, 160), (150, 112, 74)),
    "barn": ((230, 218, 206), (172, 40, 40)),
    "sailor": ((222, 230, 238), (40, 72, 142)),
    "moss": ((190, 202, 128), (58, 92, 50)),
    "steel": ((184, 188, 190), (82, 88, 96)),
    "lagoon": ((158, 208, 200), (24, 98, 108)),
    "navy": ((44, 58, 104), (206, 212, 222)),
    "mahogany": ((154, 92, 58), (74, 36, 26)),
    "rose": ((224, 188, 174), (142, 84, 80)),
    "wasp": ((234, 204, 70), (48, 40, 28)),
    "leaf": ((78, 128, 52), (186, 206, 120)),
    "lime": ((142, 172, 68), (222, 230, 160)),
    "autumn": ((196, 98, 42), (244, 202, 110)),
    "plum": ((104, 52, 98), (226, 186, 214)),
    "carrara": ((226, 224, 220), (120, 124, 132)),
    "nero": ((46, 46, 52), (214, 204, 186)),
    "verde": ((52, 84, 72), (196, 214, 196)),
    "rosso": ((138, 56, 50), (232, 202, 188)),
    "mud": ((168, 134, 98), (66, 46, 34)),
    "wing": ((206, 200, 176), (74, 58, 44)),
    "cheese": ((232, 218, 178), (92, 112, 122)),
}


@dataclass(frozen=True)
class Texture:
    """One class: the marks' structure, and the colour pairs of its regions with their weight."""

    name: str
    marks: Callable[[Stream], Field]
    pairs: dict[str, float]
    region_px: float = 24.0
    shade: float = 0.10
    grain: float = 0.03


def draw(family: str) -> np.ndarray:
    """The ten sources of ``striped`` or ``veined``, (10, 150, 150, 3) uint8 in class order."""
    return np.stack([_render(texture, family) for texture in FAMILIES[family]])


def _render(texture: Texture, family: str) -> np.ndarray:
    stream = numpy_rng(_SEED, "texture", family, texture.name)
    marks = np.clip(texture.marks(stream), 0, 1)[..., None]
    colours = np.array([_PAIRS[name] for name in texture.pairs], dtype=np.float64) / 255
    ground, mark = np.einsum("kyx,kpc->pyxc", _regions(texture, stream), colours)
    ground, mark = (ground + mark) / 2 + CONTRAST / 2 * np.stack([ground - mark, mark - ground])
    image = ground + marks * (mark - ground)
    light = 1 + texture.shade * noise(stream, 30) + texture.grain * noise(stream, 0.8)
    return np.round(255 * np.clip(image * light[..., None], 0, 1)).astype(np.uint8)


def _regions(texture: Texture, stream: Stream) -> np.ndarray:
    """Soft shares of the colour pairs, (K, 150, 150), summing to 1."""
    weights = np.array(list(texture.pairs.values()))
    score = np.stack([noise(stream, texture.region_px) + 0.25 * noise(stream, 4) for _ in weights])
    score = np.log(weights)[:, None, None] + 0.9 * score
    share = np.exp(4 * (score - score.max(axis=0)))
    return share / share.sum(axis=0)


FAMILIES = {
    "striped": (
        Texture(
            "zebra",
            stripes(15, 12, wave=0.45, wave_px=18, soft=0.10, fork=0.35),
            {"ink": 0.80, "steel": 0.20},
        ),
        Texture(
            "tiger",
            stripes(17, 84, wave=0.5, wave_px=14, duty=0.34, fork=0.6),
            {"tiger": 0.80, "ink": 0.20},
        ),
        Texture("deckchair", stripes(21, 0, duty=0.5, soft=0.06), {"sailor": 0.76, "barn": 0.24}),
        Texture("pinstripe", stripes(6.5, 45, duty=0.35, soft=0.15), {"navy": 0.80, "steel": 0.20}),
        Texture(
            "planks",
            stripes(8, 90, wave=0.22, wave_px=16, duty=0.5, uneven=0.6),
            {"mahogany": 0.80, "tiger": 0.20},
        ),
        Texture(
            "dunes",
            stripes(11, 122, wave=0.4, wave_px=15, soft=0.4, fork=0.3),
            {"sand": 0.76, "ink": 0.24},
        ),
        Texture("jumper", zigzag(13, 11, 9, duty=0.5), {"barn": 0.67, "moss": 0.33}),
        Texture(
            "fish",
            stripes(26, 145, wave=0.2, wave_px=20, duty=0.36, soft=0.08),
            {"wasp": 0.80, "lagoon": 0.20},
        ),
        Texture("shutter", stripes(12, 90, duty=0.55, soft=0.7), {"moss": 0.67, "steel": 0.33}),
        Texture("onion", rings(8.5, (70, 78), 0.25), {"lagoon": 0.76, "ink": 0.24}),
    ),
    # In the order that leaves the object of each class visible on its own background.
    "veined": (
        Texture("plantain", stripes(9, 60, wave=0.2, duty=0.2), {"lime": 0.78, "leaf": 0.22}),
        Texture("dragonfly", cells(9, 1.2, stretch=2.2, angle=20), {"wing": 0.75, "lagoon": 0.25}),
        Texture("beech", pinnate(11, 0.8, 15), {"leaf": 0.68, "autumn": 0.32}),
        Texture("agate", rings(9, (190, -30), 1.2, 0.3), {"rosso": 0.68, "autumn": 0.32}),
        Texture("stilton", mould(2.2, 9), {"cheese": 0.75, "carrara": 0.25}),
        Texture("portoro", ridges(9, 1.6, 2, (1.4, 1), 60), {"nero": 0.78, "verde": 0.22}),
        Texture("ivy", cells(24, 2.2, warp=2.0, fine=0.5), {"verde": 0.75, "leaf": 0.25}),
        Texture("cabbage", pinnate(22, -1.4, 70, 2.4, 0.2), {"plum": 0.75, "lime": 0.25}),
        Texture("marble", ridges(15, 3.0, 3), {"carrara": 0.75, "rose": 0.25}),
        Texture("mudflat", cells(17, 1.6, warp=1.0), {"mud": 0.78, "wing": 0.22}),
    ),
}
