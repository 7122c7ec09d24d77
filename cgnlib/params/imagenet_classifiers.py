"""Parameters of the classifiers of the ImageNet-scale family, and of their explanations."""

from collections.abc import Sequence
from typing import Literal, Self

from pydantic import Field, model_validator

from cgnlib.params.base import whole_numbers
from cgnlib.params.imagenet_images import ImagenetImageParams

# Rows of the ImageNet tables: what a classifier is trained on.
IMAGENET_ROWS = ("IN", "SIN", "IN+SIN", "Mixed-Rand", "IN+CGN")
# Sets that classifiers are asked about. On ImageNet `original` is the validation set, and IN-9's
# original images have a name of their own; on scenes9 the two are one.
IMAGENET_TEST_SETS = (
    "original",
    "in9_original",
    "mixed_same",
    "mixed_rand",
    "only_foreground",
    "no_foreground",
    "cue_conflict",
    "stylised",
    "sketch",
    "hard",
    "second_test",
)
_NOT_IN = {
    "scenes9": ("in9_original",),
    "imagenet_mini": ("only_foreground", "no_foreground"),
}


class ImagenetClassifierParams(ImagenetImageParams):
    """Classifiers and explanations, beside everything that makes images."""

    # Classifiers
    odr_rows: str = Field(
        "IN,SIN,IN+SIN,Mixed-Rand,IN+CGN", description="rows trained (comma-separated)"
    )
    trunk: Literal["resnet18", "resnet50"] = Field("resnet18", description="network")
    trunk_weights: str = Field(
        "", description="weights the baseline is: 'published', or a file; empty: it is trained here"
    )
    real_images: Literal["imagenet-mini", "imagenet"] = Field(
        "imagenet-mini", description="photographs behind the dataset imagenet_mini"
    )
    train_images: int = Field(2500, ge=9, description="real training images (rendered scenes)")
    baseline_epochs: int = Field(3, ge=1, description="epochs of a baseline over train_images")
    baseline_lr: float = Field(0.05, gt=0.0, le=10.0, description="SGD step size of a baseline")
    baseline_milestones: str = Field(
        "2", description="epochs after which its step size falls tenfold (comma-separated)"
    )
    classifier_batch: int = Field(32, ge=2, description="real images per update")
    ensemble_epochs: int = Field(3, ge=1, description="epochs of the ensemble over train_images")
    ensemble_batch_cf: int = Field(32, ge=2, description="counterfactual images per update")
    ensemble_lr: float = Field(0.05, gt=0.0, le=10.0, description="SGD step size of the ensemble")
    ensemble_milestones: str = Field(
        "2", description="epochs after which its step size falls tenfold (comma-separated)"
    )
    momentum: float = Field(0.9, ge=0.0, lt=1.0, description="SGD momentum")
    weight_decay: float = Field(1.0e-4, ge=0.0, le=1.0, description="SGD weight decay")
    crop_least_area: float = Field(
        0.4, gt=0.0, le=1.0, description="least share of the image that a training crop shows"
    )
    bn_eval: bool = Field(True, description="batch norm in eval mode in the ensemble (code)")
    classifier_bf16: bool = Field(False, description="bfloat16 autocast of the classifiers")
    test_images: int = Field(2000, ge=9, description="images per test set (rendered scenes)")
    test_sets: str = Field(
        "all", description="sets that classifiers are asked about (comma-separated), or all"
    )

    # Explanations
    explain_images: int = Field(120, ge=1, description="images under GradCAM per set")
    cam_stage: int = Field(
        3, ge=1, le=4, description="stage of the ResNet that GradCAM reads (4x4 cells at 64 px)"
    )
    lime_images: int = Field(8, ge=1, le=1000, description="images explained by LIME")
    lime_samples: int = Field(300, ge=10, le=100_000, description="perturbed copies per image")
    lime_segments: Literal["slic", "grid", "quickshift"] = Field(
        "slic", description="what LIME hides and shows: superpixels, or squares"
    )
    lime_segment_px: int = Field(
        8, ge=1, le=224, description="side of a superpixel (about) or of a square"
    )

    @model_validator(mode="after")
    def _classifiers_consistent(self) -> Self:
        self.rows()
        self.sets()
        for which in ("baseline", "ensemble"):
            self.milestones(which)
        return self

    def rows(self) -> list[str]:
        """The rows to train, in the order of ``odr_rows``.

        Raises:
            ValueError: an unknown row, one given twice, or none.
        """
        return _names(self.odr_rows, "odr_rows", IMAGENET_ROWS)

    def sets(self) -> list[str]:
        """The sets that classifiers are asked about, in the order of ``test_sets``.

        Raises:
            ValueError: a set that the dataset does not have, one given twice, or none.
        """
        known = [name for name in IMAGENET_TEST_SETS if name not in _NOT_IN[self.dataset]]
        return known if self.test_sets == "all" else _names(self.test_sets, "test_sets", known)

    def milestones(self, which: Literal["baseline", "ensemble"]) -> tuple[int, ...]:
        """Epochs after which the step size of the baselines or of the ensemble falls.

        Raises:
            ValueError: no list of epochs before its last one.
        """
        name, epochs = f"{which}_milestones", getattr(self, f"{which}_epochs")
        return whole_numbers(getattr(self, name), name, 1, max(epochs - 1, 1))


def _names(text: str, name: str, known: Sequence[str]) -> list[str]:
    """The names of a comma-separated list, each one of ``known`` and given once."""
    names = [part.strip() for part in text.split(",")]
    for one in names:
        if one not in known:
            raise ValueError(f"{name}: unknown name {one!r}: choose from {', '.join(known)}")
        if names.count(one) > 1:
            raise ValueError(f"{name}: {one!r} is given {names.count(one)} times")
    return names
