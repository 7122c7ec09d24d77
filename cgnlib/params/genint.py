"""Parameters of GenInt on scenes9, the rendered stand-in, and on ImageNet."""

from typing import Self

from pydantic import Field, model_validator

from cgnlib.datasets import GenintDataset
from cgnlib.params.genint_classifiers import GenintClassifierParams
from cgnlib.params.genint_images import GenintImageParams
from cgnlib.params.genint_theory import GenintTheoryParams


class GenintParams(GenintTheoryParams, GenintClassifierParams, GenintImageParams):
    """What makes images, what trains classifiers on them, and what explains both; the defaults are
    those of embedded scenes9, which leaves most of what explains to the full scale."""

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
        return self
