"""Inception score from the logits of any classifier (Salimans et al., 2016; experiments A9, D18).

``exp(mean over images of KL(p(y|x) || p(y)))``, once per split; mean and spread over the splits.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from cgnlib.errors import UserError
from cgnlib.rng import numpy_rng

_ROWS = 4096  # at a time, so that float64 copies stay small


@dataclass(frozen=True)
class InceptionScore:
    """``mean`` and population standard deviation ``std`` over ``splits`` equal parts of ``images``
    images; ``by_split`` lists the parts' scores."""

    mean: float
    std: float
    images: int
    splits: int
    by_split: tuple[float, ...]


def inception_score(logits: np.ndarray, splits: int, seed: int | None = None) -> InceptionScore:
    """Score of all images; see :func:`inception_curve`."""
    return inception_curve(logits, [len(logits)], splits, seed)[0]


def inception_curve(
    logits: np.ndarray, counts: Iterable[int], splits: int, seed: int | None = None
) -> list[InceptionScore]:
    """Scores of the first ``count`` images, for each count (HQC-8).

    Args:
        logits: (N, K), finite.
        counts: how many images, each at least ``splits``.
        splits: contiguous parts, sizes differing by one at most. Images must be in random order:
            a part that misses classes scores lower.
        seed: shuffles the images first, the same way for every count; None: as they are.

    Raises:
        UserError: not finite, more images asked for than there are, or fewer than splits.
    """
    logits = np.asarray(logits)
    if logits.ndim != 2 or not np.isfinite(logits).all():
        raise UserError(f"inception score: logits {logits.shape} must be finite and (N, K)")
    if seed is not None:
        logits = logits[numpy_rng(seed, "inception-score").permutation(len(logits))]
    counts = list(counts)
    for count in counts:
        if not 0 < splits <= count <= len(logits):
            raise UserError(
                f"inception score of {count} images in {splits} splits: there are {len(logits)}"
            )
    probabilities, certainty = _probabilities(logits[: max(counts, default=0)])
    return [_score(probabilities[:count], certainty[:count], splits) for count in counts]


def _probabilities(logits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Softmax (N, K) float32 and sum over k of p log p (N,) float64 of every row."""
    probabilities = np.empty(logits.shape, dtype=np.float32)
    certainty = np.empty(len(logits))
    for start in range(0, len(logits), _ROWS):
        part = slice(start, start + _ROWS)
        logs = logits[part].astype(np.float64)
        logs -= logs.max(1, keepdims=True)
        logs -= np.log(np.exp(logs).sum(1, keepdims=True))
        own = np.exp(logs)
        certainty[part] = (own * logs).sum(1)
        probabilities[part] = own
    return probabilities, certainty


def _score(probabilities: np.ndarray, certainty: np.ndarray, splits: int) -> InceptionScore:
    scores = []
    for part in np.array_split(np.arange(len(certainty)), splits):
        marginal = probabilities[part[0] : part[-1] + 1].mean(0, dtype=np.float64)
        own = marginal[marginal > 0]
        scores.append(
            float(np.exp(certainty[part[0] : part[-1] + 1].mean() - (own * np.log(own)).sum()))
        )
    return InceptionScore(
        float(np.mean(scores)), float(np.std(scores)), len(certainty), splits, tuple(scores)
    )


def score_interval(
    logits: np.ndarray, splits: int, seed: int, draws: int = 200, level: float = 0.95
) -> tuple[float, float]:
    """Interval of the score of ``logits`` (N, K): the score plus and minus the normal quantile
    times the standard deviation over bootstrap draws of images within each split.

    A percentile interval would be off: an image drawn twice narrows the mixture p(y), so that the
    draws' scores lie below the score itself.
    """
    probabilities, certainty = _probabilities(np.asarray(logits))
    score = _score(probabilities, certainty, splits).mean
    parts = np.array_split(np.arange(len(certainty)), splits)
    generator = numpy_rng(seed, "inception-score-interval")
    found = []
    for _ in range(draws):
        rows = np.concatenate([generator.choice(part, len(part)) for part in parts])
        found.append(_score(probabilities[rows], certainty[rows], splits).mean)
    reach = NormalDist().inv_cdf(0.5 + level / 2) * float(np.std(found, ddof=1))
    return score - reach, score + reach
