"""Numbers of GENINT-2 as records: how well sampled directions agree with the exact ones."""

from collections.abc import Mapping

import numpy as np

from cgnlib.report.records import Run

EXPERIMENT, SETTING = "GENINT-2", "leading directions"


def record_agreement(run: Run, found: Mapping[str, np.ndarray]) -> None:
    """Least and mean agreement of the leading directions.

    Args:
        found: ``cosines`` (k,), ``span`` (k,) and ``samples``, see
            :func:`cgnlib.pipelines.genint_scenes9.direction_agreement`.
    """
    count, samples = len(found["cosines"]), int(found["samples"])
    by = f"by one singular value decomposition and by PCA and regression of {samples:,} samples"
    told = {
        "least_cosine": (found["cosines"].min(), "least absolute cosine of a direction found"),
        "mean_cosine": (found["cosines"].mean(), "mean absolute cosine of a direction found"),
        "span_cosine": (found["span"].min(), "cosine of the largest principal angle between the "
                                             "spans found"),
    }  # fmt: skip
    for metric, (value, text) in told.items():
        run.record(
            EXPERIMENT,
            SETTING,
            metric,
            float(value),
            "cosine",
            n=count,
            definition=f"{text} {by}; {count} leading directions",
        )
