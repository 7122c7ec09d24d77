"""Parameters of what GenInt trains and asks: rows of its tables, sets, schedules, corruptions."""

from collections.abc import Sequence
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from cgnlib.params.base import Params, whole_numbers

# Rows of the tables (GENINT-4 to GENINT-6): what a classifier is trained on, or how.
BASELINE, TRANSFER, BOTH = "ImageNet only", "Transfer only", "GenInt + transfer"
GENINT, CGN = "GenInt", "CGN"
GENINT_ROWS = (
    BASELINE,
    "Stylized",
    "Mixup",
    "AutoAug",
    "GAN augmentation",
    GENINT,
    TRANSFER,
    BOTH,
    CGN,  # counterfactuals of this project's CGN in the place of GenInt's images
)
REPEATED = (BASELINE, GENINT)  # rows whose training is repeated: the claim compares these two
# Rows trained on generated images alone (GENINT-7), by what they are trained on; int_truncation may
# make it another truncation.
GENERATED_ROWS = {
    "Observational, truncation 1.0": "observational_1.0",
    "Interventional, truncation 1.0": "interventional",
}
# Sets that classifiers are asked about. ImageNet's: validation, ObjectNet, and ImageNet-V2's three
# (matched frequency is `second_test`); scenes9 has one second test set.
GENINT_TEST_SETS = (
    "original",
    "nuisance_shifted",
    "second_test",
    "second_test_threshold",
    "second_test_top_images",
)
# scenes9's sets from elsewhere on which GenInt stands beside the CGN, read by shape
SIDE_TEST_SETS = ("mixed_rand", "cue_conflict", "stylised", "sketch", "hard")
_LISTS = ("classifier_milestones", "tuned_milestones", "int_batches", "int_weights")


