"""LNTL: colour labels and entropy by hand, who descends what, resume."""

import copy
import math

import pytest
import torch
import torch.nn.functional as F

from cgnlib.classifiers.cnn import MnistCnn
from cgnlib.classifiers.erm import Schedule
from cgnlib.classifiers.lntl import (
    IGNORED,
    ColourPredictors,
    Lntl,
    colour_loss,
    negative_entropy,
    quantise_colours,
)
from resuming import assert_resumes


def _image(*pixels):
    """A 2x2 image per pixel colour in [0, 1], as (B, 3, 2, 2) in [-1, 1]."""
    return (torch.tensor(pixels) * 2 - 1)[:, :, None, None].expand(-1, -1, 2, 2)


def test_colours_fall_into_eight_bins():
    made = quantise_colours(_image([0.0, 0.13, 0.5], [0.99, 1.0, 1.2]), 1, ignore_black=False)
    assert made.flatten(1).tolist() == [[0, 1, 4], [7, 7, 7]]  # bins of 1/8; noise above 1 clips


def test_black_is_ignored_only_where_asked_and_only_if_all_channels_are_dark():
    images = _image([0.0, 0.05, 0.1], [0.0, 0.0, 0.9])
    assert quantise_colours(images, 1, True).flatten(1).tolist() == [[IGNORED] * 3, [0, 0, 7]]
    assert quantise_colours(images, 1, False).flatten(1).tolist() == [[0, 0, 0], [0, 0, 7]]


def test_downsampling_takes_every_second_pixel():
    images = torch.full((1, 3, 4, 4), -1.0)
    images[:, :, ::2, ::2] = 1.0
    assert quantise_colours(images, 2, False).eq(7).all()


def test_negative_entropy_by_hand():
    uniform = torch.zeros(2, 3, 8, 1, 1)
    assert negative_entropy(uniform).item() == pytest.approx(-math.log(8))
    certain = torch.full((1, 3, 8, 1, 1), -100.0)
    certain[:, :, 2] = 100.0
    assert negative_entropy(certain).item() == pytest.approx(0.0, abs=1e-6)


def test_colour_loss_sums_channels_and_averages_the_pixels_that_count():
    scores = torch.zeros(1, 3, 8, 1, 2)
    scores[:, 0, 0] = math.log(7)  # channel 0: probability 7/14 of bin 0, 1/14 of the others
    colours = torch.zeros(1, 3, 1, 2, dtype=torch.long)
    colours[0, :, 0, 1] = IGNORED
    expected = math.log(2) + 2 * math.log(8)
    assert colour_loss(scores, colours).item() == pytest.approx(expected, rel=1e-6)
    assert colour_loss(scores, torch.full_like(colours, IGNORED)).item() == 0.0


def test_three_predictors_in_one_network_do_not_mix():
    predictors = ColourPredictors().eval()
    maps = torch.randn(2, 32, 4, 4)
    made = predictors(maps)
    assert made.shape == (2, 3, 8, 4, 4)
    with torch.no_grad():
        predictors.model[0].weight[:32] += 1.0  # the first predictor's
    changed = predictors(maps)
    assert not torch.allclose(changed[:, 0], made[:, 0])
    assert torch.equal(changed[:, 1:], made[:, 1:])


def _lntl(weight=0.01, reversal=0.1, schedule=None):
    torch.manual_seed(0)
    return Lntl(
        MnistCnn(),
        schedule or Schedule("adamw", 4e-3, 10, 1),
        predictors=ColourPredictors(),
        weight=weight,
        reversal=reversal,
        ignore_black=False,
    )


def _batch(step=0):
    generator = torch.Generator().manual_seed(step)
    return torch.rand(8, 3, 32, 32, generator=generator) * 2 - 1, torch.arange(8)


def _terms(method, batch):
    images, labels = batch
    maps = method.network.early(images)
    scores = method.predictors(maps)
    colour = colour_loss(scores, quantise_colours(images, 16, False))
    return F.cross_entropy(method.network.late(maps), labels), colour, negative_entropy(scores)


def test_predictors_descend_the_colour_loss_and_the_features_ascend_a_tenth_of_it():
    method = _lntl(weight=0.5, reversal=0.1)
    other = copy.deepcopy(method)
    loss, colour, certainty = _terms(other, _batch())
    wanted = torch.autograd.grad(
        loss + 0.5 * certainty - 0.1 * colour, list(other.network.parameters()), retain_graph=True
    )
    plain = torch.autograd.grad(colour, list(other.predictors.parameters()))
    logged = method.update(_batch())
    for have, want in zip(method.network.parameters(), wanted, strict=True):
        assert torch.allclose(have.grad, want, atol=1e-6)
    for have, want in zip(method.predictors.parameters(), plain, strict=True):
        assert torch.allclose(have.grad, want, atol=1e-6)
    assert logged["colour_entropy"].item() == pytest.approx(-certainty.item(), rel=1e-4)


def test_without_weights_it_is_plain_cross_entropy_training():
    method = _lntl(weight=0.0, reversal=0.0)
    loss, _, _ = _terms(copy.deepcopy(method), _batch())
    alone = copy.deepcopy(method.network)
    F.cross_entropy(alone(_batch()[0]), _batch()[1]).backward()
    assert method.update(_batch())["loss"].item() == pytest.approx(loss.item(), rel=1e-5)
    for have, want in zip(method.network.parameters(), alone.parameters(), strict=True):
        assert torch.allclose(have.grad, want.grad, atol=1e-6)


@pytest.mark.parametrize("schedule", [None, Schedule("adadelta", 1.0, 10, 2)])
def test_resume_gives_the_same_bits(schedule):
    assert_resumes(
        lambda: _lntl(schedule=schedule),
        _batch,
        lambda method: method.network.state_dict() | method.predictors.state_dict(prefix="colour."),
    )
