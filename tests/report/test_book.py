"""The book: built for real from tiny pages, failed runs marked, an earlier report never lost."""

import json
import shutil
from pathlib import Path

import nbformat
import pytest

from cgnlib.errors import UserError
from cgnlib.report import book, publication, states
from cgnlib.report.titles import add_to_title, mark_failed, title_of
from presets import ROOT, write_presets


def page(title: str, *cells) -> str:
    cells = [nbformat.v4.new_markdown_cell(f"# {title}\n\nThe claim, $x^2$."), *cells]
    return nbformat.writes(nbformat.v4.new_notebook(cells=cells))


def code(source: str, *outputs, tags=()):
    return nbformat.v4.new_code_cell(
        source, execution_count=1, outputs=list(outputs), metadata={"tags": list(tags)}
    )


def printed(text: str):
    return nbformat.v4.new_output("stream", name="stdout", text=text)


def error():
    return nbformat.v4.new_output(
        "error",
        ename="ZeroDivisionError",
        evalue="division by zero",
        traceback=["\x1b[31mZeroDivisionError\x1b[0m", "Traceback line of the cell"],
    )


@pytest.fixture
def project(empty_project):
    """A project with the real configuration and static files, and a short introduction."""
    root = empty_project
    (root / "book").mkdir()
    shutil.copy(ROOT / "_config.yml", root)
    shutil.copy(ROOT / "book" / "references.bib", root / "book")
    shutil.copytree(ROOT / "book" / "_static", root / "book" / "_static")
    (root / "book" / "intro.md").write_text(
        "# Introduction\n\n{cite}`sauer2021counterfactual`\n\n```{bibliography}\n```\n"
    )
    write_presets(root)
    for name in ("claims", "discrepancies", "published"):
        shutil.copy(ROOT / "params" / f"{name}.yaml", root / "params")
    return root


def finished(workplace, name: str, title: str, *cells) -> Path:
    target = workplace / "results" / "smoke" / name
    target.mkdir(parents=True)
    (target / f"{target.name.partition('@')[0]}.ipynb").write_text(page(title, *cells))
    (target / "done").write_text(json.dumps({"finished_at": "2030-01-01T00:00:00+00:00"}))
    (target / "run.json").write_text(json.dumps({"command": "python -m cgnlib", "seconds": 61.2}))
    return target


def failed(workplace, name: str, title: str | None, *cells) -> Path:
    target = workplace / "results" / "smoke" / name
    target.mkdir(parents=True, exist_ok=True)
    if title:
        (target / "failed.ipynb").write_text(page(title, *cells))
    record = {"reason": "cell 2 raised ZeroDivisionError: division by zero", "cell": 2}
    (target / "failed.json").write_text(json.dumps(record))
    return target


def test_a_book_of_good_and_failed_pages(project, workplace, capsys):
    finished(workplace, "colored_mnist/odr", "ODR — colored_mnist", code("1", printed("91.5")))
    finished(workplace, "colored_mnist/odr@abc123", "ODR — colored_mnist @abc123")
    failed(
        workplace,
        "wildlife_mnist/hqc",
        "HQC — wildlife_mnist",
        code("1 / 0", error(), tags=["remove-output"]),
    )
    failed(workplace, "colored_mnist/odr", None)
    assert book.build_book("smoke") == 1
    out, err = capsys.readouterr()
    html = workplace / "build" / "html"
    assert out.splitlines()[-1] == str(html / "index.html")
    assert "WARNING" not in err
    assert "FAILED: hqc wildlife_mnist: cell 2 raised ZeroDivisionError" in err
    assert "MISSING: ibr colored_mnist" in err
    pages = html / "results" / "smoke"
    bad = (pages / "wildlife_mnist" / "hqc.html").read_text()
    assert "Traceback line of the cell" in bad and "FAILED: this run did not finish" in bad
    assert "<title>FAILED: HQC — wildlife_mnist" in bad
    good = (pages / "colored_mnist" / "odr.html").read_text()
    assert "91.5" in good and 'href="odr-failed.html"' in good
    assert "left no page" in (pages / "colored_mnist" / "odr-failed.html").read_text()
    assert (pages / "colored_mnist" / "odr@abc123.html").is_file()
    listing = (pages / "what_ran.html").read_text()
    assert "MISSING" in listing and "wildlife_mnist/hqc.html" in listing
    checklist = (html / "book" / "checklist.html").read_text()
    assert 'href="../results/smoke/what_ran.html"' in checklist and "Hyper-parameters" in checklist
    assert "Edge loss" in (html / "book" / "discrepancies.html").read_text()
    assert (html / "_static" / "mathjax" / "tex-svg.js").is_file()
    assert "mathjax/tex-svg.js" in good and "cdn.jsdelivr" not in good


def test_runs_with_other_parameters_have_their_page(project, write_run):
    number = ("ODR-1", "CGN", "test_accuracy")
    for folder in (
        write_run("odr", [(*number, 80.0, (78.0, 82.0))]),
        write_run("odr", [(*number, 20.0, (18.0, 22.0))], other=True, cf_ratio=5),
    ):
        (folder / "odr.ipynb").write_text(page(f"ODR {folder.name}"))
    source = project.parent / "build" / "source"
    pages = book.stage("smoke", states.status("smoke"), source)
    assert pages.variations == [
        "book/variations",
        f"results/smoke/colored_mnist/{folder.name}",
    ]
    assert "`cf_ratio` 5 instead of 10" in (source / "book" / "variations.md").read_text()


