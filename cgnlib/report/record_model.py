"""What a record, a verdict and a finished run are, checked strictly."""

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

RECORDS, VERDICTS, DONE = "records.jsonl", "verdicts.json", "done"
INTERACTIVE = "interactive"  # runs from JupyterLab or plain papermill: never read by the summary

_STRICT = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Record(BaseModel):
    """One measured number. Accuracies are in %, shares in [0, 1], times in seconds."""

    model_config = _STRICT

    claim: str = Field(min_length=1)
    experiment: str = Field(min_length=1)  # id of the experiment, e.g. ODR-1
    dataset: str = Field(min_length=1)
    scale: str = Field(min_length=1)
    setting: str = Field(min_length=1)  # the row's published name, e.g. Original+CGN
    metric: str = Field(min_length=1)
    value: float
    unit: str
    n: int = Field(ge=1)  # how many examples are behind the value
    seed: int = Field(ge=0)
    interval_low: float | None = None
    interval_high: float | None = None
    definition: str
    params_hash: str
    artefacts: list[str]
    seconds: float | None = None
    device: str
    git_commit: str

    @model_validator(mode="after")
    def _interval_in_order(self) -> "Record":
        low, high = self.interval_low, self.interval_high
        if (low is None) != (high is None) or (low is not None and low > high):
            raise ValueError(f"interval ({low}, {high}) needs two ends in order, or none")
        return self

    @property
    def key(self) -> tuple[str, str, str, str, str, int, str]:
        """What makes a row unique among merged records."""
        return (
            self.experiment,
            self.dataset,
            self.scale,
            self.setting,
            self.metric,
            self.seed,
            self.params_hash,
        )


class Verdict(BaseModel):
    """What the rules, declared before the run, say about one claim on one dataset."""

    model_config = _STRICT

    claim: str
    experiment: str
    dataset: str
    verdict: Literal["supported", "partly", "not supported", "not run"]
    reasons: list[str]
    seeds: list[int] = []


class FinishedRun(BaseModel):
    """A folder under results/ that holds ``done``: its records, verdicts and parameters."""

    folder: Path
    notebook: str
    recipe: str  # hash of every parameter but the seed
    finished_at: str
    overridden: bool  # True for <notebook>@<params hash>
    params: dict[str, Any]
    records: list[Record]
    verdicts: list[Verdict]


def first_error(error: ValidationError) -> str:
    """The first complaint of pydantic, as one line."""
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc'])) or 'line'}: {first['msg']}"
