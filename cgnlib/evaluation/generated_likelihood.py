"""How likely real images are under generated ones: log P(x|z) of the GenInt experiments.

Source: GenInt, figures 5 and 6 (GENINT-8 and 9). There P(x|z) is a sum over generated images x' of
P(x|x') P(x'|z); the sum is replaced by the nearest x', P(x'|z) is taken as 1, and log P(x|x') is
the "cross-entropy after normalisation" of penultimate features. Which normalisation is not said.
As we read it, both features pass a softmax: log P(x|x') = sum_d p_d(x) log q_d(x'). The published
-5.162 over 512 features fits, since features that say nothing give -log 512 = -6.24.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from cgnlib.errors import UserError

READINGS = ("softmax", "shares")
_LEAST = 1e-6  # added to a feature before shares are taken, so that every logarithm is finite
_CHUNK = 2048  # generated images compared at a time


@dataclass(frozen=True)
class Nearest:
    """For each real image: ``value`` (N,) float32, its log-likelihood in nats under the generated
    image nearest to it, and ``index`` (N,) int64, which one that is."""

    value: Tensor
    index: Tensor


def log_distribution(features: Tensor, reading: str = "softmax") -> Tensor:
    """Features (N, D) as logarithms of a distribution over the D features.

    Args:
        reading: ``softmax`` (ours), or ``shares``: each feature divided by the sum of all, the
            plain reading of "normalisation".

    Raises:
        UserError: an unknown reading, no (N, D) array, negative features that have no shares.
    """
    if features.ndim != 2 or not features.shape[1]:
        raise UserError(f"features have shape {tuple(features.shape)}: give (N, D)")
    if reading == "softmax":
        return features.float().log_softmax(1)
    if reading != "shares":
        raise UserError(f"no reading {reading!r} of a feature: choose {' or '.join(READINGS)}")
    if len(features) and features.min() < 0:
        raise UserError("reading 'shares': features below 0 have no share; take them after a ReLU")
    raised = features.float() + _LEAST
    return (raised / raised.sum(1, keepdim=True)).log()


def uniform_bound(features: int) -> float:
    """The log-likelihood under a generated image whose ``features`` are all alike: -log D."""
    return -math.log(features)


def ceiling(real: Tensor, reading: str = "softmax") -> Tensor:
    """The log-likelihood of each real image (N, D) under itself, (N,): nothing generated can be
    more likely (Gibbs' inequality)."""
    logs = log_distribution(real, reading)
    return (logs.exp() * logs).sum(1)


def nearest_log_likelihood(
    real: Tensor,
    generated: Tensor,
    reading: str = "softmax",
    labels: tuple[Tensor, Tensor] | None = None,
) -> Nearest:
    """The largest log P(x|x') over the generated images x', for every real image x.

    One product of matrices per chunk; nothing of size N x M x D is made.

    Args:
        real: features (N, D).
        generated: features (M, D) of the same network.
        reading: see :func:`log_distribution`.
        labels: classes (N,) and (M,): only generated images of its own class count for a real one.
            None: all do.

    Raises:
        UserError: no generated image (of some class), or features that do not fit.
    """
    if real.ndim != 2 or generated.ndim != 2 or real.shape[1] != generated.shape[1]:
        shapes = f"{tuple(real.shape)} and {tuple(generated.shape)}"
        raise UserError(f"real and generated features are {shapes}: give (N, D) and (M, D)")
    weights, logs = log_distribution(real, reading).exp(), log_distribution(generated, reading)
    if labels is None:
        return _nearest(weights, logs, "")
    ours, theirs = labels
    value = torch.empty(len(real), device=real.device)
    index = torch.empty(len(real), dtype=torch.int64, device=real.device)
    for label in ours.unique().tolist():
        rows, columns = (ours == label).nonzero()[:, 0], (theirs == label).nonzero()[:, 0]
        found = _nearest(weights[rows], logs[columns], f" of class {label}")
        value[rows], index[rows] = found.value, columns[found.index]
    return Nearest(value, index)


def _nearest(weights: Tensor, logs: Tensor, which: str) -> Nearest:
    if not len(logs):
        raise UserError(f"log P(x|z): there is no generated image{which}; make at least one")
    best = torch.full((len(weights),), -math.inf, device=weights.device)
    index = torch.zeros(len(weights), dtype=torch.int64, device=weights.device)
    for start in range(0, len(logs), _CHUNK):
        value, place = (weights @ logs[start : start + _CHUNK].T).max(1)
        better = value > best
        best = torch.where(better, value, best)
        index = torch.where(better, place + start, index)
    return Nearest(best, index)
