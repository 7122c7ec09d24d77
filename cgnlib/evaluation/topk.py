"""Top-k accuracy, on all logits or on the columns a dataset uses."""

import numpy as np

from cgnlib.errors import UserError
from cgnlib.evaluation.rates import Rate, rate


def ranks(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """How many classes come before the true one, (N,) int64: 0 is correct at top-1.

    Equal logits rank in the order of their columns, as ``argmax`` does.

    Args:
        logits: (N, K).
        labels: (N,) in [0, K).

    Raises:
        UserError: shapes that do not fit, or a label without a column.
    """
    logits, labels = np.asarray(logits), np.asarray(labels)
    if logits.ndim != 2 or labels.shape != logits.shape[:1]:
        raise UserError(f"logits {logits.shape} and labels {labels.shape}: expected (N, K), (N,)")
    if labels.size and not 0 <= labels.min() <= labels.max() < logits.shape[1]:
        raise UserError(
            f"labels reach from {labels.min()} to {labels.max()} but there are "
            f"{logits.shape[1]} logits: the label map does not fit the classifier"
        )
    true = np.take_along_axis(logits, labels[:, None], 1)
    earlier = np.arange(logits.shape[1]) < labels[:, None]
    return ((logits > true) | ((logits == true) & earlier)).sum(1)


def top_k(logits: np.ndarray, labels: np.ndarray, k: int = 1) -> Rate:
    """How many examples have their class among the ``k`` largest logits; see :func:`ranks`."""
    return rate(ranks(logits, labels) < k)


def restricted(
    logits: np.ndarray, labels: np.ndarray, columns: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Logits (N, C) of the given classes only, and labels (N,) as positions among them.

    ImageNet-A is scored so: 200 of 1,000 logits (R1; experiments A9).

    Args:
        columns: (C,) class indices in ascending order, such as ``np.unique(labels)``.

    Raises:
        UserError: a label that is not among them.
    """
    columns, labels = np.asarray(columns), np.asarray(labels)
    places = np.searchsorted(columns, labels).clip(max=len(columns) - 1)
    if not np.array_equal(columns[places], labels):
        odd = labels[columns[places] != labels][0]
        raise UserError(f"label {odd} is not among the {len(columns)} classes that are scored")
    return np.asarray(logits)[:, columns], places
