"""What became of each run: done, running, failed, missing, or gone since."""

import json
import os

from cgnlib.report import jobs, publication, states


def folder(workplace, name: str):
    path = workplace / "results" / "smoke" / name
    path.mkdir(parents=True)
    return path


def found_states(**options) -> dict[tuple[str, str], str]:
    return {(s.dataset, s.notebook): s.state for s in states.status(**options)}


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
