"""Staging folders and their publication: a run's results appear whole or not at all.

A run works in ``results/<scale>/<dataset>/.staging-<name>-<pid>/``. Success swaps that folder for
``<name>/`` by two renames; a failure leaves what ``<name>/`` held byte for byte and only adds
``failed.ipynb`` and ``failed.json`` beside it. Renames need no free space, so a full disk cannot
damage an earlier result.
"""

import contextlib
import datetime
import fcntl
import json
import os
import re
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cgnlib.errors import UserError
from cgnlib.store import write_atomic

OWNER = ".owner.json"
FAILED_PAGE = "failed.ipynb"
FAILED_RECORD = "failed.json"
ANSI = re.compile(r"\x1b\[[0-9;]*m")
OTHER_HOST_HOURS = 48  # a staging folder of another machine is believed to be live this long


@dataclass(frozen=True)
class Failure:
    """Why a run does not count: one line, the cell (1-based, of all cells) and its traceback."""

    reason: str
    cell: int | None = None
    traceback: list[str] = field(default_factory=list)
    command: str = ""
    finished_at: str = ""


def now() -> str:
    """The time in UTC, ISO 8601, to the second."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def _process_start(pid: int) -> float | None:
    import psutil

    try:
        return psutil.Process(pid).create_time()
    except psutil.Error:
        return None


def create_staging(target: Path) -> Path:
    """A fresh staging folder beside ``target``, marked as owned by this process."""
    staging = target.parent / f".staging-{target.name}-{os.getpid()}"
    shutil.rmtree(staging, ignore_errors=True)
    owner = {"host": socket.gethostname(), "pid": os.getpid(), "start": _process_start(os.getpid())}
    write_atomic(staging / OWNER, json.dumps(owner).encode())
    return staging


def staging_folders(target: Path) -> list[Path]:
    """Staging folders of ``target``, oldest process id first."""
    prefix = f".staging-{target.name}-"
    found = target.parent.glob(f"{prefix}*")
    return sorted(p for p in found if p.name.removeprefix(prefix).isdigit())


def is_live(staging: Path) -> bool:
    """Whether the process that owns a staging folder still runs (a reused id is told apart)."""
    try:
        owner = json.loads((staging / OWNER).read_text())
        if owner["host"] != socket.gethostname():
            return time.time() - staging.stat().st_mtime < OTHER_HOST_HOURS * 3600
        start = _process_start(owner["pid"])
        return start is not None and abs(start - owner["start"]) < 1.0
    except (OSError, ValueError, KeyError, TypeError):
        return False


def records_only(target: Path) -> bool:
    """Whether ``target`` holds records that were committed, without the page they came from."""
    page = target / f"{target.name.partition('@')[0]}.ipynb"
    return (target / "done").is_file() and not page.exists() and not (target / "run.json").exists()


@contextlib.contextmanager
def run_lock(target: Path, wait: bool = True) -> Iterator[bool]:
    """Hold the lock of one run's name; yields False when ``wait`` is False and it is taken.

    A runner that outlived its killed Snakemake would otherwise publish over its successor.
    """
    lock = target.parent / f".lock-{target.name}"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle = open(lock, "w")  # noqa: SIM115 - closed below, on every path
    except OSError as error:
        raise UserError(f"cannot write {lock}: {error.strerror or error}") from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not wait:
                yield False
                return
            print(f"{target.name}: another process runs it; waiting", file=sys.stderr, flush=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield True


def publish(staging: Path, target: Path) -> None:
    """Swap ``target`` for the finished ``staging`` folder. The caller holds the run's lock.

    Every file, ``done`` included, is complete before the first rename, so ``done`` never stands
    beside files of another run; an interruption between the renames is undone by `recover`.
    """
    (staging / OWNER).unlink(missing_ok=True)
    previous = _previous(target)
    if target.exists():
        os.rename(target, previous)
    os.rename(staging, target)
    shutil.rmtree(previous, ignore_errors=True)


def publish_failure(staging: Path, target: Path, failure: Failure, page: Path | None) -> None:
    """Keep the page of a failed run (a path inside ``staging``, or None) beside earlier results.

    Never raises for a disk error: what could not be kept is said on stderr.
    """
    try:
        target.mkdir(parents=True, exist_ok=True)
        if page is not None:
            os.replace(page, target / FAILED_PAGE)
        else:  # the page of an older failure would show another traceback
            (target / FAILED_PAGE).unlink(missing_ok=True)
        record = json.dumps(asdict(failure), indent=1)
        write_atomic(target / FAILED_RECORD, record.encode())
    except (OSError, UserError) as error:
        print(f"{target}: the failure could not be recorded: {error}", file=sys.stderr)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def read_failure(target: Path) -> Failure | None:
    """The failure kept beside ``target``'s results, or None; a lost record is still a failure."""
    if (target / FAILED_RECORD).is_file():
        with contextlib.suppress(OSError, ValueError, TypeError):
            return Failure(**json.loads((target / FAILED_RECORD).read_text()))
    if (target / FAILED_RECORD).exists() or (target / FAILED_PAGE).exists():
        return Failure("failed; its record is unreadable")
    return None


def read_json(path: Path) -> dict[str, Any] | None:
    """A JSON object from ``path``, or None when it is absent, unreadable or not an object."""
    try:
        value = json.loads(path.read_text())
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def _previous(target: Path) -> Path:
    return target.parent / f".previous-{target.name}"


def recover(target: Path) -> None:
    """Undo what killed processes left: half a publication, staging folders without an owner.

    The caller holds the run's lock. A run killed after ``target`` was last published becomes a
    recorded failure with the page it had reached.
    """
    previous = _previous(target)
    if previous.exists():
        if target.exists():
            shutil.rmtree(previous, ignore_errors=True)
        else:
            os.rename(previous, target)
    for staging in staging_folders(target):
        if is_live(staging):
            continue
        done = target / "done"
        if done.exists() and done.stat().st_mtime > staging.stat().st_mtime:
            shutil.rmtree(staging, ignore_errors=True)
            continue
        pages = [page for page in staging.glob("*.ipynb") if read_json(page)]
        publish_failure(
            staging,
            target,
            Failure("the process was killed before it finished", finished_at=now()),
            pages[0] if pages else None,
        )


def recover_all(scale_folder: Path) -> None:
    """`recover` every run of one scale that has leftovers and is not running now."""
    for mark in (".staging-*", ".previous-*"):
        for path in sorted((*scale_folder.glob(mark), *scale_folder.glob(f"*/{mark}"))):
            name = path.name.split("-", 1)[1]
            if mark == ".staging-*":
                name = name.rpartition("-")[0]
            target = path.parent / name
            with run_lock(target, wait=False) as held:
                if held:
                    recover(target)
