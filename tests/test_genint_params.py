"""Parameters of GenInt on scenes9 and on ImageNet: what does not go together."""

import pytest
from pydantic import ValidationError

from cgnlib.params import GenintParams

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


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dataset": "genint_imagenet"}, "does not make images of genint_imagenet"),
        ({"biggan": "deep_256"}, "does not make images"),
        ({**IMAGENET, "corruptions": "made"}, "give imagenet_c"),
        ({**IMAGENET, "side_sets": "hard"}, "side_sets are of scenes9"),
        ({"side_sets": "original"}, "side_sets: 'original' is unknown"),
    ],
)
def test_what_does_not_go_together(changes, message):
    with pytest.raises(ValidationError, match=message):
        GenintParams(**changes)
