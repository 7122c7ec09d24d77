"""The natural bound: by hand, against a model that is solved exactly, and for images."""

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cgnlib.errors import UserError
from cgnlib.evaluation.causal_bound import (
    ConfoundedModel,
    EffectBound,
    bound_of_images,
    natural_bound,
    tightest,
)

CHANCE = st.floats(0, 1)


def test_the_bound_by_hand():
    bound = natural_bound([0.1, 0.5, 0.0], [0.4, 1.0, 0.0])
    assert bound.lower.tolist() == [0.1, 0.5, 0.0]
    assert bound.upper == pytest.approx([0.7, 0.5, 1.0])
    assert bound.width == pytest.approx([0.6, 0.0, 1.0])


@given(joint=CHANCE, treated=CHANCE)
@example(joint=0.07470673461818401, treated=1.0)  # joint + 1 - treated is less than joint
def test_the_width_is_the_chance_of_another_image(joint, treated):
    bound = natural_bound(np.array(joint * treated), np.array(treated))
    assert bound.width == pytest.approx(1 - treated, abs=1e-12)
    assert 0 <= bound.lower <= bound.upper <= 1


@given(
    confounder=CHANCE,
    treated=st.tuples(CHANCE, CHANCE),
    outcome=st.tuples(CHANCE, CHANCE),
    strength=st.lists(CHANCE, min_size=1, max_size=4),
)
def test_the_effect_of_a_confounded_model_lies_within(confounder, treated, outcome, strength):
    model = ConfoundedModel(confounder, treated, outcome)
    joint, seen = model.observed(np.array(strength))
    bound = natural_bound(joint, np.maximum(seen, joint))
    assert (bound.lower <= model.effect + 1e-9).all() and (bound.upper >= model.effect - 1e-9).all()
    together = tightest([EffectBound(*pair) for pair in zip(bound.lower, bound.upper, strict=True)])
    assert together.lower - 1e-9 <= model.effect <= together.upper + 1e-9
    assert together.width <= bound.width.min() + 1e-12


def test_a_stronger_instrument_is_tighter_and_a_perfect_one_exact():
    model = ConfoundedModel()
    joint, seen = model.observed(np.array([0.0, 0.5, 1.0]))
    assert model.effect == pytest.approx(0.55)
    assert seen == pytest.approx([0.4, 0.7, 1.0])
    assert joint[0] == pytest.approx(0.5 * 0.1 * 0.2 + 0.5 * 0.7 * 0.9)
    bound = natural_bound(joint, seen)
    assert (np.diff(bound.width) < 0).all()
    assert bound.lower[2] == pytest.approx(model.effect) == bound.upper[2]
    assert joint[0] / seen[0] > 0.8  # what is merely observed overstates the effect


def test_bounds_of_images_are_as_loose_as_the_likelihood_is_small():
    bound = bound_of_images([math.log(0.5), -5.162, 0.0], [0.8, 1.0, 0.3])
    assert bound.lower == pytest.approx([0.4, math.exp(-5.162), 0.3])
    assert bound.upper == pytest.approx([0.9, 1.0, 0.3])


@pytest.mark.parametrize(
    ("joint", "treated"), [([0.5], [0.4]), ([-0.1], [0.4]), ([0.5], [1.2]), ([0.1], [0.2, 0.3])]
)
def test_what_is_no_probability_is_refused(joint, treated):
    with pytest.raises(UserError, match="P\\(y,x"):
        natural_bound(joint, treated)
    with pytest.raises(UserError, match="no bound"):
        tightest([])
