"""The HTML report: stage what has run, generate the table of contents, build, publish.

Everything is built in ``build/work`` and reaches ``build/html`` by rename, so an earlier report
survives a build that breaks. Failed runs are pages like the others, marked; missing runs are listed
on the page "What ran".
"""

import fcntl
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from cgnlib.paths import build_root, project_root, results_root
from cgnlib.report import publication
from cgnlib.report.contents import INTRO, Pages, stage
from cgnlib.report.states import State, status

__all__ = ["Pages", "build_book", "publish_html", "recover_html", "stage"]

PROBLEM = re.compile(r"WARNING|ERROR|Exception|Error:")


def _build(source: Path, work: Path) -> tuple[int, str]:
    """Run jupyter-book (warnings are errors, but all pages are built); exit status and output."""
    shutil.rmtree(work, ignore_errors=True)
    command = [
        sys.executable,
        "-c",
        "from jupyter_book.cli.main import main; main()",
        "build",
        str(source),
        "--config",
        str(project_root() / "_config.yml"),
        "--toc",
        str(source / "_toc.yml"),
        "-W",
        "--keep-going",
        "--path-output",
        str(work),
    ]
    environment = {**os.environ, "NO_COLOR": "1", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        env=environment,
        cwd=project_root(),
        errors="replace",
    )
    return done.returncode, publication.ANSI.sub("", done.stdout + done.stderr)


def _is_whole(html: Path, pages: Pages) -> bool:
    """Whether a build reached its end: every page, and the search index that is written last."""
    toc = pages.table_of_contents()
    documents = [INTRO, *(c["file"] for part in toc["parts"] for c in part["chapters"])]
    wanted = ["index.html", "searchindex.js", *(f"{name}.html" for name in documents)]
    return all((html / name).is_file() for name in wanted)


def publish_html(fresh: Path, published: Path) -> None:
    """Swap ``published`` for ``fresh`` by two renames; `recover_html` undoes half a swap."""
    previous = published.with_name(".previous-html")
    if published.exists():
        os.rename(published, previous)
    os.rename(fresh, published)
    shutil.rmtree(previous, ignore_errors=True)


def recover_html(published: Path) -> None:
    """Bring back the earlier report when a process died between the two renames."""
    previous = published.with_name(".previous-html")
    if previous.exists() and not published.exists():
        os.rename(previous, published)
    shutil.rmtree(previous, ignore_errors=True)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _report_states(states: list[State]) -> None:
    for state in states:
        if state.state != "done":
            place = " ".join(filter(None, (state.notebook, state.dataset or state.scale)))
            _say(f"{state.state.upper()}: {place}{': ' if state.reason else ''}{state.reason}")


def build_book(scale: str = "embedded", family: str = "mnist", seeds: Sequence[int] = ()) -> int:
    """Build ``build/html`` from what has run at ``scale``; prints the path of its first page last.

    ``seeds`` are expected of every notebook, by default those of the scale.

    Returns:
        0, or 1 when a page is of a failed run, the build warned, or the build broke (then the
        earlier report stays).

    Raises:
        UserError: unknown scale or family, a finished run without its page, a full disk.
    """
    root = build_root()
    root.mkdir(parents=True, exist_ok=True)
    with open(root / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _build_locked(scale, family, seeds, root)


def _build_locked(scale: str, family: str, seeds: Sequence[int], root: Path) -> int:
    published = root / "html"
    recover_html(published)
    publication.recover_all(results_root() / scale)
    states = status(scale, family, seeds)
    pages = stage(scale, states, root / "source", family)
    _say("book: building")
    code, output = _build(root / "source", root / "work")
    (root / "book.log").write_text(output)
    fresh = root / "work" / "_build" / "html"
    whole = _is_whole(fresh, pages)
    if code:
        for line in output.splitlines():
            if PROBLEM.search(line):
                _say(f"book: {line.strip()}")
        _say(f"book: the build {'warned' if whole else 'broke'}; all of it: {root / 'book.log'}")
    if whole:
        publish_html(fresh, published)
    elif published.exists():
        _say("book: the earlier report is kept")
    _report_states(states)
    failed = any(state.state == "failed" for state in states)
    if published.exists():
        index = published / "index.html"
        print(os.path.relpath(index) if index.is_relative_to(Path.cwd()) else index)
    return int(failed or code != 0 or not whole)
