"""Published numbers, published recipe and list of experiments: ``params/published.yaml``."""

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from cgnlib.datasets import (
    MNIST_DATASETS,
    PUBLISHED_AS,
    RECIPE_AS,
    GenintDataset,
    GenintMnistDataset,
    ImagenetDataset,
    MnistDataset,
)
from cgnlib.errors import UserError
from cgnlib.families import known_parameters
from cgnlib.parameter_reading import nearest_name
from cgnlib.paths import project_root

_STRICT = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

Dataset = MnistDataset | GenintMnistDataset | Literal["mnist", "imagenet", "all"]
Direction = Literal["higher", "lower", "none"]


class Source(BaseModel):
    """A publication (or a measurement on its released weights)."""

    model_config = _STRICT
    title: str


class Experiment(BaseModel):
    """An experiment on some datasets; ``page`` is the notebook that answers it there, or empty.

    ``headline`` is (setting, metric) of the number a summary shows; None where pictures answer.
    ``control`` is the setting that it is read against, where one number says little.
    An experiment that two families repeat has an entry for each.
    """

    model_config = _STRICT
    id: str
    claim: str
    page: str
    title: str
    datasets: list[MnistDataset | ImagenetDataset | GenintMnistDataset | GenintDataset] = list(
        MNIST_DATASETS
    )
    headline: list[str] | None = Field(None, min_length=2, max_length=2)
    control: str = ""


class Value(BaseModel):
    """A number, or a range when a source states one; ``std`` and ``n`` where stated."""

    model_config = _STRICT
    value: float | None = None
    low: float | None = None
    high: float | None = None
    std: float | None = Field(None, ge=0)
    n: int | None = Field(None, ge=1)

    @model_validator(mode="after")
    def _value_or_range(self) -> "Value":
        ends = (self.low, self.high)
        if self.value is None and None in ends or self.value is not None and ends != (None, None):
            raise ValueError("give a value, or low and high")
        if self.value is None and self.low > self.high:
            raise ValueError(f"low {self.low} lies above high {self.high}")
        return self


class Row(Value):
    """One published number with its address."""

    source: str
    table: str
    experiment: str
    dataset: Dataset
    setting: str
    metric: str
    unit: str
    direction: Direction = "none"
    tolerance: float | None = Field(None, ge=0)
    note: str = ""

    @property
    def key(self) -> tuple[str, str, str, str, str, str]:
        """Source, table, experiment, dataset, setting, metric: unique."""
        return (self.source, self.table, self.experiment, self.dataset, self.setting, self.metric)

    @property
    def text(self) -> str:
        """The number as a reader expects it: ``95.1``, ``85.05 ± 0.12`` or ``0.07-0.16``."""
        if self.value is None:
            return f"{self.low:g}\u2013{self.high:g}"
        shown = (
            f"{self.value:.1f}"
            if self.unit == "%" and round(self.value, 1) == self.value
            else f"{self.value:g}"
        )
        return shown if self.std is None else f"{shown} ± {self.std:g}"


class RecipeEntry(BaseModel):
    """Published parameter values behind one choice, for one dataset or for all of biased MNIST."""

    model_config = _STRICT
    what: str
    of: Literal["cgn", "classifier", "gan", "lntl"] = "cgn"
    dataset: MnistDataset | GenintMnistDataset | Literal["imagenet", "genint_imagenet"] | None = (
        None
    )
    values: dict[str, Any] = Field(min_length=1)

    @model_validator(mode="after")
    def _known_parameters(self) -> "RecipeEntry":
        for name in self.values:
            if name not in known_parameters():
                hint = nearest_name(name, known_parameters())
                raise ValueError(f"unknown parameter {name!r}{hint}")
        return self


def _as_value(given: Any) -> Any:
    return {"value": given} if isinstance(given, int | float) else given


class _RowIn(BaseModel):
    model_config = _STRICT
    dataset: Dataset
    setting: str
    values: dict[str, Annotated[Value, BeforeValidator(_as_value)]] = Field(min_length=1)
    note: str = ""


