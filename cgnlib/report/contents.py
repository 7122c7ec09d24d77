"""The pages of the book: prose, executed notebooks, failed runs marked, and what is missing.

:func:`stage` lays them out as jupyter-book expects them; :mod:`cgnlib.report.book` builds them.
"""

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from cgnlib.datasets import TITLES
from cgnlib.errors import UserError
from cgnlib.paths import project_root
from cgnlib.report import checklist, discrepancies, publication, variations
from cgnlib.report.evidence import Evidence
from cgnlib.report.markdown import markdown_table
from cgnlib.report.states import State
from cgnlib.report.titles import mark_failed

HIDING_TAGS = {"remove-cell", "remove-output", "hide-cell", "hide-output"}
INTRO = "book/intro"


@dataclass
class Pages:
    """Document names (source-relative, no suffix) of one build, by part of the book."""

    summary: list[str] = field(default_factory=list)
    datasets: dict[str, list[str]] = field(default_factory=dict)
    repetitions: list[str] = field(default_factory=list)  # of the same parameters, other seeds
    variations: list[str] = field(default_factory=list)  # runs with other parameters
    prose: list[str] = field(default_factory=list)

    def table_of_contents(self) -> dict[str, Any]:
        """The ``_toc.yml`` of jupyter-book."""
        parts = [("Summary", self.summary)]
        parts += [(TITLES.get(name, name), pages) for name, pages in self.datasets.items()]
        parts += [("Repetitions with other seeds", self.repetitions)]
        parts += [("Runs with other parameters", self.variations), ("About", self.prose)]
        return {
            "format": "jb-book",
            "root": INTRO,
            "parts": [
                {"caption": caption, "chapters": [{"file": page} for page in pages]}
                for caption, pages in parts
                if pages
            ],
        }


def _notice(kind: str, title: str, text: str) -> str:
    return f":::{{admonition}} {title}\n:class: {kind}\n{text}\n:::"


def _failed_notice(failure: publication.Failure) -> str:
    lines = ["The numbers on this page do not count.", "", "```text", failure.reason, "```"]
    if failure.cell and not failure.reason.startswith("cell "):
        lines += ["", f"It stopped in cell {failure.cell} of this page, counted from the top."]
    if failure.command:
        lines += ["", "To run it again:", "", "```sh", failure.command, "```"]
    return _notice("error", "FAILED: this run did not finish", "\n".join(lines))


def _write_notebook(path: Path, notebook: dict[str, Any]) -> None:
    # A kernel that died never said its language, and code without one is a warning.
    notebook["metadata"].setdefault(
        "language_info", {"name": "python", "pygments_lexer": "ipython3"}
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook, ensure_ascii=False))


def _stage_failed(target: Path, page: Path, title: str) -> None:
    """The page of a failed run: marked, its traceback shown; a stub when no page was kept."""
    failure = publication.read_failure(target) or publication.Failure("unknown")
    notebook = publication.read_json(target / publication.FAILED_PAGE)
    if notebook is None:
        page.parent.mkdir(parents=True, exist_ok=True)
        text = f"# FAILED: {title}\n\n{_failed_notice(failure)}\n\nThe run left no page.\n"
        page.with_name(page.name + ".md").write_text(text)
        return
    for cell in notebook["cells"]:
        if any(output["output_type"] == "error" for output in cell.get("outputs", [])):
            tags = cell["metadata"].get("tags", [])
            cell["metadata"]["tags"] = [tag for tag in tags if tag not in HIDING_TAGS]
    mark_failed(notebook, _failed_notice(failure), title)
    _write_notebook(page.with_name(page.name + ".ipynb"), notebook)


def _stage_done(target: Path, page: Path, state: State) -> None:
    """The page of a finished run, with a notice when a later attempt failed."""
    stem = target.name.partition("@")[0]
    notebook = publication.read_json(target / f"{stem}.ipynb")
    if notebook is None:
        raise UserError(
            f"{target / f'{stem}.ipynb'} is missing or damaged: "
            f"delete {target} and run that notebook again"
        )
    if state.state == "failed":
        text = (
            f"The latest run of this notebook failed ({{doc}}`its page <{page.name}-failed>`); "
            f"what follows is an earlier run, which finished."
        )
        notebook["cells"].insert(
            1,
            {
                "cell_type": "markdown",
                "id": "later-failure",
                "metadata": {},
                "source": _notice("warning", "An earlier run", text),
            },
        )
    _write_notebook(page.with_name(page.name + ".ipynb"), notebook)


