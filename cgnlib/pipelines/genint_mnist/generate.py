"""The CVAE of coloured MNIST, and the image sets that classifiers train on."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from cgnlib import store
from cgnlib.evaluation.neighbours import neighbour_predictions
from cgnlib.generators.cvae import (
    N_CLASSES,
    Cvae,
    CvaeMethod,
    PrincipalDirections,
    build_cvae,
    decoded,
    encoded_codes,
    gaussian_grid_codes,
    interventional_codes,
    principal_directions,
    prior_codes,
)
from cgnlib.params import GenintMnistParams
from cgnlib.pipelines.genint_mnist.data import base_key, datasets
from cgnlib.pipelines.mnist.networks import load_weights, save_weights
from cgnlib.rng import rng
from cgnlib.training import EpochIndex, fit, read_metrics

CVAE_VERSION = 1


@dataclass(frozen=True)
class TrainedCvae:
    """A trained CVAE (eval mode), its artefact and its log; posterior ``means`` and ``log_vars``
    (N, Z) of the training images, on the CPU, and the principal ``directions`` of the means."""

    model: Cvae
    means: Tensor
    log_vars: Tensor
    directions: PrincipalDirections
    artefact: store.Artefact
    history: list[dict]


@dataclass(frozen=True)
class StoredBytes:
    """Images as bytes, ``pixels`` (N, 32, 32, 3) uint8, and their ``labels`` (N,)."""

    pixels: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Images (B, 3, 32, 32) float32 in [-1, 1], channels_last, and labels (B,)."""
        images = self.pixels[index].float().div_(127.5).sub_(1)
        return images.permute(0, 3, 1, 2), self.labels[index]


@torch.no_grad()
def _encoded(model: Cvae, params: GenintMnistParams) -> tuple[Tensor, Tensor]:
    """Posterior means and log variances, (N, Z) each, of the training images, on the CPU."""
    parts = datasets(params)["train"].split(1000)
    both = [torch.stack(model.encode(images.to(params.device))) for images in parts]
    return tuple(torch.cat(both, 1).cpu())


def cvae_key(params: GenintMnistParams) -> dict:
    """What a CVAE depends on."""
    images = len(datasets(params)["train"])
    return {
        **base_key(params),
        "latent": params.cvae_latent,
        "hidden": params.cvae_hidden,
        "label": params.cvae_label,
        "steps": params.cvae_epochs * -(-images // params.cvae_batch),
        "batch": params.cvae_batch,
        "lr": params.cvae_lr,
    }


@lru_cache(maxsize=4)
def cvae(params: GenintMnistParams) -> TrainedCvae:
    """Train or load the CVAE of ``params``.

    Raises:
        UserError: diverged training, damaged artefact, missing data.
    """
    key, train = cvae_key(params), datasets(params)["train"]
    sizes = (params.cvae_latent, params.cvae_hidden, params.cvae_label, params.seed)
    index = EpochIndex(len(train), params.cvae_batch, params.seed, "cvae")

    def make(folder: Path) -> None:
        method = CvaeMethod(build_cvae(*sizes), params.cvae_lr, params.seed, params.device)
        batches = lambda step: train.batch(index(step))  # noqa: E731
        fit(method, batches, key["steps"], folder, label=f"CVAE, seed {params.seed}")
        save_weights(method.model, folder)

    def load(folder: Path) -> tuple[Cvae, list[dict]]:
        return load_weights(build_cvae(*sizes), folder, params.device), read_metrics(folder)

    (model, history), artefact = store.train_or_load("genint_cvae", CVAE_VERSION, key, make, load)
    means, log_vars = _encoded(model, params)
    return TrainedCvae(model, means, log_vars, principal_directions(means), artefact, history)


def _observational(params: GenintMnistParams, label: int) -> Tensor:
    stream, count = rng(params.seed, "observational", label), images_per_class(params)
    if params.observational == "prior":
        return prior_codes(count, params.cvae_latent, stream)
    trained, own = cvae(params), datasets(params)["train"].labels == label
    return encoded_codes(trained.means[own], trained.log_vars[own], count, stream)


def _interventional(params: GenintMnistParams, label: int) -> Tensor:
    return interventional_codes(cvae(params).directions, params.grid_side, params.interval)


def _gaussian_grid(params: GenintMnistParams, label: int) -> Tensor:
    return gaussian_grid_codes(params.grid_side, params.cvae_latent)


# Codes (side², Z) of one class, by the row that trains on their images.
CODES: dict[str, Callable[[GenintMnistParams, int], Tensor]] = {
    "Observational CVAE": _observational,
    "Interventional CVAE": _interventional,
    "Gaussian-grid CVAE": _gaussian_grid,
}


def images_per_class(params: GenintMnistParams) -> int:
    """Of every generated set."""
    return params.grid_side**2


@lru_cache(maxsize=1)
def generated(params: GenintMnistParams, row: str) -> StoredBytes:
    """What the classifier of a row of :data:`CODES` trains on, class after class."""
    model, labels = cvae(params).model, torch.arange(N_CLASSES)
    codes = torch.cat([CODES[row](params, label) for label in labels.tolist()])
    labels = labels.repeat_interleave(images_per_class(params))
    return StoredBytes(decoded(model, codes, labels), labels)


def intervention_sheets(params: GenintMnistParams, side: int = 6) -> Tensor:
    """(10, side, side, 32, 32, 3) uint8: for each class the images on a coarse grid of the
    intervention, the first direction growing to the right, the second downwards (Gp Fig 8-11)."""
    trained = cvae(params)
    codes = interventional_codes(trained.directions, side, params.interval)
    labels = torch.arange(N_CLASSES).repeat_interleave(len(codes))
    made = decoded(trained.model, codes.repeat(N_CLASSES, 1), labels)
    return made.unflatten(0, (N_CLASSES, side, side))


def observational_sheet(params: GenintMnistParams, per_class: int = 12) -> Tensor:
    """(10, per_class, 32, 32, 3) uint8: the first images of the observational set."""
    codes = [_observational(params, label)[:per_class] for label in range(N_CLASSES)]
    labels = torch.arange(N_CLASSES).repeat_interleave(len(codes[0]))
    return decoded(cvae(params).model, torch.cat(codes), labels).unflatten(0, (N_CLASSES, -1))


def class_from_latent(params: GenintMnistParams) -> tuple[np.ndarray, np.ndarray]:
    """Whether the class of each training image of every second digit is read from its latent alone,
    by the nearest latents of the other digits' images, and its digit; (N,) each."""
    trained, train = cvae(params), datasets(params)["train"]
    known = train.digit % 2 == 0
    points, labels = trained.means.numpy(), train.labels.numpy()
    read = neighbour_predictions(points[known], labels[known], points[~known])
    return read == labels[~known], train.digit[~known].numpy()
