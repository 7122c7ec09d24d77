"""What the finished runs of one scale left behind: parameters, records, artefacts, provenance."""

import json
import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from cgnlib.families import chosen, datasets_at, parameter_file
from cgnlib.parameter_reading import load_params
from cgnlib.params import Params
from cgnlib.paths import runs_root
from cgnlib.report import committed, judgements, verdicts
from cgnlib.report.publication import read_json
from cgnlib.report.record_model import FinishedRun, Record
from cgnlib.report.record_reading import intact_runs
from cgnlib.report.states import State

_BUFFERS = ("running_mean", "running_var", "num_batches_tracked")


@dataclass(frozen=True)
class Made:
    """An artefact that records name, with its provenance, and its parameter count where it holds
    one network's weights."""

    kind: str
    name: str
    provenance: dict[str, Any]
    weights: int | None


def network_size(file: Path) -> int | None:
    """Parameters in a safetensors file, buffers of batch norm not counted; read from its header
    alone, without torch. None when there is no such file."""
    try:
        with open(file, "rb") as handle:
            (length,) = struct.unpack("<Q", handle.read(8))
            header = json.loads(handle.read(length))
    except (OSError, ValueError, struct.error, MemoryError, OverflowError):
        return None
    return sum(
        math.prod(entry["shape"])
        for name, entry in header.items()
        if name != "__metadata__" and not name.endswith(_BUFFERS)
    )


class Evidence:
    """Finished runs of a family's parameter files of ``scale``, and their repetitions with other
    seeds."""

    def __init__(self, scale: str, states: list[State], family: str = "mnist") -> None:
        self.scale, self.states = scale, states
        self.families = chosen(family)
        self.datasets = datasets_at(scale, family)
        runs, self.complaints = intact_runs(scale)
        recipes = {
            (run.folder.parent, run.notebook, run.recipe) for run in runs if not run.overridden
        }
        self.all_runs: list[FinishedRun] = runs
        self.runs = [
            run
            for run in runs
            if (run.folder.parent, run.notebook, run.recipe) in recipes
            and run.folder.parent.name in self.datasets
        ]

    @cached_property
    def records(self) -> list[Record]:
        """Every record of :attr:`runs`, one per key."""
        return list({r.key: r for run in self.runs for r in run.records}.values())

    def full_records(self, experiment: str, dataset: str) -> list[Record]:
        """What the committed full scale has beside this one; nothing on the full scale itself."""
        if self.scale == committed.FULL:
            return []
        return committed.full_records(experiment, dataset)

    @cached_property
    def all_full_runs(self) -> list[FinishedRun]:
        """Every committed run of the full scale on these datasets, those with changed parameters
        included; nothing on the full scale itself.

        Raises:
            UserError: a damaged file.
        """
        if self.scale == committed.FULL:
            return []
        return [
            run for run in committed.every_full_run() if run.folder.parent.name in self.datasets
        ]

    @cached_property
    def judgements(self) -> list[judgements.Judgement]:
        """One per claim and dataset; ``not run`` where neither this scale nor the committed records
        of the full scale answer it."""
        found = verdicts.judge_all(self.records, self.datasets)
        return [judgements.shown(one, self.scale) for one in found]

    @cached_property
    def made(self) -> list[Made]:
        """The artefacts behind the records, as far as they are still under ``runs/``."""
        return list(self._artefacts())

    def _artefacts(self) -> Iterator[Made]:
        for name in dict.fromkeys(name for r in self.records for name in r.artefacts):
            folder = runs_root() / name
            provenance = read_json(folder / "provenance.json")
            if provenance is not None:
                size = network_size(folder / "weights.safetensors")
                yield Made(name.partition("/")[0], name, provenance, size)

    @cached_property
    def presets(self) -> dict[str, Params]:
        """The parameter files of this scale, by dataset."""
        paths = {dataset: parameter_file(self.scale, dataset) for dataset in self.datasets}
        return {d: load_params(path) for d, path in paths.items() if path.is_file()}

    def page(self, notebook: str, dataset: str = "") -> str:
        """Document name of a page of the book, or nothing when it is not in the book."""
        for state in self.states:
            if (state.notebook, state.dataset) == (notebook, dataset):
                shown = state.state == "failed" or (Path(state.folder) / "done").is_file()
                path = "/".join(filter(None, (state.scale, state.dataset, state.notebook)))
                return f"/results/{path}" if shown else ""
        return ""

    def link(self, notebook: str, dataset: str = "", text: str = "") -> str:
        """A link to a page, in MyST; plain text when the page is not in the book."""
        shown = text or " ".join(filter(None, (notebook, dataset)))
        document = self.page(notebook, dataset)
        return f"{{doc}}`{shown} <{document}>`" if document else f"{shown} (MISSING: not run)"

    def first_pages(self) -> str:
        """Links to the page of each family that shows its CGN."""
        return "; ".join(self.links(family.steps[0][0]) for family in self.families)

    def links(self, notebook: str) -> str:
        """Links to a notebook's page on each dataset it was run on."""
        found = [self.link(notebook, d, d) for d in self.datasets if self.page(notebook, d)]
        return f"{notebook} {', '.join(found)}" if found else f"{notebook} (MISSING: not run)"
