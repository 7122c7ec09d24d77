"""Records: one JSON line per number, written by the run that measured it.

A notebook calls :func:`begin`, records numbers, and ends with ``run.finish(verdicts)``, which
writes ``records.jsonl``, ``verdicts.json`` and, last, ``done``. Only folders with ``done`` count.
What a record is stands in :mod:`cgnlib.report.record_model`, how runs are read back in
:mod:`cgnlib.report.record_reading`; their names can be imported from here.
"""

import datetime
import hashlib
import json
import math
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cgnlib.errors import UserError
from cgnlib.params import Params, params_hash, unset_later
from cgnlib.paths import results_root
from cgnlib.report.record_model import (
    DONE,
    INTERACTIVE,
    RECORDS,
    VERDICTS,
    FinishedRun,
    Record,
    Verdict,
    first_error,
)
from cgnlib.report.record_reading import finished_runs, read_lines, read_records, read_run
from cgnlib.store import git_commit, write_atomic

__all__ = [
    "DONE",
    "INTERACTIVE",
    "RECORDS",
    "VERDICTS",
    "FinishedRun",
    "Record",
    "Run",
    "Verdict",
    "begin",
    "finish_summary",
    "finished_runs",
    "read_lines",
    "read_records",
    "read_run",
    "run_folder",
]


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def _recipe_hash(params: Params) -> str:
    values = params.model_dump(mode="json", exclude={"seed", *unset_later(params)})
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:10]


def _made_in(artefacts: Iterable[Any]) -> float | None:
    """Seconds that making the artefacts took, where any of them knows."""
    known = [getattr(artefact, "provenance", {}).get("seconds") for artefact in artefacts]
    return float(sum(filter(None, known))) if any(known) else None


class Run:
    """The numbers of one notebook run, kept until :meth:`finish` writes them."""

    def __init__(self, params: Params, notebook: str, claim: str) -> None:
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
        seed: int | None = None,
    ) -> Record:
        """Keep one number and return it.

        Args:
            value: finite number; accuracies in %, shares in [0, 1].
            n: examples behind the value.
            interval: low and high end, in the unit of the value.
            artefacts: :class:`cgnlib.store.Artefact` or their ``kind/hash`` text.
            seconds: time spent; by default that of making the artefacts.
            claim: when it is not the notebook's own claim.
            seed: when it is not that of the parameters: a page that repeats its recipe itself.

        Raises:
            UserError: NaN or infinite value, interval out of order, empty name.
        """
        names = {"experiment": experiment, "setting": setting, "metric": metric}
        artefacts = list(artefacts)
        seconds = _made_in(artefacts) if seconds is None else float(seconds)
        low, high = (None, None) if interval is None else map(float, interval)
        measured = {"value": float(value), "unit": unit, "n": int(n), "definition": definition}
        measured |= {"interval_low": low, "interval_high": high, "seconds": seconds}
        measured["seed"] = self.params.seed if seed is None else int(seed)
        made = self._checked(claim or self.claim, names, measured, [str(a) for a in artefacts])
        self.records.append(made)
        return made

    def _checked(
        self, claim: str, names: dict[str, str], measured: dict[str, Any], artefacts: list[str]
    ) -> Record:
        """A record of what was measured, with what this run adds to each."""
        try:
            return Record(
                **names,
                **measured,
                claim=claim,
                artefacts=artefacts,
                dataset=self.params.dataset,
                scale=self.params.scale,
                params_hash=params_hash(self.params),
                device=self.params.device,
                git_commit=git_commit(),
            )
        except ValidationError as error:
            where = " / ".join(names.values())
            raise UserError(f"record {where}: {first_error(error)}; nothing was recorded") from None

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
            "params": self.params.model_dump(mode="json", exclude=unset_later(self.params)),
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


def begin(params: Params, notebook: str, claim: str) -> Run:
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
