"""Predict time, memory and disk of a run before it starts.

Lists the artefacts that each notebook of a parameter file needs, with their updates, and prices
them from what ran on this machine, else from the shipped table scaled by a short calibration.
"""

import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from cgnlib.errors import UserError
from cgnlib.families import FAMILIES
from cgnlib.parameter_reading import load_params
from cgnlib.params import Params
from cgnlib.report.costs import (
    OVERHEAD,
    Cost,
    calibrate,
    recorded,
    shipped,
    this_processor,
    write_costs,
)
from cgnlib.report.seeds import seeds_of
from cgnlib.report.workload import Item, work

__all__ = ["Item", "Prediction", "as_dict", "predict", "table", "work", "write_costs"]


@dataclass(frozen=True)
class Prediction:
    """Price of one item: seconds in all, peak memory of its process, disk it keeps.

    ``source``: ``recorded``, ``reference`` (shipped table, scaled), or one of these with ``rough``
    when only other settings were measured; ``unknown`` prices nothing.
    """

    params: str
    notebook: str
    kind: str
    name: str
    updates: int
    seconds: float | None
    peak_memory_mb: float | None
    disk_mb: float | None
    source: str
    seed: int = 0
    threads: int = 1


class Prices:
    """Costs of this machine first, then of the shipped table scaled to it."""

    def __init__(self) -> None:
        self.recorded = recorded(this_processor())
        self.reference_seconds, self.reference = shipped()
        self._scale: float | None = None
        if not self.recorded and not self.reference:
            raise UserError(
                "nothing was recorded here and params/costs.yaml is missing: "
                "run a notebook first, then plan again"
            )

    @property
    def scale(self) -> float:
        """How much slower this machine is than the reference; calibrated when first needed."""
        if self._scale is None:
            self._scale = calibrate() / self.reference_seconds
        return self._scale

    def find(self, item: Item, params: Params) -> tuple[Cost | None, float, str]:
        """The best cost for ``item``, the factor on its seconds, and where it comes from: the same
        work on as many threads, else the nearest, which is rough."""
        wanted, threads = dict(item.drivers), params.threads
        for exact in (True, False):
            for costs, source in ((self.recorded, "recorded"), (self.reference, "reference")):
                fitting = [c for c in costs if c.fits(item.kind, params.device, item.updates > 0)]
                if exact:
                    fitting = [c for c in fitting if c.threads == threads]
                if exact or item.kind == OVERHEAD:
                    fitting = [c for c in fitting if c.drivers == wanted]
                if fitting:
                    best = max(
                        fitting,
                        key=lambda c: (
                            len(c.drivers.items() & wanted.items()),
                            -abs(c.threads - threads),
                        ),
                    )
                    factor = self.scale if source == "reference" else 1.0
                    return best, factor, source + ("" if exact else ", rough")
        return None, 1.0, "unknown"


def _price(prices: Prices, item: Item, params: Params, notebook: str) -> Prediction:
    where = f"{params.scale}/{params.dataset}"
    cost, factor, source = prices.find(item, params)
    priced: tuple = (None, None, None)
    if cost:
        seconds = cost.seconds * factor * max(item.updates, 1)
        batch = dict(item.drivers).get("cgn_batch") or dict(item.drivers).get("batch")
        measured = cost.drivers.get("cgn_batch") or cost.drivers.get("batch")
        if batch and measured:
            seconds *= batch / measured
        priced = (round(seconds, 2), cost.peak_memory_mb, cost.disk_mb)
    about = (where, notebook, item.kind, item.name, item.updates)
    return Prediction(*about, *priced, source, params.seed, params.threads)


def predict(paths: list[Path], seeds: Sequence[int] = ()) -> list[Prediction]:
    """Price every notebook of the given parameter files, from nothing, with each of ``seeds`` (by
    default those of the file's scale).

    Raises:
        UserError: a bad parameter file or seeds, or neither recorded runs nor a shipped table.
    """
    loaded = [
        params.model_copy(update={"seed": seed})
        for params in map(load_params, paths)
        for seed in seeds_of(params.scale, params, seeds)
    ]
    prices = Prices()
    known = {notebook for family in FAMILIES.values() for notebook, _ in family.steps}
    return [
        _price(prices, item, params, notebook)
        for params in loaded
        for notebook, item in work(params)
        if notebook in known
    ]


def as_dict(predictions: list[Prediction]) -> dict:
    """Items and totals for JSON."""
    known = [p for p in predictions if p.seconds is not None]
    return {
        "items": [asdict(p) for p in predictions],
        "total": {
            "seconds": round(sum(p.seconds for p in known), 1),
            "seconds_on_all_cores": round(_side_by_side(known), 1),
            "peak_memory_mb": max((p.peak_memory_mb for p in known), default=None),
            "disk_mb": round(sum(p.disk_mb for p in known), 1),
            "complete": len(known) == len(predictions),
        },
    }


def _side_by_side(known: list[Prediction]) -> float:
    """Seconds when as many jobs run at a time as their threads leave room for on this machine."""
    cores = os.cpu_count() or 1
    return sum(one.seconds * min(1.0, one.threads / cores) for one in known)


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def table(predictions: list[Prediction]) -> str:
    """One line per notebook and kind, then the totals."""
    rows: dict[tuple[str, str, str], list[Prediction]] = {}
    for one in predictions:
        rows.setdefault((one.params, one.notebook, one.kind), []).append(one)
    lines = [
        f"{'parameters':32} {'notebook':9} {'kind':12} {'number':>6} {'updates':>8} "
        f"{'time':>8} {'memory':>8} {'disk':>8}  source"
    ]
    for (params, notebook, kind), group in rows.items():
        known = [one for one in group if one.seconds is not None]
        updates = sum(one.updates for one in group)
        prices = (
            ("?", "?", "?")
            if not known
            else (
                _time(sum(one.seconds for one in known)),
                f"{max(one.peak_memory_mb for one in known):.0f} MB",
                f"{sum(one.disk_mb for one in known):.1f} MB",
            )
        )
        lines.append(
            f"{params:32} {notebook:9} {kind:12} {len(group):6} {updates or '':>8} "
            f"{prices[0]:>8} {prices[1]:>8} {prices[2]:>8}  "
            f"{'; '.join(sorted({one.source for one in group}))}"
        )
    total = as_dict(predictions)["total"]
    unknown = "" if total["complete"] else " at least (some kinds were never measured)"
    lines.append(
        f"in all{unknown}: {_time(total['seconds'])} of work from nothing, about "
        f"{_time(total['seconds_on_all_cores'])} on {os.cpu_count()} cores, "
        f"peak memory {total['peak_memory_mb'] or 0:.0f} MB, "
        f"disk {total['disk_mb']:.0f} MB"
    )
    return "\n".join(lines)
