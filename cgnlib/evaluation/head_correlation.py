"""Do two heads of the ensemble find the same images easy? (R1's unpublished script; EXT-4)"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from cgnlib.errors import UserError


@dataclass(frozen=True)
class Correlation:
    """Pearson's ``r`` over ``images`` images."""

    r: float
    images: int


def true_logits(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The logit (N,) of each image's label (N,) in (N, K)."""
    return np.take_along_axis(np.asarray(logits), np.asarray(labels)[:, None], 1)[:, 0]


def head_correlations(
    logits: Mapping[str, np.ndarray], labels: np.ndarray | Mapping[str, np.ndarray]
) -> dict[tuple[str, str], Correlation]:
    """Pearson correlation of the true-class logits of every pair of heads.

    Args:
        logits: (N, K) by head, of the same images.
        labels: (N,), or one array per head, as counterfactuals have.

    Raises:
        UserError: fewer than two images, or a head whose logit never changes.
    """
    return correlations(
        {
            head: true_logits(values, labels[head] if isinstance(labels, Mapping) else labels)
            for head, values in logits.items()
        }
    )


def correlations(chosen: Mapping[str, np.ndarray]) -> dict[tuple[str, str], Correlation]:
    """Pearson correlation of every pair of heads from the true-class logit (N,) of each; errors as
    :func:`head_correlations`."""
    for head, values in chosen.items():
        if len(values) < 2 or np.ptp(values) == 0:
            raise UserError(
                f"correlation of heads: the {head} head has one true-class logit on all "
                f"{len(values)} images"
            )
    return {
        (one, other): Correlation(
            float(np.corrcoef(chosen[one].astype(np.float64), chosen[other])[0, 1]),
            len(chosen[one]),
        )
        for one, other in combinations(chosen, 2)
    }


def fisher_interval(found: Correlation) -> tuple[float, float]:
    """95 % interval of a correlation by Fisher's transformation; (-1, 1) below four images."""
    if found.images < 4:
        return -1.0, 1.0
    centre = np.arctanh(np.clip(found.r, -0.999999, 0.999999))
    reach = 1.959964 / np.sqrt(found.images - 3)
    return float(np.tanh(centre - reach)), float(np.tanh(centre + reach))
