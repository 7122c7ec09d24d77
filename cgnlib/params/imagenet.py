"""Parameters of the ImageNet-scale family: scenes9, the rendered stand-in, and ImageNet-mini."""

from typing import Any, Self

from pydantic import field_validator, model_validator

from cgnlib.params.imagenet_classifiers import ImagenetClassifierParams

_LISTS = (
    "cf_shape_classes",
    "cf_texture_classes",
    "cf_background_classes",
    "score_counts",
    "baseline_milestones",
    "ensemble_milestones",
)
_TESTS_ONLY = {"biggan": "tiny_1000", "score_network": "random"}


class ImagenetParams(ImagenetClassifierParams):
    """Parameters of the ImageNet-scale family; the defaults are those of embedded scenes9."""

    @field_validator(*_LISTS, mode="before")
    @classmethod
    def _list_of_one(cls, value: Any) -> Any:
        """YAML and ``-p`` read a list of one number as that number."""
        return str(value) if type(value) is int else value

    @model_validator(mode="after")
    def _stand_in_or_real(self) -> Self:
        """Networks of the rendered scenes cannot look at ImageNet, and the other way round."""
        stand_in = self.dataset == "scenes9"
        if stand_in != (self.biggan in ("scenes9", "tiny")):
            raise ValueError(f"biggan {self.biggan!r} does not make images of {self.dataset}")
        if not stand_in and (self.evaluators != "none" or self.score_network == "scene_cnn"):
            raise ValueError(
                f"{self.dataset}: give evaluators none and score_network inception_v3: the "
                "others read scenes9 only"
            )
        for name, untrained in _TESTS_ONLY.items():
            if getattr(self, name) == untrained and self.scale != "smoke":
                raise ValueError(f"{name} {untrained!r} knows no class: it is for scale smoke only")
        return self
