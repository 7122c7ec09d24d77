"""IRM and LNTL on a variant: classifiers that are kept from using colour, without new images."""

from functools import lru_cache, partial

import torch
from torch import Tensor

from cgnlib.classifiers.erm import Schedule
from cgnlib.classifiers.irm import Irm
from cgnlib.classifiers.lntl import ColourPredictors, Lntl
from cgnlib.data.biased_mnist import LabelledImages
from cgnlib.params import MnistParams
from cgnlib.pipelines.mnist.batches import classifier_schedule, real_batches
from cgnlib.pipelines.mnist.data import base_key, datasets
from cgnlib.pipelines.mnist.networks import CnnRecipe, TrainedClassifier, cnn
from cgnlib.rng import rng, seed_for
from cgnlib.training import EpochIndex

IRM_VERSION = 1
LNTL_VERSION = 2


def environment_images(
    params: MnistParams, environments: int
) -> tuple[LabelledImages, list[Tensor]]:
    """The training digits, dealt evenly to the environments and painted once, each with its
    environment's correlation; and the rows of every environment.

    As in the IRM paper, environments share no digit, so all of them together have as many images as
    the set of the row Original.
    """
    variant = datasets(params).variants["train"]
    stream = rng(params.seed, "irm-environments", environments)
    rows = torch.randperm(len(variant), generator=stream).tensor_split(environments)
    degrees = torch.empty(len(variant))
    for own, degree in zip(rows, params.environments(environments), strict=True):
        degrees[own] = degree
    return variant.frozen(stream, degrees), list(rows)


def _environment_batches(params: MnistParams, environments: int):
    images, rows = environment_images(params, environments)
    indices = [
        EpochIndex(len(own), params.irm_batch, params.seed, f"irm-{place}")
        for place, own in enumerate(rows)
    ]

    def batches(step: int) -> tuple[Tensor, Tensor]:
        chosen = torch.cat([own[index(step)] for own, index in zip(rows, indices, strict=True)])
        return images.images[chosen], images.shape[chosen]

    return batches


def irm_weight(params: MnistParams, environments: int) -> float:
    """The final penalty weight in force."""
    return {2: params.irm_weight_two, 5: params.irm_weight_five}[environments]


def irm(params: MnistParams, environments: int, weight: float | None = None) -> TrainedClassifier:
    """Train or load IRM with 2 or 5 environments, at the weight of ``params`` unless one is given.
    It takes as many updates as the other rows, or as many epochs."""
    weight = irm_weight(params, environments) if weight is None else weight
    return _irm(params, environments, float(weight))


@lru_cache(maxsize=16)
def _irm(params: MnistParams, environments: int, weight: float) -> TrainedClassifier:
    epoch_steps = -(-len(datasets(params).train) // (environments * params.irm_batch))
    steps = params.classifier_steps or params.classifier_epochs * epoch_steps
    recipe = CnnRecipe(
        "irm",
        IRM_VERSION,
        f"IRM ({environments} envs), weight {weight:g}, on {params.dataset}",
        Schedule("adam", params.irm_lr, steps, epoch_steps),
        params.classifier_init,
    )
    key = {
        **base_key(params),
        "environments": list(params.environments(environments)),
        "weight": weight,
        "batch": params.irm_batch * environments,
    }
    batches = partial(_environment_batches, params, environments)
    train_with = partial(Irm, environments=environments, weight=weight)
    return TrainedClassifier(*cnn(recipe, params, key, batches, train_with))


def lntl(params: MnistParams, weight: float | None = None) -> TrainedClassifier:
    """Train or load LNTL on the real training images, at the entropy weight of ``params`` unless
    one is given; optimiser, batch and updates are those of the row Original."""
    return _lntl(params, float(params.lntl_weight if weight is None else weight))


@lru_cache(maxsize=8)
def _lntl(params: MnistParams, weight: float) -> TrainedClassifier:
    real = datasets(params).train
    recipe = CnnRecipe(
        "lntl",
        LNTL_VERSION,
        f"LNTL, weight {weight:g}, on {params.dataset}",
        classifier_schedule(params, len(real)),
        params.classifier_init,
    )
    ignore_black = not datasets(params).variants["train"].has_background
    key = {
        **base_key(params),
        "weight": weight,
        "reversal": params.lntl_reversal,
        "ignore_black": ignore_black,
        "batch": params.classifier_batch,
    }
    batches = partial(real_batches, real, params.classifier_batch, params.seed)

    def train_with(network, schedule, bf16, device) -> Lntl:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed_for(params.seed, "lntl", "predictors"))
            predictors = ColourPredictors()
        return Lntl(
            network,
            schedule,
            bf16,
            device,
            predictors=predictors,
            weight=weight,
            reversal=params.lntl_reversal,
            ignore_black=ignore_black,
        )

    return TrainedClassifier(*cnn(recipe, params, key, batches, train_with))
