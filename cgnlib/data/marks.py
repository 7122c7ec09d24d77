"""The structures of the procedural textures: stripes, rings, cells, veins and the noise in them.

Each function takes the proportions of one structure and returns what draws it from a stream: a
field over the 150-px source, about 1 on the marks and 0 on the ground.
"""

from collections.abc import Callable

import numpy as np
from scipy.spatial import cKDTree

PX = 150
_TORUS_PX = 200  # noise is periodic at this size, so that opposite edges of a source differ
_Y, _X = np.mgrid[0:PX, 0:PX].astype(np.float64)
Field = np.ndarray  # (150, 150) float64
Stream = np.random.Generator


def noise(stream: Stream, scale_px: float) -> Field:
    """Smooth Gaussian noise of the given correlation length, mean 0, std 1."""
    frequency_y = np.fft.fftfreq(_TORUS_PX)[:, None]
    frequency_x = np.fft.rfftfreq(_TORUS_PX)[None]
    smooth = np.exp(-2 * (np.pi * scale_px) ** 2 * (frequency_y**2 + frequency_x**2))
    white = np.fft.rfft2(stream.standard_normal((_TORUS_PX, _TORUS_PX)))
    field = np.fft.irfft2(white * smooth, s=(_TORUS_PX, _TORUS_PX))[:PX, :PX]
    return (field - field.mean()) / field.std()


def _step(value: Field, edge: float, softness: float) -> Field:
    return 0.5 + 0.5 * np.tanh((value - edge) / softness)


def stripes(
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
        phase = phase + wave * noise(stream, wave_px)
        return _banded(phase, stream, duty, soft, uneven, fork, period)

    return marks


def rings(period: float, centre: tuple[float, float], wave: float, duty: float = 0.5, soft=0.15):
    """Nested rings round ``centre`` (x, y), bent by ``wave`` periods."""

    def marks(stream: Stream) -> Field:
        radius = np.hypot(_X - centre[0], _Y - centre[1])
        phase = radius / period + wave * noise(stream, 22)
        return _banded(phase, stream, duty, soft, 0.2, 0.0, period)

    return marks


def zigzag(period: float, tooth: float, height: float, duty: float = 0.5):
    """Chevrons: stripes folded every ``tooth`` pixels."""

    def marks(stream: Stream) -> Field:
        fold = np.abs((_X / tooth) % 2 - 1) * height
        phase = (_Y + fold) / period + 0.06 * noise(stream, 12)
        return _banded(phase, stream, duty, 0.2, 0.1, 0.0, period)

    return marks


def _banded(phase, stream, duty, soft, uneven, fork, period) -> Field:
    wave = np.sin(2 * np.pi * phase) + fork * noise(stream, 0.8 * period)
    bands = _step(wave, np.cos(np.pi * duty), 2 * soft)
    which = np.floor(phase + 0.25).astype(int)
    strength = 1 - uneven * stream.random(which.max() - which.min() + 1)
    return bands * strength[which - which.min()]


def cells(
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
    x = _X + warp * noise(stream, 10)
    y = _Y + warp * noise(stream, 10)
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


def ridges(
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
            bent = noise(stream, size) + 0.6 * _slant(angle, size * stretch[0])
            vary = 0.55 + 0.45 * np.tanh(noise(stream, 14))
            vein = np.exp(-((bent * size / width) ** 2)) * vary
            total = np.maximum(total, vein * faint**octave)
        return total

    return marks


def _slant(angle: float, period: float) -> Field:
    turn = np.deg2rad(angle)
    return 2 * np.sin((_X * np.cos(turn) + _Y * np.sin(turn)) / period)


def pinnate(spacing: float, slope: float, lean: float, width: float = 1.6, net: float = 0.4):
    """A leaf: midrib, side veins leaving it by ``slope``, and a fine net between them."""

    def marks(stream: Stream) -> Field:
        turn = np.deg2rad(lean)
        bend = 2.5 * noise(stream, 25)
        across = (_X - PX / 2) * np.cos(turn) + (_Y - PX / 2) * np.sin(turn) + bend
        along = (_Y - PX / 2) * np.cos(turn) - (_X - PX / 2) * np.sin(turn)
        # Ribs repeat, so that any crop meets one: several leaflets side by side.
        leaflet = 64.0
        distance = np.abs((across + leaflet / 2) % leaflet - leaflet / 2)
        rib = np.exp(-((distance / (1.6 * width)) ** 2))
        side_phase = (along + slope * distance + 1.2 * noise(stream, 8)) / spacing
        offset = np.abs(side_phase - np.round(side_phase)) * spacing
        side = np.exp(-((offset / width) ** 2)) * np.clip(1.1 - distance / leaflet, 0, 1)
        minor = net * _borders(stream, 5.5, 1.0, 0.0, 1.0, 0.8)
        return np.maximum.reduce([rib, 0.85 * side, minor])

    return marks


def mould(spots_px: float, vein_px: float) -> Callable[[Stream], Field]:
    """Blotches strung along veins, as in blue cheese."""

    def marks(stream: Stream) -> Field:
        vein = np.exp(-((noise(stream, vein_px) * vein_px / 4.0) ** 2))
        spots = _step(noise(stream, spots_px) + 1.6 * vein, 1.35, 0.35)
        return np.maximum(0.9 * spots, 0.35 * vein)

    return marks
