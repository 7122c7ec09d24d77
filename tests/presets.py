"""Parameter files and notebooks for tests: the shipped smallest scale, and files of a project that
a test makes."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from cgnlib.datasets import MNIST_DATASETS
from cgnlib.parameter_reading import load_params

ROOT = Path(__file__).resolve().parents[1]  # of this project


def smoke(dataset: str = "double_colored_mnist", **changes: Any):
    """The parameters of the smoke scale, with changes."""
    return load_params(ROOT / "params" / "smoke" / f"{dataset}.yaml", changes)


def write_presets(
    root: Path, scale: str = "smoke", datasets: Iterable[str] = MNIST_DATASETS, **values: Any
) -> None:
    """A parameter file per dataset below ``root``, which is nobody's project yet."""
    for dataset in datasets:
        path = root / "params" / scale / f"{dataset}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump({"dataset": dataset, "scale": scale, **values}))


def write_bare_notebook(path: Path, parameters: str) -> None:
    """A notebook of nothing but its parameters cell."""
    cell = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": parameters}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"cells": [cell]}))
