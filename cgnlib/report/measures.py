"""Quality of a CGN as named numbers, from what a pipeline measured."""

from typing import Any

import numpy as np

from cgnlib.datasets import FACTORS

MEANINGS = {
    "mask_readability": "share of masks, cut at one half, that a classifier trained on binary real "
    "digits reads as their shape label",
    "mask_mean": "mean of the mask over pixels and images",
    "border_mean": "mean of the mask inside a 3-pixel border",
    "undecided_share": "share of mask pixels in (0.05, 0.95)",
}


def quality_numbers(quality: Any) -> dict[str, tuple[float, str]]:
    """Metric name to (value, definition); every value is a share in [0, 1].

    ``oracle_<i>_<j>`` is the share of counterfactuals in which the oracle of factor i reads the
    intended label of factor j. ``label_recovery`` is the least of the three diagonal shares and
    ``label_leak`` the largest off the diagonal. Undefined entries (NaN: the colored variant has no
    background to read) give no number.

    Args:
        quality: has ``readability``, per-image ``mask_means``, ``border_means``, ``undecided``, and
            ``disentanglement`` (3, 3), e.g. :class:`cgnlib.pipelines.mnist.Quality`.
    """
    values = {
        "mask_readability": quality.readability,
        "mask_mean": np.mean(quality.mask_means),
        "border_mean": np.mean(quality.border_means),
        "undecided_share": np.mean(quality.undecided),
    }
    found = {name: (float(values[name]), meaning) for name, meaning in MEANINGS.items()}
    matrix = np.asarray(quality.disentanglement, dtype=float)
    for (i, j), share in np.ndenumerate(matrix):
        if np.isfinite(share):
            found[f"oracle_{FACTORS[i]}_{FACTORS[j]}"] = (
                float(share),
                f"share of counterfactuals in which the {FACTORS[i]} oracle reads "
                f"the intended {FACTORS[j]} label",
            )
    own = np.eye(3, dtype=bool)
    found["label_recovery"] = (
        float(np.nanmin(matrix[own])),
        "least share over factors in which an oracle reads its own label",
    )
    found["label_leak"] = (
        float(np.nanmax(matrix[~own])),
        "largest share in which an oracle reads another factor's label",
    )
    return found


def interval(metric: str, value: float, images: int) -> tuple[float, float] | None:
    """95 % interval of a share of images; None for means over pixels."""
    from cgnlib.evaluation.scores import share_interval

    of_images = metric == "mask_readability" or metric.startswith(("oracle_", "label_"))
    return share_interval(value, images) if of_images else None
