"""IRM on coloured MNIST, with the two sets of colours as its environments."""

from functools import lru_cache, partial

import torch

from cgnlib.classifiers.annealed_irm import AnnealedIrm
from cgnlib.classifiers.erm import Schedule
from cgnlib.data.genint_mnist import ColouredDigits, colour_sets
from cgnlib.params import GenintMnistParams
from cgnlib.pipelines.genint_mnist.data import datasets
from cgnlib.pipelines.genint_mnist.networks import Training, network, network_key, trained
from cgnlib.pipelines.mnist.networks import TrainedClassifier
from cgnlib.rng import rng

IRM_VERSION = 1
ENVIRONMENTS = 2


def environments(params: GenintMnistParams) -> ColouredDigits:
    """Training images in the colours of set 1, then as many in those of set 2: ``irm_images`` each
    where there are as many, the first of a named permutation."""
    train = datasets(params)["train"]
    order = torch.randperm(len(train), generator=rng(params.seed, "genint-irm"))
    own = [order[colour_sets(train)[order] == place] for place in range(ENVIRONMENTS)]
    most = min(len(one) for one in own)
    most = min(most, params.irm_images or most)
    return train.part(torch.cat([one[:most] for one in own]))


@lru_cache(maxsize=32)
def irm(params: GenintMnistParams, restart: int = 0) -> TrainedClassifier:
    """Train or load IRM, from other first weights for each ``restart``; every update sees the
    environments whole (:class:`cgnlib.classifiers.annealed_irm.AnnealedIrm`)."""
    images = environments(params)
    settings = {
        "weight": params.irm_weight,
        "anneal_steps": params.irm_anneal_steps,
        "l2": params.irm_l2,
    }

    def batches():
        seen = images.batch(torch.arange(len(images)))
        return lambda step: seen

    training = Training(
        "genint_irm",
        IRM_VERSION,
        f"IRM, seed {params.seed}, restart {restart + 1} of {params.irm_restarts}",
        Schedule("adam", params.irm_lr, params.irm_steps),
        partial(network, params, params.irm_network, restart),
        partial(AnnealedIrm, device=params.device, environments=ENVIRONMENTS, **settings),
        batches,
    )
    key = {"restart": restart, "shown": images.identity, "batch": len(images), **settings}
    return trained(params, training, key | network_key(params, params.irm_network))
