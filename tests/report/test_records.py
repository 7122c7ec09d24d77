"""Records are written whole, read strictly and merged by what identifies a row."""

import json
import subprocess
import sys

import pytest

from cgnlib.errors import UserError
from cgnlib.params import MnistParams, params_hash
from cgnlib.report import records
from cgnlib.report.records import Record, Verdict, begin, finish_summary, read_records

VERDICT = Verdict(
    claim="ODR",
    experiment="ODR-1",
    dataset="colored_mnist",
    verdict="partly",
    reasons=["met: x"],
    seeds=[0],
)


@pytest.fixture
def finished(write_run):
    """Writes one finished run where ``python -m cgnlib run`` would publish it."""

    def write(name="odr", value=91.0, **changes):
        rows = [("ODR-1", "Original+CGN", "test_accuracy", value, (90, 92)),
                ("ODR-1", "Original", "test_accuracy", 35.0, None)]  # fmt: skip
        values = {"scale": "embedded", **changes}
        return write_run(name.split("@")[0], rows, name=name, verdicts=[VERDICT], **values)

    return write


def test_reading_records_does_not_load_torch():
    code = (
        "import sys, cgnlib.report.records; "
        "sys.exit(any(name in sys.modules for name in ('torch', 'pandas')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_record_has_the_promised_fields(workplace):
    run = begin(MnistParams(seed=4), notebook="odr", claim="ODR")
    made = run.record(
        "ODR-1",
        "Original",
        "test_accuracy",
        35,
        n=100,
        interval=(30, 40),
        definition="share",
        artefacts=["cgn/abc"],
        seconds=2,
    )
    assert list(json.loads(made.model_dump_json())) == [
        "claim",
        "experiment",
        "dataset",
        "scale",
        "setting",
        "metric",
        "value",
        "unit",
        "n",
        "seed",
        "interval_low",
        "interval_high",
        "definition",
        "params_hash",
        "artefacts",
        "seconds",
        "device",
        "git_commit",
    ]
    assert (made.value, made.unit, made.seed, made.interval_low, made.artefacts, made.device) == (
        35.0,
        "%",
        4,
        30.0,
        ["cgn/abc"],
        "cpu",
    )
    assert made.params_hash == params_hash(MnistParams(seed=4))


def test_an_interactive_run_goes_apart_and_never_into_the_merge(workplace):
    run = begin(MnistParams(), notebook="odr", claim="ODR")
    run.record("ODR-1", "Original", "test_accuracy", 35.0, n=1)
    folder = run.finish([])
    expected = f"odr@colored_mnist-{params_hash(MnistParams())}"
    assert folder == workplace / "results" / "interactive" / expected
    assert sorted(p.name for p in folder.iterdir()) == ["done", "records.jsonl", "verdicts.json"]
    assert read_records() == []


def test_a_finished_run_is_read_back_with_its_verdict(finished):
    folder = finished()
    assert [(r.setting, r.value) for r in read_records()] == [
        ("Original+CGN", 91.0),
        ("Original", 35.0),
    ]
    done = json.loads((folder / "done").read_text())
    assert done["params_hash"] == params_hash(MnistParams())
    assert {"finished_at", "git_commit"} <= set(done)
    assert records.read_run(folder).verdicts == [VERDICT]


def test_filters_choose_scale_dataset_and_experiment(finished):
    finished()
    finished(dataset="wildlife_mnist", value=80.0)
    finished(scale="full", value=95.0)
    assert len(read_records()) == 6
    assert [r.value for r in read_records(dataset="wildlife_mnist")] == [80.0, 35.0]
    assert {r.scale for r in read_records(scale="full")} == {"full"}
    assert read_records(experiment="HQC-1") == []


@pytest.mark.parametrize("hidden", [".staging-odr-17", ".old"])
def test_staging_folders_and_runs_without_done_do_not_count(finished, hidden):
    finished(name=hidden)
    (finished() / "done").unlink()
    assert read_records() == []


def test_runs_with_overrides_are_merged_and_seeds_alone_repeat_a_preset(finished):
    finished()
    finished(name="odr@seed3", seed=3, value=93.0)
    finished(name="odr@short", cgn_steps=10, value=50.0)
    ours = [r.value for r in read_records() if r.setting == "Original+CGN"]
    assert sorted(ours) == [50.0, 91.0, 93.0]
    repeated = [r.value for r in read_records(presets_only=True) if r.setting == "Original+CGN"]
    assert sorted(repeated) == [91.0, 93.0]


def test_the_later_of_two_runs_with_the_same_key_counts(finished):
    old = finished(value=10.0)
    done = json.loads((old / "done").read_text()) | {"finished_at": "2001-01-01T00:00:00+00:00"}
    (old / "done").write_text(json.dumps(done))
    finished(name="odr@same", value=91.0)
    assert [r.value for r in read_records() if r.setting == "Original+CGN"] == [91.0]


@pytest.mark.parametrize("line", ["{", "", '{"claim": "ODR"}', "not json"])
def test_a_damaged_line_names_file_and_line(finished, line):
    path = finished() / "records.jsonl"
    first, second = path.read_text().splitlines()
    path.write_text("\n".join([first, line, second]) + "\n")
    with pytest.raises(UserError, match=r"records.jsonl line 2: not a record"):
        read_records()


def test_an_unknown_field_or_nan_in_the_file_is_an_error(finished):
    path = finished() / "records.jsonl"
    whole = path.read_text()
    path.write_text(whole.replace('"value":91.0', '"value":NaN'))
    with pytest.raises(UserError, match="line 1"):
        read_records()
    path.write_text(whole.replace('"claim"', '"extra":1,"claim"', 1))
    with pytest.raises(UserError, match="line 1.*extra"):
        read_records()


def test_a_cut_file_is_noticed(finished):
    path = finished() / "records.jsonl"
    path.write_text(path.read_text().splitlines()[0] + "\n")
    with pytest.raises(UserError, match="1 records, but 2 were written"):
        read_records()


def test_a_damaged_done_is_one_clear_line(finished):
    (finished() / "done").write_text("{")
    with pytest.raises(UserError, match="damaged run") as error:
        read_records()
    assert "\n" not in str(error.value)


def test_the_same_commit_and_device_stand_in_every_record(finished):
    finished(device="cuda")
    assert {r.device for r in read_records()} == {"cuda"}
    assert len({r.git_commit for r in read_records()}) == 1


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_value_that_is_not_finite_is_refused(workplace, value):
    run = begin(MnistParams(), notebook="odr", claim="ODR")
    with pytest.raises(UserError, match="ODR-1 / Original / test_accuracy"):
        run.record("ODR-1", "Original", "test_accuracy", value, n=1)
    run.records.append(Record.model_construct(**(_fields(run) | {"value": value})))
    with pytest.raises(UserError, match="must be finite"):
        run.finish([])
    assert not run.folder.exists()


def _fields(run):
    other = begin(run.params, notebook="x", claim="ODR")
    return other.record("ODR-1", "Original", "test_accuracy", 1.0, n=1).model_dump()


@pytest.mark.parametrize("interval", [(40, 30), (float("nan"), 1.0)])
def test_an_interval_out_of_order_is_refused(workplace, interval):
    run = begin(MnistParams(), notebook="odr", claim="ODR")
    with pytest.raises(UserError):
        run.record("ODR-1", "Original", "test_accuracy", 35.0, n=1, interval=interval)


def test_finishing_without_numbers_or_with_one_twice_is_refused(workplace):
    run = begin(MnistParams(), notebook="odr", claim="ODR")
    with pytest.raises(UserError, match="recorded no number"):
        run.finish([])
    run.record("ODR-1", "Original", "test_accuracy", 35.0, n=1)
    run.record("ODR-1", "Original", "test_accuracy", 36.0, n=1)
    with pytest.raises(UserError, match="recorded twice"):
        run.finish([])
    assert not run.folder.exists()


def test_a_failed_write_leaves_no_done(finished, monkeypatch):
    folder = finished()
    monkeypatch.setenv("CGN_RUN_FOLDER", str(folder))
    run = begin(MnistParams(), notebook="odr", claim="ODR")
    run.record("ODR-1", "Original", "test_accuracy", 35.0, n=1)

    def full(path, data):
        raise UserError(f"cannot write {path}: No space left on device")

    monkeypatch.setattr(records, "write_atomic", full)
    with pytest.raises(UserError, match="No space left"):
        run.finish([])
    assert not (folder / "done").exists()


def test_the_summary_writes_its_own_done_and_no_records(workplace, monkeypatch):
    monkeypatch.setenv("CGN_RUN_FOLDER", str(workplace / "results" / "embedded" / "summary"))
    folder = finish_summary("embedded", "mnist", [VERDICT])
    assert json.loads((folder / "done").read_text())["records"] == 0
    assert (folder / "records.jsonl").read_text() == ""
    assert read_records() == []


def test_a_run_that_was_asked_for_nothing_may_be_empty(workplace):
    run = begin(MnistParams(), notebook="extensions", claim="EXT")
    with pytest.raises(UserError, match="recorded no number"):
        run.finish()
    folder = run.finish(may_be_empty=True)
    assert records.read_run(folder).records == []
