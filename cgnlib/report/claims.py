"""The claims and the rules of their verdicts: ``params/claims.yaml``, written before any run."""

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from cgnlib.datasets import MNIST_DATASETS
from cgnlib.errors import UserError
from cgnlib.paths import project_root
from cgnlib.report import published

_STRICT = ConfigDict(frozen=True, extra="forbid", strict=True)


class Rule(BaseModel):
    """What every condition of a claim has."""

    model_config = _STRICT
    text: str
    core: bool = False
    datasets: list[str] | None = None  # None: every dataset


class AtLeast(Rule):
    """The value is ``value`` or more."""

    kind: Literal["at_least"]
    setting: str
    metric: str
    value: float


class AtMost(Rule):
    """The value is ``value`` or less."""

    kind: Literal["at_most"]
    setting: str
    metric: str
    value: float


class IntervalAbove(Rule):
    """The whole interval lies above ``value``: what a paired difference is asked for.

    ``ranks`` names the metric whose order over settings a rank correlation is made of: where all
    settings agree on it there is no order, and the condition is not met rather than missing.
    """

    kind: Literal["interval_above"]
    setting: str
    metric: str
    value: float
    ranks: str | None = None


class Beats(Rule):
    """``setting`` lies at least ``value`` above ``over``, and not by chance: their intervals do not
    overlap, or, from three common seeds on, that of their paired difference lies above 0."""

    kind: Literal["beats"]
    setting: str
    over: str
    metric: str
    value: float


class Steady(Rule):
    """``setting`` and ``over`` differ by ``value`` at most; from three common seeds on the whole
    interval of their paired difference lies within it."""

    kind: Literal["steady"]
    setting: str
    over: str
    metric: str
    value: float = Field(gt=0.0)


class ReachesPublished(Rule):
    """The value is no further below the published one than the published row's tolerance."""

    kind: Literal["reaches_published"]
    setting: str
    metric: str
    source: str
    table: str


class DroppingHurts(Rule):
    """Each dropped group lowers at least one metric by more than its margin against the control;
    from three common seeds on, the interval of that paired loss must also lie above 0."""

    kind: Literal["dropping_hurts"]
    margins: dict[str, float] = Field(min_length=1)


Condition = Annotated[
    AtLeast | AtMost | IntervalAbove | Beats | Steady | ReachesPublished | DroppingHurts,
    Field(discriminator="kind"),
]


class Claim(BaseModel):
    """A claim on some datasets (biased MNIST unless said), the experiment that tests it and its
    conditions; ``note`` is what a reader of every verdict on it must know."""

    model_config = _STRICT
    claim: str
    experiment: str
    page: str
    statement: str
    datasets: list[str] = list(MNIST_DATASETS)
    control: str = ""
    settings: list[str] = []
    note: str = ""
    conditions: list[Condition] = Field(min_length=1)


def load_claims(path: Path) -> list[Claim]:
    """Read the claims and their rules strictly.

    Raises:
        UserError: an unknown key or kind, or a broken file.
    """
    try:
        return TypeAdapter(list[Claim]).validate_python(published.read_yaml(path))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise UserError(f"{path}: {where}: {first['msg']}; correct that entry") from None


@lru_cache(maxsize=1)
def claims() -> list[Claim]:
    """``params/claims.yaml`` of this project."""
    return load_claims(project_root() / "params" / "claims.yaml")
