"""Candidate weights with their updates: this run's, else the full scale's, else MISSING."""

from types import SimpleNamespace

import pytest

from cgnlib.params import MnistParams
from cgnlib.report import committed, search_tables


@pytest.fixture(autouse=True)
def _committed(workplace, monkeypatch):
    monkeypatch.setattr(committed, "project_root", lambda: workplace)


def _search():
    return SimpleNamespace(setting="LNTL", scores={0.01: 90.0, 0.1: 95.0})


def test_candidates_are_marked_and_what_was_not_searched_is_missing():
    params = MnistParams(odr_settings="LNTL,IRM (2 envs)", irm_weight_two=1000.0)
    rows = search_tables.search_rows(params, [_search()])
    missing = "MISSING: not searched with this seed, nor at the full scale"
    assert [tuple(row.values()) for row in rows] == [
        ("IRM (2 envs)", "1000", missing, "", "", "used"),
        ("LNTL", "0.01", "90.0 %", "1,500", "this run", "used here"),
        ("LNTL", "0.1", "95.0 %", "1,500", "this run", "best"),
    ]
    assert "MISSING" in search_tables.search_scores(params, []).to_html()
    assert search_tables.search_rows(MnistParams(odr_settings="Original"), []) == []


def test_the_full_scale_stands_in_and_shorter_candidates_say_so(write_run):
    found = [("ODR-1", f"IRM (2 envs), weight {w}", "search_score", v, None)
             for w, v in (("1e1", 80.0), ("1e3", 80.0), ("1e2", 70.0))]  # fmt: skip
    write_run("odr", found, scale="full", search_seed=0, search_steps=1000)
    write_run("odr", [("ODR-1", "LNTL", "test_accuracy", 40.0, None)], other=True,
              scale="full", search_seed=0, search_steps=1000, seed=1)  # fmt: skip
    params = MnistParams(odr_settings="IRM (2 envs)")
    rows = search_tables.search_rows(params, [])
    assert [tuple(row.values())[1:] for row in rows] == [
        ("10", "80.0 %", "1,000 (rows here: 1,500)", "full scale, seed 0", "best"),
        ("1000", "80.0 %", "1,000 (rows here: 1,500)", "full scale, seed 0", ""),
        ("100", "70.0 %", "1,000 (rows here: 1,500)", "full scale, seed 0", "used here"),
    ]
    repeated = params.model_copy(update={"scale": "full", "seed": 1, "search_seed": 0})
    assert search_tables.search_rows(repeated, [])[0]["Trained by"] == "full scale, seed 0"
    own = [SimpleNamespace(setting="IRM (2 envs)", scores={10.0: 50.0})]
    assert [row["Trained by"] for row in search_tables.search_rows(params, own)] == ["this run"]
