"""Frozen scenes9 sets: laws of the labels, what the variants share, splits, identities."""

import itertools

import pytest
import torch

from cgnlib.data import scenes9
from cgnlib.data.scenes9 import (
    FACTORS,
    SPLITS,
    VARIANTS,
    SceneSet,
    recombined,
    repainted,
    scene_set,
    set_identity,
)
from cgnlib.errors import UserError

COUNT = 36


@pytest.fixture(scope="module")
def sets():
    return {variant: scene_set(variant, COUNT, 0, "test") for variant in VARIANTS}


def test_every_set_is_balanced_bytes(sets):
    for variant, drawn in sets.items():
        assert isinstance(drawn, SceneSet) and len(drawn) == COUNT, variant
        assert drawn.images.dtype == drawn.masks.dtype == torch.uint8
        assert drawn.images.shape == (COUNT, 3, 64, 64) and drawn.masks.shape[1:] == (1, 64, 64)
        assert torch.equal(drawn.shape.bincount(minlength=9), torch.full((9,), COUNT // 9))
        assert drawn.masks.max() == (0 if variant == "no_foreground" else 255)


def test_labels_follow_the_variant(sets):
    for variant in ("original", "mixed_same", "second_test", "no_foreground"):
        drawn = sets[variant]
        assert torch.equal(drawn.shape, drawn.texture)
        assert torch.equal(drawn.shape, drawn.background)
    for variant in ("mixed_rand", "hard"):
        drawn = sets[variant]
        assert torch.equal(drawn.shape, drawn.texture)
        assert (drawn.shape != drawn.background).float().mean() > 0.6
    assert (sets["cue_conflict"].shape != sets["cue_conflict"].texture).all()
    assert (sets["stylised"].texture >= 9).all()
    for variant in ("cue_conflict", "only_foreground", "sketch"):
        assert (sets[variant].background == -1).all()


def test_variants_show_the_same_objects_and_second_test_others(sets):
    masks = sets["original"].masks
    for variant in ("mixed_same", "mixed_rand", "only_foreground", "cue_conflict", "stylised"):
        assert torch.equal(sets[variant].masks, masks), variant
    assert not torch.equal(sets["second_test"].masks, masks)


def test_mixed_sets_keep_the_foreground_and_change_the_place(sets):
    original = sets["original"]
    solid = (original.masks == 255).expand(-1, 3, -1, -1)
    for variant in ("mixed_same", "mixed_rand"):
        assert torch.equal(sets[variant].images[solid], original.images[solid])
        elsewhere = sets[variant].images[~solid] != original.images[~solid]
        assert elsewhere.float().mean() > 0.8


def test_sets_repeat_and_depend_on_seed_and_split(sets):
    again = scene_set("original", COUNT, 0, "test")
    assert torch.equal(again.images, sets["original"].images)
    assert again.identity == sets["original"].identity
    others = [scene_set("original", COUNT, 1, "test")]
    others += [scene_set("original", COUNT, 0, split) for split in SPLITS[:2]]
    for other in others:
        assert (other.masks != again.masks).flatten(1).any(1).all()
        assert other.identity != again.identity


def test_a_larger_set_begins_with_the_smaller(sets):
    larger = scene_set("mixed_rand", COUNT + 9, 0, "test")
    assert torch.equal(larger.images[:COUNT], sets["mixed_rand"].images)


def test_identity_is_known_before_drawing(sets):
    for variant, drawn in sets.items():
        assert drawn.identity == set_identity(variant, COUNT, 0, "test")
    assert len({drawn.identity for drawn in sets.values()}) == len(VARIANTS)
    free = ("texture", "shape")
    expected = set_identity("recombined-shape-texture", 9, 0, "train")
    assert recombined(9, 0, "train", free).identity == expected


def test_bytes_and_floats_agree(sets):
    drawn = sets["original"]
    index = torch.tensor([3, 1])
    images, masks = drawn.float(index), drawn.float_masks(index)
    assert images.dtype == torch.float32 and images.min() >= -1 and images.max() <= 1
    assert torch.equal(((images + 1) * 127.5).round().to(torch.uint8), drawn.images[index])
    assert torch.equal((masks * 255).round().to(torch.uint8), drawn.masks[index])


@pytest.fixture
def labels_of(monkeypatch):
    """The labels of a recombined set, without drawing it."""
    monkeypatch.setattr(scenes9, "_frozen", lambda uniforms, labels, *rest: labels)

    def draw(count, free):
        return dict(zip(FACTORS, recombined(count, 0, "train", free), strict=True))

    return draw


def test_recombined_labels_are_independent(labels_of):
    labels = labels_of(9000, FACTORS)
    for first, second in itertools.combinations(FACTORS, 2):
        pairs = (labels[first] * 9 + labels[second]).bincount(minlength=81).float()
        chi_square = ((pairs - 9000 / 81) ** 2 / (9000 / 81)).sum()
        assert chi_square < 130, (first, second)  # 80 degrees of freedom: p < 0.0004


@pytest.mark.parametrize("factor", FACTORS)
def test_only_the_free_factor_leaves_the_shared_class(labels_of, factor):
    labels = labels_of(900, (factor,))
    shared = torch.arange(900) % 9
    for name in FACTORS:
        agrees = (labels[name] == shared).float().mean()
        assert agrees < 0.2 if name == factor else agrees == 1


@pytest.mark.parametrize(
    "call, problem",
    [
        (lambda: scene_set("mixed", 9, 0, "test"), "variant 'mixed'"),
        (lambda: scene_set("original", 9, 0, "val"), "split 'val'"),
        (lambda: scene_set("original", 0, 0, "test"), "0 images"),
        (lambda: recombined(9, 0, "train", ("colour",)), "'colour'"),
        (lambda: recombined(9, 0, "dev"), "split 'dev'"),
    ],
)
def test_bad_requests_are_named(call, problem):
    with pytest.raises(UserError) as caught:
        call()
    assert problem in str(caught.value)


def test_repainted_scenes_leave_the_shape_alone_to_tell_the_class():
    drawn = repainted(180, 0, "train")
    assert drawn.shape.tolist() == [i % 9 for i in range(180)]
    assert drawn.texture.min() >= 9 and drawn.texture.max() <= 17
    assert drawn.background.min() == 0 and drawn.background.max() == 8
    # chance 1/9 each; five standard errors
    for label in (drawn.texture - 9, drawn.background):
        assert abs((label == drawn.shape).float().mean() - 1 / 9) < 5 * (8 / 81 / 180) ** 0.5
    assert drawn.identity == set_identity("repainted", 180, 0, "train")
    same_objects = scene_set("original", 180, 0, "train")
    assert torch.equal(drawn.masks, same_objects.masks)


def test_the_uniforms_of_the_original_scenes_are_known():
    made, label = scenes9.scene_set("original", 5, 3, "train"), torch.arange(5)
    again = scenes9.render(scenes9.original_uniforms(5, 3, "train"), label, label, label)
    assert torch.equal(again.images.add(1).mul(127.5).round().to(torch.uint8), made.images)
