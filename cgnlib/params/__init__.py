"""Typed, strict parameters of one run: one frozen model per family of experiments."""

from cgnlib.params.base import LATER, Params, params_hash, unset_later, whole_numbers
from cgnlib.params.genint import GenintParams
from cgnlib.params.genint_mnist import GENINT_MNIST_ROWS, GenintMnistParams
from cgnlib.params.imagenet import ImagenetParams
from cgnlib.params.imagenet_classifiers import IMAGENET_ROWS, IMAGENET_TEST_SETS
from cgnlib.params.mnist import IRM_WEIGHTS, LNTL_WEIGHTS, ODR_SETTINGS, MnistParams
from cgnlib.params.mnist_images import DROPPED, RELEASED_CLASSIFIER, RELEASED_ROW

__all__ = [
    "DROPPED",
    "GENINT_MNIST_ROWS",
    "IMAGENET_ROWS",
    "IMAGENET_TEST_SETS",
    "IRM_WEIGHTS",
    "LATER",
    "LNTL_WEIGHTS",
    "ODR_SETTINGS",
    "RELEASED_CLASSIFIER",
    "RELEASED_ROW",
    "GenintMnistParams",
    "GenintParams",
    "ImagenetParams",
    "MnistParams",
    "Params",
    "params_hash",
    "unset_later",
    "whole_numbers",
]
