"""scenes9's counterpart of ObjectNet: the class is kept, the nuisances leave their usual ranges."""

import math

import pytest
import torch

from cgnlib.data.scenes9 import scene_set
from cgnlib.data.scenes9_render import _BEYOND, _beyond, _shifted, render
from cgnlib.data.scenes9_shapes import CLASSES, SKELETONS
from cgnlib.rng import rng

COUNT = 90


@pytest.fixture(scope="module")
def sets():
    return {name: scene_set(name, COUNT, 0, "test") for name in ("original", "nuisance_shifted")}


def test_the_class_is_kept_and_the_place_is_any(sets):
    shifted, original = sets["nuisance_shifted"], sets["original"]
    assert torch.equal(shifted.shape, original.shape)
    assert torch.equal(shifted.shape, shifted.texture)
    share = (shifted.shape == shifted.background).float().mean()
    assert share < 0.3 and set(shifted.background.tolist()) == set(range(9))


def test_uniforms_leave_the_usual_range_on_both_sides():
    moved = _beyond(torch.linspace(0, 1, 101), 2.0, 0.5)
    assert ((moved < 0) | (moved >= 1)).all()
    assert moved.min() == pytest.approx(-1.0) and moved.max() == pytest.approx(1.25)
    assert (moved.diff() > 0).all()


def test_rotation_size_position_and_light_lie_outside_those_of_other_scenes(monkeypatch):
    seen = {}
    monkeypatch.setattr("cgnlib.data.scenes9_render._full", lambda u, *labels: seen.update(u=u))
    uniforms = torch.rand(COUNT, 40, generator=rng(0, "uniforms"))
    shape = torch.arange(COUNT) % 9
    _shifted(uniforms, shape, shape, shape)
    used = seen["u"]
    for column in (0, *_BEYOND):
        assert ((used[:, column] < 0) | (used[:, column] > 1)).all(), column
    others = [column for column in range(40) if column not in (0, *_BEYOND)]
    assert torch.equal(used[:, others], uniforms[:, others])
    usual = torch.tensor([SKELETONS[name].rotation for name in CLASSES])[shape]
    angle = (2 * used[:, 0] - 1) * usual
    assert (angle.abs() > usual).all() and angle.abs().max() <= math.pi + 1e-4
    size = 0.64 + 0.20 * used[:, 1]
    assert (((size > 0.40 - 1e-6) & (size < 0.64)) | ((size > 0.84) & (size < 0.94 + 1e-6))).all()


def test_objects_stay_in_view(sets):
    area = sets["nuisance_shifted"].masks.float().div(255).mean((1, 2, 3))
    assert (
        area.min() > 0.015
        and area.std() > 1.3 * sets["original"].masks.float().div(255).mean((1, 2, 3)).std()
    )


def test_light_comes_from_other_sides():
    """Where the light comes from below, the lower half of a solid is the brighter one."""
    uniforms = torch.full((2, 40), 0.5)
    uniforms[:, 37] = torch.tensor([0.0, 1.0])  # farthest below, farthest above
    uniforms[:, 38] = 0.499
    label = torch.full((2,), 4)
    plain = torch.full((2,), -1)
    scenes = render(uniforms, label, plain, plain, "shifted")
    solid = scenes.masks[:, 0] > 0.99
    rows = torch.arange(64).float()[:, None].expand(64, 64)
    for image, inside, sign in zip(scenes.images.mean(1), solid, (1, -1), strict=True):
        middle = rows[inside].median()
        low, high = image[inside & (rows > middle)].mean(), image[inside & (rows < middle)].mean()
        assert sign * (low - high) > 0.02


def test_a_larger_set_begins_with_the_smaller(sets):
    less = scene_set("nuisance_shifted", 18, 0, "test")
    assert torch.equal(less.images, sets["nuisance_shifted"].images[:18])
