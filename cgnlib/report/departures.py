"""Where the training of a run departs from the published one."""

import math
from typing import TYPE_CHECKING, Any

from cgnlib.params import Params
from cgnlib.report import published
from cgnlib.report.cells import NOT_AVAILABLE, styled

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler


_DATA = {"digits", "textures", "object_palette", "background_palette", "train_correlation_prob"}


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return " or ".join(_shown(one) for one in value)
    return f"{value:g}" if isinstance(value, float) else str(value) or "empty"


def equal(here: Any, value: Any) -> bool:
    """Whether a parameter has a published value (or one of several), up to rounding."""
    if isinstance(value, list):
        return any(equal(here, one) for one in value)
    if isinstance(value, float) and not isinstance(here, str):
        return math.isclose(here, value, rel_tol=1e-3, abs_tol=1e-12)
    return here == value


def published_value(name: str, dataset: str) -> Any:
    """The published value of a parameter on ``dataset``, or None when no source states one."""
    for entry in published.recipe(dataset, ("cgn", "classifier", "gan")):
        if name in entry.values:
            return entry.values[name]
    return None


def _weights(params: Params, network: str) -> str:
    """What a run takes instead of training a ``cgn`` or a ``gan``, in the families that can."""
    return getattr(params, f"{network}_weights", "")


def _imported(params: Params, of: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """With published weights no training of that network departs from anything."""
    return [
        (f"weights of the {one.upper()}", "trained", f"imported, not trained: {weights}")
        for one in of
        if (weights := _weights(params, one))
    ]


def departures_list(
    params: Params, of: tuple[str, ...] = ("cgn", "classifier")
) -> list[tuple[str, str, str]]:
    """(choice, published, here) for every published training choice that this run changes."""
    found = _imported(params, of)
    for entry in published.recipe(params.dataset, of):
        if _weights(params, entry.of) and not set(entry.values) & _DATA:
            continue  # it would tell of a training that did not take place
        here = {name: getattr(params, name) for name in entry.values}
        differs = [name for name, value in entry.values.items() if not equal(here[name], value)]
        if differs:
            found.append(
                (
                    entry.what,
                    ", ".join(f"{name} {_shown(entry.values[name])}" for name in differs),
                    ", ".join(f"{name} {_shown(here[name])}" for name in differs),
                )
            )
    return found


def departures(params: Params, of: tuple[str, ...] = ("cgn", "classifier")) -> "Styler":
    """Where the training of this run (of its CGN, its classifier) departs from the published."""
    import pandas as pd

    found = departures_list(params, of)
    if not found:
        found = [("none: the published training", NOT_AVAILABLE, NOT_AVAILABLE)]
    frame = pd.DataFrame(found, columns=["Choice", "Published", "Here"])
    return styled(frame, f"Departures from the published training, {params.dataset}")
