"""Procedural stand-ins for the DTD photographs: ten striped and ten veined 150-px sources.

Like the photographs they are multi-modal inside one source (two or three colour regions, shared
between classes) and overlap in mean colour; what tells classes apart is structure: stripe period,
direction, waviness and duty, or vein network, scale and branching. Everything is drawn once from
fixed seeds.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from cgnlib.rng import numpy_rng

PX = 150
CONTRAST = 0.65  # marks of a photograph are softer than the pure colours of a pair
_SEED = 0
_TORUS_PX = 200  # noise is periodic at this size, so that opposite edges of a source differ
_Y, _X = np.mgrid[0:PX, 0:PX].astype(np.float64)
Field = np.ndarray  # (150, 150) float64
Stream = np.random.Generator

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
    light = 1 + texture.shade * _noise(stream, 30) + texture.grain * _noise(stream, 0.8)
    return np.round(255 * np.clip(image * light[..., None], 0, 1)).astype(np.uint8)


def _regions(texture: Texture, stream: Stream) -> np.ndarray:
    """Soft shares of the colour pairs, (K, 150, 150), summing to 1."""
    weights = np.array(list(texture.pairs.values()))
    score = np.stack(
        [_noise(stream, texture.region_px) + 0.25 * _noise(stream, 4) for _ in weights]
    )
    score = np.log(weights)[:, None, None] + 0.9 * score
    share = np.exp(4 * (score - score.max(axis=0)))
    return share / share.sum(axis=0)


def _noise(stream: Stream, scale_px: float) -> Field:
    """Smooth Gaussian noise of the given correlation length, mean 0, std 1."""
    frequency_y = np.fft.fftfreq(_TORUS_PX)[:, None]
    frequency_x = np.fft.rfftfreq(_TORUS_PX)[None]
    smooth = np.exp(-2 * (np.pi * scale_px) ** 2 * (frequency_y**2 + frequency_x**2))
    white = np.fft.rfft2(stream.standard_normal((_TORUS_PX, _TORUS_PX)))
    field = np.fft.irfft2(white * smooth, s=(_TORUS_PX, _TORUS_PX))[:PX, :PX]
    return (field - field.mean()) / field.std()


def _step(value: Field, edge: float, softness: float) -> Field:
    return 0.5 + 0.5 * np.tanh((value - edge) / softness)


def _stripes(
    period: float,
    angle: float,
    wave: float = 0.0,
    wave_px: float = 20.0,
    duty: float = 0.5,
    soft: float = 0.15,
    uneven: float = 0.0,
    fork: float = 0.0,
) -> Callable[[Stream], Field]:
    """Stripes across ``angle`` degrees: ``wave`` bends them (in periods), ``fork`` pinches them,
    ``uneven`` varies their strength one by one, ``duty`` is the share of mark."""

    def marks(stream: Stream) -> Field:
        turn = np.deg2rad(angle)
        phase = (_X * np.cos(turn) + _Y * np.sin(turn)) / period
        phase = phase + wave * _noise(stream, wave_px)
        return _banded(phase, stream, duty, soft, uneven, fork, period)

    return marks


def _rings(period: float, centre: tuple[float, float], wave: float, duty: float = 0.5, soft=0.15):
    """Nested rings round ``centre`` (x, y), bent by ``wave`` periods."""

    def marks(stream: Stream) -> Field:
        radius = np.hypot(_X - centre[0], _Y - centre[1])
        phase = radius / period + wave * _noise(stream, 22)
        return _banded(phase, stream, duty, soft, 0.2, 0.0, period)

    return marks


def _zigzag(period: float, tooth: float, height: float, duty: float = 0.5):
    """Chevrons: stripes folded every ``tooth`` pixels."""

    def marks(stream: Stream) -> Field:
        fold = np.abs((_X / tooth) % 2 - 1) * height
        phase = (_Y + fold) / period + 0.06 * _noise(stream, 12)
        return _banded(phase, stream, duty, 0.2, 0.1, 0.0, period)

    return marks


def _banded(phase, stream, duty, soft, uneven, fork, period) -> Field:
    wave = np.sin(2 * np.pi * phase) + fork * _noise(stream, 0.8 * period)
    bands = _step(wave, np.cos(np.pi * duty), 2 * soft)
    which = np.floor(phase + 0.25).astype(int)
    strength = 1 - uneven * stream.random(which.max() - which.min() + 1)
    return bands * strength[which - which.min()]


def _cells(
    size: float,
    width: float,
    stretch: float = 1.0,
    angle: float = 0.0,
    warp: float = 0.0,
    fine: float = 0.0,
) -> Callable[[Stream], Field]:
    """Borders of Voronoi cells about ``size`` px wide, ``stretch`` times longer along ``angle``;
    ``fine`` adds a fainter network half as wide."""

    def marks(stream: Stream) -> Field:
        borders = _borders(stream, size, stretch, angle, warp, width)
        if fine:
            minor = _borders(stream, size * 0.42, stretch, angle, warp * 0.5, width * 0.7)
            borders = np.maximum(borders, fine * minor)
        return borders

    return marks


def _borders(stream, size, stretch, angle, warp, width) -> Field:
    turn = np.deg2rad(angle)
    x = _X + warp * _noise(stream, 10)
    y = _Y + warp * _noise(stream, 10)
    along = (x * np.cos(turn) + y * np.sin(turn)) / stretch
    across = y * np.cos(turn) - x * np.sin(turn)
    low = np.array([along.min(), across.min()]) - size
    high = np.array([along.max(), across.max()]) + size
    counts = np.ceil((high - low) / size).astype(int)
    grid = np.stack(np.meshgrid(*[np.arange(count) for count in counts]), -1).reshape(-1, 2)
    seeds = low + size * (grid + stream.uniform(0.05, 0.95, grid.shape))
    near, _ = cKDTree(seeds).query(np.stack([along, across], -1).reshape(-1, 2), k=2)
    gap = (near[:, 1] - near[:, 0]).reshape(PX, PX)
    return np.exp(-((gap / width) ** 2))


def _ridges(
    scale: float,
    width: float,
    octaves: int = 2,
    stretch: tuple[float, float] = (1, 1),
    angle: float = 0.0,
    faint: float = 0.5,
) -> Callable[[Stream], Field]:
    """Marble veins: the zero lines of warped noise, the finer octaves fainter."""

    def marks(stream: Stream) -> Field:
        total = np.zeros((PX, PX))
        for octave in range(octaves):
            size = scale / 2**octave
            bent = _noise(stream, size) + 0.6 * _slant(angle, size * stretch[0])
            vary = 0.55 + 0.45 * np.tanh(_noise(stream, 14))
            vein = np.exp(-((bent * size / width) ** 2)) * vary
            total = np.maximum(total, vein * faint**octave)
        return total

    return marks


def _slant(angle: float, period: float) -> Field:
    turn = np.deg2rad(angle)
    return 2 * np.sin((_X * np.cos(turn) + _Y * np.sin(turn)) / period)


def _pinnate(spacing: float, slope: float, lean: float, width: float = 1.6, net: float = 0.4):
    """A leaf: midrib, side veins leaving it by ``slope``, and a fine net between them."""

    def marks(stream: Stream) -> Field:
        turn = np.deg2rad(lean)
        bend = 2.5 * _noise(stream, 25)
        across = (_X - PX / 2) * np.cos(turn) + (_Y - PX / 2) * np.sin(turn) + bend
        along = (_Y - PX / 2) * np.cos(turn) - (_X - PX / 2) * np.sin(turn)
        # Ribs repeat, so that any crop meets one: several leaflets side by side.
        leaflet = 64.0
        distance = np.abs((across + leaflet / 2) % leaflet - leaflet / 2)
        rib = np.exp(-((distance / (1.6 * width)) ** 2))
        side_phase = (along + slope * distance + 1.2 * _noise(stream, 8)) / spacing
        offset = np.abs(side_phase - np.round(side_phase)) * spacing
        side = np.exp(-((offset / width) ** 2)) * np.clip(1.1 - distance / leaflet, 0, 1)
        minor = net * _borders(stream, 5.5, 1.0, 0.0, 1.0, 0.8)
        return np.maximum.reduce([rib, 0.85 * side, minor])

    return marks


def _mould(spots_px: float, vein_px: float) -> Callable[[Stream], Field]:
    """Blotches strung along veins, as in blue cheese."""

    def marks(stream: Stream) -> Field:
        vein = np.exp(-((_noise(stream, vein_px) * vein_px / 4.0) ** 2))
        spots = _step(_noise(stream, spots_px) + 1.6 * vein, 1.35, 0.35)
        return np.maximum(0.9 * spots, 0.35 * vein)

    return marks


FAMILIES = {
    "striped": (
        Texture(
            "zebra",
            _stripes(15, 12, wave=0.45, wave_px=18, soft=0.10, fork=0.35),
            {"ink": 0.80, "steel": 0.20},
        ),
        Texture(
            "tiger",
            _stripes(17, 84, wave=0.5, wave_px=14, duty=0.34, fork=0.6),
            {"tiger": 0.80, "ink": 0.20},
        ),
        Texture("deckchair", _stripes(21, 0, duty=0.5, soft=0.06), {"sailor": 0.76, "barn": 0.24}),
        Texture(
            "pinstripe", _stripes(6.5, 45, duty=0.35, soft=0.15), {"navy": 0.80, "steel": 0.20}
        ),
        Texture(
            "planks",
            _stripes(8, 90, wave=0.22, wave_px=16, duty=0.5, uneven=0.6),
            {"mahogany": 0.80, "tiger": 0.20},
        ),
        Texture(
            "dunes",
            _stripes(11, 122, wave=0.4, wave_px=15, soft=0.4, fork=0.3),
            {"sand": 0.76, "ink": 0.24},
        ),
        Texture("jumper", _zigzag(13, 11, 9, duty=0.5), {"barn": 0.67, "moss": 0.33}),
        Texture(
            "fish",
            _stripes(26, 145, wave=0.2, wave_px=20, duty=0.36, soft=0.08),
            {"wasp": 0.80, "lagoon": 0.20},
        ),
        Texture("shutter", _stripes(12, 90, duty=0.55, soft=0.7), {"moss": 0.67, "steel": 0.33}),
        Texture("onion", _rings(8.5, (70, 78), 0.25), {"lagoon": 0.76, "ink": 0.24}),
    ),
    # In the order that leaves the object of each class visible on its own background.
    "veined": (
        Texture("plantain", _stripes(9, 60, wave=0.2, duty=0.2), {"lime": 0.78, "leaf": 0.22}),
        Texture("dragonfly", _cells(9, 1.2, stretch=2.2, angle=20), {"wing": 0.75, "lagoon": 0.25}),
        Texture("beech", _pinnate(11, 0.8, 15), {"leaf": 0.68, "autumn": 0.32}),
        Texture("agate", _rings(9, (190, -30), 1.2, 0.3), {"rosso": 0.68, "autumn": 0.32}),
        Texture("stilton", _mould(2.2, 9), {"cheese": 0.75, "carrara": 0.25}),
        Texture("portoro", _ridges(9, 1.6, 2, (1.4, 1), 60), {"nero": 0.78, "verde": 0.22}),
        Texture("ivy", _cells(24, 2.2, warp=2.0, fine=0.5), {"verde": 0.75, "leaf": 0.25}),
        Texture("cabbage", _pinnate(22, -1.4, 70, 2.4, 0.2), {"plum": 0.75, "lime": 0.25}),
        Texture("marble", _ridges(15, 3.0, 3), {"carrara": 0.75, "rose": 0.25}),
        Texture("mudflat", _cells(17, 1.6, warp=1.0), {"mud": 0.78, "wing": 0.22}),
    ),
}
