"""Counterfactual sets: number, ratio, labels, composition."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cgnlib.datasets import FACTORS
from cgnlib.generators import sampling
from cgnlib.generators.counterfactuals import (
    Counterfactuals,
    Variety,
    balanced_labels,
    fill_bank,
)
from cgnlib.generators.mnist_cgn import MnistCgn
from cgnlib.generators.sampling import to_bytes


@pytest.fixture(scope="module")
def cgn():
    torch.manual_seed(0)
    return MnistCgn(8, 4, "batch", "sigmoid", -2.0, "subpixel")


def test_ratio_texturings_share_a_mask(cgn):
    fakes = Counterfactuals(cgn, 60, 5, 1000, seed=0)
    masks = fakes.masks(torch.arange(60))
    assert len(fakes) == 60 and len(fakes.shape) == 12
    for start in range(0, 60, 5):
        assert (masks[start : start + 5] == masks[start]).all()
    shape, front, back = fakes.labels(torch.arange(60)).T
    assert (shape.view(12, 5) == shape.view(12, 5)[:, :1]).all()
    for factor in (front, back):  # permutations of balanced labels, drawn anew for every image
        assert factor.bincount(minlength=10).tolist() == [6] * 10


def test_labels_are_independent(cgn):
    labels = Counterfactuals(cgn, 5000, 1, 500, seed=1).labels(torch.arange(5000))
    for a, b in ((0, 1), (0, 2), (1, 2)):
        assert (labels[:, a] == labels[:, b]).float().mean().item() == pytest.approx(0.1, abs=0.02)


def test_images_are_compositions_of_their_parts(cgn):
    fakes = Counterfactuals(cgn, 20, 2, 100, seed=0)
    index = torch.tensor([3, 17])
    images, labels = fakes.batch(index)
    rows = fakes._index[index].long()
    mask = fakes.shape.pixels[rows[:, 0]].float() / 255
    front, back = (
        bank.pixels[rows[:, i]].float() / 127.5 - 1
        for i, bank in ((1, fakes.foreground), (2, fakes.background))
    )
    assert torch.allclose(images.permute(0, 2, 3, 1), mask * front + (1 - mask) * back, atol=1e-5)
    assert torch.equal(labels[:, 0], fakes.shape.labels[rows[:, 0]])
    as_bytes = fakes.bytes(index)
    assert as_bytes.dtype == torch.uint8
    assert (
        as_bytes.float() / 127.5 - 1 - images.permute(0, 2, 3, 1)
    ).abs().max() <= 0.5 / 127.5 + 1e-6


def test_held_out_streams_differ_and_calls_repeat(cgn):
    one, again = (Counterfactuals(cgn, 20, 2, 100, seed=0) for _ in range(2))
    other = Counterfactuals(cgn, 20, 2, 100, seed=0, stream="heldout")
    assert torch.equal(one.bytes(torch.arange(20)), again.bytes(torch.arange(20)))
    assert not torch.equal(one.bytes(torch.arange(20)), other.bytes(torch.arange(20)))


def test_bank_limit(cgn):
    fakes = Counterfactuals(cgn, 1000, 1, 50, seed=0)
    assert {len(fakes.shape), len(fakes.foreground), len(fakes.background)} == {50}
    assert len(fakes) == 1000


def test_unknown_mechanism(cgn):
    with pytest.raises(KeyError):
        fill_bank(cgn, "texture", 10, 0)


@settings(deadline=None, max_examples=20)
@given(st.integers(1, 200), st.integers(0, 5))
def test_balanced_labels(count, seed):
    counts = balanced_labels(count, torch.Generator().manual_seed(seed)).bincount(minlength=10)
    assert counts.sum() == count and counts.max() - counts.min() <= 1


def test_bytes_round_and_never_wrap():
    images = torch.tensor([-1.0, 0.0, 1.0, 1.2]).view(1, 1, 2, 2)
    assert to_bytes(images).flatten().tolist() == [0, 128, 255, 255]


def test_pictures(cgn):
    assert sampling.counterfactual_grid(cgn, 0).shape == (10, 10, 32, 32, 3)
    assert sampling.mechanisms(cgn, 0)["mask"].shape == (10, 32, 32, 1)
    assert torch.equal(sampling.sheet(cgn, 0)["mask"], sampling.sheet(cgn, 0)["mask"])
    strips = sampling.interpolations(cgn, 0, steps=5)
    assert {name: tuple(strip.shape) for name, strip in strips.items()} == dict.fromkeys(
        FACTORS, (5, 32, 32, 3)
    )
    first = [strip[0] for strip in strips.values()]  # every strip starts at the same image
    assert torch.equal(first[0], first[1]) and torch.equal(first[0], first[2])
    assert not torch.equal(strips["shape"][0], strips["shape"][-1])


def test_warped_masks_keep_labels_and_size_but_not_their_pixels(cgn):
    plain = Counterfactuals(cgn, 40, 1, 100, seed=0)
    warped = Counterfactuals(cgn, 40, 1, 100, seed=0, variety=Variety(warp=True))
    every = torch.arange(40)
    assert torch.equal(plain.labels(every), warped.labels(every))
    assert torch.equal(plain.foreground.pixels, warped.foreground.pixels)
    assert warped.shape.pixels.shape == plain.shape.pixels.shape
    assert not torch.equal(warped.shape.pixels, plain.shape.pixels)


def test_each_kind_of_variety_changes_its_own_banks_repeatably(cgn):
    def banks(variety):
        made = Counterfactuals(cgn, 40, 1, 100, seed=0, variety=variety)
        return made.shape.pixels, made.foreground.pixels, made.background.pixels

    plain = banks(Variety())
    kinds = {"elastic_px": (True, False, False), "tint": (False, True, True)}
    for kind, changes in kinds.items():
        changed, again = (banks(Variety(**{kind: 0.5})) for _ in range(2))
        assert all(torch.equal(one, two) for one, two in zip(changed, again, strict=True))
        differ = tuple(not torch.equal(one, two) for one, two in zip(plain, changed, strict=True))
        assert differ == changes


def test_a_tint_moves_whole_textures(cgn):
    plain = Counterfactuals(cgn, 40, 1, 100, seed=0).background.pixels.float()
    tinted = Counterfactuals(cgn, 40, 1, 100, seed=0, variety=Variety(tint=0.01))
    shift = tinted.background.pixels.float() - plain
    inside = (plain > 10) & (plain < 245)  # not cut off at the ends
    middle = (shift * inside).sum((1, 2), keepdim=True) / inside.sum((1, 2), keepdim=True).clamp(1)
    assert ((shift - middle).abs() * inside).max() <= 1.01  # rounding alone
    assert 1.5 < middle.std() < 4  # 0.01 of 255
