"""The command line: one line per mistake, exit status 2, quick answers."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from cgnlib import parameter_reading as rules
from cgnlib.__main__ import main

ROOT = Path(rules.__file__).parents[1]


@pytest.fixture
def good(tmp_path):
    path = tmp_path / "good.yaml"
    path.write_text("dataset: colored_mnist\nscale: smoke\n")
    return path


def test_check_says_one_line_per_bad_file(good, tmp_path, capsys):
    typo, text = tmp_path / "typo.yaml", tmp_path / "text.yaml"
    typo.write_text("dataset: colored_mnist\nscale: smoke\ncgn_step: 10\n")
    text.write_text("dataset: colored_mnist\nscale: smoke\ncgn_lr: 1e-3\n")
    assert main(["check", str(good)]) == 0
    assert main(["check", str(good), str(typo), str(text), str(tmp_path / "none.yaml")]) == 2
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 3
    assert "did you mean 'cgn_steps'" in errors[0]
    assert "1.0e-3" in errors[1]
    assert "none.yaml" in errors[2]


@pytest.mark.parametrize("command", [["check", "FILE"], ["status"], ["records"]])
def test_reading_commands_answer_without_torch(command, good, workplace):
    command = [str(good) if word == "FILE" else word for word in command]
    code = (
        "import sys; from cgnlib.__main__ import main; status = main(sys.argv[1:]); "
        "assert 'torch' not in sys.modules; sys.exit(status)"
    )
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", code, *command], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 3  # 1 s when idle


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["run", "nothing", "smoke/colored_mnist"], "no notebook 'nothing'"),
        (["run", "odr", "smoke/nothing"], "no parameter file"),
        (["run", "odr", "FILE", "-p", "sed", "3"], "did you mean 'seed'"),
        (["run", "odr", "FILE", "-p", "seed", "1", "-p", "seed", "2"], "given twice"),
        (["run", "summary", "nothing"], "no scale 'nothing'"),
        (["run", "summary", "smoke", "-p", "seed", "3"], "takes no -p seed"),
        (["status", "--family", "nothing"], "choose one of mnist"),
        (["status", "--scale", "nothing"], "no scale"),
        (["book", "--scale", "nothing"], "no scale"),
        (["plan"], "plan needs PARAMS"),
        (["plan", "--family", "nothing"], "choose one of mnist"),
        (["check"], "check needs FILE"),
        (["check", "--scale", "nothing"], "SCALE must be one of"),
        (["book", "--family", "nothing"], "choose one of mnist"),
        (["run", "summary", "smoke", "-p", "family", "nothing"], "choose one of mnist"),
        (["status", "--seeds", "x"], "write SEEDS=0,1,2"),
        (["status", "--scale", "smoke", "--seeds", "1"], "leaves out 0"),
    ],
)
def test_mistakes_are_one_line(arguments, message, good, workplace, capsys):
    assert main([str(good) if word == "FILE" else word for word in arguments]) == 2
    error = capsys.readouterr().err.strip().splitlines()
    assert len(error) == 1
    assert error[0].startswith("error: ") and message in error[0]


@pytest.mark.parametrize("arguments", [["run", "odr", "x", "--timeout", "0"], [], ["nothing"]])
def test_usage_errors_exit_2(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2


def test_check_takes_the_files_of_a_report(workplace, capsys):
    assert main(["check", "--scale", "full", "--family", "all"]) == 0
    checked = capsys.readouterr().out.splitlines()
    assert len(checked) >= 3 and all(line.endswith(".yaml: ok") for line in checked)
    assert main(["check", "--scale", "full"]) == 0
    assert capsys.readouterr().out.splitlines() == checked[:3]


def test_status_as_json(workplace, capsys):
    assert main(["status", "--scale", "smoke", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["state"] for row in rows} == {"missing"}
    names = {"hqc", "ibr", "odr", "explain", "extensions", "summary"}
    assert {row["notebook"] for row in rows} == names
    assert main(["status"]) == 0
    assert "missing" in capsys.readouterr().out


def test_data_lists_what_is_absent(workplace, capsys):
    assert main(["data"]) == 0
    text = capsys.readouterr().out
    assert "absent" in text and "source:" in text
    assert main(["data", "--json"]) == 0
    assert all(
        {"name", "present", "path", "source"} <= set(row)
        for row in json.loads(capsys.readouterr().out)
    )


def test_records_of_nothing_are_nothing(workplace, capsys):
    assert main(["records", "--dataset", "colored_mnist"]) == 0
    assert capsys.readouterr().out == ""


def test_a_full_disk_is_one_line(workplace, monkeypatch, capsys):
    from cgnlib.report import book

    def full(*_args):
        raise OSError(28, "No space left on device", "/somewhere/page.html")

    monkeypatch.setattr(book, "build_book", full)
    assert main(["book"]) == 2
    assert capsys.readouterr().err == (
        "error: cannot write /somewhere/page.html: No space left on device\n"
    )


def test_values_are_typed_as_papermill_types_them():
    from cgnlib.__main__ import _overrides

    pairs = [["a", "3"], ["b", "1e-3"], ["c", "True"], ["d", "false"], ["e", "text"]]
    assert _overrides(pairs) == {"a": 3, "b": 1e-3, "c": True, "d": False, "e": "text"}
