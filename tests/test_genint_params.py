"""Parameters of GenInt on scenes9 and on ImageNet: what does not go together."""

import pytest
from pydantic import ValidationError

from cgnlib.generators.intervention_ranges import PUBLISHED, SCENES9
from cgnlib.params import GenintParams
from cgnlib.params.genint_images import RANGED_DIRECTIONS

IMAGENET = {
    "dataset": "genint_imagenet",
    "biggan": "deep_256",
    "transfer_source": "imagenet",
    "corruptions": "none",
    "side_sets": "",
}


def test_every_part_is_there():
    params = GenintParams()
    assert params.dataset == "genint_scenes9" and params.rows()[-1] == "CGN"
    assert params.side() == ["mixed_rand", "cue_conflict", "stylised", "sketch", "hard"]
    assert GenintParams(**IMAGENET).side() == []
    nothing = dict.fromkeys(
        ("bound_strengths", "choice_truncations", "choice_components", "choice_scales",
         "nuisance_kinds", "cam_sets", "generated_rows"), ""
    )  # fmt: skip
    empty = GenintParams(**nothing)
    found = (empty.strengths(), empty.truncations(), empty.choices("scales"), empty.kinds())
    assert not any(found) and empty.explained_sets() == empty.generated() == []


def test_directions_with_ranges_are_counted_as_the_library_has_them():
    assert {"scenes9": len(SCENES9), "published": len(PUBLISHED)} == RANGED_DIRECTIONS
    assert GenintParams(int_ranges="even", sheet_directions=41).sheet_directions == 41


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dataset": "genint_imagenet"}, "does not make images of genint_imagenet"),
        ({"biggan": "deep_256"}, "does not make images"),
        ({**IMAGENET, "corruptions": "made"}, "give imagenet_c"),
        ({**IMAGENET, "side_sets": "hard"}, "side_sets are of scenes9"),
        ({"side_sets": "original"}, "side_sets: 'original' is unknown"),
        ({"sheet_directions": 41}, "sheet_directions 41: int_ranges scenes9 knows 40"),
        ({**IMAGENET, "int_ranges": "published", "int_components": 61}, "published knows 60"),
        ({"genint_sets": "second_test_threshold"}, "has no set 'second_test_threshold'"),
        ({**IMAGENET, "bound_test_sets": "hard"}, "bound_test_sets: genint_imagenet has no set"),
        ({"cam_sets": "second_test_top_images"}, "cam_sets: genint_scenes9 has no set"),
    ],
)
def test_what_does_not_go_together(changes, message):
    with pytest.raises(ValidationError, match=message):
        GenintParams(**changes)
