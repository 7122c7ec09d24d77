"""Records: one JSON line per number, written by the run that measured it.

A notebook calls :func:`begin`, records numbers, and ends with ``run.finish(verdicts)``, which
writes ``records.jsonl``, ``verdicts.json`` and, last, ``done``. Only folders with ``done`` count.
"""

import datetime
import hashlib
import json
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from cgnlib.errors import UserError
from cgnlib.params import MnistParams, params_hash
from cgnlib.paths import results_root
from cgnlib.store import git_commit, write_atomic

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


def _first_error(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc'])) or 'line'}: {first['msg']}"


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def _recipe_hash(params: MnistParams) -> str:
    values = params.model_dump(mode="json", exclude={"seed"})
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:10]


class Run:
    """The numbers of one notebook run, kept until :meth:`finish` writes them."""

    def __init__(self, params: MnistParams, notebook: str, claim: str) -> None:
        self.params, self.notebook, self.claim = params, notebook, claim
        self.records: list[Record] = []
        self.folder = run_folder(f"{notebook}@{params.dataset}-{params_hash(params)}")

    def record(
        self,
        experiment: str,
        setting: str,
        metric: str,
        value: float,
        unit: str = "%",
        *,
        n: int,
        interval: tuple[float, float] | None = None,
        definition: str = "",
        artefacts: Iterable[Any] = (),
        seconds: float | None = None,
        claim: str | None = None,
    ) -> Record:
        """Keep one number and return it.

        Args:
            value: finite number; accuracies in %, shares in [0, 1].
            n: examples behind the value.
            interval: low and high end, in the unit of the value.
            artefacts: :class:`cgnlib.store.Artefact` or their ``kind/hash`` text.
            seconds: time spent; by default that of making the artefacts.
            claim: when it is not the notebook's own claim.

        Raises:
            UserError: NaN or infinite value, interval out of order, empty name.
        """
        low, high = (None, None) if interval is None else map(float, interval)
        artefacts = list(artefacts)
        if seconds is None:
            made_in = [getattr(artefact, "provenance", {}).get("seconds") for artefact in artefacts]
            seconds = sum(filter(None, made_in)) if any(made_in) else None
        try:
            made = Record(
                claim=claim or self.claim,
                experiment=experiment,
                dataset=self.params.dataset,
                scale=self.params.scale,
                setting=setting,
                metric=metric,
                value=float(value),
                unit=unit,
                n=int(n),
                seed=self.params.seed,
                interval_low=low,
                interval_high=high,
                definition=definition,
                params_hash=params_hash(self.params),
                artefacts=[str(artefact) for artefact in artefacts],
                seconds=None if seconds is None else float(seconds),
                device=self.params.device,
                git_commit=git_commit(),
            )
        except ValidationError as error:
            raise UserError(
                f"record {experiment} / {setting} / {metric}: "
                f"{_first_error(error)}; nothing was recorded"
            ) from None
        self.records.append(made)
        return made

    def finish(self, verdicts: Sequence[Verdict] = (), *, may_be_empty: bool = False) -> Path:
        """Write records, verdicts and then ``done``; return the folder.

        Args:
            may_be_empty: the parameters asked for no measurement, so none is an answer too.

        Raises:
            UserError: no records, a value that is not finite, the same number recorded twice.
        """
        where = f"the {self.notebook} run on {self.params.dataset}"
        if not self.records and not may_be_empty:
            raise UserError(f"{where} recorded no number: run the notebook from its top")
        seen: set[tuple] = set()
        for record in self.records:
            name = f"{record.experiment} / {record.setting} / {record.metric}"
            if not math.isfinite(record.value):
                raise UserError(f"{where}: {name} is {record.value}; records must be finite")
            if record.key in seen:
                raise UserError(f"{where}: {name} was recorded twice; run it from its top")
            seen.add(record.key)
        lines = "".join(record.model_dump_json() + "\n" for record in self.records)
        done = {
            "notebook": self.notebook,
            "params_hash": params_hash(self.params),
            "recipe": _recipe_hash(self.params),
            "records": len(self.records),
            "params": self.params.model_dump(mode="json"),
        }
        _publish(self.folder, lines, list(verdicts), done)
        return self.folder


def run_folder(name: str) -> Path:
    """``CGN_RUN_FOLDER`` (set by ``python -m cgnlib run``), else ``results/interactive/<name>``."""
    given = os.environ.get("CGN_RUN_FOLDER")
    return Path(given) if given else results_root() / INTERACTIVE / name


