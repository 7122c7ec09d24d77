"""Committed records of the scales full and paper: read from the project, labelled, MISSING when
absent."""

import subprocess

import pytest

from cgnlib.errors import UserError
from cgnlib.params import MnistParams
from cgnlib.paths import project_root
from cgnlib.report import checklist, committed, edge_tables, judgements, summary, tables, verdicts
from cgnlib.report.evidence import Evidence
from cgnlib.report.records import begin


@pytest.fixture
def project(workplace, monkeypatch):
    """A project whose full records are ours to write; this machine's results lie elsewhere."""
    root = workplace / "project"
    monkeypatch.setattr(committed, "project_root", lambda: root)
    return root


@pytest.fixture
def commit(project, write_run):
    def write(seed=0, value=88.0, dataset="double_colored_mnist", size="1e5", **changes):
        rows = [("ODR-2", f"{size}, ratio 10", "test_accuracy", value, (80, 95)),
                ("ODR-1", "LNTL", "test_accuracy", 70.0, None)]  # fmt: skip
        place = {"root": project / "results", "dataset": dataset, "scale": "full", "seed": seed}
        write_run("odr", rows, other=bool(seed or changes), **place, **changes)

    return write


def test_records_of_every_seed_of_the_file_are_read(commit):
    for seed, value in enumerate((87.0, 88.0, 89.0)):
        commit(seed, value)
    commit(7, 10.0, cgn_steps=5)  # another recipe
    commit(dataset="colored_mnist")
    found = committed.full_records("ODR-2", "double_colored_mnist")
    assert sorted(record.value for record in found) == [87.0, 88.0, 89.0]
    assert committed.full_records("ODR-5", "double_colored_mnist") == []


def test_a_page_of_another_scale_shows_them_beside_its_own(commit):
    for seed, value in enumerate((87.0, 88.0, 89.0)):
        commit(seed, value)
    params = MnistParams(dataset="double_colored_mnist")
    frame = tables.comparison([], "ODR-2", params, missing="not asked for").data
    row = frame.set_index("Trained on").loc["1e5, ratio 10"]
    assert row["Reprod. 1"] == "89.18"
    assert row["This run"] == "MISSING: not asked for"
    assert row[tables.FULL_SCALE] == "88.0 (85.5\u201390.5, 3 seeds)"
    assert frame[tables.FULL_SCALE].tolist().count("MISSING: not run") == 11


def test_without_committed_records_there_is_no_such_column(project):
    frame = tables.comparison([], "ODR-2", MnistParams(dataset="double_colored_mnist")).data
    assert tables.FULL_SCALE not in frame.columns
    assert (frame["This run"] == "MISSING: not run at this scale").all()


def test_the_full_scales_own_pages_show_themselves_only(commit):
    commit()
    params = MnistParams(dataset="double_colored_mnist", scale="full")
    assert committed.beside("ODR-2", params) == []


def test_a_figure_shows_its_own_run_else_the_full_scale_else_nothing(commit):
    params = MnistParams(dataset="double_colored_mnist")
    found = committed.own_or_full([], "ODR-2", params, "not run at this scale")
    assert found == ([], "MISSING: not run at this scale")
    commit()
    shown, name = committed.own_or_full([], "ODR-2", params, "not run at this scale")
    assert ([r.value for r in shown], name) == ([88.0], "records of the full scale (one seed)")
    own = begin(params, notebook="odr", claim="ODR")
    made = own.record("ODR-2", "1e5, ratio 10", "test_accuracy", 50.0, n=10)
    assert committed.own_or_full(own.records, "ODR-2", params, "x") == (
        [made],
        "this run (one seed)",
    )


def test_the_summary_says_what_only_the_full_scale_ran(commit):
    for seed in range(3):
        commit(seed, 88.0 + seed, size="1e6")
    rows = summary.experiment_rows(summary.Summary("embedded"), "double_colored_mnist")
    row = next(row for row in rows if row["Experiment"].startswith("ODR-2 "))
    assert row["This run"] == (
        "MISSING: odr not run at this scale; full scale: 89.0 (86.5\u201391.5, 3 seeds)"
    )


def studied(write_run, root, seed, gain=8.0):
    """A full run of the extensions, with a CGN that SSIM makes better by ``gain`` points."""
    plain = 80.0 + seed
    rows = [("EXT-5", name, "test_accuracy", value, (value - 1, value + 1))
            for name, value in (("retrained", plain), ("retrained + SSIM", plain + gain))
            ]  # fmt: skip
    place = {"root": root / "results", "dataset": "wildlife_mnist", "scale": "full", "seed": seed}
    write_run("extensions", rows, other=bool(seed), **place)


def judged(found, claim, dataset="wildlife_mnist"):
    return next(
        one for one in found if (one.verdict.claim, one.verdict.dataset) == (claim, dataset)
    )


def test_a_claim_that_this_scale_did_not_run_is_judged_on_the_full_scale(project, write_run):
    for seed in range(3):
        studied(write_run, project, seed, gain=8.0 + seed / 10)
    found = summary.Summary("embedded")
    one = judged(found.judgements, "EXT-SSIM")
    assert (one.source, one.text) == ("full scale", "supported (full scale, 3 seeds)")
    matrix = summary.verdict_matrix(found).data.set_index("Claim").loc["EXT-SSIM"]
    expected = "✓ supported (full scale, 3 seeds, intervals over seeds)"
    assert matrix["wildlife_mnist"] == expected
    assert matrix["colored_mnist"] == "MISSING: not run"
    rows = summary.experiment_rows(found, "wildlife_mnist")
    row = next(row for row in rows if row["Experiment"].startswith("EXT-5 "))
    assert row["Verdict"] == "supported (full scale, 3 seeds)"
    own = next(v for v in found.verdicts if (v.claim, v.dataset) == ("EXT-SSIM", "wildlife_mnist"))
    assert own.verdict == "not run"  # what the summary itself publishes
    told = verdicts.markdown(one.verdict, one.source)
    assert told.startswith("**EXT-SSIM on wildlife_mnist, full scale: supported** (3 seeds")


