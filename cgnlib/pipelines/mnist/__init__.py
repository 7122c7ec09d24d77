"""What the biased MNIST notebooks call: train-or-load recipes that join the library's rooms."""

from cgnlib.pipelines.mnist.classify import (
    SETTINGS,
    TrainedClassifier,
    classifier,
    predictions,
    running_accuracy,
    update_images,
)
from cgnlib.pipelines.mnist.data import Datasets, datasets
from cgnlib.pipelines.mnist.drop import Ablation, ablate, ablations
from cgnlib.pipelines.mnist.gan_baseline import TrainedGan, gan, gan_images, sample_rows
from cgnlib.pipelines.mnist.generate import TrainedCgn, cgn, counterfactuals
from cgnlib.pipelines.mnist.invariance import irm, lntl
from cgnlib.pipelines.mnist.measure import Quality, oracles, quality
from cgnlib.pipelines.mnist.search import Search, search_irm, search_lntl, searches

__all__ = [
    "SETTINGS",
    "Ablation",
    "Datasets",
    "Quality",
    "Search",
    "TrainedCgn",
    "TrainedClassifier",
    "TrainedGan",
    "ablate",
    "ablations",
    "cgn",
    "classifier",
    "counterfactuals",
    "datasets",
    "gan",
    "gan_images",
    "irm",
    "lntl",
    "oracles",
    "predictions",
    "quality",
    "running_accuracy",
    "sample_rows",
    "search_irm",
    "search_lntl",
    "searches",
    "update_images",
]
