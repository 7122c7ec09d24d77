"""What counts as a finished run: real notebooks, real kernels, eight ways to fail."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest
import yaml

from cgnlib import parameter_reading as rules
from cgnlib.errors import UserError
from cgnlib.params import params_hash
from cgnlib.report import execution, publication
from cgnlib.report.execution import run_notebook
from cgnlib.report.request import prepare
from presets import write_presets

PARAMETERS = 'dataset: str = "colored_mnist"\nscale: str = "smoke"\nseed: int = 0'
FINISH = """\
import json, os, pathlib
folder = pathlib.Path(os.environ["CGN_RUN_FOLDER"])
(folder / "records.jsonl").write_text(json.dumps({"value": seed}) + "\\n")
_ = (folder / "done").write_text(json.dumps({"params_hash": HASHES[seed]}))"""


def _hashes() -> dict[int, str]:
    values = {"dataset": "colored_mnist", "scale": "smoke"}
    return {
        seed: params_hash(rules.make_params({**values, "seed": seed}, "test")) for seed in (0, 3)
    }


def write_notebook(path: Path, *cells: str, tags: tuple[str, ...] = ()) -> None:
    """A notebook of a heading, parameters, ``cells`` (``tags`` on the first) and the last cell."""
    code = [nbformat.v4.new_code_cell(source) for source in cells]
    if code:
        code[0].metadata["tags"] = list(tags)
    first = nbformat.v4.new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]})
    last = nbformat.v4.new_code_cell(f"HASHES = {_hashes()!r}\n{FINISH}")
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell("# ODR: a claim\n\nText."), first, *code, last],
        metadata={"kernelspec": kernel},
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)


@pytest.fixture
def project(empty_project):
    """A project root of its own, with one preset and a notebook that finishes."""
    write_presets(empty_project, datasets=["colored_mnist"])
    write_notebook(empty_project / "book" / "odr.ipynb")
    return empty_project


@pytest.fixture
def target(workplace):
    return workplace / "results" / "smoke" / "colored_mnist" / "odr"


def run(**options):
    return run_notebook("odr", "smoke/colored_mnist", **options)


def snapshot(folder: Path) -> dict[str, bytes]:
    return {
        path.name: path.read_bytes()
        for path in folder.iterdir()
        if not path.name.startswith("failed")
    }


def start(*arguments: str) -> subprocess.Popen:
    code_root = Path(rules.__file__).parents[1]
    return subprocess.Popen(
        [sys.executable, "-m", "cgnlib", "run", "odr", "smoke/colored_mnist", *arguments],
        env={**os.environ, "PYTHONPATH": str(code_root)},
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(path: Path, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} never appeared"
        time.sleep(0.05)


def test_a_finished_run_is_published_whole(project, target, capfd):
    assert run(label="4/10") == 0
    assert {p.name for p in target.iterdir()} == {"odr.ipynb", "records.jsonl", "done", "run.json"}
    page = nbformat.read(target / "odr.ipynb", as_version=4)
    assert page.cells[0].source.startswith("# ODR: a claim — colored_mnist\n")
    assert page.metadata.papermill.input_path == "book/odr.ipynb"
    assert json.loads((target / "run.json").read_text())["command"] == (
        "python -m cgnlib run odr smoke/colored_mnist"
    )
    assert not list(target.parent.glob(".staging*"))
    assert "[4/10] odr colored_mnist: done in " in capfd.readouterr().err


def test_the_kernel_is_this_interpreter_in_the_project_root(project, target):
    write_notebook(
        project / "book" / "odr.ipynb", "import os, sys\nprint(sys.executable)\nprint(os.getcwd())"
    )
    assert run() == 0
    page = nbformat.read(target / "odr.ipynb", as_version=4)
    printed = [cell.outputs[0].text for cell in page.cells if cell.get("outputs")]
    assert printed == [f"{sys.executable}\n{project}\n"]


def test_kernel_stderr_is_streamed_line_by_line(project, capfd):
    write_notebook(
        project / "book" / "odr.ipynb",
        "import sys\nsys.stderr.write('step 1\\rstep 2\\nhalf')\nprint('not shown')",
    )
    assert run(label="1/2") == 0
    lines = capfd.readouterr().err.splitlines()
    assert "[1/2] odr colored_mnist: step 1" in lines
    assert "[1/2] odr colored_mnist: step 2" in lines
    assert not any("not shown" in line for line in lines)


def test_overrides_get_a_folder_and_a_title_of_their_own(project, target):
    assert run(overrides={"seed": 3}) == 0
    folder = target.with_name(f"odr@{_hashes()[3]}")
    page = nbformat.read(folder / "odr.ipynb", as_version=4)
    assert page.cells[0].source.startswith("# ODR: a claim — colored_mnist seed 3\n")
    assert json.loads((folder / "run.json").read_text())["command"].endswith("-p seed 3")
    assert not target.exists()


def test_an_override_equal_to_the_preset_is_the_preset(project):
    request = prepare("odr", "smoke/colored_mnist", {"seed": 0})
    assert request.target.name == "odr"


def test_another_file_never_publishes_over_the_preset(project, tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text(yaml.safe_dump({"dataset": "colored_mnist", "scale": "smoke", "seed": 3}))
    assert prepare("odr", str(mine), {}).target.name == f"odr@{_hashes()[3]}"


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("odd", "smoke/colored_mnist", {}), "no notebook 'odd'"),
        (("odr", "smoke/nothing", {}), "no parameter file 'smoke/nothing'"),
        (("odr", "smoke/colored_mnist", {"sed": 3}), "did you mean 'seed'"),
        (("odr", "smoke/colored_mnist", {"cgn_steps": 3}), "does not use 'cgn_steps'"),
        (("odr", "smoke/colored_mnist", {"seed": "x"}), "seed = 'x'"),
    ],
)
def test_bad_requests_are_refused_before_anything_starts(project, target, arguments, message):
    with pytest.raises(UserError, match=message):
        run_notebook(*arguments)
    assert not target.parent.exists()


FAULTS = {
    "cell raises": (("1 / 0",), (), {}, "raised ZeroDivisionError", 4),
    "timeout": (("import time; time.sleep(60)",), (), {"timeout": 1}, "longer than 1 s", 4),
    "kernel killed": (
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)",),
        (),
        {},
        "the kernel died",
        4,
    ),
    "os._exit": (("import os; os._exit(0)",), (), {}, "the kernel died", 4),
    "sys.exit(0)": (("import sys; sys.exit(0)",), (), {}, "raised SystemExit", 4),
    "raises-exception": (("1 / 0",), ("raises-exception",), {}, "raised ZeroDivisionError", 4),
    "no done": (
        (
            "import os; os.environ['CGN_RUN_FOLDER'] = '/tmp'; "
            "import pathlib; pathlib.Path.write_text = lambda *a: None",
        ),
        (),
        {},
        "without writing its 'done' record",
        None,
    ),
    "other parameters": (("HASHES = {}\nseed = 3",), (), {}, "were injected", None),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_never_published(project, target, fault, capfd):
    assert run() == 0
    before = snapshot(target)
    cells, tags, options, reason, cell = FAULTS[fault]
    write_notebook(project / "book" / "odr.ipynb", *cells, tags=tags)
    assert run(**options) == 1
    assert snapshot(target) == before
    record = json.loads((target / "failed.json").read_text())
    assert reason in record["reason"]
    if cell:
        page = nbformat.read(target / "failed.ipynb", as_version=4)
        assert page.cells[record["cell"] - 1].source.startswith(cells[0])
    assert not list(target.parent.glob(".staging*"))
    assert f"FAILED: {record['reason']}" in capfd.readouterr().err


def test_the_failed_page_keeps_the_traceback_and_a_success_clears_it(project, target):
    write_notebook(project / "book" / "odr.ipynb", "1 / 0")
    assert run() == 1
    page = nbformat.read(target / "failed.ipynb", as_version=4)
    errors = [o for c in page.cells for o in c.get("outputs", []) if o.output_type == "error"]
    assert [error.ename for error in errors] == ["ZeroDivisionError"]
    assert "1 / 0" in "\n".join(json.loads((target / "failed.json").read_text())["traceback"])
    assert not (target / "done").exists()
    write_notebook(project / "book" / "odr.ipynb")
    assert run() == 0
    assert {p.name for p in target.iterdir()} == {"odr.ipynb", "records.jsonl", "done", "run.json"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_runner_records_a_failure(project, target, tmp_path, number):
    assert run() == 0
    before = snapshot(target)
    mark = tmp_path / "mark"
    write_notebook(
        project / "book" / "odr.ipynb",
        f"import os, time\nopen({str(mark)!r}, 'w').write(str(os.getpid()))\ntime.sleep(60)",
    )
    process = start()
    wait_for(mark)
    process.send_signal(number)
    process.communicate(timeout=120)
    assert process.returncode == 128 + number
    assert snapshot(target) == before
    assert number.name in json.loads((target / "failed.json").read_text())["reason"]
    assert not Path(f"/proc/{mark.read_text()}").exists(), "the kernel outlived its runner"


def test_a_killed_runner_is_never_a_success_and_is_cleaned_up_later(project, target, tmp_path):
    assert run() == 0
    before = snapshot(target)
    mark = tmp_path / "mark"
    write_notebook(
        project / "book" / "odr.ipynb", f"open({str(mark)!r}, 'w')\nimport time; time.sleep(60)"
    )
    process = start()
    wait_for(mark)
    (staging,) = publication.staging_folders(target)
    assert publication.is_live(staging)
    process.kill()
    process.communicate()
    assert not publication.is_live(staging)
    assert snapshot(target) == before
    publication.recover_all(target.parents[1])
    assert not staging.exists()
    assert snapshot(target) == before
    assert "killed" in publication.read_failure(target).reason


@pytest.mark.parametrize("limit", [2000, 6000])
def test_a_full_disk_leaves_the_earlier_result(project, target, limit):
    """RLIMIT_FSIZE makes every larger write fail, early (2 kB) or in the middle of the run."""
    assert run() == 0
    before = snapshot(target)
    write_notebook(project / "book" / "odr.ipynb", "print('x' * 20000)")
    code = (
        "import resource, sys; from cgnlib.__main__ import main; "
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit})); "
        "sys.exit(main(['run', 'odr', 'smoke/colored_mnist']))"
    )
    root = Path(rules.__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root)},
        timeout=180,
    )
    assert done.returncode == 1
    assert "FAILED: " in done.stderr and "Traceback" not in done.stderr
    assert "cannot write" in json.loads((target / "failed.json").read_text())["reason"]
    assert snapshot(target) == before


def test_a_disk_full_at_publication_leaves_the_earlier_result(project, target, monkeypatch):
    assert run() == 0
    before = snapshot(target)

    def full(*_args):
        raise OSError(28, "No space left on device", "odr.ipynb")

    monkeypatch.setattr(publication, "publish", full)
    assert run() == 1
    assert snapshot(target) == before
    assert "No space left" in publication.read_failure(target).reason


def test_a_publication_cut_in_half_is_undone(workplace):
    target = workplace / "results" / "smoke" / "colored_mnist" / "odr"
    (target.parent / ".previous-odr").mkdir(parents=True)
    (target.parent / ".previous-odr" / "done").write_text("{}")
    publication.recover(target)
    assert (target / "done").exists()
    assert not (target.parent / ".previous-odr").exists()


def test_a_second_run_of_the_same_name_waits(project, target, tmp_path):
    mark, go = tmp_path / "mark", tmp_path / "go"
    write_notebook(
        project / "book" / "odr.ipynb",
        f"import os, time\nopen({str(mark)!r}, 'w')\n"
        f"while not os.path.exists({str(go)!r}): time.sleep(0.05)",
    )
    first = start()
    wait_for(mark)
    second = start()
    for line in second.stderr:
        if "waiting" in line:
            break
    go.touch()
    assert first.wait(60) == 0 and second.wait(60) == 0
    assert (target / "done").exists() and not (target / "failed.json").exists()


@pytest.mark.parametrize(
    "change, reason",
    [
        (lambda n: n["metadata"]["papermill"].update(exception=True), "recorded an exception"),
        (lambda n: n["metadata"].pop("papermill"), "recorded an exception"),
        (lambda n: n["metadata"]["papermill"].update(end_time=None), "no end time"),
        (lambda n: n["cells"][-1].update(execution_count=None), "never executed"),
    ],
)
def test_each_condition_is_needed(tmp_path, change, reason):
    cell = {"cell_type": "code", "source": "1", "metadata": {}, "outputs": [], "execution_count": 1}
    notebook = {
        "cells": [dict(cell)],
        "metadata": {"papermill": {"exception": None, "end_time": "now"}},
    }
    (tmp_path / "records.jsonl").write_text("{}\n")
    (tmp_path / "done").write_text('{"params_hash": "a"}')
    page = tmp_path / "odr.ipynb"
    page.write_text(json.dumps(notebook))
    assert execution.unfinished(page, "a") is None
    change(notebook)
    page.write_text(json.dumps(notebook))
    assert reason in execution.unfinished(page, "a").reason
