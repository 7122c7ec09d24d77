"""Where the project, its data, artefacts and results live.

Every path is resolved from the project root, so that a notebook opened in ``book/`` and a command
called from the root find the same files. Each location can be moved by an environment variable.
"""

import os
from pathlib import Path

from cgnlib.errors import UserError


def project_root() -> Path:
    """The folder that holds ``_config.yml``: ``CGN_ROOT``, else a parent of the working folder,
    else a parent of this package.

    Raises:
        UserError: when no such folder exists.
    """
    if os.environ.get("CGN_ROOT"):
        return Path(os.environ["CGN_ROOT"]).resolve()
    for start in (Path.cwd(), Path(__file__).resolve().parent):
        for folder in (start, *start.parents):
            if (folder / "_config.yml").is_file() and (folder / "cgnlib").is_dir():
                return folder
    raise UserError(
        f"no project root above {Path.cwd()}: run inside the project, or set CGN_ROOT to its folder"
    )


def _located(variable: str, default: str) -> Path:
    value = os.environ.get(variable)
    return Path(value).resolve() if value else project_root() / default


def data_root() -> Path:
    """Datasets and published weights: ``CGN_DATA``, else ``data/``."""
    return _located("CGN_DATA", "data")


def runs_root() -> Path:
    """Trained artefacts, one folder per hash: ``CGN_RUNS``, else ``runs/``."""
    return _located("CGN_RUNS", "runs")


def results_root() -> Path:
    """Executed notebooks and their records: ``CGN_RESULTS``, else ``results/``."""
    return _located("CGN_RESULTS", "results")


def build_root() -> Path:
    """The built book: ``CGN_BUILD``, else ``build/``."""
    return _located("CGN_BUILD", "build")
