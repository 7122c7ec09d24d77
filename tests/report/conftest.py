"""Fixtures for pages and plans: finished runs, written as a notebook writes them, and a project of
parameter files and notebooks to run."""

import pytest

from cgnlib.families import FAMILIES
from cgnlib.params import MnistParams, params_hash
from cgnlib.report.records import begin
from presets import write_bare_notebook, write_presets


@pytest.fixture
def write_run(workplace, monkeypatch):
    """``write_run(notebook, numbers, **params)`` publishes a finished run, by default at the smoke
    scale, and returns its folder; ``numbers`` are (experiment, setting, metric, value, interval)
    rows. With ``other=True`` it stands beside the parameter file's own run, under its hash, or
    under ``name``; ``root`` is where results lie, ``model`` the family's parameters."""

    def write(
        notebook, numbers, *, model=MnistParams, other=False, name="", root=None, artefacts=(),
        verdicts=(), **values
    ):  # fmt: skip
        params = model(**{"dataset": "colored_mnist", "scale": "smoke", **values})
        name = name or (f"{notebook}@{params_hash(params)}" if other else notebook)
        folder = (root or workplace / "results") / params.scale / params.dataset / name
        monkeypatch.setenv("CGN_RUN_FOLDER", str(folder))
        run = begin(params, notebook, "ODR")
        for experiment, setting, metric, value, interval in numbers:
            unit = "s" if "time" in metric else "%" if "accuracy" in metric else "share"
            run.record(
                experiment, setting, metric, value, unit, n=100, interval=interval,
                artefacts=artefacts,
            )  # fmt: skip
        run.finish(verdicts)
        monkeypatch.delenv("CGN_RUN_FOLDER")
        return folder

    return write


@pytest.fixture
def project(empty_project):
    """A project of the smoke scale's parameter files alone."""
    write_presets(empty_project, threads=1)
    return empty_project


@pytest.fixture
def with_notebooks(project):
    """The project with notebooks that list the seed, so that repetitions have a folder."""
    cell = 'dataset: str = "colored_mnist"\nscale: str = "smoke"\nseed: int = 0'
    for name in FAMILIES["mnist"].reading_order:
        write_bare_notebook(project / "book" / f"{name}.ipynb", cell)
    return project
