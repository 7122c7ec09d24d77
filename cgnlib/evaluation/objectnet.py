"""Top-k accuracy where several classes count as correct (ObjectNet, GENINT-4)."""

from collections.abc import Sequence

import numpy as np

from cgnlib.errors import UserError
from cgnlib.evaluation.topk import ranks


def any_ranks(logits: np.ndarray, labels: np.ndarray, meant: Sequence[np.ndarray]) -> np.ndarray:
    """How many classes come before the first correct one, (N,) int64: below k is correct at top-k.

    All classes compete. An image counts at most once, whichever of its classes is found; the
    published code counts every one, so that its top-5 can exceed one per image (D35).

    Args:
        logits: (N, K).
        labels: (N,) positions in ``meant``.
        meant: per label the class indices that are correct, see
            :func:`cgnlib.data.objectnet.objectnet`.

    Raises:
        UserError: shapes that do not fit, a label without indices, an index without a logit.
    """
    logits, labels = np.asarray(logits), np.asarray(labels)
    if labels.size and not 0 <= labels.min() <= labels.max() < len(meant):
        raise UserError(f"labels reach {labels.max()} but {len(meant)} of them have classes")
    found = np.empty(len(labels), np.int64)
    for label in np.unique(labels):
        own = labels == label
        if not len(meant[label]):
            raise UserError(f"label {label} means no class: leave its images out")
        each = [ranks(logits[own], np.full(own.sum(), index)) for index in meant[label]]
        found[own] = np.min(each, axis=0)
    return found
