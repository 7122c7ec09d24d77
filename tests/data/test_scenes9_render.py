"""The scenes9 renderer: what each uniform and label may change, and what it may not."""

import pytest
import torch
import torch.nn.functional as F

from cgnlib.data.scenes9_backgrounds import PLACES
from cgnlib.data.scenes9_render import (
    BACKGROUND,
    CLASSES,
    MODES,
    RENDERER_VERSION,
    TEXTURE,
    UNIFORMS,
    latent_to_uniforms,
    render,
)
from cgnlib.data.scenes9_shapes import SKELETONS
from cgnlib.data.scenes9_textures import OUTSIDE_TEXTURES, TEXTURES
from cgnlib.errors import UserError
from cgnlib.rng import rng

COUNT = 27
NINE = torch.arange(COUNT) % 9
NEXT = (NINE + 1) % 9
EXPECTED_MEANS = [0.0972, 0.1858, -0.1187, 0.3271, -0.4614, -0.1249, -0.5748, 0.0955, -0.0516]
EXPECTED_PIXELS = [-0.5009, -0.7005, -0.4146, -0.0393, -0.2348, -0.4561, -0.5677, -0.0017, -0.4248]


@pytest.fixture(scope="module")
def uniforms():
    return torch.rand(COUNT, UNIFORMS, generator=rng(0, "test-scenes9"))


@pytest.fixture(scope="module")
def scenes(uniforms):
    return render(uniforms, NINE, NINE, NINE)


def test_shapes_and_ranges(scenes):
    assert scenes.images.shape == (COUNT, 3, 64, 64) and scenes.masks.shape == (COUNT, 1, 64, 64)
    assert scenes.images.min() >= -1 and scenes.images.max() <= 1
    assert scenes.masks.min() == 0 and scenes.masks.max() == 1
    area = scenes.masks.mean((1, 2, 3))
    assert area.min() > 0.03 and area.max() < 0.6 and 0.10 < area.mean() < 0.25


def test_nine_of_everything():
    assert len(CLASSES) == len(TEXTURES) == len(OUTSIDE_TEXTURES) == len(PLACES) == 9
    assert CLASSES[0] == "dog" and CLASSES[8] == "fish"
    assert all(len(skeleton.bones.split()) <= 12 for skeleton in SKELETONS.values())


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", [1, 7])
def test_an_image_does_not_depend_on_its_batch(uniforms, mode, size):
    texture = (torch.arange(COUNT) * 5) % 18
    whole = render(uniforms, NINE, texture, NEXT, mode)
    for start in range(0, COUNT, size):
        part = slice(start, start + size)
        split = render(uniforms[part], NINE[part], texture[part], NEXT[part], mode)
        assert torch.equal(split.images, whole.images[part])
        assert torch.equal(split.masks, whole.masks[part])


def test_texture_changes_only_the_object(uniforms, scenes):
    other = render(uniforms, NINE, NEXT, NINE)
    assert torch.equal(other.masks, scenes.masks)
    changed = (other.images - scenes.images).abs().amax(1, keepdim=True)
    assert changed[scenes.masks == 0].max() == 0
    assert (changed[scenes.masks == 1] > 0.1).float().mean() > 0.8


def test_background_changes_only_what_the_mask_leaves(uniforms, scenes):
    other = render(uniforms, NINE, NINE, NEXT)
    assert torch.equal(other.masks, scenes.masks)
    changed = (other.images - scenes.images).abs().amax(1, keepdim=True)
    assert changed[scenes.masks == 1].max() < 1e-6
    assert (changed[scenes.masks == 0] > 0.05).float().mean() > 0.9


def test_shape_keeps_texture_and_place(uniforms, scenes):
    other = render(uniforms, NEXT, NINE, NINE)
    assert not torch.equal(other.masks, scenes.masks)
    empty = render(uniforms, NEXT, NINE, NINE, "no_foreground").images
    assert torch.equal(empty, render(uniforms, NINE, NEXT, NINE, "no_foreground").images)


def test_uniforms_of_a_part_move_that_part_alone(uniforms, scenes):
    for part, inside in ((TEXTURE, True), (BACKGROUND, False)):
        moved = uniforms.clone()
        moved[:, part] = 1 - moved[:, part]
        other = render(moved, NINE, NINE, NINE)
        assert torch.equal(other.masks, scenes.masks)
        changed = (other.images - scenes.images).abs().amax(1, keepdim=True)
        kept = scenes.masks == (0 if inside else 1)
        assert changed[kept].max() < 1e-6 < changed[~kept].max()


