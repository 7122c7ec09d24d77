"""The families of experiments: which parameter model, datasets and notebooks belong together.

A new family is a model in :mod:`cgnlib.params`, dataset names in :mod:`cgnlib.datasets`, an entry
below and its name in the ``Makefile``; its parameter files are ``params/<scale>/<dataset>.yaml``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic.fields import FieldInfo

from cgnlib.datasets import (
    GENINT_DATASETS,
    GENINT_MNIST_DATASETS,
    IMAGENET_DATASETS,
    MNIST_DATASETS,
)
from cgnlib.errors import UserError
from cgnlib.params import GenintMnistParams, GenintParams, ImagenetParams, MnistParams, Params
from cgnlib.paths import project_root

ALL = "all"  # stands for every family there is


@dataclass(frozen=True)
class Family:
    """Datasets and notebooks that share a parameter model.

    ``steps`` lists the notebooks in the order in which they run, each with the notebook whose
    artefacts it starts from; ``reading_order`` in that of the book's pages. ``only_at`` names the
    scales of a dataset that has no parameter file at the others; ``reads`` the datasets of other
    families whose parameters, at the same scale, a dataset also depends on. Families of one
    ``group`` are chosen together, by its name.
    """

    model: type[Params]
    datasets: tuple[str, ...]
    steps: tuple[tuple[str, str | None], ...]
    reading_order: tuple[str, ...]
    only_at: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    reads: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    group: str = ""

    def datasets_at(self, scale: str) -> tuple[str, ...]:
        """The datasets that have a parameter file at ``scale``."""
        return tuple(name for name in self.datasets if scale in self.only_at.get(name, (scale,)))


FAMILIES = {
    "mnist": Family(
        model=MnistParams,
        datasets=MNIST_DATASETS,
        steps=(
            ("hqc", None),
            ("odr", "hqc"),
            ("explain", "odr"),
            ("extensions", "odr"),
            ("ibr", None),
        ),
        reading_order=("hqc", "ibr", "odr", "explain", "extensions"),
    ),
    "scenes9": Family(
        model=ImagenetParams,
        datasets=IMAGENET_DATASETS,
        steps=(
            ("hqc_imagenet", None),
            ("ibr_imagenet", None),
            ("odr_imagenet", "hqc_imagenet"),
        ),
        reading_order=("hqc_imagenet", "ibr_imagenet", "odr_imagenet"),
        only_at={"scenes9": ("smoke", "embedded", "full"), "imagenet_mini": ("paper",)},
    ),
    "genint_mnist": Family(
        model=GenintMnistParams,
        datasets=GENINT_MNIST_DATASETS,
        steps=(("genint", None),),
        reading_order=("genint",),
        group="genint",
    ),
    "genint_scenes9": Family(
        model=GenintParams,
        datasets=GENINT_DATASETS,
        steps=(("genint_scenes9", None),),
        reading_order=("genint_scenes9",),
        only_at={"genint_scenes9": ("smoke", "embedded", "full"), "genint_imagenet": ("paper",)},
        reads={"genint_scenes9": ("scenes9",)},  # the row CGN
        group="genint",
    ),
}


def names() -> list[str]:
    """What can be chosen: a family on its own, or the group it belongs to; then ``all``."""
    return [*dict.fromkeys(family.group or name for name, family in FAMILIES.items()), ALL]


def chosen(name: str) -> tuple[Family, ...]:
    """The family called ``name``, those of the group called so, or every one for ``all``.

    Raises:
        UserError: a name of nothing.
    """
    if name not in names():
        raise UserError(f"FAMILY={name} is unknown: choose one of {', '.join(names())}")
    return tuple(family for key, family in FAMILIES.items() if name in (ALL, family.group or key))


def datasets_at(scale: str, name: str = ALL) -> tuple[str, ...]:
    """The datasets of the chosen families at ``scale``, in the order of every page.

    Raises:
        UserError: see :func:`chosen`.
    """
    return tuple(dataset for family in chosen(name) for dataset in family.datasets_at(scale))


def model_of(dataset: object, where: str) -> type[Params]:
    """The parameter model of a dataset; of the first family where none is given.

    Raises:
        UserError: a dataset of no family, with ``where`` it was given.
    """
    for family in FAMILIES.values():
        if dataset is None or dataset in family.datasets:
            return family.model
    known = [name for family in FAMILIES.values() for name in family.datasets]
    raise UserError(
        f"{where}: dataset = {dataset!r} is wrong: it must be one of {', '.join(known)}"
    )


def family_of_notebook(notebook: str) -> Family | None:
    """The family that ``notebook`` belongs to; None for one of the user's own."""
    found = (one for one in FAMILIES.values() if notebook in one.reading_order)
    return next(found, None)


def known_parameters() -> dict[str, FieldInfo]:
    """The fields of every family's model."""
    models = (family.model for family in FAMILIES.values())
    return {name: info for model in models for name, info in model.model_fields.items()}


def parameter_file(scale: str, dataset: str) -> Path:
    """Where the parameters of a dataset at a scale are kept."""
    return project_root() / "params" / scale / f"{dataset}.yaml"


def scales() -> list[str]:
    """Scales that have parameter files."""
    folder = project_root() / "params"
    return sorted({path.parent.name for path in folder.glob("*/*.yaml")})
