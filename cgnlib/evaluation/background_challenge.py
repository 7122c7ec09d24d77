"""How much a classifier leans on the background (Xiao et al., 2020; ODR-4)."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cgnlib.errors import UserError
from cgnlib.evaluation.imagenet_categories import CLASSES
from cgnlib.evaluation.rates import Rate, accuracy


@dataclass(frozen=True)
class BackgroundChallenge:
    """Accuracy on images with their own background, with another one of the same class, and with
    one of a random class."""

    original: Rate
    mixed_same: Rate
    mixed_rand: Rate

    @property
    def gap(self) -> float:
        """BG-gap in percentage points: mixed-same less mixed-rand."""
        return self.mixed_same.percent - self.mixed_rand.percent


def nine_predictions(
    logits: np.ndarray, categories: Mapping[str, np.ndarray] | None = None
) -> np.ndarray:
    """Which of the nine classes each image is read as, (N,) int64; -1 is none of them.

    The best of all classes is mapped, so one of the 630 that belong to no category is wrong (A9).

    Args:
        logits: (N, K); for the ensemble the mean of shape and texture (its view
            ``shape_texture``).
        categories: class indices by category, ``categories()["in9"]`` for the 1,000 of ImageNet;
            None: the classifier has the nine classes themselves.

    Raises:
        UserError: another number of logits than the map expects.
    """
    logits = np.asarray(logits)
    best = logits.argmax(1)
    if categories is None:
        return best
    if logits.shape[1] != CLASSES:
        raise UserError(
            f"the IN-9 map reads {CLASSES} classes but the classifier has {logits.shape[1]}: "
            "leave the map out for a classifier of the nine classes"
        )
    category = np.full(CLASSES, -1, dtype=np.int64)
    for position, indices in enumerate(categories.values()):
        category[indices] = position
    return category[best]


def background_challenge(
    predicted: Mapping[str, np.ndarray], labels: Mapping[str, np.ndarray]
) -> BackgroundChallenge:
    """Scores from the predictions and labels (N,) of each set, by the names ``original``,
    ``mixed_same`` and ``mixed_rand``; each is divided by its own number of images (D23).

    Raises:
        UserError: a set is missing or its labels are of another number.
    """
    for name in ("original", "mixed_same", "mixed_rand"):
        if name not in predicted or name not in labels:
            raise UserError(f"background challenge: no predictions or labels for {name}")
    return BackgroundChallenge(
        *(accuracy(predicted[n], labels[n]) for n in ("original", "mixed_same", "mixed_rand"))
    )
