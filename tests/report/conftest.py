"""Fixture for pages made from records: finished runs, written as a notebook writes them."""

import pytest

from cgnlib.params import MnistParams, params_hash
from cgnlib.report.records import begin


@pytest.fixture
def write_run(workplace, monkeypatch):
    """``write_run(notebook, numbers, **params)`` publishes a finished run at the smoke scale and
    returns its folder; ``numbers`` are (experiment, setting, metric, value, interval) rows. With
    ``other=True`` it stands beside the parameter file's own run, under its hash."""

    def write(notebook, numbers, *, other=False, artefacts=(), **values):
        params = MnistParams(**{"dataset": "colored_mnist", "scale": "smoke", **values})
        name = f"{notebook}@{params_hash(params)}" if other else notebook
        folder = workplace / "results" / "smoke" / params.dataset / name
        monkeypatch.setenv("CGN_RUN_FOLDER", str(folder))
        run = begin(params, notebook, "ODR")
        for experiment, setting, metric, value, interval in numbers:
            unit = "%" if "accuracy" in metric else "share"
            run.record(
                experiment, setting, metric, value, unit, n=100, interval=interval,
                artefacts=artefacts,
            )  # fmt: skip
        run.finish()
        monkeypatch.delenv("CGN_RUN_FOLDER")
        return folder

    return write
