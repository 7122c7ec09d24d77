"""Which notebooks run, in which order, and what became of them."""

import json
import os

import pytest

from cgnlib.errors import UserError
from cgnlib.report import jobs, publication


@pytest.fixture
def project(workplace, monkeypatch):
    root = workplace / "project"
    for dataset in jobs.FAMILIES["mnist"].datasets:
        path = root / "params" / "smoke" / f"{dataset}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"dataset: {dataset}\nscale: smoke\nthreads: 1\n")
    monkeypatch.setenv("CGN_ROOT", str(root))
    return root


def folder(workplace, name: str):
    path = workplace / "results" / "smoke" / name
    path.mkdir(parents=True)
    return path


def states(**options) -> dict[tuple[str, str], str]:
    return {(s.dataset, s.notebook): s.state for s in jobs.status(**options)}


def test_accuracies_come_before_ablations_and_after_the_cgn(project):
    listed = jobs.jobs("smoke")
    names = [(job.notebook, job.dataset) for job in listed]
    assert names[:2] == [("hqc", "colored_mnist"), ("odr", "colored_mnist")]
    assert [notebook for notebook, _ in names[-3:]] == ["ibr"] * 3
    assert {job.needs for job in listed if job.notebook == "odr"} == {"hqc"}
    assert {job.needs for job in listed if job.notebook == "extensions"} == {"odr"}
    assert [job.label for job in listed] == [f"{n}/13" for n in range(1, 13)]
    assert listed[0].threads == 1


@pytest.mark.parametrize("name", ["scenes9", "genint", "all", "nonsense"])
def test_only_mnist_exists(project, name):
    with pytest.raises(UserError, match="only mnist exists"):
        jobs.jobs("smoke", name)


def test_an_unknown_scale_names_the_known_ones(project):
    with pytest.raises(UserError, match="smoke"):
        jobs.jobs("tiny")
    with pytest.raises(UserError, match="one of smoke"):
        jobs.status("tiny")


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
    found = states()
    assert found["colored_mnist", "hqc"] == "done"
    assert found["colored_mnist", "odr"] == "failed"
    assert found["colored_mnist", "ibr"] == "missing"
    assert found["wildlife_mnist", "hqc@abc"] == "running"
    assert found["wildlife_mnist", "odr"] == "failed"
    assert found["", "summary"] == "missing"
    table = jobs.status_table(jobs.status("smoke"))
    assert "broke; an earlier result is kept" in table
    assert "2030-01-01 00:00:00" in table


def test_another_machines_run_is_believed_live(project, workplace):
    staging = workplace / "results" / "smoke" / "colored_mnist" / ".staging-odr-7"
    staging.mkdir(parents=True)
    (staging / publication.OWNER).write_text('{"host": "elsewhere", "pid": 7, "start": 0}')
    assert states()["colored_mnist", "odr"] == "running"
    os.utime(staging, (0, 0))
    assert states()["colored_mnist", "odr"] == "failed"


def test_stamps_of_lost_results_are_removed(project, workplace):
    kept, lost = (jobs.stamp("smoke", "colored_mnist", name) for name in ("hqc", "odr"))
    for stamp in (kept, lost):
        stamp.parent.mkdir(parents=True, exist_ok=True)
        stamp.touch()
    (folder(workplace, "colored_mnist/hqc") / "done").write_text("{}")
    jobs.prune_stamps("smoke")
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
