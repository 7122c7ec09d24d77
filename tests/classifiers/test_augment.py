"""Batched crops against torchvision's on single images; batches as a function of the step."""

import pytest
import torch
from torchvision.transforms.v2 import functional as tv

from cgnlib.classifiers.augment import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    AugmentedBatches,
    RandomCrop,
    Standardise,
    StoredImages,
    crop,
)
from cgnlib.errors import UserError
from cgnlib.rng import rng
from cgnlib.training import EpochIndex


@pytest.fixture(scope="module")
def images():
    return torch.rand(4, 3, 40, 48, generator=rng(0, "images"))


BOXES = [[0, 0, 40, 48], [3, 5, 11, 7], [20, 10, 20, 38], [39, 47, 1, 1]]


@pytest.mark.parametrize("px", [8, 24, 64])
@pytest.mark.parametrize("flip", [False, True])
def test_each_crop_is_torchvisions_antialiased_one(images, px, flip):
    made = crop(images, torch.tensor(BOXES), torch.full((4,), flip), px)
    assert made.shape == (4, 3, px, px)
    for image, box, ours in zip(images, BOXES, made, strict=True):
        theirs = tv.resized_crop(image, *box, [px, px], antialias=True)
        theirs = theirs.flip(2) if flip else theirs
        assert torch.allclose(ours, theirs, atol=2e-6)


def test_flips_are_per_image(images):
    whole = torch.tensor([[0, 0, 40, 48]] * 4)
    mixed = crop(images, whole, torch.tensor([True, False, True, False]), 16)
    plain = crop(images, whole, torch.zeros(4, dtype=torch.bool), 16)
    assert torch.allclose(mixed[::2], plain[::2].flip(3), atol=1e-6)
    assert torch.equal(mixed[1::2], plain[1::2])


def test_the_generator_alone_decides_and_images_differ(images):
    augment = RandomCrop(16)
    twice = [augment(images[:1].expand(6, -1, -1, -1), rng(3, "crop")) for _ in range(2)]
    assert torch.equal(*twice)
    assert not torch.allclose(twice[0][0], twice[0][1])


def test_standardise_is_the_usual_normalisation_of_unit_images(images):
    expected = tv.normalize(images, list(IMAGENET_MEAN), list(IMAGENET_STD))
    module = Standardise(IMAGENET_MEAN, IMAGENET_STD)
    assert torch.allclose(module(images * 2 - 1), expected, atol=1e-5)
    assert torch.allclose(Standardise()(images), images)
    assert not module.state_dict()


def test_stored_images_come_in_the_unit_range():
    stored = torch.tensor([0, 255], dtype=torch.uint8)[:, None, None, None].expand(2, 3, 4, 4)
    source = StoredImages(stored.contiguous())
    drawn = source.draw(torch.tensor([1, 0, 1]), rng(0, "x"))
    assert drawn[:, 0, 0, 0].tolist() == [1, -1, 1] and drawn.dtype == torch.float32
    assert [len(part) for part in source.split(1)] == [1, 1] and len(source) == 2
    cropped = StoredImages(stored.contiguous(), RandomCrop(6)).draw(torch.arange(2), rng(0, "x"))
    assert cropped.shape == (2, 3, 6, 6)
    assert torch.allclose(cropped[1], torch.ones(3, 6, 6)) and cropped.min() >= -1


@pytest.mark.parametrize("bad", [torch.zeros(2, 3, 4, 4), torch.zeros(0, 3, 4, 4).byte()])
def test_stored_images_must_be_bytes(bad):
    with pytest.raises(UserError, match="uint8"):
        StoredImages(bad)


def _batches(seed=0, name="real"):
    stored = torch.randint(256, (10, 3, 8, 8), dtype=torch.uint8, generator=rng(0, "stored"))
    labels = torch.arange(10)
    index = EpochIndex(10, 4, seed, name)
    source = StoredImages(stored, RandomCrop(8))
    return stored, AugmentedBatches(source, (labels, labels + 100), index, seed, name)


def test_batches_depend_on_the_step_alone():
    _, batches = _batches()
    late = batches(3)
    for step in range(3):
        batches(step)
    assert all(torch.equal(a, b) for a, b in zip(late, batches(3), strict=True))
    assert not torch.equal(batches(0)[0], _batches(1)[1](0)[0])


def test_labels_follow_their_images():
    stored, batches = _batches()
    batches.source.augment = None
    images, one, other = batches(2)
    assert torch.equal(other, one + 100)
    assert torch.allclose((images + 1) * 127.5, stored[one].float(), atol=1e-3)


def test_labels_of_another_number_are_refused():
    source = StoredImages(torch.zeros(3, 3, 4, 4, dtype=torch.uint8))
    with pytest.raises(UserError, match="differ in number"):
        AugmentedBatches(source, (torch.zeros(2),), None, 0, "real")
