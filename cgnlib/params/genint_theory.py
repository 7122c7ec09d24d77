"""Parameters of what explains GenInt: bound, choice of interventions, nuisances, GradCAM."""

from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from cgnlib.params.base import Params, whole_numbers
from cgnlib.params.genint_classifiers import GENINT_TEST_SETS, SIDE_TEST_SETS

# Sets of images whose nuisances are told from their class (GENINT-10).
NUISANCE_KINDS = ("plain", "mixup", "stylised", "autoaugment", "gan", "genint", "cgn")
STRENGTHS = ("none", "weak", "medium", "strong")
_SETS = (*GENINT_TEST_SETS, *SIDE_TEST_SETS)
_LISTS = ("choice_components", "choice_scales", "nuisance_categories")


class GenintTheoryParams(Params):
    """Bound, choice, nuisances and GradCAM of GenInt; the defaults are those of embedded scenes9.
    A part of the family's parameters, beside what makes images and what trains classifiers."""

    # Bound tightness against accuracy (GENINT-8)
    bound_strengths: str = Field("", description="interventions compared, by comma; empty: none")
    bound_images: int = Field(100, ge=1, description="generated images per class and strength")
    bound_components: int = Field(20, ge=1, description="leading directions edited")
    bound_reach_percent: float = Field(
        65.0, gt=0.0, le=1000.0, description="scales of edits as a share of the published ones"
    )
    bound_network: Literal["scene_cnn", "resnet18"] = Field(
        "scene_cnn", description="classifier trained on the generated images alone"
    )
    bound_updates: int = Field(120, ge=1, description="its updates")
    bound_batch: int = Field(32, ge=2, description="images per update")
    bound_lr: float = Field(4.0e-3, gt=0.0, le=1.0, description="its AdamW step size, one cycle")
    bound_features: Literal["scene_cnn", "resnet18"] = Field(
        "scene_cnn", description="features behind log P(x|z): the shipped classifier, or published"
    )
    bound_reading: Literal["softmax", "shares"] = Field(
        "softmax", description="how features become a distribution (ours, or divided by their sum)"
    )
    bound_match: Literal["class", "any"] = Field(
        "class", description="which generated images count for a real one: its class's, or any"
    )
    bound_compared: int = Field(
        80, ge=1, description="generated images per class behind log P(x|z)"
    )
    bound_real: int = Field(50, ge=1, description="validation images per class behind it")
    bound_test_sets: str = Field(
        "original,nuisance_shifted", description="sets that the classifiers are asked about"
    )

    # Choice of truncation, components and scale (GENINT-9)
    choice_images: int = Field(60, ge=1, description="generated images per class and choice")
    choice_truncations: str = Field("", description="t compared, by comma; empty: none")
    choice_components: str = Field("", description="k compared, by comma; empty: none")
    choice_scales: str = Field("", description="s compared, in %, by comma; empty: none")

    # Nuisances against labels (GENINT-10)
    nuisance_kinds: str = Field(
        "plain,stylised,gan,genint,cgn",
        description="image sets whose nuisances are read, by comma; empty: none",
    )
    nuisance_network: Literal["scene_cnn", "resnet34"] = Field(
        "scene_cnn", description="network that reads the scale along every direction"
    )
    nuisance_exemplars: int = Field(10, ge=1, description="latents per class that are edited")
    nuisance_directions: int = Field(12, ge=1, description="leading directions edited")
    nuisance_scales: int = Field(3, ge=1, description="scales per exemplar and direction")
    nuisance_reach: float = Field(3.0, gt=0.0, le=100.0, description="largest scale, both senses")
    nuisance_truncation: float = Field(0.3, gt=0.0, le=1.0, description="truncation of the noise")
    nuisance_updates: int = Field(250, ge=1, description="updates of the reading network")
    nuisance_batch: int = Field(64, ge=2, description="images per update")
    nuisance_lr: float = Field(4.0e-3, gt=0.0, le=1.0, description="AdamW step size, one cycle")
    nuisance_images: int = Field(900, ge=10, description="images of each set that are read")
    nuisance_categories: str = Field(
        "2,3,5,9", description="numbers of classes told apart, by comma"
    )
    label_updates: int = Field(150, ge=1, description="updates of the network from scales to class")
    label_batch: int = Field(128, ge=2, description="images per update")
    label_lr: float = Field(1.0e-3, gt=0.0, le=1.0, description="AdamW step size, one cycle")
    label_hidden: int = Field(512, ge=1, description="its width, four layers")

    # GradCAM (GENINT-13)
    cam_images: int = Field(120, ge=1, description="images under GradCAM per set")
    cam_sets: str = Field("", description="sets explained, by comma; empty: none")
    cam_stage: int = Field(4, ge=1, le=4, description="stage of the classifier that GradCAM reads")

    @field_validator(*_LISTS, "choice_truncations", mode="before")
    @classmethod
    def _list_of_one(cls, value: Any) -> Any:
        """YAML and ``-p`` read a list of one number as that number."""
        return str(value) if type(value) in (int, float) else value

    @model_validator(mode="after")
    def _theory_consistent(self) -> Self:
        self.strengths()
        self.kinds()
        self.bound_sets()
        self.explained_sets()
        self.truncations()
        self.categories()
        for name, high in (("choice_components", 10_000), ("choice_scales", 1000)):
            whole_numbers(getattr(self, name), name, 1, high)
        return self

    def strengths(self) -> list[str]:
        """Strengths compared, in the order of ``bound_strengths``.

        Raises:
            ValueError: an unknown one, or one given twice.
        """
        return _names(self.bound_strengths, "bound_strengths", STRENGTHS)

    def bound_sets(self) -> list[str]:
        """Sets that the strengths' classifiers are asked about; errors as :meth:`strengths`."""
        return _names(self.bound_test_sets, "bound_test_sets", _SETS)

    def explained_sets(self) -> list[str]:
        """Sets under GradCAM; errors as :meth:`strengths`."""
        return _names(self.cam_sets, "cam_sets", _SETS)

    def kinds(self) -> list[str]:
        """Image sets whose nuisances are read; errors as :meth:`strengths`."""
        return _names(self.nuisance_kinds, "nuisance_kinds", NUISANCE_KINDS)

    def truncations(self) -> tuple[float, ...]:
        """Truncations compared.

        Raises:
            ValueError: no list of numbers above 0 and at most 1.
        """
        try:
            parts = self.choice_truncations.split(",")
            found = tuple(float(part) for part in parts if part.strip())
        except ValueError:
            found = (0.0,)
        if not all(0 < value <= 1 for value in found):
            raise ValueError(
                f"choice_truncations = {self.choice_truncations!r} is wrong: give numbers above 0 "
                "and at most 1"
            )
        return found

    def choices(self, name: Literal["components", "scales"]) -> tuple[int, ...]:
        """Numbers of components, or scales in %, compared."""
        return whole_numbers(getattr(self, f"choice_{name}"), f"choice_{name}", 1, 10_000)

    def categories(self) -> tuple[int, ...]:
        """Numbers of classes told apart, each at least two.

        Raises:
            ValueError: no such list.
        """
        return whole_numbers(self.nuisance_categories, "nuisance_categories", 2, 1000)


def _names(text: str, name: str, known: tuple[str, ...]) -> list[str]:
    names = [part.strip() for part in text.split(",")] if text.strip() else []
    for one in names:
        if one not in known or names.count(one) > 1:
            raise ValueError(
                f"{name}: {one!r} is unknown or given twice: choose from {', '.join(known)}"
            )
    return names