class _TableIn(BaseModel):
    model_config = _STRICT
    source: str
    table: str
    experiment: str
    unit: str
    direction: Direction = "none"
    tolerance: float | None = None
    note: str = ""
    rows: list[_RowIn] = Field(min_length=1)

    def flat(self) -> list[Row]:
        rows = []
        for row in self.rows:
            for metric, value in row.values.items():
                rows.append(
                    Row(
                        **value.model_dump(),
                        source=self.source,
                        table=self.table,
                        experiment=self.experiment,
                        dataset=row.dataset,
                        setting=row.setting,
                        metric=metric,
                        unit=self.unit,
                        direction=self.direction,
                        tolerance=self.tolerance,
                        note="; ".join(filter(None, (row.note, self.note))),
                    )
                )
        return rows


class _FileIn(BaseModel):
    model_config = _STRICT
    sources: dict[str, Source]
    experiments: list[Experiment]
    tables: list[_TableIn]
    recipe: list[RecipeEntry]


class Published(BaseModel):
    """The whole file, rows flattened."""

    model_config = _STRICT
    sources: dict[str, Source]
    experiments: list[Experiment]
    rows: list[Row]
    recipe: list[RecipeEntry]


class _UniqueLoader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):
    """YAML without silently overwritten keys."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        names = [key.value for key, _ in node.value]
        for name in names:
            if names.count(name) > 1:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{name!r} is given twice", node.start_mark
                )
        return super().construct_mapping(node, deep=deep)


def read_yaml(path: Path) -> Any:
    """A YAML file without repeated keys.

    Raises:
        UserError: missing file, broken YAML, a key given twice.
    """
    try:
        return yaml.load(path.read_text(), Loader=_UniqueLoader)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}; restore it from the project") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        at = f" line {mark.line + 1}" if mark else ""
        raise UserError(f"{path}{at}: {getattr(error, 'problem', error)}; correct it") from None


def _check_experiments(experiments: list[Experiment], path: Path) -> None:
    seen: set[tuple[str, str]] = set()
    for experiment in experiments:
        for dataset in experiment.datasets:
            if (experiment.id, dataset) in seen:
                raise UserError(f"{path}: {experiment.id} is listed twice for {dataset}; keep one")
            seen.add((experiment.id, dataset))


def load(path: Path) -> Published:
    """Read and check a file of published numbers.

    Raises:
        UserError: an unknown or repeated key, a row given twice, an unknown source or experiment.
    """
    try:
        file = _FileIn.model_validate(read_yaml(path))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise UserError(f"{path}: {where}: {first['msg']}; correct that entry") from None
    rows = [row for table in file.tables for row in table.flat()]
    _check_experiments(file.experiments, path)
    seen: set[tuple] = set()
    for row in rows:
        if row.key in seen:
            raise UserError(f"{path}: {' / '.join(row.key)} is given twice; keep one")
        seen.add(row.key)
        if row.source not in file.sources:
            raise UserError(f"{path}: {' / '.join(row.key)}: unknown source; add it to `sources`")
    return Published(
        sources=file.sources, experiments=file.experiments, rows=rows, recipe=file.recipe
    )


@lru_cache(maxsize=1)
def published() -> Published:
    """``params/published.yaml`` of this project, read once, on first use."""
    return load(project_root() / "params" / "published.yaml")


def rows(
    experiment: str,
    dataset: str | None = None,
    metric: str | None = None,
    source: str | None = None,
) -> list[Row]:
    """Published rows of one experiment, in the order of the file; for a dataset that numbers were
    published under another name, those (see :data:`cgnlib.datasets.PUBLISHED_AS`)."""
    dataset = PUBLISHED_AS.get(dataset, dataset)
    return [
        row
        for row in published().rows
        if row.experiment == experiment
        and dataset in (None, row.dataset)
        and metric in (None, row.metric)
        and source in (None, row.source)
    ]


def recipe(dataset: str, of: tuple[str, ...] = ("cgn", "classifier")) -> list[RecipeEntry]:
    """The published training of CGN and classifier (or GAN baseline) on ``dataset``."""
    name = RECIPE_AS.get(dataset, dataset)
    wanted = (None, name) if name in MNIST_DATASETS else (name,)
    return [entry for entry in published().recipe if entry.dataset in wanted and entry.of in of]
