"""Typed, strict parameters of one run: one frozen model per family of experiments."""

from cgnlib.params.base import Params, params_hash, whole_numbers
from cgnlib.params.mnist import IRM_WEIGHTS, LNTL_WEIGHTS, ODR_SETTINGS, MnistParams
from cgnlib.params.mnist_images import DROPPED

__all__ = [
    "DROPPED",
    "IRM_WEIGHTS",
    "LNTL_WEIGHTS",
    "ODR_SETTINGS",
    "MnistParams",
    "Params",
    "params_hash",
    "whole_numbers",
]
