"""Measured numbers of recipes against stored ones, by kind: {"version": ..., "numbers": {...}}."""

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest


def assert_stored(
    stored: Path, measured: Mapping[str, Mapping[str, Any]], rel: float = 2e-3
) -> None:
    """Every kind has its stored version, and numbers within ``rel`` of the stored ones.

    Raises:
        AssertionError: says which kind moved, and what to do.
    """
    wanted = json.loads(stored.read_text())
    for kind, found in measured.items():
        assert found["version"] == wanted[kind]["version"], (
            f"{kind}: new version; run the test's file as a script to store its numbers"
        )
        assert found["numbers"] == pytest.approx(wanted[kind]["numbers"], rel=rel), (
            f"the numbers of {kind} moved: raise its version"
        )


def store(stored: Path, measured: Callable[[], Mapping[str, Any]]) -> None:
    """Measures in an empty runs folder and writes."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CGN_RUNS"] = folder
        stored.write_text(json.dumps(measured(), indent=1) + "\n")
