"""Artefact folders keyed by the hash of what made them.

``runs/<kind>/<hash>/`` holds one trained thing. ``done`` is written last and lists the SHA-256 of
every file, so a folder without it is unfinished work (continued by the next call) and a folder with
it is either intact or reported as damaged. Nothing is overwritten silently.
"""

import contextlib
import datetime
import fcntl
import hashlib
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any, TypeVar

import yaml

from cgnlib.errors import UserError
from cgnlib.paths import project_root, runs_root

T = TypeVar("T")

FORMAT_VERSION = 1
DONE = "done"
PARTIAL = "training_state.pt"  # what a killed run continues from; removed when the run is done


@dataclass(frozen=True)
class Artefact:
    """A finished artefact: its kind, its hash, its folder and how it came to be."""

    kind: str
    hash: str
    folder: Path
    provenance: dict[str, Any] = field(default_factory=dict, compare=False)

    def __str__(self) -> str:
        return f"{self.kind}/{self.hash}"


def write_atomic(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path`` so that a reader sees the old bytes or the new ones, never a part.

    Raises:
        UserError: when the disk refuses (full, read-only); the old file is untouched.
    """
    path = Path(path)
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as handle:
            temporary = handle.name
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except OSError as error:
        if temporary:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        raise UserError(
            f"cannot write {path}: {error.strerror or error}; "
            "free space or fix its permissions, then run again"
        ) from error


def key_hash(key: Mapping[str, Any]) -> str:
    """Twelve hex digits over the canonical JSON of ``key``."""
    text = json.dumps(key, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


@contextlib.contextmanager
def _locked(folder: Path, kind: str) -> Iterator[None]:
    """Hold the artefact's lock; the kernel releases it however its holder dies."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with open(folder.parent / f".{folder.name}.lock", "w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"{kind} {folder.name}: another process is making it; waiting", file=sys.stderr)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@lru_cache(maxsize=1)
def git_commit() -> str:
    """The commit of the project, with ``+changes`` when the tree differs, or ``unknown``."""

    def git(*words: str) -> str:
        return subprocess.run(
            ["git", "-C", str(project_root()), *words],
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        ).stdout.strip()

    try:
        dirty = git(
            "status", "--porcelain", "--untracked-files=no", "--", "cgnlib", "book", "params"
        )
        return git("rev-parse", "HEAD") + ("+changes" if dirty else "")
    except (OSError, subprocess.SubprocessError, UserError):
        return "unknown"


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in ("torch", "torchvision", "numpy", "scikit-learn", "mlxtend"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _peak_memory_mb() -> float:
    scale = 1024**2 if sys.platform == "darwin" else 1024  # ru_maxrss is in KiB, on macOS in bytes
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale, 1)


def _seconds_spent(folder: Path) -> float:
    """Seconds already spent by interrupted attempts, kept beside the training state."""
    path = folder / ".seconds"
    return float(path.read_text()) if path.is_file() else 0.0


def add_seconds(folder: Path, seconds: float) -> None:
    """Remember ``seconds`` of work in ``folder``: provenance counts interrupted attempts too."""
    write_atomic(folder / ".seconds", f"{_seconds_spent(folder) + seconds:.3f}".encode())


def _provenance(
    folder: Path, key: Mapping[str, Any], seconds: float, more: Mapping[str, Any]
) -> dict[str, Any]:
    return {
        **more,
        "seconds": round(seconds, 3),
        "peak_memory_mb": _peak_memory_mb(),
        "disk_mb": round(
            sum(f.stat().st_size for f in folder.iterdir() if f.name != PARTIAL) / 1e6, 3
        ),
        "device": key.get("device", "cpu"),
        "threads": key.get("threads"),
        "processor": processor(),
        "git_commit": git_commit(),
        "versions": _versions(),
        "finished_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }


def _check_done(folder: Path) -> bool:
    """Whether the artefact is finished.

    Raises:
        UserError: when a file named in ``done`` is missing or its bytes changed.
    """
    if not (folder / DONE).is_file():
        return False
    try:
        recorded = json.loads((folder / DONE).read_text())["sha256"]
    except (ValueError, KeyError) as error:
        raise UserError(f"{folder / DONE} is damaged: delete {folder} and run again") from error
    for name, expected in recorded.items():
        path = folder / name
        if not path.is_file():
            raise UserError(f"{path} is missing: delete {folder} and run again")
        if file_sha256(path) != expected:
            raise UserError(f"{path} is damaged (SHA-256 differs): delete {folder} and run again")
    return True


def _finish(folder: Path, key: Mapping[str, Any], seconds: float, more: Mapping[str, Any]) -> None:
    """Seal the folder; what only an unfinished training needs goes last, so that a kill in between
    costs nothing."""
    provenance = _provenance(folder, key, seconds, more)
    write_atomic(folder / "provenance.json", json.dumps(provenance, indent=1).encode())
    kept = [p for p in folder.iterdir() if not p.name.startswith(".")]
    hashes = {p.name: file_sha256(p) for p in sorted(kept) if p.name not in (DONE, PARTIAL)}
    write_atomic(folder / DONE, json.dumps({"sha256": hashes}, indent=1).encode())
    for leftover in (PARTIAL, ".seconds"):
        (folder / leftover).unlink(missing_ok=True)


def artefact_folder(kind: str, version: int, key: Mapping[str, Any]) -> Path:
    """Where the artefact of ``key`` lives, finished or not."""
    return runs_root() / kind / key_hash({**key, "recipe": version, "format": FORMAT_VERSION})


def train_or_load(
    kind: str,
    version: int,
    key: Mapping[str, Any],
    make: Callable[[Path], Mapping[str, Any] | None],
    load: Callable[[Path], T],
) -> tuple[T, Artefact]:
    """Load the artefact of ``key``, making it first when it does not exist.

    Args:
        kind: folder below ``runs/``.
        version: recipe version; must rise when the numbers of this kind change.
        key: flat values that matter to this artefact, the seed and data identity included.
        make: fills the folder it is given; continues from what an interrupted call left there.
            What it returns, if anything, joins the provenance.
        load: reads the finished folder.

    Raises:
        UserError: when a finished artefact is damaged, or the disk is full.
    """
    folder = artefact_folder(kind, version, key)
    if not _check_done(folder):
        with _locked(folder, kind):
            if not _check_done(folder):  # another process may have finished it meanwhile
                folder.mkdir(parents=True, exist_ok=True)
                params = yaml.safe_dump({**key, "recipe": version}, sort_keys=True)
                write_atomic(folder / "params.yaml", params.encode())
                before, start = _seconds_spent(folder), time.perf_counter()
                more = make(folder) or {}
                _finish(folder, key, before + time.perf_counter() - start, more)
    provenance = json.loads((folder / "provenance.json").read_text())
    return load(folder), Artefact(kind, folder.name, folder, provenance)
