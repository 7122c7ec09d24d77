"""Style transfer: its loss by hand, its length, its effect, and which images it makes."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from cgnlib.errors import UserError
from cgnlib.generators import style_transfer
from cgnlib.generators.style_transfer import StyleFeatures, TransferSettings, transfer
from cgnlib.generators.transfer_sets import (
    Pictures,
    TransferGroups,
    stored_pictures,
    transferred_images,
)
from cgnlib.networks.features import Features
from cgnlib.rng import rng

SETTINGS = TransferSettings(closures_low=3, closures_high=6, batch=4, iterations=4)


def features(seed=0):
    """Three layers' maps of a small random network."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers = nn.Sequential(
            nn.Conv2d(3, 4, 3, padding=1), nn.Tanh(), nn.Conv2d(4, 5, 3, padding=1)
        )
    network = Features(layers, (0, 1, 2), (1.0, 1.0, 1.0))
    return StyleFeatures(network, (0, 2), 2, lambda images: 2 * images - 1)


def pictures(count, seed, side=8):
    return torch.rand(count, 3, side, side, generator=rng(seed, "pictures"))


def test_gram_by_hand():
    maps = torch.tensor([[[[1.0, 2.0]], [[3.0, 0.0]]]])  # C = 2, H W = 2
    assert style_transfer.gram(maps).tolist() == [[[5 / 4, 3 / 4], [3 / 4, 9 / 4]]]
    two = torch.cat([maps, 2 * maps])
    torch.testing.assert_close(style_transfer.gram(two)[1], 4 * style_transfer.gram(maps)[0])


def test_loss_by_hand():
    chosen = replace(SETTINGS, style_weight=10.0, content_weight=3.0)
    grams = [torch.tensor([[[1.0]]]), torch.tensor([[[0.0, 2.0], [2.0, 0.0]]])]
    wanted = [torch.tensor([[[3.0]]]), torch.zeros(1, 2, 2)]
    content, aim = torch.tensor([1.0, 2.0]), torch.tensor([1.0, 0.0])
    loss = style_transfer.transfer_loss(grams, content, wanted, aim, chosen)
    assert loss.item() == 10 * (4 + 2) + 3 * 2


@pytest.mark.parametrize("closures", [1, 4, 7, 13])
def test_the_loss_is_evaluated_as_often_as_asked(closures):
    looks, asked = features(), []
    counting = StyleFeatures(looks.network, looks.style, looks.content, looks.prepare)
    counting.prepare = lambda images: asked.append(torch.is_grad_enabled()) or 2 * images - 1
    made = transfer(pictures(2, 0), pictures(2, 1), counting, SETTINGS, closures)
    assert asked == [False, False] + [True] * closures
    assert made.shape == (2, 3, 8, 8) and made.min() >= 0 and made.max() <= 1


def test_the_result_looks_like_the_style_and_keeps_some_content():
    looks, content, style = features(), pictures(3, 0), pictures(3, 1) * 0.3
    chosen = replace(SETTINGS, style_weight=1e4, content_weight=1.0, iterations=10)

    def distances(images):
        (grams, maps), (aims, _), (_, own) = looks(images), looks(style), looks(content)
        apart = sum((a - b).square().mean((1, 2)) for a, b in zip(grams, aims, strict=True))
        return apart, (maps - own).square().mean((1, 2, 3))

    made = transfer(content, style, looks, chosen, 40)
    (before, _), (after, moved) = distances(content), distances(made)
    assert (after < 0.1 * before).all()
    heavy = transfer(content, style, looks, replace(chosen, content_weight=1e6), 40)
    assert (distances(heavy)[1] < 0.5 * moved).all()
    same = transfer(content, content, looks, chosen, 10)
    torch.testing.assert_close(same, content, atol=1e-5, rtol=0)  # nothing to do


def test_it_may_be_computed_at_another_size():
    looks, sizes = features(), []
    prepare = looks.prepare
    looks.prepare = lambda images: sizes.append(images.shape[-1]) or prepare(images)
    made = transfer(pictures(1, 0), pictures(1, 1), looks, replace(SETTINGS, work_px=16), 2)
    assert set(sizes) == {16} and made.shape == (1, 3, 8, 8)


def test_closures_are_uniform_within_their_limits():
    drawn = [style_transfer.draw_closures(SETTINGS, 0, group) for group in range(400)]
    counts = torch.bincount(torch.tensor(drawn))
    assert counts[:3].sum() == 0 and len(counts) == 7
    assert (counts[3:] - 100).abs().max() < 35
    with pytest.raises(UserError, match="5 to 4 closures: the first must"):
        TransferSettings(closures_low=5, closures_high=4)


def groups(count=6, styles=5, seed=0, **changes):
    content = stored_pictures(
        pictures(count, 2).mul(255).round().to(torch.uint8), torch.arange(count) % 3
    )
    style = stored_pictures(
        pictures(styles, 3).mul(255).round().to(torch.uint8), torch.zeros(styles)
    )
    return TransferGroups(content, style, features(), replace(SETTINGS, **changes), seed)


def test_contents_take_turns_and_styles_are_drawn_from_all():
    made = groups().rows(range(600))
    assert [row[1] for row in made[:8]] == [0, 1, 2, 3, 4, 5, 0, 1]
    assert [row[0] for row in made[:8]] == [0, 1, 2, 0, 1, 2, 0, 1]
    counts = torch.bincount(torch.tensor([row[2] for row in made]))
    assert len(counts) == 5 and (counts - 120).abs().max() < 40
    assert [row[3] for row in made[:4]] == [made[0][3]] * 4  # one L-BFGS, one length
    assert {row[3] for row in made} == {3, 4, 5, 6}
    assert groups().rows([17, 3]) == [made[17], made[3]]


def test_images_are_the_transfers_of_what_the_rows_say():
    whole = groups()
    made = transferred_images(whole, 7)
    assert made.images.shape == (7, 3, 8, 8) and made.images.dtype == torch.uint8
    assert made.labels.tolist() == [0, 1, 2, 0, 1, 2, 0]
    rows = whole.rows(range(4))
    content, style = (
        part.read(torch.tensor([row[place] for row in rows]))
        for part, place in ((whole.content, 1), (whole.style, 2))
    )
    expected = transfer(content, style, whole.features, whole.settings, rows[0][3])
    assert torch.equal(made.images[:4], expected.mul(255).round().to(torch.uint8))
    few = transferred_images(groups(), 3)
    assert torch.equal(few.images, made.images[:3]) and torch.equal(few.style, made.style[:3])


def test_something_to_transfer_is_needed():
    none = Pictures(lambda index: index, torch.empty(0))
    with pytest.raises(UserError, match="at least one content and one style"):
        TransferGroups(none, none, features(), SETTINGS, 0)
