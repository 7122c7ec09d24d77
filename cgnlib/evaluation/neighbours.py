"""What a low-dimensional representation tells about a label, by nearest neighbours."""

import numpy as np

NEIGHBOURS = 15


def neighbour_predictions(
    known: np.ndarray, labels: np.ndarray, points: np.ndarray, neighbours: int = NEIGHBOURS
) -> np.ndarray:
    """The most frequent label among the ``neighbours`` nearest known points (Euclidean), the
    smaller label where two are as frequent.

    Args:
        known: (K, D) points whose ``labels`` (K,) are known.
        points: (N, D) points to be read.

    Returns:
        (N,) labels.
    """
    from sklearn.neighbors import KNeighborsClassifier

    model = KNeighborsClassifier(min(neighbours, len(known)))
    return model.fit(known, labels).predict(points)
