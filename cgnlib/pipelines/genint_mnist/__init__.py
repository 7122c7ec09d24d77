"""What the notebook of GENINT-1 calls: train-or-load recipes that join the library's rooms."""

from cgnlib.pipelines.genint_mnist.answers import (
    TESTS,
    Answers,
    all_answers,
    answers,
    predictions,
)
from cgnlib.pipelines.genint_mnist.classify import classifier, classifiers, cvae_rows
from cgnlib.pipelines.genint_mnist.counterfactual import (
    TrainedCgn,
    cgn,
    counterfactual_sheet,
    counterfactuals,
)
from cgnlib.pipelines.genint_mnist.data import datasets, repetitions
from cgnlib.pipelines.genint_mnist.generate import (
    TrainedCvae,
    class_from_latent,
    cvae,
    generated,
    intervention_sheets,
    observational_sheet,
)
from cgnlib.pipelines.genint_mnist.invariance import irm

__all__ = [
    "TESTS",
    "Answers",
    "TrainedCgn",
    "TrainedCvae",
    "all_answers",
    "answers",
    "cgn",
    "class_from_latent",
    "classifier",
    "classifiers",
    "counterfactual_sheet",
    "counterfactuals",
    "cvae",
    "cvae_rows",
    "datasets",
    "generated",
    "intervention_sheets",
    "irm",
    "observational_sheet",
    "predictions",
    "repetitions",
]
