"""Typed, strict parameters of one run: one frozen model per family of experiments."""

from cgnlib.params.base import Params, params_hash, whole_numbers
from cgnlib.params.imagenet import ImagenetParams
from cgnlib.params.imagenet_classifiers import IMAGENET_ROWS, IMAGENET_TEST_SETS
from cgnlib.params.mnist import IRM_WEIGHTS, LNTL_WEIGHTS, ODR_SETTINGS, MnistParams
from cgnlib.params.mnist_images import DROPPED

__all__ = [
    "DROPPED",
    "IMAGENET_ROWS",
    "IMAGENET_TEST_SETS",
    "IRM_WEIGHTS",
    "LNTL_WEIGHTS",
    "ODR_SETTINGS",
    "ImagenetParams",
    "MnistParams",
    "Params",
    "params_hash",
    "whole_numbers",
]
