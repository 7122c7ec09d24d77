"""Execute one notebook, and let it count only if it finished.

papermill's exit code and metadata are each wrong in some failure: a timeout or a dead kernel leaves
``exception: None``, ``sys.exit(0)`` exits 0, and papermill writes its output in place. So the
notebook runs in a staging folder and is published only when all of these hold:

1. papermill returned normally;
2. ``metadata.papermill.exception`` is None, and no cell shows an error output;
3. ``metadata.papermill.end_time`` is set;
4. every code cell has an ``execution_count``;
5. the notebook's last cell wrote its ``done`` record, for the parameters that were injected.

The summary reads the records of the others; its ``done`` names no parameters.
"""

import contextlib
import json
import os
import re
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from cgnlib.errors import UserError
from cgnlib.paths import project_root
from cgnlib.report import publication
from cgnlib.report.publication import Failure
from cgnlib.report.request import Request, prepare, shown

TRACEBACK_LINES = 40
MARKER = "papermill-error-cell-tag"  # of cells that papermill adds to a failed notebook


class Stopped(BaseException):
    """The runner was told to stop by a signal."""


class PrefixedStream:
    """Writes whole lines to stderr, each behind the name of the job it belongs to."""

    def __init__(self, prefix: str) -> None:
        self.prefix, self._rest = prefix, ""

    def write(self, text: str) -> None:
        """Forward the finished lines of ``text``; a carriage return ends a line too."""
        *lines, self._rest = re.split(r"[\r\n]", self._rest + text)
        for line in lines:
            self.line(line)

    def line(self, text: str) -> None:
        """One line, unless it is blank."""
        if text.strip():
            print(f"{self.prefix}{text.rstrip()}", file=sys.stderr, flush=True)

    def flush(self) -> None:
        """Nothing to do: every line is flushed as it is printed."""


