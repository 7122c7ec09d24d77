"""The README's table comes from records, and says MISSING where there is none."""

from types import SimpleNamespace

import pytest

from cgnlib.errors import UserError
from cgnlib.report import published, readme
from cgnlib.report.readme import results_markdown, verdicts_markdown


def test_rows_from_records(write_run):
    with pytest.raises(UserError, match="no finished run at scale embedded"):
        results_markdown("embedded")
    rows = [("ODR-1", "Original+CGN", "test_accuracy", 93.21, (92.0, 94.0))]
    write_run("odr", rows, scale="embedded")
    table = results_markdown("embedded")
    assert (
        "| test accuracy, Original+CGN (%) | 93.2 (92.0 to 94.0); paper 95.1 | MISSING |" in table
    )
    assert "| masks read as their label | MISSING | MISSING | MISSING |" in table


def _records(dataset, row, values):
    experiment, setting, metric, unit = row
    return [
        SimpleNamespace(
            dataset=dataset,
            experiment=experiment,
            setting=setting,
            metric=metric,
            unit=unit,
            value=value,
            seed=seed,
            interval_low=value - 1,
            interval_high=value + 1,
        )
        for seed, value in enumerate(values)
    ]


def test_several_seeds_are_a_mean_with_its_interval(monkeypatch):
    row = ("ODR-1", "Original+CGN", "test_accuracy", "%")
    found = _records("colored_mnist", row, (94.0, 95.0, 96.0))
    monkeypatch.setattr(readme, "read_records", lambda *_, **__: found)
    # t of two degrees of freedom, 4.303, times 1 / sqrt(3)
    assert "| 95.0 (92.5 to 97.5); paper 95.1 | MISSING |" in results_markdown("full")


def test_each_family_that_ran_has_a_table(monkeypatch):
    found = _records("scenes9", ("HQC-2", "CGN", "mask_iou", "share"), (0.8,))
    monkeypatch.setattr(readme, "read_records", lambda *_, **__: found)
    table = results_markdown("embedded")
    assert table.startswith("| | scenes9 |") and "colored" not in table
    causal = ("GENINT-1", "Original", "causal_accuracy", "%")
    found += _records("genint_mnist", causal, (11.0,))
    first, second = results_markdown("embedded").split("\n\n")
    assert first == table
    assert "| causal accuracy, Original (%) | 11.0 (10.0 to 12.0); paper 8.261 |" in second


def test_every_row_is_an_experiment_of_its_datasets():
    known = {(one.id, name) for one in published.published().experiments for name in one.datasets}
    anywhere = {one.id for one in published.published().experiments if not one.datasets}
    for table in readme.TABLES:
        for row in table.rows:
            about = [(row.experiment, dataset) in known for dataset in table.datasets]
            some = any(about) if row.optional else all(about)
            assert some or row.experiment in anywhere


def test_verdicts_stand_claim_by_claim(write_run):
    assert verdicts_markdown("full") == ""
    for seed in range(3):
        write_run(
            "hqc", [("IBR-3", "CGN", "training_time", 300.0 + seed, None)], scale="full",
            other=bool(seed), seed=seed,
        )  # fmt: skip
    write_run(
        "hqc", [("IBR-3", "CGN", "training_time", 900.0, None)], scale="full",
        dataset="double_colored_mnist",
    )  # fmt: skip
    assert verdicts_markdown("full").splitlines() == [
        "| claim | colored mnist | double colored mnist |",
        "|---|---|---|",
        "| COST | supported (3 seeds) | partly (one seed) |",
    ]


def test_studies_have_rows_where_they_ran_and_none_elsewhere(monkeypatch):
    found = _records("colored_mnist", ("ODR-1", "Original", "test_accuracy", "%"), (36.0,))
    monkeypatch.setattr(readme, "read_records", lambda *_, **__: found)
    bare = results_markdown("embedded")
    for absent in ("IRM (5 envs)", "(1e6)", "ratio", "correlation", "whole digits", "CGN alone"):
        assert absent not in bare
    found += _records("colored_mnist", ("ODR-1", "IRM (5 envs)", "test_accuracy", "%"), (20.0,))
    found += _records("colored_mnist", ("ODR-2", "1e4, ratio 1", "test_accuracy", "%"), (90.0,))
    edge = ("HQC-7", "with edge loss", "correct_digits", "digits")
    found += _records("colored_mnist", edge, (9.0,))
    full = results_markdown("full").splitlines()
    assert "| test accuracy, IRM (5 envs) (%) | 20.0 (19.0 to 21.0) | MISSING | MISSING |" in full
    cell = "90.0 (89.0 to 91.0); reproduction 1 91.04"
    assert f"| counterfactuals 1e4, ratio 1 (%) | {cell} | MISSING | MISSING |" in full
    digits = "9.00 (8.00 to 10.00); reproduction 1 8.9"
    assert f"| whole digits of ten, with edge loss | {digits} | \u2013 | \u2013 |" in full
    assert len(full) == len(bare.splitlines()) + 3