class GenintClassifierParams(Params):
    """Training and evaluation of GenInt's classifiers; the defaults are those of embedded scenes9.
    A part of the family's parameters, beside what makes images and what explains them."""

    # What is trained
    genint_rows: str = Field("all", description="rows of the tables trained, by comma, or all")
    generated_rows: str = Field(
        "",
        description="sets of generated images that are trained on alone (GENINT-7); empty: none",
    )
    row_repetitions: int = Field(
        3, ge=1, le=100, description="trainings of ImageNet only and of GenInt: seed, seed + 1, ..."
    )
    classifier_network: Literal["scene_cnn", "resnet18", "resnet50", "resnet152"] = Field(
        "scene_cnn", description="classifier of every row"
    )
    generated_network: Literal["", "scene_cnn", "resnet18", "resnet50", "resnet152"] = Field(
        "", description="classifier of generated images alone (GENINT-7); empty: that of every row"
    )
    classifier_weights: str = Field(
        "", description="torchvision's file that ImageNet only is; empty: it is trained here"
    )
    augmentation: Literal["standard", "additional"] = Field(
        "standard", description="crop and flip, or also rotation, both flips and colour jitter"
    )
    crop_least_area: float = Field(
        0.4, gt=0.0, le=1.0, description="least share of the image that a training crop shows"
    )
    stylised_set: Literal["stylised", "repainted"] = Field(
        "stylised", description="stylised scenes in the class's own place, or in any"
    )
    train_images: int = Field(1800, ge=9, description="real training images (rendered scenes)")
    test_images: int = Field(900, ge=9, description="images per test set (rendered scenes)")

    # Schedule of a row that starts from fresh weights
    classifier_epochs: int = Field(2, ge=1, description="epochs over the real images")
    classifier_lr: float = Field(0.05, gt=0.0, le=10.0, description="SGD step size")
    classifier_milestones: str = Field(
        "1", description="epochs after which the step size falls tenfold, by comma"
    )
    classifier_batch: int = Field(32, ge=2, description="real images per update")
    epoch_images: int = Field(
        0, ge=0, description="real images in an epoch (the code stops at a million); 0: all"
    )
    momentum: float = Field(0.9, ge=0.0, lt=1.0, description="SGD momentum")
    weight_decay: float = Field(1.0e-4, ge=0.0, le=1.0, description="SGD weight decay")
    classifier_bf16: bool = Field(False, description="bfloat16 autocast of the classifiers")

    # Schedule of a row that starts from the weights of another
    rows_start: Literal["scratch", "baseline"] = Field(
        "scratch", description="where the rows but the first start: fresh, or ImageNet only"
    )
    both_start: Literal["scratch", "baseline", "transfer"] = Field(
        "transfer", description="where GenInt + transfer starts: fresh, or from another row"
    )
    tuned_epochs: int = Field(1, ge=1, description="epochs of a row that starts so")
    tuned_lr: float = Field(0.005, gt=0.0, le=10.0, description="its step size")
    tuned_milestones: str = Field("", description="epochs after which it falls tenfold, by comma")
    tuned_optimiser: Literal["sgd", "adam"] = Field("sgd", description="what descends it")

    # The loss, CE(X) + lambda 1 CE(X_int) + lambda 2 CE(X_itr)
    int_batch: int = Field(64, ge=1, description="interventional images per update of GenInt")
    int_weight: float = Field(0.2, ge=0.0, description="lambda 1 of GenInt")
    itr_batch: int = Field(64, ge=1, description="transferred images per update of Transfer only")
    itr_weight: float = Field(1.0, ge=0.0, description="lambda 2 of Transfer only")
    both_batch: int = Field(32, ge=2, description="real images per update of GenInt + transfer")
    both_int_batch: int = Field(64, ge=1, description="its interventional images per update")
    both_int_weight: float = Field(0.2, ge=0.0, description="its lambda 1")
    both_itr_batch: int = Field(64, ge=1, description="its transferred images per update")
    both_itr_weight: float = Field(1.0, ge=0.0, description="its lambda 2")
    joint_batch: bool = Field(
        True, description="batch norm sees the mixture of the three sets, or each by itself"
    )
    legacy_loss: bool = Field(
        False, description="lambda 1 added instead of multiplied with all three sets (code)"
    )
    mixup_alpha: float = Field(0.4, gt=0.0, le=10.0, description="alpha of mixup")
    gan_batch: int = Field(64, ge=1, description="generated images per update of GAN augmentation")

    # Hyper-parameters (GENINT-12)
    int_batches: str = Field(
        "", description="interventional images per update compared, by comma; empty: none"
    )
    int_weights: str = Field("", description="lambda 1 compared, by comma; empty: none")

    # What is asked
    genint_sets: str = Field(
        "original,nuisance_shifted,second_test", description="sets asked about, by comma"
    )
    side_sets: str = Field(
        ",".join(SIDE_TEST_SETS),
        description="sets of scenes9 on which GenInt and CGN stand side by side; empty: none",
    )
    corruptions: Literal["none", "made", "imagenet_c"] = Field(
        "made", description="corrupted test images: none, made here (optional package), or read"
    )
    corruption_trainings: int = Field(
        1, ge=1, le=100, description="trainings of a repeated row asked about corruptions, at most"
    )
    corruption_images: int = Field(200, ge=1, description="test images behind each corruption")
    corruption_reference: Literal["baseline", "alexnet", "chance"] = Field(
        "chance", description="whose errors corruption errors are relative to"
    )

    @field_validator(*_LISTS, mode="before")
    @classmethod
    def _single_number(cls, value: Any) -> Any:
        """YAML and ``-p`` read a list of one number as that number."""
        return str(value) if type(value) in (int, float) else value

    @model_validator(mode="after")
    def _training_consistent(self) -> Self:
        rows = self.rows()
        self.generated(), self.sets(), self.side(), self.weights_compared()
        for which in ("classifier", "tuned"):
            self.milestones(which)
        whole_numbers(self.int_batches, "int_batches", 1, 10**5)
        if self.corruption_reference == "baseline" and self.corruptions != "none":
            self._needs(rows, BASELINE, "corruption_reference baseline")
        return self

    def _needs(self, rows: Sequence[str], row: str, why: str) -> None:
        if row not in rows:
            raise ValueError(f"{why} needs the row {row!r} among genint_rows")

    def rows(self) -> list[str]:
        """The rows to train, in the order of ``genint_rows``.

        Raises:
            ValueError: an unknown row, one given twice, or none.
        """
        if self.genint_rows.strip() == "all":
            return list(GENINT_ROWS)
        return _names(self.genint_rows, "genint_rows", GENINT_ROWS)

    def generated(self) -> list[str]:
        """The rows of GENINT-7 to train, by the names of the table; errors as :meth:`rows`."""
        if not self.generated_rows.strip():
            return []
        titles = {name: title for title, name in GENERATED_ROWS.items()}
        return [titles[one] for one in _names(self.generated_rows, "generated_rows", [*titles])]

    def sets(self) -> list[str]:
        """The sets asked about, in the order of ``genint_sets``; errors as :meth:`rows`."""
        return _names(self.genint_sets, "genint_sets", GENINT_TEST_SETS)

    def side(self) -> list[str]:
        """Sets on which GenInt and CGN stand side by side; errors as :meth:`rows`."""
        if not self.side_sets.strip():
            return []
        return _names(self.side_sets, "side_sets", SIDE_TEST_SETS)

    def milestones(self, which: Literal["classifier", "tuned"]) -> tuple[int, ...]:
        """Epochs after which the step size falls.

        Raises:
            ValueError: no list of epochs before the last one.
        """
        name, epochs = f"{which}_milestones", getattr(self, f"{which}_epochs")
        return whole_numbers(getattr(self, name), name, 1, max(epochs - 1, 1))

    def batches_compared(self) -> tuple[int, ...]:
        """Interventional images per update that GENINT-12 compares."""
        return whole_numbers(self.int_batches, "int_batches", 1, 10**5)

    def weights_compared(self) -> tuple[float, ...]:
        """Values of lambda 1 that GENINT-12 compares.

        Raises:
            ValueError: no list of numbers of at least 0.
        """
        try:
            found = tuple(float(one) for one in self.int_weights.split(",") if one.strip())
        except ValueError:
            found = (-1.0,)
        if not all(0 <= value < float("inf") for value in found):
            raise ValueError(f"int_weights = {self.int_weights!r} is wrong: give numbers from 0 on")
        return found

    def repetitions_of(self, row: str) -> int:
        """How often a row is trained."""
        return self.row_repetitions if row in REPEATED else 1

    def corrupted_of(self, row: str) -> int:
        """How many trainings of a row are asked about corrupted images."""
        return min(self.corruption_trainings, self.repetitions_of(row))


def _names(text: str, name: str, known: Sequence[str]) -> list[str]:
    names = [part.strip() for part in text.split(",")]
    for one in names:
        if one not in known or names.count(one) > 1:
            raise ValueError(
                f"{name}: {one!r} is unknown or given twice: choose from {', '.join(known)}"
            )
    return names
