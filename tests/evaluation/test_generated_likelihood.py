"""log P(x|z) of real images under generated ones, by hand and by its bounds."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cgnlib.errors import UserError
from cgnlib.evaluation import generated_likelihood
from cgnlib.evaluation.generated_likelihood import (
    ceiling,
    log_distribution,
    nearest_log_likelihood,
    uniform_bound,
)
from cgnlib.rng import rng


def features(count, size, seed, name):
    return torch.rand(count, size, generator=rng(seed, name)) * 4


def test_softmax_reading_by_hand():
    # p = (1/4, 3/4); generated (1/2, 1/2) and (1/4, 3/4)
    real = torch.tensor([[0.0, math.log(3)]])
    made = torch.tensor([[5.0, 5.0], [1.0, 1.0 + math.log(3)]])
    found = nearest_log_likelihood(real, made)
    expected = 0.25 * math.log(0.25) + 0.75 * math.log(0.75)
    assert found.value.item() == pytest.approx(expected, abs=1e-6) and found.index.item() == 1
    first = nearest_log_likelihood(real, made[:1])
    assert first.value.item() == pytest.approx(math.log(0.5), abs=1e-6)


def test_shares_reading_by_hand():
    real, made = torch.tensor([[1.0, 3.0]]), torch.tensor([[2.0, 2.0]])
    found = nearest_log_likelihood(real, made, "shares").value.item()
    assert found == pytest.approx(math.log(0.5), abs=1e-5)
    zero = nearest_log_likelihood(real, torch.tensor([[0.0, 4.0]]), "shares").value.item()
    assert zero == pytest.approx(0.25 * math.log(1e-6 / 4), rel=1e-3)  # finite, far below


def test_a_feature_that_says_nothing_gives_the_uniform_bound():
    real = features(5, 512, 0, "real")
    found = nearest_log_likelihood(real, torch.ones(1, 512)).value
    assert found.tolist() == pytest.approx([-math.log(512)] * 5, abs=1e-4)
    assert uniform_bound(512) == pytest.approx(-6.238, abs=1e-3)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 1000), reading=st.sampled_from(generated_likelihood.READINGS))
def test_nothing_is_likelier_than_the_image_itself(seed, reading):
    real, made = features(6, 8, seed, "real"), features(7, 8, seed, "made")
    top = ceiling(real, reading)
    assert (nearest_log_likelihood(real, made, reading).value <= top + 1e-5).all()
    both = nearest_log_likelihood(real, torch.cat([made, real]), reading)
    assert torch.allclose(both.value, top, atol=1e-5)
    assert both.index.tolist() == list(range(7, 13))


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 1000), more=st.integers(1, 5))
def test_more_generated_images_never_lower_it(seed, more):
    real, made = features(4, 8, seed, "real"), features(9, 8, seed, "made")
    few = nearest_log_likelihood(real, made[:more]).value
    assert (nearest_log_likelihood(real, made).value >= few - 1e-6).all()


def test_chunks_do_not_matter(monkeypatch):
    real, made = features(5, 8, 1, "real"), features(11, 8, 1, "made")
    whole = nearest_log_likelihood(real, made)
    monkeypatch.setattr(generated_likelihood, "_CHUNK", 3)
    parts = nearest_log_likelihood(real, made)
    assert torch.allclose(whole.value, parts.value) and torch.equal(whole.index, parts.index)
    scores = log_distribution(real).exp() @ log_distribution(made).T
    assert torch.equal(parts.index, scores.argmax(1))


def test_only_the_own_class_counts_where_asked():
    real = torch.eye(2) * 5
    made = torch.cat([real.flip(0), torch.zeros(1, 2)])  # the best match has the other class
    labels = (torch.tensor([0, 1]), torch.tensor([0, 1, 0]))
    own = nearest_log_likelihood(real, made, labels=labels)
    assert own.index.tolist() == [2, 1]
    assert own.value[0].item() == pytest.approx(math.log(0.5), abs=1e-6)
    assert (nearest_log_likelihood(real, made).value > own.value).all()
    with pytest.raises(UserError, match="no generated image of class 1"):
        nearest_log_likelihood(real, made[:1], labels=(labels[0], labels[1][:1]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nearest_log_likelihood(torch.ones(2, 3), torch.ones(2, 4)), "give"),
        (lambda: nearest_log_likelihood(torch.ones(2, 3), torch.ones(0, 3)), "at least one"),
        (lambda: log_distribution(-torch.ones(2, 3), "shares"), "below 0"),
        (lambda: log_distribution(torch.ones(2, 3), "l2"), "no reading"),
        (lambda: log_distribution(torch.ones(3)), "give"),
    ],
)
def test_what_cannot_be_compared_is_refused(call, message):
    with pytest.raises(UserError, match=message):
        call()