def _own_cells(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    return [c for c in notebook["cells"] if MARKER not in c["metadata"].get("tags", [])]


def unfinished(page: Path, expected_hash: str | None) -> Failure | None:
    """Why the executed notebook at ``page`` does not count as finished, or None when it does."""
    notebook = publication.read_json(page)
    if notebook is None:
        return Failure(f"{page.name} was not saved whole")
    code = [
        (index, cell)
        for index, cell in enumerate(_own_cells(notebook), 1)
        if cell["cell_type"] == "code"
    ]
    for index, cell in code:
        for output in cell["outputs"]:
            if output["output_type"] == "error":
                text = publication.ANSI.sub("", "\n".join(output.get("traceback", []))).splitlines()
                return Failure(
                    f"cell {index} raised {output['ename']}: {output['evalue']}",
                    index,
                    text[-TRACEBACK_LINES:],
                )
    for index, cell in code:
        if "".join(cell["source"]).strip() and cell.get("execution_count") is None:
            return Failure(f"cell {index} was never executed", index)
    recorded = notebook["metadata"].get("papermill", {})
    if recorded.get("exception", True) is not None:
        return Failure("papermill recorded an exception")
    if not recorded.get("end_time"):
        return Failure("papermill recorded no end time")
    return _missing_record(page.parent, expected_hash)


def _missing_record(folder: Path, expected_hash: str | None) -> Failure | None:
    done = publication.read_json(folder / "done")
    if done is None:
        return Failure("the notebook ended without writing its 'done' record")
    if expected_hash is not None and done.get("params_hash") != expected_hash:
        return Failure(
            f"the notebook recorded parameters {done.get('params_hash')}, "
            f"but {expected_hash} were injected"
        )
    try:
        for line in (folder / "records.jsonl").read_text().splitlines():
            json.loads(line)
    except (OSError, ValueError) as error:
        return Failure(f"records.jsonl is unreadable: {error}")
    return None


@contextlib.contextmanager
def _environment(folder: Path) -> Iterator[None]:
    """Variables of the kernel: its run folder, and this interpreter's own ``python3`` kernel first
    (a kernel of the same name in the user's home may belong to another environment)."""
    kernels = str(Path(sys.prefix) / "share" / "jupyter")
    paths = [kernels, *filter(None, [os.environ.get("JUPYTER_PATH")])]
    changes = {"CGN_RUN_FOLDER": str(folder), "JUPYTER_PATH": os.pathsep.join(paths)}
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def _stoppable() -> Iterator[None]:
    """Turn SIGTERM, SIGINT and SIGHUP into `Stopped`, so that the kernel is shut down and the
    failure recorded."""

    def stop(number: int, _frame: Any) -> None:
        raise Stopped(signal.Signals(number).name)

    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    try:
        before = {number: signal.signal(number, stop) for number in numbers}
    except ValueError:  # not the main thread: whoever owns that handles signals
        before = {}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _reason(error: BaseException, timeout: int | None) -> str:
    name = type(error).__name__
    if name == "DeadKernelError":
        return "the kernel died"
    if name == "CellTimeoutError":
        return f"a cell ran longer than {timeout} s"
    if isinstance(error, OSError):
        return f"cannot write {error.filename or 'the notebook'}: {error.strerror or error}"
    return f"{name}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"


def _execute(request: Request, staging: Path, stream: PrefixedStream) -> Failure | None:
    """Run papermill; its exception, if any, as a failure at the cell that was running."""
    import papermill

    running: list[int] = []
    try:
        papermill.execute_notebook(
            str(request.notebook),
            str(staging / request.page),
            parameters=request.values,
            kernel_name="python3",
            language="python",
            progress_bar=False,
            cwd=str(project_root()),
            stderr_file=stream,
            execution_timeout=request.timeout,
            extra_arguments=["--IPKernelApp.log_level=CRITICAL"],
            on_cell_start=lambda cell, cell_index: running.append(cell_index + 1),
        )
    except Stopped as error:
        return Failure(f"stopped by {error}", running[-1] if running else None)
    except Exception as error:  # noqa: BLE001 - whatever went wrong, the run does not count
        return Failure(_reason(error, request.timeout), running[-1] if running else None)
    return None


def _without_places(text: str) -> str:
    """``text`` of a traceback without this machine's folders."""
    for place, name in ((project_root(), "."), (sys.prefix, ".venv"), (Path.home(), "~")):
        text = text.replace(f"{place}/", f"{name}/")
    return text


def _dress(request: Request, staging: Path, seconds: float) -> None:
    """Give the executed notebook its own title, and drop this machine's paths from it."""
    from cgnlib.report.titles import add_to_title
    from cgnlib.store import write_atomic

    page = staging / request.page
    notebook = json.loads(page.read_text())
    notebook["cells"] = _own_cells(notebook)
    add_to_title(notebook, request.title)
    for cell in notebook["cells"]:
        tags = cell["metadata"].get("tags", [])
        if "injected-parameters" in tags:  # long, and the page's departures table says it better
            cell["metadata"]["tags"] = [*tags, "hide-input"]
    recorded = notebook["metadata"].get("papermill", {})
    recorded["input_path"] = shown(request.notebook)
    recorded["output_path"] = request.page
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            if output["output_type"] == "error":
                output["traceback"] = [_without_places(line) for line in output["traceback"]]
    write_atomic(page, (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode())
    run = {
        "command": request.command,
        "seconds": round(seconds, 1),
        "finished_at": publication.now(),
    }
    write_atomic(staging / "run.json", json.dumps(run, indent=1).encode())


def _keep_failure(request: Request, staging: Path, failure: Failure, seconds: float) -> None:
    page = staging / request.page
    whole = publication.read_json(page) is not None
    if whole:
        with contextlib.suppress(UserError, OSError):  # a full disk: the plain page is kept
            _dress(request, staging, seconds)
    publication.publish_failure(
        staging,
        request.target,
        replace(failure, command=request.command, finished_at=publication.now()),
        page if whole else None,
    )


def run_notebook(
    notebook: str,
    params: str,
    overrides: Mapping[str, Any] | None = None,
    label: str = "",
    timeout: int | None = None,
) -> int:
    """Execute one notebook with one parameter file, and publish it if it finished.

    Args:
        notebook: name (``odr``) or path; ``summary`` takes a scale instead of a parameter file.
        params: path, or ``<scale>/<dataset>``.
        overrides: values that replace the file's.
        label: position of the job, such as ``4/10``, shown before each line of progress.
        timeout: seconds one cell may take; None: no limit.

    Returns:
        0 when the run finished and was published, 1 when it failed, 128 + n after signal n.

    Raises:
        UserError: see `prepare`; nothing was started.
    """
    request = prepare(notebook, params, overrides or {}, label, timeout)
    place = f"[{label}] " if label else ""
    stream = PrefixedStream(f"{place}{request.notebook.stem} {request.title}: ")
    with publication.run_lock(request.target):
        publication.recover(request.target)
        return _run_locked(request, stream)


def _run_locked(request: Request, stream: PrefixedStream) -> int:
    staging = publication.create_staging(request.target)
    stream.line("started")
    start = time.monotonic()
    with _stoppable(), _environment(staging):
        failure = _execute(request, staging, stream)
    seconds = time.monotonic() - start
    seen = unfinished(staging / request.page, request.params_hash)
    if failure and not failure.reason.startswith("PapermillExecutionError"):
        failure = replace(failure, traceback=seen.traceback if seen else [])
    else:  # the page says which cell raised what, better than papermill's message
        failure = seen or failure
    if failure is None:
        try:
            _dress(request, staging, seconds)
            publication.publish(staging, request.target)
        except (OSError, UserError) as error:
            failure = Failure(str(error))
    if failure is None:
        stream.line(f"done in {seconds:.0f} s")
        return 0
    _keep_failure(request, staging, failure, seconds)
    stream.line(f"FAILED: {failure.reason}")
    stopped = re.fullmatch(r"stopped by (SIG\w+)", failure.reason)
    return 128 + signal.Signals[stopped[1]] if stopped else 1
