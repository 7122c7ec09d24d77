"""Tables of the robustness page beyond its accuracies: its data, and how weights were chosen."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cgnlib.params import MnistParams
from cgnlib.report.tables import MISSING, NOT_AVAILABLE, number, styled

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


def _used_weights(params: MnistParams) -> dict[str, float]:
    return {
        "IRM (2 envs)": params.irm_weight_two,
        "IRM (5 envs)": params.irm_weight_five,
        "LNTL": params.lntl_weight,
    }


def search_rows(params: MnistParams, searches: Sequence[Any]) -> list[dict[str, str]]:
    """The cells of :func:`search_scores`, one dict per candidate; a row of the table whose weight
    was not searched is MISSING.

    Args:
        searches: each with ``setting``, ``scores`` (weight to %), ``chosen``, ``used``, ``images``.
    """
    rows, found = [], {search.setting: search for search in searches}
    for setting, used in _used_weights(params).items():
        if setting not in params.settings():
            continue
        if setting not in found:
            score = f"{MISSING}: not searched with this seed"
            rows.append({"Row": setting, "Weight": f"{used:g}", "Score": score, "": "used"})
            continue
        search = found[setting]
        for weight, score in search.scores.items():
            marks = [("best", weight == search.chosen), ("used", weight == used)]
            said = ", ".join(text for text, holds in marks if holds)
            shown = f"{number(score, '%')} %"
            rows.append({"Row": setting, "Weight": f"{weight:g}", "Score": shown, "": said})
    return rows


def search_scores(params: MnistParams, searches: Sequence[Any]) -> "Styler":
    """Every candidate weight of IRM and LNTL with its score, the best and the one in use."""
    import pandas as pd

    rows = search_rows(params, searches) or [
        {"Row": NOT_AVAILABLE, "Weight": "", "Score": "neither IRM nor LNTL runs", "": ""}
    ]
    return styled(pd.DataFrame(rows), "Candidate weights, accuracy under training correlations")
