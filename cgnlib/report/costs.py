"""What artefacts cost: recorded here in ``runs/``, else the shipped table ``params/costs.yaml``.

The table is written by ``python -m cgnlib plan --write-costs`` from the runs of one machine, with
the time of a short calibration on it; elsewhere its seconds are scaled by the same calibration.
"""

import json
import statistics
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from cgnlib.errors import UserError
from cgnlib.paths import project_root, results_root, runs_root
from cgnlib.report.publication import now, read_json
from cgnlib.store import git_commit, write_atomic

HEADER = "# Written by `python -m cgnlib plan --write-costs` from recorded runs. Do not edit.\n"
# What drives the cost of one update, by kind, under the names of the artefact's key; other kinds
# are priced per artefact.
DRIVERS = {
    "cgn": (
        "dataset",
        "cgn_width",
        "cgn_shape_width",
        "cgn_norm",
        "cgn_head",
        "disc",
        "disc_width",
        "cgn_batch",
        "perceptual_features",
    ),
    "classifier": ("dataset", "setting", "batch", "bf16"),
    "gan": ("dataset", "gan_width", "gan_disc", "gan_disc_width", "cgn_batch"),
    "irm": ("dataset", "batch", "bf16"),
    "lntl": ("dataset", "batch", "bf16"),
    "mechanism": ("dataset", "batch", "bf16"),
    "amount": ("dataset", "setting", "batch", "bf16"),
    "reader": (),
    "texture": (),
    "oracle": ("dataset", "bf16"),
    "vae": (),
    "imagenet_cgn": ("layout", "feature_net", "saliency_net", "cgn_batch", "cgn_accumulate"),
    "imagenet_baseline": ("dataset", "trunk", "classifier_bf16"),
    "imagenet_ensemble": ("dataset", "trunk", "classifier_bf16"),
    "genint_cvae": ("hidden", "batch"),
    "genint_cgn": ("cgn_width", "cgn_shape_width", "cgn_batch"),
    "genint_classifier": ("network", "width", "batch"),
    "genint_row": (
        "classifier_network",
        "real",
        "interventional",
        "transferred",
        "observational",
    ),
    "genint_irm": ("network", "width", "hidden", "batch"),
}
STEPS = ("steps", "cgn_steps", "gan_steps", "updates")  # where a key holds the number of updates
OVERHEAD = "notebook"  # kind of the work that is kept in no artefact: start, scores, figures


@dataclass(frozen=True)
class Cost:
    """Cost of one kind of work under one set of drivers.

    ``seconds`` is per update, or for the whole artefact when it has no updates (``unit``).
    """

    kind: str
    device: str
    threads: int
    drivers: dict[str, Any]
    unit: str  # "update" or "artefact"
    seconds: float
    peak_memory_mb: float
    disk_mb: float
    samples: int

    @property
    def identity(self) -> str:
        """What it is the cost of."""
        return json.dumps([self.kind, self.device, self.threads, self.drivers, self.unit])

    def fits(self, kind: str, device: str, per_update: bool) -> bool:
        """Whether this is the cost of ``kind`` on such a device, in the unit asked for."""
        return (self.kind, self.device, self.unit == "update") == (kind, device, per_update)


def drivers_of(kind: str, key: Mapping[str, Any]) -> dict[str, Any]:
    """The entries of an artefact's key that drive its cost."""
    return {name: key[name] for name in DRIVERS.get(kind, ()) if name in key}


