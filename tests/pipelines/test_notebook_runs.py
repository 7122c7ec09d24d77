"""The real ODR notebook at the smallest scale: every way of running it gives the same numbers, a
typo is refused, and a fault in it never counts."""

import json
import os
import subprocess
import sys

import pytest

from presets import ROOT

PRESET = "smoke/double_colored_mnist"


def _run(*words, cwd=ROOT):
    return subprocess.run(
        [sys.executable, "-m", *map(str, words)], cwd=cwd, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False,
    )  # fmt: skip


def _values(path):
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    return {(r["experiment"], r["setting"], r["metric"]): r["value"] for r in rows
            if r["unit"] != "s"}  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("place")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("runs", "results", "build", "data"):
            patch.setenv(f"CGN_{name.upper()}", str(folder / name))
        done = _run("cgnlib", "run", "odr", PRESET)
        assert done.returncode == 0, done.stderr
        yield folder


def _published(place):
    return place / "results" / "smoke" / "double_colored_mnist" / "odr"


@pytest.mark.parametrize("start", [ROOT, ROOT / "book"], ids=["root", "book"])
def test_plain_papermill_gives_the_same_numbers(place, start):
    done = _run("papermill", ROOT / "book/odr.ipynb", place / "out.ipynb",
                "-f", ROOT / f"params/{PRESET}.yaml", "--no-progress-bar", cwd=start)  # fmt: skip
    assert done.returncode == 0, done.stderr
    (records,) = (place / "results" / "interactive").glob("odr@*/records.jsonl")
    found = _values(records)
    assert found == _values(_published(place) / "records.jsonl")
    assert ("ODR-1", "Original+CGN", "test_accuracy") in found


def test_a_typo_is_refused_with_the_nearest_name(place):
    done = _run("papermill", ROOT / "book/odr.ipynb", place / "typo.ipynb", "-p", "cgn_step", "10")
    assert done.returncode != 0
    assert "unknown parameter 'cgn_step' (did you mean 'cgn_steps'?)" in done.stderr


@pytest.mark.parametrize("fault", ["raise RuntimeError('broken')", "import os; os._exit(0)"])
def test_a_fault_leaves_the_earlier_result(place, tmp_path, fault):
    good = {p.name: p.read_bytes() for p in _published(place).iterdir() if p.is_file()}
    notebook = json.loads((ROOT / "book/odr.ipynb").read_text())
    cell = {"cell_type": "code", "id": "fault", "metadata": {}, "outputs": [],
            "execution_count": None, "source": fault}  # fmt: skip
    notebook["cells"].insert(6, cell)
    path = tmp_path / "odr.ipynb"
    path.write_text(json.dumps(notebook))
    done = _run("cgnlib", "run", path, PRESET)
    assert done.returncode != 0 and "FAILED" in done.stderr
    for name in ("odr.ipynb", "records.jsonl", "done"):
        assert (_published(place) / name).read_bytes() == good[name]
    assert json.loads((_published(place) / "failed.json").read_text())["reason"]
