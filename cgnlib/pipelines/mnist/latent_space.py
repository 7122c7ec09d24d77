"""A beta-VAE on biased MNIST, and what each of its two latents tells (experiment IBR-4)."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from cgnlib import store
from cgnlib.evaluation.neighbours import neighbour_predictions
from cgnlib.generators.vae import BetaVae, BetaVaeMethod
from cgnlib.params import MnistParams
from cgnlib.pipelines.mnist.data import base_key, datasets
from cgnlib.pipelines.mnist.generate import RealBatches
from cgnlib.pipelines.mnist.networks import load_weights, save_weights
from cgnlib.training import fit, read_metrics

VAE_VERSION = 1
_BATCH, _LR = 64, 1.0e-3
INPUTS = {"first latent": [0], "second latent": [1], "both latents": [0, 1]}


@dataclass(frozen=True)
class TrainedVae:
    """A trained beta-VAE (eval mode), its artefact and its log."""

    model: BetaVae
    artefact: store.Artefact
    history: list[dict]


@dataclass(frozen=True)
class Latents:
    """Posterior means (N, 2) of images whose colour is independent of the digit, with their
    ``digit_class``, ``colour`` class and source ``digit``, (N,) each."""

    means: np.ndarray
    digit_class: np.ndarray
    colour: np.ndarray
    digit: np.ndarray


@lru_cache(maxsize=2)
def vae(params: MnistParams) -> TrainedVae:
    """Train or load the beta-VAE of ``params``: ``vae_epochs`` over the biased training digits,
    painted afresh each time they are shown.

    Raises:
        UserError: diverged training, damaged artefact, missing data.
    """
    variant = datasets(params).variants["train"]
    steps = params.vae_epochs * -(-len(variant) // _BATCH)
    key = {**base_key(params), "steps": steps, "batch": _BATCH, "lr": _LR, "beta": params.vae_beta}

    def make(folder: Path) -> None:
        method = BetaVaeMethod(params.vae_beta, _LR, steps // 4, params.seed, params.device)
        plain = params.model_copy(update={"cgn_batch": _BATCH, "jitter_form": "none"})
        batches = RealBatches(variant, plain, "vae")
        fit(method, batches, steps, folder, label=f"beta-VAE on {params.dataset}")
        save_weights(method.model, folder)

    def load(folder: Path) -> tuple[BetaVae, list[dict]]:
        with torch.random.fork_rng(devices=[]):  # first weights, about to be replaced
            model = load_weights(BetaVae(), folder, params.device)
        return model, read_metrics(folder)

    (model, history), artefact = store.train_or_load("vae", VAE_VERSION, key, make, load)
    return TrainedVae(model, artefact, history)


def latents(params: MnistParams) -> Latents:
    """Latents of the frozen validation images: unseen digits, colours independent of them."""
    real, model = datasets(params).validation, vae(params).model
    with torch.no_grad():
        parts = [
            model.encode(images.to(params.device).contiguous(memory_format=torch.channels_last))[0]
            for images in real.images.split(1000)
        ]
    arrays = (real.shape, real.foreground, real.digit)
    return Latents(torch.cat(parts).cpu().numpy(), *(array.numpy() for array in arrays))


def latent_readings(found: Latents) -> dict[tuple[str, str], tuple[np.ndarray, np.ndarray]]:
    """(latents read, ``digit`` or ``colour``) to (whether each image is read correctly, its source
    digit), by the nearest neighbours of every other digit's images."""
    known = found.digit % 2 == 0
    readings = {}
    for name, columns in INPUTS.items():
        for what, labels in (("digit", found.digit_class), ("colour", found.colour)):
            read = neighbour_predictions(
                found.means[known][:, columns], labels[known], found.means[~known][:, columns]
            )
            readings[name, what] = (read == labels[~known], found.digit[~known])
    return readings
