"""How good counterfactuals are: readable masks, and factors that carry their own label only."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from cgnlib import store
from cgnlib.classifiers.erm import Schedule
from cgnlib.evaluation import scores
from cgnlib.evaluation.predict import predict
from cgnlib.generators.counterfactuals import Counterfactuals
from cgnlib.generators.sampling import FACTORS
from cgnlib.params import MnistParams
from cgnlib.pipelines.mnist.data import base_key, datasets
from cgnlib.pipelines.mnist.generate import TrainedCgn, as_masks, reader
from cgnlib.pipelines.mnist.networks import CnnRecipe, cnn
from cgnlib.rng import rng

ORACLE_VERSION = 1
BORDER_PX = 3


@dataclass(frozen=True)
class Quality:
    """Figures of one CGN over ``images`` counterfactuals.

    ``readable`` (N,) says which masks are read as their label, ``readability`` is their share;
    ``mask_means`` and ``border_means`` (N,) are per image, ``undecided`` is the share of pixels in
    (0.05, 0.95). ``disentanglement`` [i, j] is the share of images in which the oracle of factor i
    reads the intended label of factor j (NaN where a factor has no classes). ``correct_digits``
    counts the digits whose masks are whole (experiment HQC-7): border mean below 0.1, and at least
    80 % of them read as their label.
    """

    images: int
    readability: float
    readable: np.ndarray
    mask_means: np.ndarray
    border_means: np.ndarray
    undecided: float
    disentanglement: np.ndarray
    correct_digits: int


def _correct_digits(readable: np.ndarray, borders: np.ndarray, digits: np.ndarray) -> int:
    """Digits whose masks do not collapse, counted by rule where the study counted by hand."""
    chosen = [digits == digit for digit in range(10)]
    return sum(readable[own].mean() >= 0.8 and borders[own].mean() < 0.1 for own in chosen)


def oracles(params: MnistParams) -> tuple[torch.nn.Module, store.Artefact, np.ndarray]:
    """Three readers of one factor each, their artefact and their accuracy on held-out real images.

    They are trained on real training digits painted with labels that are independent of each other,
    so a head can find its own factor only. They measure; nothing else is trained with them.
    """
    data = datasets(params)
    variant = data.variants["train"]
    schedule = Schedule("adamw", 4e-3, params.oracle_steps, 1)
    recipe = CnnRecipe(
        "oracles",
        ORACLE_VERSION,
        f"factor oracles of {params.dataset}",
        schedule,
        factors=len(FACTORS),
    )

    def batch(step: int) -> tuple[Tensor, Tensor]:
        generator = rng(params.seed, "oracle", step)
        index = torch.randint(len(variant), (64,), generator=generator)
        front, back = torch.randint(10, (2, 64), generator=generator)
        back = back if variant.has_background else torch.zeros_like(back)
        images = variant.draw(index, front, back, generator)
        return images, torch.stack([variant.labels[index], front, back], 1)

    def batches() -> Callable[[int], tuple[Tensor, Tensor]]:
        return batch

    network, artefact, _ = cnn(recipe, params, base_key(params), batches)
    real = data.validation
    read = predict(network, real.images, device=params.device).predicted  # (N, 3)
    truth = np.stack([real.shape, real.foreground, real.background], 1)
    return network, artefact, (read == truth).mean(0)


def quality(params: MnistParams, trained: TrainedCgn) -> Quality:
    """Measure ``trained`` on ``quality_images`` counterfactuals."""
    count = params.quality_images
    fakes = Counterfactuals(trained.model, count, 1, count, params.seed, "quality")
    everything = torch.arange(count)
    masks, (images, labels) = fakes.masks(everything), fakes.batch(everything)
    read = predict(reader(params)[0], as_masks(masks), device=params.device).predicted
    readable = read == labels[:, 0].numpy()
    factors = predict(oracles(params)[0], images, device=params.device).predicted
    matrix = scores.disentanglement_matrix(
        {name: factors[:, i] for i, name in enumerate(FACTORS)},
        {name: labels[:, i].numpy() for i, name in enumerate(FACTORS)},
    )
    if not datasets(params).variants["train"].has_background:
        matrix[FACTORS.index("background")] = np.nan
        matrix[:, FACTORS.index("background")] = np.nan
    pixels, digits = masks.numpy(), labels[:, 0].numpy()
    borders = scores.border_mean(pixels, BORDER_PX)
    return Quality(
        count,
        scores.mask_readability(read, digits),
        readable,
        scores.mask_mean(pixels),
        borders,
        scores.binary_share(pixels),
        matrix,
        _correct_digits(readable, borders, digits),
    )
