"""What the artefacts behind records cost, each counted once however many records name it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cgnlib.paths import runs_root
from cgnlib.report.publication import read_json
from cgnlib.report.record_model import Record

TIME = "training_time"


@dataclass(frozen=True)
class Spent:
    """Seconds that making one artefact took; peak memory of its process in MB, device and processor
    where its provenance is still under ``runs/``, else None and empty."""

    seconds: float
    memory_mb: float | None = None
    device: str = ""
    processor: str = ""


def _from_provenance(name: str) -> Spent | None:
    made = read_json(runs_root() / name / "provenance.json")
    if not made or "seconds" not in made:
        return None
    memory = made.get("peak_memory_mb")
    return Spent(made["seconds"], memory, made.get("device", ""), made.get("processor", ""))


def _told(record: Record) -> float | None:
    """Seconds that a record says its artefacts took together."""
    return record.value if record.metric == TIME and record.unit == "s" else record.seconds


def spent(records: Sequence[Record]) -> dict[str, Spent]:
    """Artefact (``kind/hash``) to what it cost, for all that ``records`` name.

    From its provenance; where that is gone (records of another machine) from the records, of which
    those of one artefact are read first: what several took together is then split.
    """
    found: dict[str, Spent] = {}
    for name in dict.fromkeys(name for record in records for name in record.artefacts):
        if made := _from_provenance(name):
            found[name] = made
    for record in sorted(records, key=lambda record: len(record.artefacts)):
        unknown = [name for name in record.artefacts if name not in found]
        seconds = _told(record)
        if not unknown or seconds is None:
            continue
        known = sum(found[name].seconds for name in record.artefacts if name in found)
        for name in unknown:
            found[name] = Spent(max(0.0, seconds - known) / len(unknown), None, record.device)
    return found


def memory_text(costs: Iterable[Spent]) -> str:
    """The largest peak memory among them, or nothing where none is known."""
    known = [one.memory_mb for one in costs if one.memory_mb is not None]
    return f"{max(known):,.0f} MB" if known else ""


def time_text(seconds: float) -> str:
    """``214 s`` below ten minutes, else hours."""
    return f"{seconds:,.0f} s" if seconds < 600 else f"{seconds / 3600:.2g} h"