def _stage_run(state: State, source: Path) -> list[str]:
    """Stage the pages of one run; returns their document names."""
    target = Path(state.folder)
    document = "/".join(filter(None, ("results", state.scale, state.dataset, state.notebook)))
    title = " ".join(
        filter(
            None,
            (
                state.notebook.partition("@")[0].upper(),
                "—",
                state.dataset or state.scale,
                *state.notebook.split("@")[1:],
            ),
        )
    )
    staged = []
    if (target / "done").is_file() and not publication.records_only(target):
        _stage_done(target, source / document, state)
        staged.append(document)
    if state.state == "failed":
        failed = f"{document}-failed" if staged else document
        _stage_failed(target, source / failed, title)
        staged.append(failed)
    return staged


def _what_ran(states: list[State]) -> str:
    """The page that lists every expected run, the missing ones included."""
    rows = []
    for state in states:
        run = publication.read_json(Path(state.folder) / "run.json") or {}
        word = state.state if state.state == "done" else f"**{state.state.upper()}**"
        reason = f": {state.reason}" if state.reason else ""
        document = "/".join(filter(None, ("/results", state.scale, state.dataset, state.notebook)))
        target = Path(state.folder)
        finished = (target / "done").is_file() and not publication.records_only(target)
        shown = state.state == "failed" or finished
        name = f"{{doc}}`{state.notebook} <{document}>`" if shown else state.notebook
        command = run.get("command", "")
        cells = [
            name,
            f"`{state.dataset}`" if state.dataset else "all",
            "" if state.seed is None else str(state.seed),
            f"{word}{reason}",
            state.finished_at[:16].replace("T", " "),
            "" if state.seconds is None else f"{state.seconds:.0f}",
            f"`{command}`" if command else "",
        ]
        rows.append(cells)
    heads = ("Notebook", "Dataset", "Seed", "State", "Finished (UTC)", "Seconds", "Command")
    return (
        "# What ran\n\n"
        "Every run that this report consists of, in the state in which the book was built. Times "
        "are wall-clock seconds of the notebook; artefacts that an earlier run had trained were "
        f"loaded.\n\n{markdown_table(heads, rows)}\n"
    )


def _generated(evidence: Evidence, staged: set[str]) -> list[tuple[str, str, str]]:
    """Part of the book, document name and text of each page that is made from records."""
    pages = [
        ("summary", f"results/{evidence.scale}/what_ran", _what_ran(evidence.states)),
        ("summary", "book/discrepancies", discrepancies.page(evidence)),
        ("summary", "book/checklist", checklist.page(evidence)),
        ("variations", "book/variations", variations.page(evidence.all_runs, staged)),
    ]
    return [page for page in pages if page[2]]


def stage(scale: str, states: list[State], source: Path, family: str = "mnist") -> Pages:
    """Fill ``source`` with prose, static files, pages of ``states`` and ``_toc.yml``.

    Raises:
        UserError: the book has no ``intro.md``, or a finished run lost its page.
    """
    root = project_root()
    shutil.rmtree(source, ignore_errors=True)
    (source / "book").mkdir(parents=True)
    prose = sorted((root / "book").glob("*.md"))
    if not (root / f"{INTRO}.md").is_file():
        raise UserError(f"{root / INTRO}.md is missing: the book starts with it")
    for path in [*prose, root / "book" / "references.bib"]:
        if path.is_file():
            shutil.copy(path, source / "book" / path.name)
    for folder in ("book/_static", "params"):
        if (root / folder).is_dir():
            shutil.copytree(root / folder, source / folder)
    pages = Pages(prose=[f"book/{path.stem}" for path in prose if path.stem != "intro"])
    for state in states:
        staged = _stage_run(state, source)
        if "@" in state.notebook:
            (pages.variations if state.seed is None else pages.repetitions).extend(staged)
        elif state.dataset:
            pages.datasets.setdefault(state.dataset, []).extend(staged)
        else:
            pages.summary += staged
    evidence = Evidence(scale, states, family)
    for part, document, text in _generated(evidence, set(pages.variations)):
        path = source / f"{document}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        listed = getattr(pages, part)
        listed.insert(0 if part == "variations" else len(listed), document)
    toc = yaml.safe_dump(pages.table_of_contents(), sort_keys=False, allow_unicode=True)
    (source / "_toc.yml").write_text(toc)
    return pages
