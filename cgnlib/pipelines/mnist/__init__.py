"""What the biased MNIST notebooks call: train-or-load recipes that join the library's rooms."""

from cgnlib.params import RELEASED_CLASSIFIER
from cgnlib.pipelines.mnist.amounts import AmountCell, amount_grid
from cgnlib.pipelines.mnist.causal import EnvironmentScore, causal_identification
from cgnlib.pipelines.mnist.classify import (
    SETTINGS,
    TrainedClassifier,
    classifier,
    predictions,
    predictions_of,
    running_accuracy,
    update_images,
)
from cgnlib.pipelines.mnist.data import Datasets, datasets
from cgnlib.pipelines.mnist.drop import Ablation, ablate, ablations
from cgnlib.pipelines.mnist.edge import EdgeRuns, edge_runs
from cgnlib.pipelines.mnist.explain import (
    PANELS,
    TRAINED_ON,
    embedding,
    explained_images,
    factors,
    heat_maps,
    lime_maps,
)
from cgnlib.pipelines.mnist.extensions import (
    EXTENSIONS,
    Extension,
    changed_weights,
    extended,
    extension_rows,
    extension_settings,
    trained_extensions,
)
from cgnlib.pipelines.mnist.gan_baseline import TrainedGan, gan, gan_images, sample_rows
from cgnlib.pipelines.mnist.generate import TrainedCgn, cgn, counterfactuals, reader
from cgnlib.pipelines.mnist.invariance import irm, lntl
from cgnlib.pipelines.mnist.latent_space import Latents, TrainedVae, latent_readings, latents, vae
from cgnlib.pipelines.mnist.measure import Quality, oracles, quality
from cgnlib.pipelines.mnist.released import origin, released_classifier
from cgnlib.pipelines.mnist.search import Search, search_irm, search_lntl, searches
from cgnlib.pipelines.mnist.textures import TextureReading, texture_readings

__all__ = [
    "PANELS",
    "RELEASED_CLASSIFIER",
    "EXTENSIONS",
    "SETTINGS",
    "TRAINED_ON",
    "Ablation",
    "AmountCell",
    "Datasets",
    "EnvironmentScore",
    "EdgeRuns",
    "Extension",
    "Latents",
    "Quality",
    "TextureReading",
    "TrainedCgn",
    "TrainedClassifier",
    "TrainedVae",
    "Search",
    "TrainedGan",
    "ablate",
    "ablations",
    "amount_grid",
    "causal_identification",
    "cgn",
    "changed_weights",
    "classifier",
    "counterfactuals",
    "datasets",
    "embedding",
    "explained_images",
    "extended",
    "factors",
    "heat_maps",
    "lime_maps",
    "edge_runs",
    "extension_rows",
    "extension_settings",
    "latent_readings",
    "latents",
    "gan",
    "gan_images",
    "irm",
    "lntl",
    "oracles",
    "predictions",
    "predictions_of",
    "origin",
    "quality",
    "reader",
    "released_classifier",
    "running_accuracy",
    "texture_readings",
    "trained_extensions",
    "vae",
    "sample_rows",
    "search_irm",
    "search_lntl",
    "searches",
    "update_images",
]
