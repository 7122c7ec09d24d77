"""What the biased MNIST notebooks call: train-or-load recipes that join the library's rooms."""

from cgnlib.pipelines.mnist.classify import (
    SETTINGS,
    TrainedClassifier,
    classifier,
    predictions,
    running_accuracy,
)
from cgnlib.pipelines.mnist.data import Datasets, datasets
from cgnlib.pipelines.mnist.drop import Ablation, ablate, ablations
from cgnlib.pipelines.mnist.edge import EdgeRuns, edge_runs
from cgnlib.pipelines.mnist.extensions import (
    EXTENSIONS,
    Extension,
    changed_weights,
    extension_rows,
    extension_settings,
)
from cgnlib.pipelines.mnist.generate import TrainedCgn, cgn, counterfactuals
from cgnlib.pipelines.mnist.latent_space import Latents, TrainedVae, latent_readings, latents, vae
from cgnlib.pipelines.mnist.measure import Quality, oracles, quality

__all__ = [
    "EXTENSIONS",
    "SETTINGS",
    "Ablation",
    "Datasets",
    "EdgeRuns",
    "Extension",
    "Latents",
    "Quality",
    "TrainedCgn",
    "TrainedClassifier",
    "TrainedVae",
    "ablate",
    "ablations",
    "cgn",
    "changed_weights",
    "classifier",
    "counterfactuals",
    "datasets",
    "edge_runs",
    "extension_rows",
    "extension_settings",
    "latent_readings",
    "latents",
    "oracles",
    "predictions",
    "quality",
    "running_accuracy",
    "vae",
]
