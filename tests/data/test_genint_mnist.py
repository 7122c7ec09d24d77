"""Two background colours per class: the table, the rule of the causal test, and the sets."""

import pytest
import torch

from cgnlib.data.digits import Digits
from cgnlib.data.genint_mnist import (
    COLOURS,
    build,
    by_class,
    causal,
    colour_sets,
    paint,
    rule_backgrounds,
)
from cgnlib.errors import UserError
from cgnlib.params import GenintMnistParams


@pytest.fixture(scope="module")
def digits():
    pixels = torch.randint(256, (30, 28, 28), generator=torch.Generator().manual_seed(0))
    return Digits(pixels.to(torch.uint8), torch.arange(30) % 10, "made")


def test_the_published_colours():
    assert COLOURS.shape == (2, 10, 3)
    assert COLOURS[0, 0].tolist() == [1, 1, 0] and COLOURS[1, 0].tolist() == [0, 0, 0.5]
    assert COLOURS[0, 7].tolist() == [0, 0.5, 0.5] and COLOURS[1, 7].tolist() == [0, 0.5, 1]
    assert COLOURS[1, 3].tolist() == [0, 1, 0.5] and COLOURS[1, 9].tolist() == [0, 1, 0]
    free = (COLOURS == 0).sum(2)
    assert ((free >= 1) & (free <= 2)).all()  # the digit shows, and so does the colour
    assert (COLOURS[0] != COLOURS[1]).any(1).all()


def test_the_rule_by_hand():
    found, chances = rule_backgrounds()
    # one channel: drawn twice (1/9), the later value counts (1/2); two: 2 orders of 9, 1/4 each
    assert len(found) == 6 + 12
    assert chances.tolist() == pytest.approx([1 / 18] * 18)
    assert len(found.unique(dim=0)) == 18
    trained = {tuple(colour) for colour in COLOURS.flatten(0, 1).tolist()}
    assert {tuple(colour) for colour in found.tolist()} == trained


def test_painting_by_hand():
    grey = torch.tensor([[0.0, 1.0], [0.25, 0.0]]).expand(2, 1, 2, 2)
    images = paint(grey, torch.tensor([[1.0, 0.5, 0.0], [0.0, 0.0, 0.5]]))
    assert (images[0, 0] == 1).all() and (images[0, 1] == 0).all()
    assert images[0, 2].tolist() == [[-1, 1], [-0.5, -1]]
    assert torch.equal(images[1, 0], images[0, 2]) and torch.equal(images[1, 1], images[1, 0])
    assert (images[1, 2] == 0).all()


def test_every_image_is_stretched_to_its_own_range():
    grey = torch.tensor([[0.2, 0.6]]).view(1, 1, 1, 2)
    images = paint(grey, torch.tensor([[0.0, 0.5, 0.0]]))  # 0.2 to 0.6 becomes -1 to 1
    assert images[0, 0].flatten().tolist() == pytest.approx([-1, 1])
    assert images[0, 1].flatten().tolist() == pytest.approx([0.5, 0.5])


def test_both_colours_of_every_digit(digits):
    made = by_class(digits, "both")
    assert len(made) == 60 and made.digit.bincount().tolist() == [2] * 30
    assert torch.equal(made.backgrounds, COLOURS[colour_sets(made), made.labels])
    assert colour_sets(made).tolist() == [0] * 30 + [1] * 30
    assert made.probability.tolist() == [0.5] * 60


def test_sets_alternate_by_batches(digits):
    made = by_class(digits, "alternate", 8)
    assert torch.equal(made.digit, torch.arange(30))
    assert colour_sets(made).tolist() == [0] * 8 + [1] * 8 + [0] * 8 + [1] * 6
    assert made.probability.tolist() == [1.0] * 30


def test_the_exact_test_shows_every_digit_on_every_background(digits):
    made = causal(digits, "exact")
    assert len(made) == 30 * 18
    assert made.digit.bincount(weights=made.probability).tolist() == pytest.approx([1.0] * 30)
    backgrounds = made.backgrounds.unflatten(0, (30, 18))
    assert (backgrounds == backgrounds[:1]).all()  # whatever the class
    assert torch.equal(made.labels, digits.labels.repeat_interleave(18))


def test_one_draw_per_batch(digits):
    made = causal(digits, "per_batch", 7)
    assert torch.equal(made.backgrounds, causal(digits, "per_batch", 7).backgrounds)
    for batch in made.backgrounds.split(7):
        assert (batch == batch[:1]).all()
    assert len(made.backgrounds.unique(dim=0)) > 1
    assert made.probability.tolist() == [1.0] * 30


def test_batches_and_splits_are_the_same_images(digits):
    made = causal(digits, "exact")
    whole = torch.cat(list(made.split(100)))
    assert whole.shape == (540, 3, 32, 32) and whole.min() == -1 and whole.max() == 1
    images, labels = made.batch(torch.tensor([3, 500]))
    assert torch.equal(images, whole[[3, 500]]) and torch.equal(labels, made.labels[[3, 500]])
    part = made.part(torch.tensor([500, 3]))
    assert torch.equal(next(part.split(2)), images.flip(0))
    assert part.identity != made.part(torch.tensor([3, 500])).identity


def test_identities_name_form_and_digits(digits):
    other = Digits(digits.images, digits.labels, "others")
    made = [by_class(digits, "both"), by_class(digits, "alternate", 8), causal(digits, "exact"),
            by_class(digits, "alternate", 9), causal(digits, "per_batch", 8),
            by_class(other, "both")]  # fmt: skip
    assert len({one.identity for one in made}) == len(made)


@pytest.mark.parametrize("make", [by_class, causal])
def test_an_unknown_form_is_one_line(digits, make):
    with pytest.raises(UserError, match="'all' .*choose"):
        make(digits, "all")


def test_the_sets_of_a_run():
    found = build(GenintMnistParams())
    sizes = {name: len(images) for name, images in found.items()}
    assert sizes == {"train": 7200, "validation_confounded": 800, "validation_causal": 7200,
                     "test_confounded": 2000, "test_causal": 18_000}  # fmt: skip
    coded = build(GenintMnistParams(train_colours="alternate", test_form="per_batch"))
    assert (len(coded["train"]), len(coded["test_causal"])) == (3600, 1000)
    assert set(colour_sets(coded["test_confounded"]).tolist()) == {0, 1}
