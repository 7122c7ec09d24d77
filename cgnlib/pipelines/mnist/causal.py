"""Causal identification (experiment ODR-5): one classifier per mechanism, in shifted environments.

Three classifiers learn from the same counterfactuals, each the label of one mechanism. In an
environment of correlation c the colours of a test digit equal those of its class with probability
c each. Asked for the class of the digit, only the classifier of its cause, the shape, does as well
in every environment.
"""

from dataclasses import dataclass, fields

import numpy as np
import torch

from cgnlib import store
from cgnlib.data.biased_mnist import DATA_SEED, LabelledImages
from cgnlib.params import MnistParams, whole_numbers
from cgnlib.pipelines.mnist.batches import (
    Batches,
    classifier_schedule,
    epoch_images,
    made_batches,
)
from cgnlib.pipelines.mnist.classify import (
    TrainedClassifier,
    classifier,
    made_key,
    predictions_on,
)
from cgnlib.pipelines.mnist.data import base_key, datasets
from cgnlib.pipelines.mnist.generate import counterfactuals
from cgnlib.pipelines.mnist.networks import CnnRecipe, cnn
from cgnlib.rng import rng
from cgnlib.training import progress

CAUSAL_VERSION = 2
# Published names of the classifiers, and the mechanism whose label each learns.
MECHANISMS = {"SC": "shape", "OCC": "foreground", "BCC": "background"}


@dataclass(frozen=True)
class EnvironmentScore:
    """One classifier in one environment, under its published name (``setting``), with its
    per-example predictions and the ``mechanism`` whose label it learned."""

    classifier: str
    mechanism: str
    degree: int
    setting: str
    predictions: dict[str, np.ndarray]
    artefacts: list[store.Artefact]


def environment(params: MnistParams, degree: int) -> LabelledImages:
    """The test digits, ``test_colourings`` times each, with colours that equal those of their class
    with probability ``degree`` %, independently of each other; the same for every seed. Colours
    that stay at one degree stay at every higher one: environments differ in nothing else."""
    variant = datasets(params).variants["test"]
    parts = [
        variant.frozen(rng(DATA_SEED, "environment", params.dataset, colouring), degree / 100)
        for colouring in range(params.test_colourings)
    ]
    names = [field.name for field in fields(LabelledImages)]
    joined = {name: torch.cat([getattr(part, name) for part in parts]) for name in names}
    return LabelledImages(**joined)


def mechanism_classifier(params: MnistParams, mechanism: str) -> TrainedClassifier:
    """Train or load the classifier that learns the label of one mechanism from counterfactuals. The
    shape's is that of the row CGN of the MNIST table."""
    if mechanism == "shape":
        return classifier(params, "CGN")
    factor = list(MECHANISMS.values()).index(mechanism)
    recipe = CnnRecipe(
        "mechanism",
        CAUSAL_VERSION,
        f"{mechanism} classifier on {params.dataset}",
        classifier_schedule(params, epoch_images(params, "CGN", 0)),
        params.classifier_init,
    )
    key = {**base_key(params), "mechanism": mechanism, "batch": params.classifier_batch}
    key |= made_key(params, "CGN")

    def batches() -> Batches:
        return made_batches(counterfactuals(params), params.classifier_batch, params.seed, factor)

    return TrainedClassifier(*cnn(recipe, params, key, batches))


def causal_identification(params: MnistParams) -> list[EnvironmentScore]:
    """Every classifier in every environment of ``causal_degrees``, environments outermost; nothing
    when that is empty."""
    scores = []
    for degree in whole_numbers(params.causal_degrees, "causal_degrees", 10, 100):
        images = environment(params, degree)
        identity = {
            "split": "environment",
            "degree": degree,
            "evaluated": datasets(params).variants["test"].identity,
        }
        for name, mechanism in MECHANISMS.items():
            progress(f"{name} at {degree} % correlation")
            trained = mechanism_classifier(params, mechanism)
            arrays, predicted = predictions_on(params, trained, images, identity)
            setting, made = f"{name} at {degree} % correlation", [trained.artefact, predicted]
            scores.append(EnvironmentScore(name, mechanism, degree, setting, arrays, made))
    return scores
