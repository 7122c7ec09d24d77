"""Parameters of the classifiers of the ImageNet-scale family, and of their explanations."""

from typing import Literal, Self

from pydantic import Field, model_validator

from cgnlib.params.base import whole_numbers
from cgnlib.params.imagenet_images import ImagenetImageParams

# Rows of the ImageNet tables: what a classifier is trained on.
IMAGENET_ROWS = ("IN", "SIN", "IN+SIN", "Mixed-Rand", "IN+CGN")


class ImagenetClassifierParams(ImagenetImageParams):
    """Classifiers and explanations, beside everything that makes images."""

    # Classifiers
    odr_rows: str = Field(
        "IN,SIN,IN+SIN,Mixed-Rand,IN+CGN", description="rows trained (comma-separated)"
    )
    trunk: Literal["resnet18", "resnet50"] = Field("resnet18", description="network")
    trunk_weights: str = Field(
        "", description="published weights the baseline is; empty: the baseline is trained here"
    )
    train_images: int = Field(9000, ge=9, description="real training images (rendered scenes)")
    baseline_epochs: int = Field(4, ge=1, description="epochs of a baseline over train_images")
    baseline_lr: float = Field(0.05, gt=0.0, le=10.0, description="SGD step size of a baseline")
    classifier_batch: int = Field(64, ge=2, description="real images per update")
    ensemble_epochs: int = Field(2, ge=1, description="epochs of the ensemble over train_images")
    ensemble_batch_cf: int = Field(64, ge=2, description="counterfactual images per update")
    ensemble_lr: float = Field(0.01, gt=0.0, le=10.0, description="SGD step size of the ensemble")
    ensemble_milestones: str = Field(
        "", description="epochs after which its step size falls tenfold (comma-separated)"
    )
    momentum: float = Field(0.9, ge=0.0, lt=1.0, description="SGD momentum")
    weight_decay: float = Field(1.0e-4, ge=0.0, le=1.0, description="SGD weight decay")
    bn_eval: bool = Field(True, description="batch norm in eval mode in the ensemble (code)")
    classifier_bf16: bool = Field(False, description="bfloat16 autocast of the classifiers")
    test_images: int = Field(2000, ge=9, description="images per test set (rendered scenes)")

    # Explanations
    explain_images: int = Field(500, ge=1, description="images under GradCAM per set")
    lime_images: int = Field(10, ge=1, le=1000, description="images explained by LIME")
    lime_samples: int = Field(500, ge=10, le=100_000, description="perturbed copies per image")

    @model_validator(mode="after")
    def _classifiers_consistent(self) -> Self:
        self.rows()
        self.milestones()
        return self

    def rows(self) -> list[str]:
        """The rows to train, in the order of ``odr_rows``.

        Raises:
            ValueError: an unknown row, one given twice, or none.
        """
        names = [name.strip() for name in self.odr_rows.split(",")]
        for name in names:
            if name not in IMAGENET_ROWS:
                raise ValueError(
                    f"odr_rows: unknown row {name!r}: choose from {', '.join(IMAGENET_ROWS)}"
                )
            if names.count(name) > 1:
                raise ValueError(f"odr_rows: {name!r} is given {names.count(name)} times")
        return names

    def milestones(self) -> tuple[int, ...]:
        """Epochs after which the ensemble's step size falls.

        Raises:
            ValueError: no list of epochs below ``ensemble_epochs``.
        """
        last = max(self.ensemble_epochs - 1, 1)
        return whole_numbers(self.ensemble_milestones, "ensemble_milestones", 1, last)
