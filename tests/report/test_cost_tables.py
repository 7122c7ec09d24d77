"""Cost counts every artefact once, from provenance or else from records, beside published hours."""

import json

import pytest

from cgnlib.datasets import MNIST_DATASETS
from cgnlib.report import cost_tables
from cgnlib.report.spending import spent
from made_records import record


def _timed(experiment, setting, seconds, *artefacts, **changes):
    values = {"experiment": experiment, "metric": "training_time", "unit": "s"} | changes
    return record(setting, seconds, artefacts=list(artefacts), seconds=seconds, **values)


@pytest.fixture
def made(workplace):
    def write(name, seconds, memory=500.0):
        folder = workplace / "runs" / name
        folder.mkdir(parents=True)
        told = {"seconds": seconds, "peak_memory_mb": memory, "device": "cpu", "processor": "X"}
        (folder / "provenance.json").write_text(json.dumps(told))

    return write


def test_an_artefact_of_several_rows_counts_once(made):
    made("cgn/a", 100.0)
    made("classifier/b", 60.0, 900.0)
    rows = [_timed("IBR-3", "CGN", 100, "cgn/a")]
    rows += [_timed("ODR-1", name, 60, "classifier/b", metric="test_accuracy")
             for name in ("Original+CGN", "Original+CGN (1e6)")]  # fmt: skip
    found = {row["Part"]: row for row in cost_tables.part_rows(rows, MNIST_DATASETS)}
    assert found["CGN"]["Time"] == "100 s"
    assert found["classifiers of the MNIST table"] == {
        "Part": "classifiers of the MNIST table",
        "Artefacts": "1",
        "Time": "60 s",
        "Peak memory of a process": "900 MB",
        "Device": "cpu",
        "Published": "Reprod. 1 6 GPU hours",
    }
    assert (found["in all"]["Time"], found["in all"]["Artefacts"]) == ("160 s", "2")
    assert found["in all"]["Published"] == "Reprod. 1 112 GPU hours (every experiment)"


def test_parts_that_were_published_and_not_run_are_missing(workplace):
    found = {row["Part"]: row for row in cost_tables.part_rows([], MNIST_DATASETS)}
    assert found["edge loss"]["Time"] == "MISSING: not run"
    assert found["edge loss"]["Published"] == "Reprod. 1 48 GPU hours"
    assert "14 GPU hours" in found["amount and ratio of counterfactuals"]["Published"]
    assert "0.6 hours (colored_mnist)" in found["CGN"]["Published"]
    assert "beta-VAE" not in found and "loss ablation" not in found


def test_without_runs_the_records_tell_the_time(workplace):
    rows = [_timed("ODR-1", "CGN", 70, "classifier/b", "predictions/c", metric="test_accuracy"),
            _timed("IBR-3", "classifier CGN", 60, "classifier/b"),
            record("LNTL, weight 1", 90, metric="search_score", artefacts=["lntl/d"])]  # fmt: skip
    found = spent(rows)
    assert {name: one.seconds for name, one in found.items()} == {
        "classifier/b": 60.0,
        "predictions/c": 10.0,
    }
    (row, total) = cost_tables.timing_rows(rows)
    assert row["Peak memory of the process"] == "MISSING: artefacts are not here"
    assert (total["Time"], total["Artefacts"]) == ("0.019 h", "2 artefacts, each once")


def test_a_search_and_a_row_that_share_a_training_do_not_count_it_twice(made):
    made("lntl/d", 50.0)
    rows = [record("LNTL, weight 0.01", 90, metric="search_score", artefacts=["lntl/d"]),
            record("LNTL", 40, artefacts=["lntl/d"])]  # fmt: skip
    found = {row["Part"]: row["Time"] for row in cost_tables.part_rows(rows, MNIST_DATASETS)}
    assert found["classifiers of the MNIST table"] == "50 s"
    assert "search of penalty weights" not in found


def test_times_stand_beside_the_published_hours_of_a_cgn(made):
    made("cgn/a", 3600.0)
    row, total = cost_tables.timing_rows([_timed("IBR-3", "CGN", 3600, "cgn/a")])
    assert (row["Published"], row["Peak memory of the process"]) == (
        "Reprod. 2 0.6 hours",
        "500 MB",
    )
    assert total["Time"] == "1 h"