def _publish(folder: Path, lines: str, verdicts: list[Verdict], done: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / DONE).unlink(missing_ok=True)  # never an old `done` beside new numbers
    write_atomic(folder / RECORDS, lines.encode())
    dumped = json.dumps([verdict.model_dump() for verdict in verdicts], indent=1)
    write_atomic(folder / VERDICTS, dumped.encode())
    stamped = {**done, "finished_at": _now(), "git_commit": git_commit()}
    write_atomic(folder / DONE, (json.dumps(stamped, indent=1) + "\n").encode())


def begin(params: MnistParams, notebook: str, claim: str) -> Run:
    """Start the run of ``notebook`` for ``claim`` (see :class:`Run`)."""
    return Run(params, notebook, claim)


def finish_summary(scale: str, family: str, verdicts: Sequence[Verdict] = ()) -> Path:
    """Write the summary's own ``done``; it reads the records of others and has none itself."""
    name = f"{scale}/{family}"
    folder = run_folder(f"summary@{scale}-{family}")
    done = {
        "notebook": "summary",
        "records": 0,
        "recipe": "",
        "params_hash": hashlib.sha256(name.encode()).hexdigest()[:10],
    }
    _publish(folder, "", list(verdicts), done)
    return folder


def read_lines(path: Path) -> list[Record]:
    """The records of one file.

    Raises:
        UserError: a line that is not a record, with the file and the line's number.
    """
    records = []
    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read ({error}); run that notebook again") from None
    for number, line in enumerate(lines, start=1):
        try:
            records.append(Record.model_validate_json(line))
        except ValidationError as error:
            raise UserError(
                f"{path} line {number}: not a record ({_first_error(error)}); "
                "run that notebook again"
            ) from None
    return records


def read_run(folder: Path) -> FinishedRun:
    """A finished run's folder, read strictly.

    Raises:
        UserError: damaged ``done``, records or verdicts, or fewer records than were written.
    """
    try:
        done = json.loads((folder / DONE).read_text())
        stored = json.loads((folder / VERDICTS).read_text())
        verdicts = [Verdict(**verdict) for verdict in stored]
        run = FinishedRun(
            folder=folder,
            notebook=done["notebook"],
            recipe=done["recipe"],
            finished_at=done["finished_at"],
            overridden="@" in folder.name,
            params=done.get("params", {}),
            records=read_lines(folder / RECORDS),
            verdicts=verdicts,
        )
        expected = int(done["records"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{folder}: damaged run ({type(error).__name__}: "
            f"{str(error).splitlines()[0]}); run that notebook again"
        ) from None
    if len(run.records) != expected:
        raise UserError(
            f"{folder / RECORDS}: {len(run.records)} records, but {expected} were "
            "written; run that notebook again"
        )
    return run


def _run_folders(scale: str | None, dataset: str | None) -> Iterator[Path]:
    for done in sorted(results_root().glob(f"{scale or '*'}/{dataset or '*'}/*/{DONE}")):
        parts = done.relative_to(results_root()).parts
        if parts[0] != INTERACTIVE and not any(part.startswith(".") for part in parts):
            yield done.parent


def finished_runs(
    scale: str | None = None, dataset: str | None = None, *, presets_only: bool = False
) -> list[FinishedRun]:
    """Every finished run under results/, oldest first; interactive and staging folders are skipped.

    With ``presets_only``, runs with overrides count only if nothing but the seed differs from the
    run of the parameter file beside them: these are the repetitions of one recipe.
    """
    runs = [read_run(folder) for folder in _run_folders(scale, dataset)]
    if presets_only:
        recipes = {
            (run.folder.parent, run.notebook, run.recipe) for run in runs if not run.overridden
        }
        runs = [run for run in runs if (run.folder.parent, run.notebook, run.recipe) in recipes]
    return sorted(runs, key=lambda run: run.finished_at)


def read_records(
    scale: str | None = None,
    dataset: str | None = None,
    experiment: str | None = None,
    *,
    presets_only: bool = False,
) -> list[Record]:
    """Merged records of finished runs, one per :attr:`Record.key` (the later run's when two agree).

    Raises:
        UserError: a damaged file; see :func:`read_run`.
    """
    merged: dict[tuple, Record] = {}
    for run in finished_runs(scale, dataset, presets_only=presets_only):
        for record in run.records:
            if experiment in (None, record.experiment):
                merged[record.key] = record
    order = sorted(merged, key=lambda key: (key[2], key[1], key[0]))  # stable: page order within
    return [merged[key] for key in order]
