"""Shares that keep what was counted: numerator and denominator travel with the score."""

from dataclasses import dataclass

import numpy as np

from cgnlib.errors import UserError
from cgnlib.evaluation.scores import share_interval


@dataclass(frozen=True)
class Rate:
    """``numerator`` of ``denominator`` examples."""

    numerator: int
    denominator: int

    @property
    def share(self) -> float:
        """In [0, 1].

        Raises:
            UserError: nothing was counted.
        """
        if not self.denominator:
            raise UserError("a share of no examples: nothing was counted")
        return self.numerator / self.denominator

    @property
    def percent(self) -> float:
        """In [0, 100]; errors as :attr:`share`."""
        return 100 * self.share

    @property
    def interval(self) -> tuple[float, float]:
        """95 % Wilson interval, (low, high) in percent; the examples count as independent."""
        low, high = share_interval(self.share, self.denominator)
        return 100 * low, 100 * high

    def __str__(self) -> str:
        shown = f"{self.percent:.1f} %" if self.denominator else "undefined"
        return f"{shown} ({self.numerator} of {self.denominator})"


def rate(hits: np.ndarray) -> Rate:
    """How many of ``hits`` (N,) bool are true."""
    hits = np.asarray(hits, dtype=bool)
    return Rate(int(hits.sum()), hits.size)


def accuracy(predicted: np.ndarray, label: np.ndarray) -> Rate:
    """How many predictions (N,) equal their label (N,).

    Raises:
        UserError: they differ in shape.
    """
    predicted, label = np.asarray(predicted), np.asarray(label)
    if predicted.shape != label.shape:
        raise UserError(f"predictions {predicted.shape} and labels {label.shape} differ in shape")
    return rate(predicted == label)
