"""Sheets at fixed noise and chosen triples of an ImageNet CGN."""

import torch

from cgnlib.data.class_names import class_triples
from cgnlib.generators.imagenet_sampling import PAPER_TRIPLES, sheet, triples


def test_a_sheet_is_at_one_noise_for_every_class_and_call(tiny_cgn):
    cgn = tiny_cgn()
    made, again = (sheet(cgn, (3, 0, 3), 0, 0.5) for _ in range(2))
    assert set(made) == {"premask", "mask", "foreground", "background", "composite"}
    assert made["composite"].shape == (3, 16, 16, 3) and made["mask"].shape == (3, 16, 16, 1)
    for name, pixels in made.items():
        assert pixels.dtype == torch.uint8 and torch.equal(pixels, again[name])
        assert torch.equal(pixels[0], pixels[2])  # the class alone makes the difference
    assert not torch.equal(made["composite"][0], made["composite"][1])
    assert cgn.training and cgn.biggan_GT.calls == 0
    assert not torch.equal(sheet(cgn, (3,), 1, 0.5)["composite"][0], made["composite"][0])


def test_triples_take_each_part_from_its_class(tiny_cgn):
    cgn = tiny_cgn()
    mixed = triples(cgn, [(0, 1, 2)], 5, 1.0)
    same = triples(cgn, [(y, y, y) for y in range(3)], 5, 1.0, one_noise=True)
    for name, place in (("mask", 0), ("foreground", 1), ("background", 2)):
        assert torch.equal(mixed[name][0], same[name][place])
    many = triples(cgn, [(0, 1, 2)] * 20, 5, 1.0)  # more than one batch, a noise for each
    assert many["composite"].shape[0] == 20
    assert (many["mask"][0] == mixed["mask"][0]).float().mean() > 0.99
    assert not torch.equal(many["composite"][0], many["composite"][1])


def test_mechanisms_may_have_a_noise_each(tiny_cgn):
    cgn = tiny_cgn()
    one = triples(cgn, [(0, 1, 2)] * 2, 5, 1.0)
    each = triples(cgn, [(0, 1, 2)] * 2, 5, 1.0, shared_noise=False)
    assert torch.equal(one["mask"][0], each["mask"][0])  # the stream begins with the shape's
    assert not torch.equal(one["background"][0], each["background"][0])


def test_the_papers_triples_are_imagenet_classes():
    found = class_triples(PAPER_TRIPLES)
    assert len(found) == 25 and found[0] == (779, 388, 974) and found[24] == (849, 652, 429)
