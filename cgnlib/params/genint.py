"""Parameters of GenInt on scenes9, the rendered stand-in, and on ImageNet."""

from typing import Self

from pydantic import Field, model_validator

from cgnlib.datasets import GenintDataset
from cgnlib.params.genint_classifiers import SIDE_TEST_SETS, GenintClassifierParams
from cgnlib.params.genint_images import GenintImageParams
from cgnlib.params.genint_theory import GenintTheoryParams

# Test sets that a dataset lacks: ImageNet-V2 comes in three selections, scenes9 has sets by design.
_FOREIGN = {
    "genint_scenes9": ("second_test_threshold", "second_test_top_images"),
    "genint_imagenet": SIDE_TEST_SETS,
}


class GenintParams(GenintTheoryParams, GenintClassifierParams, GenintImageParams):
    """What makes images, what trains classifiers on them, and what explains both; the defaults are
    those of embedded scenes9, ``params/embedded/genint_scenes9.yaml``, which leaves most of what
    explains to the full scale."""

    dataset: GenintDataset = Field(
        "genint_scenes9", description="rendered stand-in for ImageNet, or ImageNet"
    )

    @model_validator(mode="after")
    def _stand_in_or_real(self) -> Self:
        """Generators of the rendered scenes make no ImageNet, and the other way round."""
        if (self.dataset == "genint_scenes9") != (self.biggan != "deep_256"):
            raise ValueError(f"biggan {self.biggan!r} does not make images of {self.dataset}")
        if self.dataset == "genint_imagenet" and self.corruptions == "made":
            raise ValueError(
                "corruptions 'made' are of scenes9: give imagenet_c for genint_imagenet, or none"
            )
        if self.dataset == "genint_imagenet" and self.side_sets:
            raise ValueError("side_sets are of scenes9: leave them empty for genint_imagenet")
        asked = {"genint_sets": self.sets(), "bound_test_sets": self.bound_sets()}
        for name, sets in (asked | {"cam_sets": self.explained_sets()}).items():
            foreign = [one for one in sets if one in _FOREIGN[self.dataset]]
            if foreign:
                raise ValueError(f"{name}: {self.dataset} has no set {foreign[0]!r}")
        return self
