"""How good counterfactuals are: readable masks, and factors that carry their own label only."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from cgnlib import store
from cgnlib.classifiers.erm import Schedule
from cgnlib.datasets import FACTORS
from cgnlib.evaluation import scores
from cgnlib.evaluation.predict import predict
from cgnlib.generators.counterfactuals import Counterfactuals
from cgnlib.params import MnistParams
from cgnlib.pipelines.mnist.data import base_key, datasets
from cgnlib.pipelines.mnist.failures import Failures, failures
from cgnlib.pipelines.mnist.generate import TrainedCgn, as_masks, reader
from cgnlib.pipelines.mnist.networks import CnnRecipe, cnn
from cgnlib.rng import rng

ORACLE_VERSION = 2
BORDER_PX = 3


@dataclass(frozen=True)
class Quality:
    """Figures of one CGN over ``images`` counterfactuals.

    ``readable`` (N,) says which masks are read as their label, ``readability`` is their share;
    ``mask_means`` and ``border_means`` (N,) are per image, ``undecided`` is the share of pixels in
    (0.05, 0.95). ``disentanglement`` [i, j] is the share of images in which the oracle of factor i
    reads the intended label of factor j (NaN where a factor has no classes). ``correct_digits``
    counts the digits whose masks are whole (experiment HQC-7,
    :func:`cgnlib.evaluation.scores.whole_digits`). ``failures`` holds what the oracles believe
    least (HQC-6).
    """

    images: int
    readability: float
    readable: np.ndarray
    mask_means: np.ndarray
    border_means: np.ndarray
    undecided: float
    disentanglement: np.ndarray
    correct_digits: int
    failures: Failures


def _oracle(params: MnistParams, factor: int) -> tuple[torch.nn.Module, store.Artefact]:
    """The reader of one factor. Textures are read after a quarter of the steps shape takes."""
    variant = datasets(params).variants["train"]
    name = FACTORS[factor]
    steps = params.oracle_steps if name == "shape" else -(-params.oracle_steps // 4)
    recipe = CnnRecipe(
        "oracle",
        ORACLE_VERSION,
        f"{name} oracle of {params.dataset}",
        Schedule("adadelta", 2.0, steps),
    )

    def batch(step: int) -> tuple[Tensor, Tensor]:
        generator = rng(params.seed, "oracle", name, step)
        index = torch.randint(len(variant), (64,), generator=generator)
        front, back = torch.randint(10, (2, 64), generator=generator)
        back = back if variant.has_background else torch.zeros_like(back)
        masks = variant.warped_masks(index, generator)
        images = variant.paint(masks, front, back, generator)
        return images, (variant.labels[index], front, back)[factor]

    key = {**base_key(params), "train_correlation_prob": 0.1, "factor": name}
    network, artefact, _ = cnn(recipe, params, key, lambda: batch)
    return network, artefact


def factor_probabilities(params: MnistParams, images: Tensor) -> np.ndarray:
    """What the three oracles (shape, foreground, background) believe of ``images``: (N, 3, 10)."""
    networks = [_oracle(params, factor)[0] for factor in range(len(FACTORS))]
    logits = [predict(network, images, device=params.device).logits for network in networks]
    return torch.from_numpy(np.stack(logits, 1)).softmax(2).numpy()


def read_factors(params: MnistParams, images: Tensor) -> np.ndarray:
    """What the three oracles read in ``images``, (N, 3): shape, foreground, background."""
    return factor_probabilities(params, images).argmax(2)


def oracles(params: MnistParams) -> tuple[list[store.Artefact], np.ndarray]:
    """The oracles' artefacts and their accuracy (3,) on held-out real images.

    Each is a classifier of one factor, trained on real training digits painted with labels that are
    independent of each other. They measure; nothing else is trained with them.
    """
    real = datasets(params).validation
    truth = np.stack([real.shape, real.foreground, real.background], 1)
    artefacts = [_oracle(params, factor)[1] for factor in range(len(FACTORS))]
    return artefacts, (read_factors(params, real.images) == truth).mean(0)


def quality(params: MnistParams, trained: TrainedCgn) -> Quality:
    """Measure ``trained`` on ``quality_images`` counterfactuals."""
    count = params.quality_images
    fakes = Counterfactuals(trained.model, count, 1, count, params.seed, "quality")
    everything = torch.arange(count)
    masks, (images, labels) = fakes.masks(everything), fakes.batch(everything)
    judge, _ = reader(params)
    read = predict(judge, as_masks(masks), device=params.device).predicted
    readable = read == labels[:, 0].numpy()
    believed = factor_probabilities(params, images)
    factors = believed.argmax(2)
    matrix = scores.disentanglement_matrix(
        {name: factors[:, i] for i, name in enumerate(FACTORS)},
        {name: labels[:, i].numpy() for i, name in enumerate(FACTORS)},
    )
    present = FACTORS
    if not datasets(params).variants["train"].has_background:
        present = FACTORS[:2]
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
        scores.undecided_share(pixels),
        matrix,
        int(scores.whole_digits(readable, borders, digits).sum()),
        failures(images, labels.numpy(), believed, present),
    )
