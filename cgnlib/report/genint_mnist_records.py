"""Numbers of GENINT-1 as records: accuracies by seed, and how far the data tie colour to class."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from cgnlib.evaluation.scores import bootstrap_interval
from cgnlib.evaluation.weighted_digits import accuracy_interval
from cgnlib.report.records import Run

EXPERIMENT = "GENINT-1"
_INTERVAL = "interval: 95 %, bootstrap over digits"
MEANINGS = {
    "confounded_accuracy": "test accuracy where the background has a colour of the digit's class",
    "causal_accuracy": "test accuracy where the background is drawn without regard to the class, "
    "every background weighted by its probability",
}


def record_answers(run: Run, found: Any) -> None:
    """The accuracy of one row with one seed on one test.

    Args:
        found: :class:`cgnlib.pipelines.genint_mnist.Answers`.
    """
    metric = f"{found.test}_accuracy"
    run.record(
        EXPERIMENT,
        found.row,
        metric,
        100 * float(np.mean(found.accuracies)),
        n=len(found.correct),
        interval=accuracy_interval(found.accuracies),
        definition=f"{MEANINGS[metric]}; {_INTERVAL}",
        artefacts=found.artefacts,
        seed=found.seed,
    )


def record_time(run: Run, name: str, artefacts: Sequence[Any], seed: int) -> None:
    """IBR-3: how long the training of ``artefacts`` took in all."""
    seconds = sum(one.provenance["seconds"] for one in artefacts)
    run.record(
        "IBR-3",
        name,
        "training_time",
        seconds,
        "s",
        n=1,
        definition="wall time of training",
        artefacts=artefacts,
        seconds=seconds,
        claim="COST",
        seed=seed,
    )


def record_latent(
    run: Run, correct: np.ndarray, digits: np.ndarray, artefact: Any, seed: int
) -> None:
    """How far the CVAE's latent alone tells the class.

    Args:
        correct: (N,) whether each image's class is read from its latent.
        digits: (N,) source digit of each image.
    """
    run.record(
        EXPERIMENT,
        "CVAE",
        "latent_class_accuracy",
        100 * float(np.mean(correct)),
        n=len(correct),
        interval=bootstrap_interval(correct, digits, seed=0),
        definition="class read from the latent of a training image by the 15 nearest latents of "
        f"other digits' images; chance: 10; {_INTERVAL}",
        artefacts=[artefact],
        seed=seed,
    )
