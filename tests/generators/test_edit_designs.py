"""Designs of edits: how many, how far, of what; and the images they make."""

import pytest
import torch

from cgnlib.errors import UserError
from cgnlib.generators.edit_designs import (
    NONE,
    STRENGTHS,
    EditDesign,
    draw_edits,
    edited_images,
    resized,
)
from cgnlib.generators.ganspace import Directions
from cgnlib.networks.biggan import BigGan
from cgnlib.pipelines.imagenet.nets import TINY

DIRECTIONS = Directions(torch.eye(6)[:4], torch.zeros(6), torch.ones(4))


def test_published_strengths_make_equally_many_images():
    assert {name: design.images for name, design in STRENGTHS.items()} == dict.fromkeys(
        ("none", "weak", "medium", "strong"), 2000
    )
    assert {name: resized(design, 200).images for name, design in STRENGTHS.items()} == {
        "none": 200, "weak": 200, "medium": 200, "strong": 200,
    }  # fmt: skip
    assert resized(STRENGTHS["weak"], 1).images == 40  # one latent is the least


def test_every_latent_is_edited_along_distinct_directions_all_over_the_range():
    design = EditDesign(latents=5, directions=3, steps=4, reach=8.0, truncation=0.5)
    made = draw_edits(design, DIRECTIONS, 2, 0, "test")
    assert len(made) == 2 * design.images == 120
    assert made.labels.tolist() == [0] * 60 + [1] * 60
    assert made.exemplar[:60].tolist() == [i for i in range(5) for _ in range(12)]
    component = made.component.view(10, 3, 4)
    assert (component == component[:, :, :1]).all()
    assert all(len(set(row)) == 3 for row in component[:, :, 0].tolist())
    delta = made.delta.view(10, 3, 4)
    parts = torch.tensor([-8.0, -4, 0, 4])
    assert ((delta >= parts) & (delta <= parts + 4)).all()
    along = DIRECTIONS.vectors[made.component]
    assert torch.allclose((made.z * along).sum(1), made.delta, atol=1e-5)


def test_the_rest_of_an_edited_latent_stays():
    design = EditDesign(latents=3, directions=4, steps=2, reach=8.0, truncation=0.5)
    z = draw_edits(design, DIRECTIONS, 1, 0, "test")
    plain = draw_edits(EditDesign(3, 0, 0, 0.0, 0.5), DIRECTIONS, 1, 0, "test")
    for row in range(len(z)):
        rest = torch.arange(6) != z.component[row]
        assert torch.equal(z.z[row][rest], plain.z[z.exemplar[row]][rest])
    assert (plain.component == NONE).all() and (plain.delta == 0).all()
    assert plain.z.abs().max() <= 1


def test_classes_and_streams_draw_their_own():
    design = EditDesign(3, 1, 2, 1.0, 0.5)
    made, more = (draw_edits(design, DIRECTIONS, count, 0, "test") for count in (1, 2))
    assert torch.equal(made.z, more.z[: len(made)])
    assert not torch.equal(more.z[len(made) :], made.z)
    assert not torch.equal(draw_edits(design, DIRECTIONS, 1, 0, "other").z, made.z)
    with pytest.raises(UserError, match="only 4 are known"):
        draw_edits(EditDesign(1, 5, 1, 1.0, 0.5), DIRECTIONS, 1, 0, "test")


def test_images_do_not_depend_on_the_batch():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        generator = BigGan(TINY)
    generator(torch.randn(4, TINY.z), torch.arange(4))  # a step of the spectral norms
    generator.eval()
    directions = Directions(torch.eye(TINY.z)[:2], torch.zeros(TINY.z), torch.ones(2))
    edits = draw_edits(EditDesign(2, 2, 1, 3.0, 1.0), directions, 3, 0, "test")
    images = edited_images(generator, edits, 1.0, batch=5)
    assert images.shape == (12, 3, 64, 64) and images.dtype == torch.uint8
    with torch.no_grad():
        whole = generator(edits.z, edits.labels, 1.0)
    assert ((whole + 1) * 127.5 - images).abs().max() <= 0.51
