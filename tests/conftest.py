"""Fixtures shared by every test: an empty workplace, one thread, no network."""

import os

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # also of what tests start; before torch is loaded
import torch

from cgnlib.report import committed


@pytest.fixture(autouse=True, scope="session")
def _one_thread():
    """In every worker of ``pytest -n``: tests run beside each other, not each on all cores."""
    torch.set_num_threads(1)


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """A temporary folder that stands in for runs/, results/, build/ and data/."""
    for name in ("runs", "results", "build", "data"):
        monkeypatch.setenv(f"CGN_{name.upper()}", str(tmp_path / name))
    # nor does a test depend on which records the project holds
    monkeypatch.setattr(committed, "project_root", lambda: tmp_path / "committed")
    return tmp_path


@pytest.fixture
def empty_project(workplace, monkeypatch):
    """An empty folder that stands in for the project's own."""
    root = workplace / "project"
    root.mkdir()
    monkeypatch.setenv("CGN_ROOT", str(root))
    return root