def test_only_foreground_is_black_around_the_same_object(uniforms, scenes):
    alone = render(uniforms, NINE, NINE, NINE, "only_foreground")
    assert torch.equal(alone.masks, scenes.masks)
    black = (scenes.masks == 0).expand(-1, 3, -1, -1)
    full = (scenes.masks == 1).expand(-1, 3, -1, -1)
    assert (alone.images[black] == -1).all()
    assert torch.allclose(alone.images[full], scenes.images[full], atol=1e-6)


def test_no_foreground_shows_no_object(uniforms):
    place = render(uniforms, NINE, NINE, NINE, "no_foreground")
    assert place.masks.max() == 0


def test_sketch_is_grey_on_white_and_ignores_texture_and_place(uniforms, scenes):
    sketch = render(uniforms, NINE, NINE, NINE, "sketch")
    assert torch.equal(sketch.images, render(uniforms, NINE, NEXT, NEXT, "sketch").images)
    assert torch.equal(sketch.images[:, 0], sketch.images[:, 2])
    assert torch.equal(sketch.masks, scenes.masks)
    assert 0.02 < (sketch.images[:, 0] < 0).float().mean() < 0.25


def test_hard_objects_are_small_and_covered(uniforms, scenes):
    hard = render(uniforms, NINE, NINE, NINE, "hard")
    assert hard.masks.mean() < 0.6 * scenes.masks.mean()
    assert hard.masks.amax((1, 2, 3)).min() == 1  # something is left to see


def test_plain_labels(uniforms, scenes):
    plain = torch.full_like(NINE, -1)
    grey = render(uniforms, NINE, plain, plain)
    assert torch.equal(grey.masks, scenes.masks)
    assert torch.equal(grey.images[:, 0], grey.images[:, 1])


def test_pixels_match_the_renderer_version(scenes):
    """A renderer that draws otherwise must raise RENDERER_VERSION, and this fingerprint with it."""
    assert RENDERER_VERSION == 1
    means = scenes.images[:9].mean((1, 2, 3))
    expected = torch.tensor(EXPECTED_MEANS)
    assert torch.allclose(means, expected, atol=2e-4)
    pixel = scenes.images[:9, :, 40, 30].mean(1)
    assert torch.allclose(pixel, torch.tensor(EXPECTED_PIXELS), atol=5e-3)


def test_every_texture_is_readable_on_every_place():
    """Just inside and just outside the outline, the mean colours differ."""
    each = 6
    count = 81 * each
    pair = torch.arange(count) // each
    numbers = torch.rand(count, UNIFORMS, generator=rng(1, "test-scenes9"))
    drawn = render(numbers, torch.arange(count) % 9, pair // 9, pair % 9)
    near = F.max_pool2d(drawn.masks, 9, 1, 4) * (1 - F.max_pool2d(drawn.masks, 5, 1, 2))
    inside = (drawn.images * drawn.masks).sum((2, 3)) / drawn.masks.sum((2, 3))
    outside = (drawn.images * near).sum((2, 3)) / near.sum((2, 3))
    contrast = (inside - outside).norm(dim=1).view(81, each).mean(1)
    assert contrast.min() > 0.2, divmod(int(contrast.argmin()), 9)


def test_latent_pairs_with_uniforms():
    z = torch.tensor([[-40.0, -1.0, 0.0, 1.0, 40.0]])
    expected = torch.tensor([[0.0, 0.158655, 0.5, 0.841345, 1.0]])
    assert torch.allclose(latent_to_uniforms(z), expected, atol=1e-6)


def test_an_empty_batch_draws_nothing():
    none = torch.empty(0, dtype=torch.long)
    assert render(torch.empty(0, UNIFORMS), none, none, none).images.shape == (0, 3, 64, 64)


@pytest.mark.parametrize(
    "change, problem",
    [
        ({"mode": "sketchy"}, "'sketchy'"),
        ({"uniforms": torch.zeros(2, 39)}, "(2, 39)"),
        ({"uniforms": torch.zeros(2, 40, device="meta")}, "meta"),
        ({"uniforms": torch.full((2, 40), 1.5)}, "leave [0, 1]"),
        ({"uniforms": torch.full((2, 40), float("nan"))}, "leave [0, 1]"),
        ({"shape": torch.tensor([0, 9])}, "shape labels must be 0 to 8"),
        ({"shape": torch.tensor([-1, 0])}, "shape labels must be 0 to 8"),
        ({"texture": torch.tensor([0, 18])}, "texture labels must be -1 to 17"),
        ({"background": torch.tensor([0])}, "background is (1,)"),
    ],
)
def test_bad_input_is_named(change, problem):
    pair = torch.tensor([0, 1])
    given = {"uniforms": torch.zeros(2, 40), "shape": pair, "texture": pair, "background": pair}
    with pytest.raises(UserError) as caught:
        render(**(given | change))
    assert problem in str(caught.value)
