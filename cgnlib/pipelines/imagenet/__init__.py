"""What the ImageNet-scale notebooks call: train-or-load recipes that join the library's rooms."""

from cgnlib.pipelines.imagenet.answers import Answers, answers, setting
from cgnlib.pipelines.imagenet.classify import TrainedRow, classifier, update_images
from cgnlib.pipelines.imagenet.data import ImageSet, RealSets, is_rendered, real_sets, test_sets
from cgnlib.pipelines.imagenet.explain import (
    COMPARED,
    EXPLAINED,
    explained,
    heat_maps,
    lime_maps,
    looked_at,
    panels,
)
from cgnlib.pipelines.imagenet.fakes import Fakes, fakes
from cgnlib.pipelines.imagenet.robustness import (
    ELSEWHERE,
    Background,
    able,
    accuracies,
    accuracy_difference,
    background,
    background_difference,
    background_sets,
    compared,
    correlations,
    elsewhere,
    head_accuracies,
    head_bias_difference,
    shape_biases,
)

__all__ = [
    "COMPARED",
    "ELSEWHERE",
    "EXPLAINED",
    "Answers",
    "Background",
    "Fakes",
    "ImageSet",
    "RealSets",
    "TrainedRow",
    "able",
    "accuracies",
    "accuracy_difference",
    "answers",
    "background",
    "background_difference",
    "background_sets",
    "classifier",
    "compared",
    "correlations",
    "elsewhere",
    "explained",
    "fakes",
    "head_accuracies",
    "head_bias_difference",
    "heat_maps",
    "is_rendered",
    "lime_maps",
    "looked_at",
    "panels",
    "real_sets",
    "setting",
    "shape_biases",
    "test_sets",
    "update_images",
]
