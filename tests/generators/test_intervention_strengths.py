"""The strengths of intervention as published: how many noises, how far."""

import pytest

from cgnlib.errors import UserError
from cgnlib.generators.intervention_draws import NO_COMPONENT, draw_interventions
from cgnlib.generators.intervention_strengths import IMAGES, PUBLISHED, strength_settings


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_strength_makes_2000_images_of_its_noises(name):
    strength, settings = PUBLISHED[name], strength_settings(name)
    assert strength.noises * settings.per_noise == IMAGES == 2000
    assert settings.truncation == 0.5


def test_a_weak_intervention_moves_few_noises_in_many_small_steps():
    settings = strength_settings("weak", components=6)
    drawn = draw_interventions(settings, [0, 1], 8, 0, range(2 * 80))
    assert drawn.noise.max() == 1 and drawn.delta.abs().max() <= 5
    own = (drawn.labels == 0) & (drawn.noise == 0)
    assert own.sum() == 40 and len(drawn.component[own].unique()) == 4
    for component in drawn.component[own].unique():
        deltas = drawn.delta[own & (drawn.component == component)]
        assert ((deltas + 5).long()).sort().values.tolist() == list(range(10))  # one per step


def test_the_reach_scales_and_none_moves_nothing():
    half = strength_settings("strong", components=6, reach_percent=50)
    assert draw_interventions(half, [0], 8, 0, range(400)).delta.abs().max() <= 4.5
    none = draw_interventions(strength_settings("none"), [0], 8, 0, range(5))
    assert (none.component == NO_COMPONENT).all() and none.noise.tolist() == [0, 1, 2, 3, 4]


def test_wrong_strengths_are_refused():
    with pytest.raises(UserError, match="no strength 'huge'"):
        strength_settings("huge")
    with pytest.raises(UserError, match="different directions"):
        strength_settings("weak", components=3)
