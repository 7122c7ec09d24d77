"""Which notebooks run, in which order, and what became of them."""

import json
import os

import pytest

from cgnlib.datasets import MNIST_DATASETS
from cgnlib.errors import UserError
from cgnlib.families import FAMILIES
from cgnlib.report import jobs, publication, states
from cgnlib.report.seeds import parse_seeds


@pytest.fixture
def project(workplace, monkeypatch):
    root = workplace / "project"
    for dataset in MNIST_DATASETS:
        path = root / "params" / "smoke" / f"{dataset}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"dataset: {dataset}\nscale: smoke\nthreads: 1\n")
    monkeypatch.setenv("CGN_ROOT", str(root))
    return root


def folder(workplace, name: str):
    path = workplace / "results" / "smoke" / name
    path.mkdir(parents=True)
    return path


def found_states(**options) -> dict[tuple[str, str], str]:
    return {(s.dataset, s.notebook): s.state for s in states.status(**options)}


def test_accuracies_come_before_ablations_and_after_the_cgn(project):
    listed = jobs.jobs("smoke")
    names = [(job.notebook, job.dataset) for job in listed]
    assert names[:2] == [("hqc", "colored_mnist"), ("odr", "colored_mnist")]
    assert [notebook for notebook, _ in names[-3:]] == ["ibr"] * 3
    assert {job.needs for job in listed if job.notebook == "odr"} == {"hqc"}
    assert {job.needs for job in listed if job.notebook == "explain"} == {"odr"}
    assert {job.needs for job in listed if job.notebook == "extensions"} == {"odr"}
    assert [job.label for job in listed] == [f"{n}/16" for n in range(1, 16)]
    assert listed[0].threads == 1


@pytest.fixture
def with_notebooks(project):
    """The project with notebooks that list the seed, so that repetitions have a folder."""
    cell = {
        "cell_type": "code",
        "metadata": {"tags": ["parameters"]},
        "source": 'dataset: str = "colored_mnist"\nscale: str = "smoke"\nseed: int = 0',
    }
    (project / "book").mkdir()
    for name in FAMILIES["mnist"].reading_order:
        (project / "book" / f"{name}.ipynb").write_text(json.dumps({"cells": [cell]}))
    return project


def test_each_seed_repeats_every_notebook_after_the_first_is_done(with_notebooks):
    listed = jobs.jobs("smoke", seeds=(0, 4))
    assert [job.seed for job in listed] == [0] * 15 + [4] * 15
    assert [job.name for job in listed[14:16]] == ["ibr_wildlife_mnist", "hqc_colored_mnist_seed4"]
    assert listed[15].words == [
        "run", "hqc", "smoke/colored_mnist", "-p", "seed", "4", "--label", "16/31",
    ]  # fmt: skip
    assert "-p" not in listed[0].words
    assert len({job.stamp for job in listed}) == 30
    assert listed[16].needed == listed[15].stamp and listed[1].needed == listed[0].stamp


def test_a_repetition_goes_where_its_run_publishes_it(with_notebooks):
    from cgnlib.report.request import prepare

    for job in jobs.jobs("smoke", seeds=(0, 4)):
        overrides = {"seed": job.seed} if job.repeats else {}
        request = prepare(job.notebook, job.params, overrides)
        assert request.target == job.target
        assert request.title == job.dataset + (" seed 4" if job.repeats else "")


def test_the_full_scale_has_three_seeds_and_the_others_their_files(project, with_notebooks):
    full = project / "params" / "full"
    full.mkdir()
    for dataset in MNIST_DATASETS:
        text = f"dataset: {dataset}\nscale: full\nthreads: 1\n"
        (full / f"{dataset}.yaml").write_text(text)
    assert sorted({job.seed for job in jobs.jobs("full")}) == [0, 1, 2]
    assert {job.seed for job in jobs.jobs("full", seeds=(0,))} == {0}
    assert {job.seed for job in jobs.jobs("smoke")} == {0}
    found = [s for s in states.status("full") if (s.dataset, s.notebook[:3]) == (dataset, "odr")]
    assert [(state.seed, state.state) for state in found] == [
        (0, "missing"),
        (1, "missing"),
        (2, "missing"),
    ]


def test_the_files_seed_comes_first_and_cannot_be_left_out(project, with_notebooks):
    assert [job.seed for job in jobs.jobs("smoke", seeds=(3, 0))][::15] == [0, 3]
    with pytest.raises(UserError, match="leaves out 0, the seed of params/smoke"):
        jobs.jobs("smoke", seeds=(1, 2))


@pytest.mark.parametrize(
    ("text", "seeds"), [("", ()), (None, ()), ("0,1,2", (0, 1, 2)), (7, (7,)), (" 1, 0", (1, 0))]
)
def test_seeds_are_read_from_text(text, seeds):
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["a", "0;1", "0,0", "-1", "1.5"])
def test_bad_seeds_are_one_line(text):
    with pytest.raises(UserError, match="write SEEDS=0,1,2") as error:
        parse_seeds(text)
    assert "\n" not in str(error.value)


