"""The README's table comes from records, and says MISSING where there is none."""

from types import SimpleNamespace

import pytest

from cgnlib.errors import UserError
from cgnlib.report import published, readme
from cgnlib.report.readme import results_markdown


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
            for dataset in table.datasets:
                assert (row.experiment, dataset) in known or row.experiment in anywhere
