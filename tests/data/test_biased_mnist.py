"""Biased MNIST: resizing, palettes and noise, composition, labels, frozen sets."""

import time

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cgnlib.data.biased_mnist import BiasedMnist, build, freeze
from cgnlib.data.digits import Digits, load_digits
from cgnlib.data.palettes import parse_palette
from cgnlib.data.textures import load_textures
from cgnlib.datasets import MNIST_DATASETS
from cgnlib.errors import UserError
from cgnlib.params import MnistParams
from cgnlib.rng import rng

OWN = {
    "colored_mnist": {},
    "double_colored_mnist": {"object_palette": "double", "colour_noise_std": 0.01},
    "wildlife_mnist": {},
}


def _variant(dataset, part="train", **changes):
    textures = load_textures("procedural") if dataset == "wildlife_mnist" else None
    return BiasedMnist(dataset, load_digits("bundled")[part], textures, **OWN[dataset] | changes)


def _one_digit(image, label=0):
    return Digits(image[None], torch.tensor([label]), "made-up")


@pytest.fixture(scope="module", params=MNIST_DATASETS)
def variant(request):
    return _variant(request.param)


def test_colored_resizes_like_pil_and_the_others_like_torch_interpolate():
    ramp = torch.arange(28, dtype=torch.uint8)[:, None].expand(28, 28).contiguous() * 9
    colored = BiasedMnist("colored_mnist", _one_digit(ramp))
    rows = colored.masks(torch.tensor([0]))[0, 0] * 255
    pil = Image.fromarray(ramp.numpy()).resize((32, 32), Image.Resampling.NEAREST)
    assert np.array_equal(rows.round().to(torch.uint8).numpy(), np.asarray(pil))

    edge = (ramp >= 9 * 3).to(torch.uint8) * 255  # ink from row 3 on
    double = BiasedMnist("double_colored_mnist", _one_digit(edge), **OWN["double_colored_mnist"])
    column = double.masks(torch.tensor([0]))[0, 0, :, 0]
    # Row i of 32 shows row floor(i * 28 / 32): rows 0-3 show 0, 0, 1, 2 and row 4 shows 3.
    assert column.tolist() == [0.0] * 4 + [1.0] * 28


def test_ink_is_brighter_than_a_tenth():
    image = torch.zeros(28, 28, dtype=torch.uint8)
    image[0, 0], image[27, 27] = 25, 26  # 25.5 is the limit
    for dataset in ("colored_mnist", "double_colored_mnist"):
        made = BiasedMnist(dataset, _one_digit(image), **OWN[dataset])
        mask = made.true_masks(torch.tensor([0]))
        assert mask.dtype == torch.uint8 and mask.shape == (1, 1, 32, 32)
        assert mask[0, 0, 0, 0] == 0 and mask[0, 0, 31, 31] == 1


def test_colored_is_grey_level_times_colour_on_black():
    image = torch.zeros(28, 28, dtype=torch.uint8)
    image[10:18, 10:18] = 102  # grey level 0.4
    colored = BiasedMnist("colored_mnist", _one_digit(image), colour_noise_std=0.0)
    index, none = torch.tensor([0]), torch.tensor([0])
    made = colored.draw(index, torch.tensor([4]), none, rng(0, "x"))
    expected = 2 * 0.4 * parse_palette("lntl", "object")[4] - 1
    assert torch.allclose(made[0, :, 16, 16], expected, atol=1e-6)
    assert made[0, :, 0, 0].tolist() == [-1, -1, -1]


def test_noise_is_per_channel_and_image_with_the_stated_spread():
    labels = torch.full((20_000,), 5)
    double = _variant("double_colored_mnist", colour_noise_std=0.01)
    painted = (double.paint_background(labels, rng(0, "noise"))[:, :, 0, 0] + 1) / 2
    centre = parse_palette("double", "background")[5]
    assert torch.allclose(painted.mean(0), centre, atol=5e-4)
    assert torch.allclose(painted.std(0), torch.full((3,), 0.01), atol=3e-4)
    assert abs(torch.corrcoef(painted.T)[0, 1]) < 0.03
    lime = double.paint_background(torch.full((200,), 6), rng(0, "noise"))
    assert lime.max() > 1 and lime.min() < -1  # double-colored does not clamp


def test_colored_noise_is_clamped_and_the_palette_never_drifts():
    colored = _variant("colored_mnist")
    before = colored.paint_foreground(torch.arange(10), rng(0, "drift")).clone()
    painted = colored.paint_foreground(torch.arange(10).repeat(4000), rng(0, "many"))
    assert painted.min() == -1 and painted.max() == 1
    assert torch.equal(before, colored.paint_foreground(torch.arange(10), rng(0, "drift")))
    teal_green = (painted[1::10, 1, 0, 0] + 1) / 2  # 128/255, so hardly ever clipped
    assert abs(teal_green.std() - 0.1414) < 5 * 0.1414 / 8000**0.5
    assert abs(teal_green.mean() - 128 / 255) < 5 * 0.1414 / 4000**0.5


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 10_000))
def test_image_is_foreground_where_the_mask_is_1_and_background_where_0(variant, seed):
    index = torch.randint(len(variant), (16,), generator=rng(seed, "index"))
    labels = torch.randint(10, (2, 16), generator=rng(seed, "labels"))
    made = variant.draw(index, labels[0], labels[1], rng(seed, "paint"))
    stream = rng(seed, "paint")
    front = variant.paint_foreground(labels[0], stream)
    back = variant.paint_background(labels[1], stream)
    mask = variant.masks(index).expand(-1, 3, -1, -1)
    assert torch.equal(made[mask == 1], front[mask == 1])
    assert torch.equal(made[mask == 0], back[mask == 0])


