"""Records made by hand, for what is drawn and judged from them."""

from typing import Any

from cgnlib.report.record_model import Record

DEFAULTS = {
    "claim": "ODR",
    "experiment": "ODR-1",
    "dataset": "colored_mnist",
    "scale": "embedded",
    "metric": "test_accuracy",
    "unit": "%",
    "n": 10_000,
    "seed": 0,
    "definition": "",
    "params_hash": "p",
    "artefacts": [],
    "device": "cpu",
    "git_commit": "g",
}


def record(
    setting: str, value: float, interval: tuple[float, float] | None = None, **changes: Any
) -> Record:
    """One number of a setting, by default its test accuracy in ODR-1 on colored MNIST."""
    low, high = interval or (None, None)
    measured = {"value": float(value), "interval_low": low, "interval_high": high}
    return Record(**DEFAULTS | {"setting": setting, **measured} | changes)