def test_a_warning_fails_but_publishes_and_a_broken_build_keeps_the_earlier_report(
    project, workplace, capsys
):
    finished(workplace, "colored_mnist/odr", "ODR — colored_mnist")
    (project / "book" / "intro.md").write_text("# Introduction\n\n{doc}`/nowhere`\n")
    assert book.build_book("smoke") == 1
    assert "nowhere" in capsys.readouterr().err
    index = workplace / "build" / "html" / "index.html"
    before = {p: p.read_bytes() for p in index.parent.rglob("*") if p.is_file()}
    (project / "_config.yml").write_text("sphinx: {extra_extensions: [no_such_extension]}\n")
    assert book.build_book("smoke") == 1
    out, err = capsys.readouterr()
    assert "the earlier report is kept" in err
    assert {p: p.read_bytes() for p in index.parent.rglob("*") if p.is_file()} == before
    assert out.splitlines()[-1] == str(index)


def test_the_contents_list_parts_in_reading_order():
    pages = book.Pages(summary=["s"], datasets={"colored_mnist": ["h", "i"]}, prose=["book/data"])
    parts = pages.table_of_contents()["parts"]
    assert [part["caption"] for part in parts] == ["Summary", "Colored MNIST", "About"]
    assert parts[1]["chapters"] == [{"file": "h"}, {"file": "i"}]


def test_repetitions_have_a_part_of_their_own_and_bare_records_no_page(project, workplace):
    finished(workplace, "colored_mnist/odr", "ODR — colored_mnist")
    finished(workplace, "colored_mnist/odr@seed", "ODR — colored_mnist seed 1")
    finished(workplace, "colored_mnist/odr@other", "ODR — colored_mnist @other")
    bare = finished(workplace, "wildlife_mnist/hqc", "HQC")
    for name in ("hqc.ipynb", "run.json"):
        (bare / name).unlink()
    root = workplace / "results" / "smoke"
    places = [("colored_mnist/odr", 0), ("colored_mnist/odr@seed", 1),
              ("colored_mnist/odr@other", None), ("wildlife_mnist/hqc", 0)]  # fmt: skip
    shown = [states.state_of(root / name, "smoke", name.split("/")[0], seed)
             for name, seed in places]  # fmt: skip
    pages = book.stage("smoke", shown, workplace / "build" / "source")
    base = "results/smoke/colored_mnist"
    assert pages.datasets == {"colored_mnist": [f"{base}/odr"], "wildlife_mnist": []}
    assert pages.repetitions == [f"{base}/odr@seed"]
    assert pages.variations == [f"{base}/odr@other"]
    captions = [part["caption"] for part in pages.table_of_contents()["parts"]]
    assert captions[2:4] == ["Repetitions with other seeds", "Runs with other parameters"]
    listing = (workplace / "build/source/results/smoke/what_ran.md").read_text()
    assert "| hqc | `wildlife_mnist` | 0 | done: committed records, no page |" in listing


def test_a_finished_run_without_its_page_is_an_error(project, workplace):
    (finished(workplace, "colored_mnist/odr", "ODR") / "odr.ipynb").unlink()
    with pytest.raises(UserError, match="missing or damaged"):
        book.build_book("smoke")


def test_a_book_needs_an_introduction(project):
    (project / "book" / "intro.md").unlink()
    with pytest.raises(UserError, match="intro.md is missing"):
        book.build_book("smoke")


def test_half_a_swap_is_undone(tmp_path):
    (tmp_path / ".previous-html").mkdir()
    book.recover_html(tmp_path / "html")
    assert (tmp_path / "html").is_dir()
    (tmp_path / ".previous-html").mkdir()
    book.recover_html(tmp_path / "html")
    assert not (tmp_path / ".previous-html").exists()


def cells(*sources: str) -> dict:
    return {"cells": [{"cell_type": "markdown", "metadata": {}, "source": s} for s in sources]}


def test_titles_get_the_run_and_the_mark():
    notebook = cells("intro", "```\n# no heading\n```\n# ODR: claim\ntext")
    add_to_title(notebook, "wildlife_mnist")
    assert title_of(notebook) == "ODR: claim — wildlife_mnist"
    mark_failed(notebook, "NOTICE", "x")
    assert title_of(notebook) == "FAILED: ODR: claim — wildlife_mnist"
    assert "\nNOTICE\n" in notebook["cells"][1]["source"]


def test_a_notebook_without_a_title_gets_one():
    notebook = cells("text")
    assert title_of(notebook) == ""
    mark_failed(notebook, "NOTICE", "odr")
    assert title_of(notebook) == "FAILED: odr"
    notebook = cells("text")
    add_to_title(notebook, "odr")
    assert title_of(notebook) == "odr"


def test_a_damaged_failure_record_is_still_a_failure(tmp_path):
    (tmp_path / "failed.json").write_text("{")
    assert "unreadable" in publication.read_failure(tmp_path).reason