def test_the_checklist_names_the_scale_of_such_a_verdict(project, write_run):
    studied(write_run, project, 0)
    items = dict(checklist.rows(Evidence("embedded", [])))
    told = "EXT-SSIM: not run on 2 of 3 datasets, supported (full scale, 1 seed) on 1 of 3 datasets"
    assert told in items["Results"]
    assert "EXT-SSIM on wildlife_mnist 1 of 1 (full scale)" in items["What was easy"]


def test_a_scale_with_a_verdict_of_its_own_keeps_it(project, write_run):
    studied(write_run, project, 0)
    worse = [("EXT-5", name, "test_accuracy", 80.0, (79.0, 81.0))
             for name in ("retrained", "retrained + SSIM")]  # fmt: skip
    write_run("extensions", worse, dataset="wildlife_mnist", scale="embedded")
    one = judged(summary.Summary("embedded").judgements, "EXT-SSIM")
    assert (one.source, one.text) == ("", "not supported")


def test_a_page_shows_all_its_claims_and_publishes_its_own(project, write_run):
    params = MnistParams(dataset="double_colored_mnist")
    run = begin(params, notebook="odr", claim="ODR")
    found = judgements.of_page("odr", params.dataset, "embedded", run.records)
    assert [one.verdict.claim for one in found] == ["ODR", "ODR-AMOUNT", "ODR-CAUSE"]
    assert judgements.own(found) == [one.verdict for one in found]
    studied(write_run, project, 0)
    found = judgements.of_page("extensions", "wildlife_mnist", "embedded", [])
    assert [(one.verdict.claim, one.source) for one in found] == [
        ("EXT-SSIM", "full scale"),
        ("EXT-JITTER", ""),
    ]
    assert [one.claim for one in judgements.own(found)] == ["EXT-JITTER"]


def test_a_damaged_committed_file_is_one_clear_line(project, commit):
    commit()
    (path,) = project.glob("results/full/*/odr/records.jsonl")
    path.write_text("{\n")
    with pytest.raises(UserError, match="records.jsonl line 1"):
        committed.full_records("ODR-2", "double_colored_mnist")


def test_runs_of_the_paper_scale_are_read_from_the_project_and_kept_apart(project, write_run):
    for steps, digits in ((1000, 4.0), (1500, 6.0)):
        rows = [("HQC-7", "original", "updates", steps, None),
                ("HQC-7", "original", "correct_digits", digits, None)]  # fmt: skip
        place = {"root": project / "results", "scale": "paper", "edge_cgn_steps": steps}
        write_run("hqc", rows, other=True, **place)
    found = committed.records_of("HQC-7", "colored_mnist", "paper")
    assert len(committed.by_run(found)) == 2
    rows = edge_tables.run_rows(found)
    assert [row["Updates of each CGN"] for row in rows] == ["1,000", "1,500"]
    assert [row["Digits with whole masks, mean"] for row in rows] == ["4.000", "6.000"]
    assert len({row["Run"] for row in rows}) == 2
    assert edge_tables.budget(found, MnistParams()) == (
        "; 1,000 or 1,500 updates of each CGN (the CGN of this page: 3,000 updates)"
    )
    assert edge_tables.legend([], here=True) == "here, by rule"


def test_a_legend_says_what_the_full_scale_averages(commit):
    for seed in range(3):
        commit(seed)
    three = committed.full_records("ODR-2", "double_colored_mnist")
    assert committed.scale_name(three) == "full scale, mean of 3 seeds, 95 % t interval"
    assert committed.scale_name(three[:1]) == "full scale, one seed, 95 % interval"


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("results/full/colored_mnist/odr/records.jsonl", True),
        ("results/full/colored_mnist/odr@0123456789/verdicts.json", True),
        ("results/full/colored_mnist/odr/done", True),
        ("results/full/colored_mnist/odr/odr.ipynb", False),
        ("results/full/colored_mnist/odr/run.json", False),
        ("results/full/colored_mnist/.staging-odr-12/records.jsonl", False),
        ("results/paper/colored_mnist/hqc@0123456789/records.jsonl", True),
        ("results/paper/colored_mnist/hqc@0123456789/done", True),
        ("results/paper/colored_mnist/hqc@0123456789/hqc.ipynb", False),
        ("results/paper/colored_mnist/.lock-hqc", False),
        ("results/embedded/colored_mnist/odr/records.jsonl", False),
        ("results/interactive/odr@x/done", False),
    ],
)
def test_git_keeps_the_records_of_full_and_paper_and_nothing_else(path, kept):
    command = ["git", "-C", str(project_root()), "check-ignore", "--no-index", "-q", path]
    try:
        status = subprocess.run(command, check=False, capture_output=True).returncode
    except OSError:
        pytest.skip("git is not installed")
    if status == 128:
        pytest.skip("not a git checkout")
    assert status == (1 if kept else 0)