def _finished() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Kind, key and provenance of every finished artefact; the store reports damaged ones."""
    for done in sorted(runs_root().glob("*/*/done")):
        provenance = read_json(done.parent / "provenance.json")
        try:
            key = yaml.safe_load((done.parent / "params.yaml").read_text())
        except (OSError, yaml.YAMLError):
            continue
        if provenance and isinstance(key, dict):
            yield done.parents[1].name, key, provenance


def _notebook_overheads(artefacts: list[tuple[str, dict, dict]]) -> Iterator[Cost]:
    """Seconds of finished notebooks that no artefact accounts for."""
    for path in sorted(results_root().glob("*/*/*/run.json")):
        run, done = read_json(path), read_json(path.with_name("done"))
        if run is None or done is None:
            continue
        end = datetime.fromisoformat(run["finished_at"])
        start = end - timedelta(seconds=run["seconds"] + 1)
        made = [
            p["seconds"]
            for _, _, p in artefacts
            if start <= datetime.fromisoformat(p["finished_at"]) <= end
        ]
        params = done.get("params", {})
        yield Cost(
            OVERHEAD,
            params.get("device", "cpu"),
            params.get("threads", 2),
            {"notebook": path.parent.name.partition("@")[0]},
            "artefact",
            max(run["seconds"] - sum(made), 0.0),
            0.0,
            0.0,
            1,
        )


def recorded(processor: str | None = None) -> list[Cost]:
    """Median costs of what ran here, on ``processor`` when given."""
    artefacts = [a for a in _finished() if processor in (None, a[2].get("processor"))]
    single = list(_notebook_overheads(artefacts))
    for kind, key, provenance in artefacts:
        steps = next((key[name] for name in STEPS if key.get(name)), 0) if kind in DRIVERS else 0
        single.append(
            Cost(
                kind,
                provenance.get("device", "cpu"),
                provenance.get("threads") or 2,
                drivers_of(kind, key),
                "update" if steps else "artefact",
                provenance["seconds"] / (steps or 1),
                provenance["peak_memory_mb"],
                provenance.get("disk_mb", 0.0),
                1,
            )
        )
    groups: dict[str, list[Cost]] = {}
    for cost in single:
        groups.setdefault(cost.identity, []).append(cost)
    return [_merged(group) for group in groups.values()]


def _merged(group: list[Cost]) -> Cost:
    first = group[0]
    return Cost(
        first.kind,
        first.device,
        first.threads,
        first.drivers,
        first.unit,
        float(f"{statistics.median(cost.seconds for cost in group):.4g}"),
        max(cost.peak_memory_mb for cost in group),
        max(cost.disk_mb for cost in group),
        len(group),
    )


def costs_path() -> Path:
    """The shipped table."""
    return project_root() / "params" / "costs.yaml"


def shipped() -> tuple[float, list[Cost]]:
    """Calibration seconds of the reference machine, and its costs; (0, []) without a table.

    Raises:
        UserError: the table is damaged.
    """
    path = costs_path()
    if not path.is_file():
        return 0.0, []
    try:
        table = yaml.safe_load(path.read_text())
        return float(table["reference"]["calibration_seconds"]), [
            Cost(**row) for row in table["costs"]
        ]
    except (yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"{path} is damaged ({type(error).__name__}): "
            "write it again with `python -m cgnlib plan --write-costs`"
        ) from None


def this_processor() -> str:
    """The processor as provenance names it."""
    from cgnlib.store import processor

    return processor()


def calibrate(budget_seconds: float = 3.0) -> float:
    """Seconds of a fixed piece of convolutional training: the least of the repeats within the
    budget, because whatever else runs only adds."""
    import torch
    from torch import nn

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(64, 16, 32, 32, generator=generator)
    layer = nn.Sequential(
        nn.Conv2d(16, 32, 3, padding=1), nn.LeakyReLU(0.2), nn.Conv2d(32, 16, 3, padding=1)
    )
    times, stop = [], time.perf_counter() + budget_seconds
    while len(times) < 3 or time.perf_counter() < stop:
        start = time.perf_counter()
        layer(images).square().mean().backward()
        times.append(time.perf_counter() - start)
    torch.set_num_threads(before)
    return min(times[1:])


def _kept(found: list[Cost], processor: str, calibration_seconds: float) -> list[Cost]:
    """The shipped costs of work that was not recorded here, on this machine's scale."""
    if not costs_path().is_file():
        return []
    measured = {cost.identity for cost in found}
    before, costs = shipped()
    same = yaml.safe_load(costs_path().read_text())["reference"]["processor"] == processor
    factor = 1.0 if same else calibration_seconds / before
    return [
        replace(cost, seconds=float(f"{cost.seconds * factor:.4g}"))
        for cost in costs
        if cost.identity not in measured
    ]


def write_costs() -> Path:
    """Derive the shipped table from the runs recorded here; work without a record here keeps the
    cost it had.

    Raises:
        UserError: nothing was recorded on this machine.
    """
    processor = this_processor()
    found = recorded(processor)
    if not found:
        raise UserError(
            f"no finished artefact of this machine under {runs_root()}: run the notebooks first"
        )
    reference = {
        "processor": processor,
        "calibration_seconds": round(calibrate(), 5),
        "git_commit": git_commit(),
        "written_at": now(),
    }
    costs = found + _kept(found, processor, reference["calibration_seconds"])
    table = {"reference": reference, "costs": [asdict(cost) for cost in costs]}
    text = HEADER + yaml.safe_dump(table, sort_keys=False)
    write_atomic(costs_path(), text.encode())
    return costs_path()
