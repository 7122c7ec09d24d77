"""The stronger augmentations: against torchvision where it does the same, and as functions of a
generator alone."""

import math

import pytest
import torch
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as tv

from cgnlib.classifiers.augment import RandomCrop
from cgnlib.classifiers.auto_augment import AutoAugmentCrop
from cgnlib.classifiers.mixup import MixedBatches
from cgnlib.classifiers.rotated_crop import RotatedCrop, canvas_sizes, sampling_matrices
from cgnlib.rng import global_stream, rng


@pytest.fixture(scope="module")
def images():
    """Smooth pictures, so that ways of interpolation agree."""
    coarse = torch.rand(6, 3, 5, 5, generator=rng(0, "images")) * 255
    return torch.nn.functional.interpolate(coarse, (40, 48), mode="bicubic").clamp(0, 255).byte()


def turned(images, degrees, box=None, flips=(False, False), px=None):
    angles = torch.full((len(images),), math.radians(degrees))
    canvas = canvas_sizes(*images.shape[2:], angles)
    tall, wide = canvas[0].tolist()
    boxes = torch.tensor([box or (0, 0, tall, wide)]).expand(len(images), 4)
    flips = torch.tensor([flips]).expand(len(images), 2)
    matrices = sampling_matrices(*images.shape[2:], angles, canvas, boxes, flips)
    size = (px, px) if px else (tall, wide)
    where = torch.nn.functional.affine_grid(matrices, [len(images), 3, *size], align_corners=False)
    return torch.nn.functional.grid_sample(images.float(), where, align_corners=False)


@pytest.mark.parametrize("quarter", [0, 1, 2, 3])
def test_quarter_turns_are_exact_and_counter_clockwise(images, quarter):
    made = turned(images, 90 * quarter)
    assert torch.allclose(made, images.float().rot90(quarter, (2, 3)), atol=0.02)


@pytest.mark.parametrize("degrees", [20, 135, 290])
def test_any_turn_is_torchvisions_on_a_growing_canvas(images, degrees):
    theirs = tv.rotate(
        images.float(), degrees, interpolation=v2.InterpolationMode.BILINEAR, expand=True
    )
    ours = turned(images, degrees)
    assert all(abs(a - b) <= 1 for a, b in zip(ours.shape[2:], theirs.shape[2:], strict=True))
    tall, wide = (min(a, b) for a, b in zip(ours.shape[2:], theirs.shape[2:], strict=True))
    cut = [tv.center_crop(one, [tall - 2, wide - 2]) for one in (ours, theirs)]
    apart = (cut[0] - cut[1]).abs().mean()
    assert apart < 9  # of 255: canvases may differ by half a pixel
    assert (cut[0] - cut[1].flip(3)).abs().mean() > 4 * apart


def test_a_box_and_both_mirrors(images):
    box = (4, 6, 24, 24)
    plain = turned(images, 0, box, px=24)
    assert torch.allclose(plain, images[:, :, 4:28, 6:30].float(), atol=0.02)
    both = turned(images, 0, box, (True, True), px=24)
    assert torch.allclose(both, plain.flip(2, 3), atol=0.02)


def test_canvases_hold_the_turned_image():
    angles = torch.tensor([0.0, 90.0, 45.0]).deg2rad()
    assert canvas_sizes(40, 48, angles).tolist() == [[40, 48], [48, 40], [63, 63]]


def test_rotated_crops_repeat_and_differ_between_images(images):
    augment = RotatedCrop(24)
    first, again = (augment(images[:1].expand(4, -1, -1, -1), rng(1, "x")) for _ in range(2))
    assert torch.equal(first, again) and first.shape == (4, 3, 24, 24)
    assert first.min() >= 0 and first.max() <= 255
    assert not torch.allclose(first[0], first[1], atol=5)


def test_without_jitter_a_grey_image_keeps_its_grey():
    grey = torch.full((8, 3, 32, 32), 100, dtype=torch.uint8)
    made = RotatedCrop(16, jitter=0.0)(grey, rng(0, "x"))
    inside = made[made > 99.9]
    assert torch.allclose(inside, torch.tensor(100.0), atol=1e-3) and len(inside) > made.numel() / 2
    assert made.min() < 1  # black corners beside the turned images
    changed = RotatedCrop(16)(grey, rng(0, "x"))
    assert changed.amax((1, 2, 3)).std() > 5  # brightness and contrast change
    for other in (1, 2):  # saturation leaves grey grey, and hues stay
        assert torch.allclose(changed[:, 0], changed[:, other], atol=0.1)


def test_autoaugment_is_torchvisions_after_the_crop(images):
    crop = RandomCrop(24)
    made = AutoAugmentCrop(crop)(images, rng(2, "x"))
    stream = rng(2, "x")
    cropped = crop(images, stream).round().clamp(0, 255).byte()
    with global_stream(stream):
        policy = v2.AutoAugment(v2.AutoAugmentPolicy.IMAGENET)
        expected = torch.stack([policy(image) for image in cropped]).float()
    assert torch.equal(made, expected) and made.shape == (6, 3, 24, 24)
    assert (made != cropped.float()).flatten(1).any(1).sum() >= 3


def test_mixup_blends_images_and_labels_by_one_share(images):
    pixels, labels = images.float() / 127.5 - 1, torch.tensor([0, 1, 2, 0, 1, 2])
    batches = MixedBatches(lambda step: (pixels, labels), 3, 0.4, 0, "x")
    mixed, shares = batches(0)
    assert torch.allclose(shares.sum(1), torch.ones(6))
    share = shares[1, 1].item()  # image 1 has class 1, its neighbour 0 class 0
    assert 0 < share < 1 and shares[1, 0].item() == pytest.approx(1 - share)
    expected = share * pixels[1] + (1 - share) * pixels[0]
    assert torch.allclose(mixed[1], expected, atol=1e-5)
    assert torch.equal(batches(0)[0], mixed) and not torch.equal(batches(1)[0], mixed)


def test_shares_of_mixup_follow_beta():
    """Beta(0.4, 0.4): mean 1/2, standard deviation sqrt(1 / 4 / 1.8) = 0.373."""
    one = torch.zeros(2, 3, 1, 1), torch.tensor([0, 1])
    batches = MixedBatches(lambda step: one, 2, 0.4, 0, "x")
    shares = torch.stack([batches(step)[1][0, 0] for step in range(200)])
    assert abs(shares.mean() - 0.5) < 0.1 and abs(shares.std() - 0.373) < 0.05


def test_the_global_stream_is_put_back():
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    drawn = []
    for _ in range(2):
        with global_stream(rng(0, "x")):
            drawn.append(torch.rand(3))
    assert torch.equal(*drawn) and torch.equal(torch.random.get_rng_state(), before)
