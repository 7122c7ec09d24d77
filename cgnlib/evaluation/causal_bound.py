"""Bounds on a causal effect that a generator's intervention z, as an instrument, gives (GENINT-8).

GenInt's Theorem 1, as we read it, is the natural bound of Robins and Manski with z as instrument:
P(y, x | z) <= P(y | do(x)) <= P(y, x | z) + 1 - P(x | z). What is left open has width 1 - P(x | z),
so the likelier z makes the image x, the tighter the bound (claim GI-3).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cgnlib.errors import UserError

_ROUNDING = 1e-9


@dataclass(frozen=True)
class EffectBound:
    """``lower`` and ``upper`` bound of P(y | do(x)), arrays of one shape in [0, 1]."""

    lower: np.ndarray
    upper: np.ndarray

    @property
    def width(self) -> np.ndarray:
        """What the bound leaves open, in [0, 1]."""
        return self.upper - self.lower


def natural_bound(joint: np.ndarray, treated: np.ndarray) -> EffectBound:
    """The bound by one value of the instrument.

    Args:
        joint: P(y, x | z), any shape.
        treated: P(x | z), the same shape.

    Raises:
        UserError: numbers that are no probabilities, or a part that exceeds the whole.
    """
    joint, treated = (np.asarray(values, dtype=np.float64) for values in (joint, treated))
    if joint.shape != treated.shape:
        raise UserError(f"P(y,x|z) {joint.shape} and P(x|z) {treated.shape} differ in shape")
    if not ((joint >= 0) & (joint <= treated + _ROUNDING) & (treated <= 1 + _ROUNDING)).all():
        raise UserError("natural bound: give 0 <= P(y,x|z) <= P(x|z) <= 1")
    # adding what cannot be negative keeps the upper bound from falling below the lower by rounding
    lower = np.minimum(joint, 1.0)
    return EffectBound(lower, np.minimum(lower + np.maximum(1 - treated, 0.0), 1.0))


def tightest(bounds: Sequence[EffectBound]) -> EffectBound:
    """What several values of the instrument say together: the highest lower and the lowest upper
    bound.

    Raises:
        UserError: none given.
    """
    if not bounds:
        raise UserError("tightest: no bound was given")
    lower = np.maximum.reduce([bound.lower for bound in bounds])
    return EffectBound(lower, np.minimum.reduce([bound.upper for bound in bounds]))


def bound_of_images(log_likelihood: np.ndarray, confidence: np.ndarray) -> EffectBound:
    """The bound for each real image, with the estimates that GenInt puts in.

    P(x | z) is the exponential of the log-likelihood and P(y, x | z) the classifier's confidence
    times it.

    Args:
        log_likelihood: (N,) at most 0, see :mod:`cgnlib.evaluation.generated_likelihood`; less its
            ceiling for a likelihood relative to that of the image itself.
        confidence: (N,) P(y | x) of the true class in [0, 1].

    Raises:
        UserError: see :func:`natural_bound`.
    """
    treated = np.exp(np.asarray(log_likelihood, dtype=np.float64))
    return natural_bound(treated * np.asarray(confidence, dtype=np.float64), treated)


@dataclass(frozen=True)
class ConfoundedModel:
    """A model small enough to be solved exactly: does the bound hold, and when is it tight?

    A confounder U in {0, 1} moves X and Y, both in {0, 1}. The intervention of strength s sets X to
    1 with probability s, and leaves it to U otherwise.

    Attributes:
        confounder: P(U = 1).
        treated: P(X = 1 | U = 0) and P(X = 1 | U = 1) without intervention.
        outcome: P(Y = 1 | X = 1, U = 0) and P(Y = 1 | X = 1, U = 1).
    """

    confounder: float = 0.5
    treated: tuple[float, float] = (0.1, 0.7)
    outcome: tuple[float, float] = (0.2, 0.9)

    @property
    def effect(self) -> float:
        """P(Y = 1 | do(X = 1))."""
        return float(self._shares @ np.array(self.outcome))

    def observed(self, strength: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """P(Y = 1, X = 1 | z) and P(X = 1 | z) at interventions of ``strength`` (S,) in [0, 1]."""
        strength = np.asarray(strength, dtype=np.float64)[:, None]
        given = self._shares * (strength + (1 - strength) * np.array(self.treated))  # (S, 2)
        return given @ np.array(self.outcome), given.sum(1)

    @property
    def _shares(self) -> np.ndarray:
        return np.array([1 - self.confounder, self.confounder])
