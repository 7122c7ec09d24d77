"""The rooms of the house stand in an order: each imports only what stands before it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ORDER = [
    "errors",
    "paths",
    "rng",
    "datasets",
    "params",
    "families",
    "parameter_reading",
    "store",
    "data",
    "training",
    "networks",
]
ORDER += [
    {"generators", "classifiers"},
    "evaluation",
    "report",
    "pipelines",
    "arguments",
    "__main__",
]
RANK = {
    name: rank
    for rank, room in enumerate(ORDER)
    for name in ({room} if isinstance(room, str) else room)
}
FILES = sorted((ROOT / "cgnlib").rglob("*.py"))


def _room(path):
    return path.relative_to(ROOT / "cgnlib").parts[0].removesuffix(".py")


def _imported_rooms(path):
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = (
                [f"cgnlib.{alias.name}" for alias in node.names]
                if node.module == "cgnlib"
                else [node.module]
            )
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            if name.startswith("cgnlib."):
                yield name.split(".")[1]


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_room_imports_only_what_stands_before_it(path):
    room = _room(path)
    if room == "__init__":
        return
    for other in _imported_rooms(path):
        if other in RANK and other != room:
            assert RANK[other] < RANK[room], f"{room} imports {other}"


def test_every_room_has_its_place():
    assert {_room(path) for path in FILES} - {"__init__"} == set(RANK)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_room_is_called_by_what_it_is_not_for(path):
    assert path.stem not in {"utils", "helpers", "common"}


@pytest.mark.parametrize(
    "module", ["params", "families", "store", "report.records", "report.jobs", "__main__"]
)
def test_quick_commands_load_no_torch(module):
    code = f"import sys, cgnlib.{module}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
