"""CGN reproducibility study: mechanisms, counterfactuals and classifiers behind the notebooks.

Names are loaded on first use, so that commands that only read files answer at once.
"""

from importlib import import_module

_HOMES = {
    "read_params": "cgnlib.parameter_reading",
    "load_params": "cgnlib.parameter_reading",
    "UserError": "cgnlib.errors",
    "begin": "cgnlib.report.records",
    "mnist": "cgnlib.pipelines.mnist",
    "imagenet": "cgnlib.pipelines.imagenet",
    "genint_mnist": "cgnlib.pipelines.genint_mnist",
    "genint_scenes9": "cgnlib.pipelines.genint_scenes9",
    "figures": "cgnlib.report.figures",
    "tables": "cgnlib.report.tables",
    "verdicts": "cgnlib.report.verdicts",
    "published": "cgnlib.report.published",
}

__all__ = list(_HOMES)


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module 'cgnlib' has no attribute {name!r}")
    home = import_module(_HOMES[name])
    return home if _HOMES[name].endswith(f".{name}") else getattr(home, name)