@settings(deadline=None, max_examples=20)
@given(correlation=st.floats(0, 1), seed=st.integers(0, 1000))
def test_biased_labels_agree_as_often_as_asked_and_independently(correlation, seed):
    double = _variant("double_colored_mnist")
    labels = torch.arange(10).repeat(2000)
    kept = [made == labels for made in double.biased_labels(labels, correlation, rng(seed, "bias"))]
    tolerance = 5 * 0.5 / 20_000**0.5  # five standard errors at most
    for share in kept:
        assert abs(share.double().mean() - correlation) < tolerance
    assert abs((kept[0] & kept[1]).double().mean() - correlation**2) < tolerance


def test_labels_that_differ_are_uniform_over_the_other_nine():
    double = _variant("double_colored_mnist")
    foreground, _ = double.biased_labels(torch.full((90_000,), 3), 0.0, rng(0, "bias"))
    counts = foreground.bincount(minlength=10)
    assert counts[3] == 0
    assert (counts[counts > 0] - 10_000).abs().max() < 500


def test_frozen_training_set_is_biased_and_knows_its_digits(variant):
    frozen = variant.frozen(rng(0, "train"))
    assert len(frozen) == 3600 and frozen.images.dtype == torch.float32
    assert torch.equal(frozen.digit, torch.arange(3600))
    assert torch.equal(frozen.shape, variant.labels)
    assert torch.equal(frozen.foreground, frozen.shape)
    known = frozen.shape if variant.has_background else torch.zeros_like(frozen.shape)
    assert torch.equal(frozen.background, known)
    assert torch.equal(frozen.masks, variant.true_masks(frozen.digit))
    assert set(frozen.masks.unique().tolist()) == {0, 1}


def test_frozen_test_set_is_decorrelated(variant):
    frozen = variant.frozen_test(rng(0, "test"), colourings=3)
    assert len(frozen) == 10_800
    assert frozen.digit.tolist()[:4] == [0, 0, 0, 1]
    assert torch.equal(frozen.shape, variant.labels[frozen.digit])
    pairs = [(frozen.shape, frozen.foreground)]
    if variant.has_background:
        pairs += [(frozen.shape, frozen.background), (frozen.foreground, frozen.background)]
    else:
        assert not frozen.background.any()
    for one, other in pairs:
        assert abs((one == other).double().mean() - 0.1) < 0.015
    assert not torch.equal(frozen.images[0], frozen.images[1])


def test_freezing_depends_on_the_generator_only(variant):
    first, again = (variant.frozen_test(rng(4, "f"), 1) for _ in range(2))
    other = variant.frozen_test(rng(5, "f"), 1)
    assert torch.equal(first.images, again.images)
    assert not torch.equal(first.images, other.images)


@pytest.mark.parametrize("dataset", MNIST_DATASETS)
def test_build_and_freeze_keep_test_colours_the_same_for_every_seed(dataset):
    one, two = (
        MnistParams(dataset=dataset, seed=seed, test_colourings=2, **OWN[dataset])
        for seed in (0, 1)
    )
    variants = build(one)
    sets, others = freeze(one, variants), freeze(two, build(two))
    assert {name: len(part) for name, part in sets.items()} == {
        "train": 3600,
        "validation": 800,
        "test": 2000,
    }
    assert torch.equal(sets["test"].images, others["test"].images)
    assert torch.equal(sets["validation"].images, others["validation"].images)
    assert not torch.equal(sets["train"].images, others["train"].images)


def test_train_correlation_reaches_the_frozen_training_set():
    params = MnistParams(
        dataset="double_colored_mnist",
        train_correlation_prob=0.5,
        test_colourings=1,
        **OWN["double_colored_mnist"],
    )
    train = freeze(params, build(params))["train"]
    assert abs((train.foreground == train.shape).double().mean() - 0.5) < 0.05


def test_identity_follows_what_changes_the_images():
    identities = [
        _variant("colored_mnist").identity,
        _variant("colored_mnist", "test").identity,
        _variant("colored_mnist", colour_noise_std=0.2).identity,
        _variant("colored_mnist", object_palette="double").identity,
        _variant("double_colored_mnist").identity,
        _variant("wildlife_mnist").identity,
    ]
    assert len(set(identities)) == 6
    assert _variant("colored_mnist").identity == identities[0]
    same = _variant("colored_mnist", background_palette="lntl")
    assert same.identity == identities[0]  # colored MNIST paints no background


def test_unknown_dataset_and_missing_textures_are_refused():
    digits = load_digits("bundled")["test"]
    with pytest.raises(UserError, match="'mnist'"):
        BiasedMnist("mnist", digits)
    with pytest.raises(UserError, match="textures"):
        BiasedMnist("wildlife_mnist", digits)


def test_wildlife_is_drawn_fast():
    """A tenth of the required 20,000 images/s, so that a busy machine passes and a loop fails."""
    wildlife = _variant("wildlife_mnist")
    stream, count, start = rng(0, "speed"), 0, time.process_time()
    while count < 5000:
        index = torch.randint(len(wildlife), (1000,), generator=stream)
        labels = wildlife.labels[index]
        count += len(wildlife.draw(index, labels, labels, stream))
    assert count / (time.process_time() - start) > 2000
