"""Parameters of GenInt's bound, choices and nuisances: lists and what does not fit."""

import pytest
from pydantic import ValidationError

from cgnlib.generators.intervention_strengths import STRENGTHS
from cgnlib.params import genint_theory
from cgnlib.params.genint_theory import GenintTheoryParams


def params(**changes):
    return GenintTheoryParams(dataset="genint_scenes9", **changes)


def test_lists_are_read_in_order():
    made = params(
        bound_strengths="strong, none",
        choice_truncations="1,0.5",
        choice_components="3,1",
        choice_scales="10,130",
        bound_test_sets="second_test, hard",
        nuisance_categories="9,2",
    )
    assert made.strengths() == ["strong", "none"] and made.bound_sets() == ["second_test", "hard"]
    assert made.kinds() == ["plain", "stylised", "gan", "genint", "cgn"]
    assert made.truncations() == (1.0, 0.5) and made.choices("components") == (3, 1)
    assert made.choices("scales") == (10, 130) and made.categories() == (9, 2)


def test_a_list_of_one_number_is_a_list():
    made = params(choice_components=5, choice_truncations=0.5, nuisance_categories=3)
    assert made.choices("components") == (5,) and made.truncations() == (0.5,)
    assert made.categories() == (3,)


def test_the_names_are_those_of_the_library():
    assert tuple(STRENGTHS) == genint_theory.STRENGTHS
    assert {strength.images for strength in STRENGTHS.values()} == {2000}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("bound_strengths", "none,huge", "'huge' is unknown"),
        ("bound_strengths", "none,none", "given twice"),
        ("nuisance_kinds", "plain,", "unknown"),
        ("bound_test_sets", "orginal", "bound_test_sets: 'orginal' is unknown"),
        ("cam_sets", "original,original", "cam_sets: 'original' is unknown or given twice"),
        ("choice_truncations", "0.5,2", "at most 1"),
        ("choice_truncations", "half", "at most 1"),
        ("choice_components", "0", "from 1"),
        ("nuisance_categories", "1", "from 2"),
        ("bound_images", 0, "greater than"),
    ],
)
def test_what_does_not_fit_is_refused(name, value, message):
    with pytest.raises(ValidationError, match=message):
        params(**{name: value})
