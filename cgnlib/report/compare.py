"""Two runs, or two artefacts, side by side: which parameters differ, and what that did.

A reference is a run's folder (``results/embedded/colored_mnist/odr``, or the same without
``results/``), the hash of a run's parameters, an artefact's folder, or an artefact's hash.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from cgnlib.errors import UserError
from cgnlib.params import LATER
from cgnlib.paths import results_root, runs_root
from cgnlib.report.publication import read_json
from cgnlib.report.record_model import DONE, FinishedRun, Record
from cgnlib.report.record_reading import intact_runs, read_run

ABSENT = "(absent)"
_HASH = re.compile(r"[0-9a-f]{10}|[0-9a-f]{12}")  # of parameters, of an artefact
NumberKey = tuple[str, str, str]  # experiment, setting, metric; for artefacts "", "", name


@dataclass(frozen=True)
class Number:
    """A value with its unit and, where known, its interval and the examples behind it."""

    value: float
    unit: str
    low: float | None = None
    high: float | None = None
    n: int | None = None


@dataclass(frozen=True)
class Side:
    """One of the things compared. ``identity`` says when and from which code it was made."""

    name: str
    kind: str  # "run" or "artefact"
    params: dict[str, Any]
    numbers: dict[NumberKey, Number]
    identity: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Pair:
    """One number on both sides. ``overlap`` is None where a side has no interval."""

    key: NumberKey
    first: Number
    second: Number

    @property
    def difference(self) -> float:
        """Second minus first, in the unit of the value."""
        return self.second.value - self.first.value

    @property
    def overlap(self) -> bool | None:
        """Whether the intervals have a point in common."""
        ends = (self.first.low, self.first.high, self.second.low, self.second.high)
        if None in ends:
            return None
        return self.first.low <= self.second.high and self.second.low <= self.first.high


@dataclass(frozen=True)
class Comparison:
    """What two sides share and where they differ."""

    first: Side
    second: Side
    params: list[tuple[str, Any, Any]]  # name and both values, where they differ
    pairs: list[Pair]
    only_first: list[NumberKey]
    only_second: list[NumberKey]


def numbers_of(records: Sequence[Record]) -> dict[NumberKey, Number]:
    """The records of one run by experiment, setting and metric."""
    return {
        (r.experiment, r.setting, r.metric): Number(
            r.value, r.unit, r.interval_low, r.interval_high, r.n
        )
        for r in records
    }


def run_side(run: FinishedRun) -> Side:
    """A finished run as a side of a comparison."""
    parts = run.folder.parts[-3:] if run.folder.is_relative_to(results_root()) else run.folder.parts
    first = run.records[0] if run.records else None
    identity = {"finished": run.finished_at}
    if first:
        identity |= {"parameters": first.params_hash, "code": first.git_commit}
    return Side("/".join(parts), "run", run.params, numbers_of(run.records), identity)


def _artefact_side(folder: Path) -> Side:
    name = f"{folder.parent.name}/{folder.name}"
    provenance = read_json(folder / "provenance.json")
    try:
        params = yaml.safe_load((folder / "params.yaml").read_text())
    except (OSError, yaml.YAMLError):
        params = None
    if provenance is None or not isinstance(params, dict):
        raise UserError(f"{folder}: damaged artefact: delete it and make it again")
    numbers = {}
    for key, unit in (("seconds", "s"), ("peak_memory_mb", "MB"), ("disk_mb", "MB")):
        if key in provenance:
            numbers["", "", key] = Number(float(provenance[key]), unit)
    for key, value in _last_logged(folder).items():
        numbers["", "", key] = Number(value, "")
    versions = provenance.get("versions", {})
    identity = {
        "finished": str(provenance.get("finished_at", "")),
        "code": str(provenance.get("git_commit", "")),
        "torch": str(versions.get("torch", "")),
        "processor": str(provenance.get("processor", "")),
    }
    return Side(name, "artefact", params, numbers, identity)


def _last_logged(folder: Path) -> dict[str, float]:
    """The last row of a training's log, if there is one."""
    try:
        lines = (folder / "metrics.jsonl").read_text().splitlines()
        return (
            {name: float(value) for name, value in json.loads(lines[-1]).items()} if lines else {}
        )
    except (OSError, ValueError):
        return {}


def find(reference: str) -> Side:
    """What ``reference`` names.

    Raises:
        UserError: nothing or several things of that name, or a damaged one.
    """
    for folder in (Path(reference), results_root() / reference, runs_root() / reference):
        if (folder / "records.jsonl").is_file() and (folder / DONE).is_file():
            return run_side(read_run(folder.resolve()))
        if (folder / "provenance.json").is_file():
            return _artefact_side(folder.resolve())
    name = reference.rpartition("@")[2]
    found = _by_hash(name) if _HASH.fullmatch(name) else []
    if len(found) > 1:
        names = ", ".join(side.name for side in found)
        raise UserError(f"{reference!r} names several things: {names}; give one of their folders")
    if not found:
        raise UserError(
            f"no finished run or artefact {reference!r}: give a folder under results/ or runs/, "
            "or the hash of a run's parameters or of an artefact"
        )
    return found[0]


def _by_hash(name: str) -> list[Side]:
    artefacts = [done.parent for done in sorted(runs_root().glob(f"*/{name}/{DONE}"))]
    runs, _ = intact_runs()
    runs = [run for run in runs if any(r.params_hash == name for r in run.records)]
    return [*map(run_side, runs), *map(_artefact_side, artefacts)]


def differing(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Name and both values of every parameter that differs, in the first one's order. A later
    parameter that one side does not name has the value of runs before it."""
    names = [*first, *(name for name in second if name not in first)]
    rows = [(name, *(one.get(name, LATER.get(name, ABSENT)) for one in (first, second)))
            for name in names]  # fmt: skip
    return [row for row in rows if row[1] != row[2] or type(row[1]) is not type(row[2])]


def compare(first: Side, second: Side) -> Comparison:
    """Line up two sides.

    Raises:
        UserError: a run beside an artefact.
    """
    if first.kind != second.kind:
        raise UserError(
            f"{first.name} is of kind {first.kind}, {second.name} of kind {second.kind}: "
            "compare two runs or two artefacts"
        )
    return Comparison(
        first,
        second,
        differing(first.params, second.params),
        [
            Pair(key, number, second.numbers[key])
            for key, number in first.numbers.items()
            if key in second.numbers
        ],
        [key for key in first.numbers if key not in second.numbers],
        [key for key in second.numbers if key not in first.numbers],
    )
