"""Palettes: the two published ones, and a user's own."""

import pytest
import torch

from cgnlib.data.palettes import parse_palette
from cgnlib.errors import UserError


def _bytes(palette):
    return (palette * 255).round().int().tolist()


def test_lntl_palette_starts_crimson_and_ends_maroon():
    palette = _bytes(parse_palette("lntl", "object"))
    assert palette[0] == [220, 20, 60] and palette[9] == [128, 0, 0]
    assert palette[7] == [250, 197, 187]


def test_double_backgrounds_are_the_published_colours():
    palette = _bytes(parse_palette("double", "background"))
    assert palette[0] == [0, 100, 0] and palette[2] == [0xB0, 0x30, 0x60]
    assert palette[9] == [0x64, 0x95, 0xED]


def test_double_objects_take_the_background_colour_four_classes_on():
    objects, grounds = parse_palette("double", "object"), parse_palette("double", "background")
    for digit in range(10):
        assert torch.equal(objects[digit], grounds[(digit + 4) % 10])
    assert _bytes(objects)[0] == [255, 255, 0]  # yellow


def test_own_palette_is_not_rotated():
    palette = parse_palette("red, #00ff00," + ",".join(["black"] * 8), "object")
    assert _bytes(palette)[:3] == [[255, 0, 0], [0, 255, 0], [0, 0, 0]]


@pytest.mark.parametrize(
    "text, problem",
    [
        ("red,green", "2 colour"),
        ("", "''"),
        ("lnlt", "'lnlt'"),
        (",".join(["red"] * 9 + ["reddish"]), "'reddish'"),
        (",".join(["red"] * 11), "11 colour"),
    ],
)
def test_a_bad_palette_names_the_parameter_and_the_fault(text, problem):
    with pytest.raises(UserError) as caught:
        parse_palette(text, "background")
    assert "background_palette" in str(caught.value) and problem in str(caught.value)
