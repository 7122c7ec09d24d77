"""Figures of generated images: what stands where, from made-up pixels."""

import numpy as np
import pytest

from cgnlib.report import genint_direction_figures as figures
from cgnlib.report.style import png


def texts(ticks):
    return [tick.get_text() for tick in ticks]


def mosaic(figure):
    return np.asarray(figure.axes[0].images[0].get_array())


def test_a_sheet_shows_each_direction_on_each_class():
    levels = np.arange(2 * 3 * 4).reshape(2, 3, 4)  # direction, class, position
    images = np.broadcast_to(levels[..., None, None, None], (2, 3, 4, 6, 6, 3)).astype(np.uint8)
    figure = figures.direction_sheet(images, (0, 5), ((-3, 3), (-4, 2)), ("a", "b", "c"))
    axes = figure.axes[0]
    assert texts(axes.get_yticklabels()) == ["0: -3 \u2026 3", "5: -4 \u2026 2"]
    assert texts(axes.get_xticklabels()) == ["a", "b", "c"] and len(axes.lines) == 2
    centres = mosaic(figure)[3::8, 3::8, 0] * 255  # 6 px and a gap of 2
    assert np.allclose(centres, levels.reshape(2, 12))
    middles = axes.get_xticks()
    assert middles.tolist() == [16, 48, 80]  # four tiles of 8 px each
    assert png(figure).startswith(b"\x89PNG")


def test_one_direction_names_its_positions():
    figure = figures.one_direction(np.zeros((2, 3, 4, 4, 3), np.uint8), 7, (-4, 2), ("a", "b"))
    axes = figure.axes[0]
    assert texts(axes.get_xticklabels()) == ["-4.0", "-1.0", "2.0"]
    assert axes.get_xlabel() == "position along direction 7"


def test_samples_are_the_first_of_each_class():
    images = np.arange(12, dtype=np.uint8)[:, None, None, None] * np.ones((1, 3, 4, 4), np.uint8)
    labels = np.arange(12) % 3
    sets = {"plain": (images, labels), "edited": (images + 100, labels)}
    figure = figures.generated_samples(sets, ("a", "b", "c"), 2)
    assert texts(figure.axes[0].get_yticklabels()) == ["plain", "", "edited", ""]
    centres = np.rint(mosaic(figure)[2::6, 2::6, 0] * 255)
    assert centres.tolist() == [[0, 1, 2], [3, 4, 5], [100, 101, 102], [103, 104, 105]]


def test_transfers_stand_beneath_each_other():
    rows = {
        name: np.full((2, 3, 4, 4), level) for name, level in (("content", 0.25), ("result", 1))
    }
    figure = figures.transfers(rows)
    assert texts(figure.axes[0].get_yticklabels()) == ["content", "result"]
    assert mosaic(figure)[[0, 6], 0, 0].tolist() == [0.25, 1.0]


def test_the_worst_cosine_stays_in_view():
    figure = figures.scales_and_cosines([3.0, 1.0], [0.99, 0.5])
    left, right = figure.axes
    assert [bar.get_height() for bar in left.patches] == [3.0, 1.0]
    assert right.get_ylim()[0] == pytest.approx(0.48)
    assert figures.scales_and_cosines([1.0], [0.999]).axes[1].get_ylim()[0] == 0.9
