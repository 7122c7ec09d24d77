"""Tables of the robustness page beyond its accuracies: its data, and what its studies trained."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cgnlib.params import MnistParams
from cgnlib.report import committed
from cgnlib.report.record_model import FinishedRun
from cgnlib.report.tables import NOT_AVAILABLE, styled

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler


def overview_rows(sets: Mapping[str, Any], has_background: bool) -> list[dict[str, str]]:
    """The cells of :func:`dataset_overview`, one dict per set.

    Args:
        sets: name to :class:`cgnlib.data.biased_mnist.LabelledImages`.
        has_background: whether backgrounds carry a label.
    """
    rows = []
    for name, images in sets.items():
        shape = np.asarray(images.shape)
        counts = np.bincount(shape, minlength=10)
        height, width = images.images.shape[-2:]
        background = float((np.asarray(images.background) == shape).mean())
        rows.append(
            {
                "Set": name,
                "Images": f"{len(shape):,}",
                "Digits": f"{len(np.unique(np.asarray(images.digit))):,}",
                "Per class": f"{counts.min():,}\u2013{counts.max():,}",
                "Size": f"{height}\u00d7{width}",
                "Coverage of the digit": f"{np.asarray(images.masks).mean():.3f}",
                "Object label = digit": f"{(np.asarray(images.foreground) == shape).mean():.3f}",
                "Background label = digit": f"{background:.3f}"
                if has_background
                else NOT_AVAILABLE,
            }
        )
    return rows


def dataset_overview(
    sets: Mapping[str, Any], has_background: bool, params: MnistParams
) -> "Styler":
    """Size of every set, and how far its factors go with the digit, computed from the images'
    labels and true masks (chance 0.1)."""
    import pandas as pd

    frame = pd.DataFrame(overview_rows(sets, has_background))
    return styled(frame, f"Sets of {params.dataset}; shares, chance 0.1")


def _budget(values: Mapping[str, Any]) -> str:
    batch = values["classifier_batch"]
    if not values["amount_steps"]:
        return f"each classifier: {values['classifier_epochs']} epochs of its own set"
    shown = values["amount_steps"] * batch
    return (
        f"each classifier: {values['amount_steps']:,} updates of {batch} images, {shown:,} images "
        "seen; sets larger than that are not seen through once"
    )


def budgets(runs: Sequence[FinishedRun]) -> str:
    """How long the classifiers of ODR-2 trained in these runs; empty without any."""
    return " or ".join(dict.fromkeys(_budget(run.params) for run in runs if run.params))


def amounts_budget(params: MnistParams) -> str:
    """End of a caption of ODR-2: how long its classifiers train, in this run where it has any, else
    in the committed runs of the full scale; empty where neither has."""
    if params.amount_sizes:
        return f"; {_budget(params.model_dump())}"
    told = budgets(committed.full_runs("ODR-2", params.dataset))
    return f"; full scale, {told}" if told else ""