def test_status_tells_repetitions_from_other_runs(with_notebooks, workplace):
    (repeated,) = [
        job for job in jobs.jobs("smoke", seeds=(0, 4))
        if (job.notebook, job.dataset, job.seed) == ("odr", "colored_mnist", 4)
    ]  # fmt: skip
    for name in (repeated.target.name, "odr@other"):
        (folder(workplace, f"colored_mnist/{name}") / "done").write_text("{}")
    found = {s.notebook: (s.seed, s.state) for s in states.status("smoke", seeds=(0, 4))
             if s.dataset == "colored_mnist" and s.notebook.startswith("odr")}  # fmt: skip
    assert found == {
        "odr": (0, "missing"),
        repeated.target.name: (4, "done"),
        "odr@other": (None, "done"),
    }
    table = states.status_table(states.status("smoke", seeds=(0, 4))).splitlines()
    (row,) = [line.split() for line in table if repeated.target.name in line]
    assert row[:5] == ["smoke", "colored_mnist", repeated.target.name, "4", "done"]


def test_committed_records_without_their_page_are_named(project, workplace):
    bare = folder(workplace, "colored_mnist/odr")
    (bare / "done").write_text("{}")
    rows = {(s.dataset, s.notebook): s for s in states.status("smoke")}
    found = rows["colored_mnist", "odr"]
    assert (found.state, found.reason) == ("done", "committed records, no page")
    (bare / "odr.ipynb").write_text("{}")
    again = {(s.dataset, s.notebook): s for s in states.status("smoke")}
    assert again["colored_mnist", "odr"].reason == ""


def test_stamps_of_lost_repetitions_are_removed(with_notebooks, workplace):
    listed = [job for job in jobs.jobs("smoke", seeds=(0, 4)) if job.repeats]
    for job in listed[:2]:
        job.stamp.parent.mkdir(parents=True, exist_ok=True)
        job.stamp.touch()
    listed[0].target.mkdir(parents=True)
    (listed[0].target / "done").write_text("{}")
    states.prune_stamps("smoke", seeds=(0, 4))
    assert listed[0].stamp.exists() and not listed[1].stamp.exists()


def test_an_unknown_scale_names_the_known_ones(project):
    with pytest.raises(UserError, match="smoke"):
        jobs.jobs("tiny")
    with pytest.raises(UserError, match="one of smoke"):
        states.status("tiny")


def test_each_state(project, workplace):
    done = folder(workplace, "colored_mnist/hqc")
    (done / "done").write_text(json.dumps({"finished_at": "2030-01-01T00:00:00+00:00"}))
    bad = folder(workplace, "colored_mnist/odr")
    (bad / "done").write_text("{}")
    publication.publish_failure(bad.parent / "none", bad, publication.Failure("broke"), None)
    live = workplace / "results" / "smoke" / "wildlife_mnist" / "hqc@abc"
    publication.create_staging(live)
    killed = workplace / "results" / "smoke" / "wildlife_mnist" / ".staging-odr-1"
    killed.mkdir()
    owner = {"host": os.uname().nodename, "pid": 2**22 + 1, "start": 0.0}
    (killed / publication.OWNER).write_text(json.dumps(owner))
    found = found_states()
    assert found["colored_mnist", "hqc"] == "done"
    assert found["colored_mnist", "odr"] == "failed"
    assert found["colored_mnist", "ibr"] == "missing"
    assert found["wildlife_mnist", "hqc@abc"] == "running"
    assert found["wildlife_mnist", "odr"] == "failed"
    assert found["", "summary"] == "missing"
    table = states.status_table(states.status("smoke"))
    assert "broke; an earlier result is kept" in table
    assert "2030-01-01 00:00:00" in table


def test_another_machines_run_is_believed_live(project, workplace):
    staging = workplace / "results" / "smoke" / "colored_mnist" / ".staging-odr-7"
    staging.mkdir(parents=True)
    (staging / publication.OWNER).write_text('{"host": "elsewhere", "pid": 7, "start": 0}')
    assert found_states()["colored_mnist", "odr"] == "running"
    os.utime(staging, (0, 0))
    assert found_states()["colored_mnist", "odr"] == "failed"


def test_stamps_of_lost_results_are_removed(project, workplace):
    kept, lost = (jobs.stamp("smoke", "colored_mnist", name) for name in ("hqc", "odr"))
    for stamp in (kept, lost):
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.touch()
    (folder(workplace, "colored_mnist/hqc") / "done").write_text("{}")
    states.prune_stamps("smoke")
    assert kept.exists() and not lost.exists()


def test_a_taken_lock_is_not_waited_for(workplace):
    target = workplace / "results" / "smoke" / "colored_mnist" / "odr"
    with publication.run_lock(target) as held, publication.run_lock(target, wait=False) as again:
        assert held and not again


def test_leftovers_are_recovered_unless_a_newer_result_stands(workplace):
    target = folder(workplace, "colored_mnist/odr")
    staging = publication.create_staging(target)
    (staging / publication.OWNER).unlink()
    os.utime(staging, (0, 0))
    (target / "done").write_text("{}")
    publication.recover_all(workplace / "results" / "smoke")
    assert not staging.exists()
    assert publication.read_failure(target) is None
