"""What every family of experiments shares: a frozen, strict model of one run's parameters.

A preset is a parameter file; a notebook lists the parameters it uses in its default cell; both are
checked against one model per family. Nothing is derived in a parameters cell and no parameter file
changes a code path other than through the values it names.
"""

import hashlib
from collections.abc import Collection
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Params(BaseModel):
    """What is run. A family adds its own fields after these and names its datasets."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    dataset: str = Field(description="dataset of the family")
    scale: Literal["smoke", "embedded", "full", "paper"] = Field(
        "embedded", description="which scale the values belong to"
    )
    seed: int = Field(0, ge=0, le=2**31 - 1, description="seed of every random stream")
    threads: int = Field(1, ge=1, le=256, description="CPU threads; part of the artefact hash")
    device: Literal["cpu", "cuda"] = Field("cpu", description="where networks run")


# Parameters that came after runs were kept, and what runs without them did. They count where they
# say something else, so that those runs, which could not name them, keep their names.
LATER = {
    "gan_weights": "",
    "odr_classifier_weights": "",
    "cf_elastic_px": 0.0,
    "cf_tint": 0.0,
}


def unset_later(params: Params, among: Collection[str] = tuple(LATER)) -> set[str]:
    """Names ``among`` the later parameters that ``params`` leaves as runs before them were, or
    does not have; no other parameter is read."""
    return {name for name in among if getattr(params, name, LATER[name]) == LATER[name]}


def params_hash(params: Params) -> str:
    """Ten hex digits over every value of ``params``, but :func:`unset_later`."""
    values = params.model_dump_json(exclude=unset_later(params))
    return hashlib.sha256(values.encode()).hexdigest()[:10]


def whole_numbers(text: str, name: str, low: int, high: int) -> tuple[int, ...]:
    """The whole numbers of a comma-separated list, each from ``low`` to ``high``; () for none.

    Raises:
        ValueError: anything else, or a number given twice.
    """
    parts = [part.strip() for part in text.split(",")] if text.strip() else []
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise ValueError(f"{name}: {text!r} is no comma-separated list of whole numbers")
    numbers = tuple(int(part) for part in parts)
    if any(not low <= number <= high for number in numbers) or len(set(numbers)) < len(numbers):
        raise ValueError(f"{name}: {text!r} must hold numbers from {low} to {high}, each once")
    return numbers
