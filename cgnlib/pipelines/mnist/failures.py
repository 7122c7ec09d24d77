"""Failure gallery: the counterfactuals that the oracles believe least (experiment HQC-6)."""

from dataclasses import dataclass

import numpy as np
from torch import Tensor

from cgnlib.generators.sampling import FACTORS, to_bytes

PER_FACTOR = 10
BELIEVED = 0.5


@dataclass(frozen=True)
class Failures:
    """What the oracles believe least among counterfactuals.

    ``least`` (N,): per image the least confidence over its factors, where the confidence of a
    factor is the probability that its oracle gives to the intended label. ``worst``: factor to its
    ten images of least confidence, worst first.
    """

    least: np.ndarray
    worst: dict[str, "Worst"]

    @property
    def disbelieved(self) -> np.ndarray:
        """(N,) bool: some oracle gives the intended label less than one half."""
        return self.least < BELIEVED


@dataclass(frozen=True)
class Worst:
    """``images`` (W, 32, 32, 3) uint8; ``intended``, ``read`` (W,) labels; ``confidence`` (W,)."""

    images: np.ndarray
    intended: np.ndarray
    read: np.ndarray
    confidence: np.ndarray


def failures(
    images: Tensor, labels: np.ndarray, probabilities: np.ndarray, factors: tuple[str, ...]
) -> Failures:
    """The worst images per factor and the least confidence of each image.

    Args:
        images: (N, 3, 32, 32) in [-1, 1].
        labels: (N, 3) intended shape, foreground and background label.
        probabilities: (N, 3, 10) of each factor's oracle.
        factors: those that the variant has.
    """
    columns = [FACTORS.index(name) for name in factors]
    given = np.take_along_axis(probabilities, labels[:, :, None], axis=2)[:, :, 0]  # (N, 3)
    worst = {}
    for name, column in zip(factors, columns, strict=True):
        rows = np.argsort(given[:, column], kind="stable")[:PER_FACTOR]
        worst[name] = Worst(
            to_bytes(images[rows.tolist()]).numpy(),
            labels[rows, column],
            probabilities[rows, column].argmax(1),
            given[rows, column],
        )
    return Failures(given[:, columns].min(1), worst)
