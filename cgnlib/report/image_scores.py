"""Scores of single images as one record: their mean or share with its 95 % interval."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from cgnlib.evaluation.scores import mean_interval
from cgnlib.report.records import Run

BOOTSTRAP = "interval: 95 %, bootstrap over images"
WILSON = "interval: 95 %, Wilson, images independent"


def record_image_mean(
    run: Run,
    experiment: str,
    setting: str,
    metric: str,
    scores: np.ndarray,
    unit: str,
    *,
    meaning: str,
    artefacts: Iterable[Any] = (),
    claim: str | None = None,
) -> None:
    """The mean of per-image scores (N,), images drawn anew for its interval."""
    values = np.asarray(scores, dtype=float)
    run.record(
        experiment,
        setting,
        metric,
        float(values.mean()),
        unit,
        n=len(values),
        interval=mean_interval(values, np.arange(len(values)), seed=0),
        definition=f"{meaning}; {BOOTSTRAP}",
        artefacts=artefacts,
        claim=claim,
    )


def record_image_share(
    run: Run,
    experiment: str,
    setting: str,
    metric: str,
    rate: Any,
    *,
    meaning: str,
    artefacts: Iterable[Any] = (),
    claim: str | None = None,
) -> None:
    """A share of images in %; ``n`` is the denominator.

    Args:
        rate: has ``denominator``, ``percent`` and ``interval``, see
            :class:`cgnlib.evaluation.rates.Rate`.
    """
    run.record(
        experiment,
        setting,
        metric,
        rate.percent,
        n=rate.denominator,
        interval=rate.interval,
        definition=f"{meaning}; {WILSON}",
        artefacts=artefacts,
        claim=claim,
    )
