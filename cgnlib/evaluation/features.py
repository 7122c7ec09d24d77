"""What the features of a classifier group by: numbers in feature space, and a map in the plane."""

import numpy as np
import torch
from torch import Tensor, nn

from cgnlib.errors import UserError

NEIGHBOURS = 15


def features_of(
    model: nn.Module, images: Tensor, batch: int = 1000, device: str = "cpu"
) -> np.ndarray:
    """Features before the linear layer, (N, F) float32, of images (N, 3, H, W) in [-1, 1].

    ``model`` has ``features(images)``; it is run in evaluation mode and gets its mode back.
    """
    training = model.training
    model.to(device).eval()
    try:
        with torch.no_grad():
            parts = [model.features(part.to(device)).float().cpu() for part in images.split(batch)]
    finally:
        model.train(training)
    return torch.cat(parts).numpy()


def neighbour_agreement(
    features: np.ndarray, labels: np.ndarray, neighbours: int = NEIGHBOURS
) -> np.ndarray:
    """Share of each point's nearest neighbours (Euclidean, itself left out) that have its label,
    (N,) in [0, 1]; chance is the label's share of the set.

    Raises:
        UserError: no more points than neighbours.
    """
    points, labels = torch.as_tensor(features, dtype=torch.float64), np.asarray(labels)
    if len(points) <= neighbours:
        raise UserError(
            f"{len(points)} points have no {neighbours} neighbours each: ask for more images"
        )
    distances = torch.cdist(points, points)
    distances.fill_diagonal_(float("inf"))
    nearest = distances.topk(neighbours, largest=False).indices.numpy()
    return (labels[nearest] == labels[:, None]).mean(1)


def silhouettes(features: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """How much closer each point is to its own label's points than to the nearest other label's,
    (N,) in [-1, 1]; 0 means that the labels do not part.

    Raises:
        UserError: fewer than two labels.
    """
    from sklearn.metrics import silhouette_samples

    if len(np.unique(labels)) < 2:
        raise UserError("silhouettes need two labels or more: ask for more images")
    return silhouette_samples(features, labels)


def tsne(features: np.ndarray, perplexity: float, seed: int) -> np.ndarray:
    """The features as points in the plane, (N, 2) float32, by scikit-learn's t-SNE, started from
    the first two principal components.

    One thread: torch's setting does not reach scikit-learn, and on a busy machine two that wait for
    each other take ten times as long.

    Args:
        features: (N, F), more points than ``perplexity``.
        seed: of everything random in it.
    """
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        model = TSNE(2, perplexity=perplexity, init="pca", random_state=seed % 2**32)
        return model.fit_transform(features).astype(np.float32)
