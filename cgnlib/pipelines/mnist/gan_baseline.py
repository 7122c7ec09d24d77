"""Training the GAN baseline of a variant and drawing the images its classifiers see."""

from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

from cgnlib import store
from cgnlib.generators.gan import (
    GanImages,
    GanMethod,
    GanSettings,
    MnistGan,
    build_gan,
    gan_sheet,
)
from cgnlib.generators.mnist_cgn import N_CLASSES
from cgnlib.generators.sampling import counterfactual_grid, to_bytes
from cgnlib.params import MnistParams
from cgnlib.pipelines.mnist.data import base_key, datasets
from cgnlib.pipelines.mnist.generate import RealBatches, cgn
from cgnlib.pipelines.mnist.networks import load_weights, save_weights
from cgnlib.pipelines.mnist.released import origin, released_gan
from cgnlib.training import fit, read_metrics

GAN_VERSION = 1


@dataclass(frozen=True)
class TrainedGan:
    """A trained GAN (eval mode), its artefact and its log (``loss_adversarial``,
    ``loss_discriminator``; empty for imported weights)."""

    model: MnistGan
    artefact: store.Artefact
    history: list[dict]

    @property
    def origin(self) -> str:
        """Where the weights come from, for the page."""
        return origin("GAN", self.artefact, self.history)


@lru_cache(maxsize=4)
def gan(params: MnistParams) -> TrainedGan:
    """Train or load the GAN of ``params``, on the same real batches as the CGN, or take the
    published weights it names.

    Raises:
        UserError: diverged training, damaged artefact or missing data.
    """
    if params.gan_weights:
        return TrainedGan(*released_gan(params), [])
    settings = GanSettings(**{name: getattr(params, name) for name in GanSettings.names()})

    def make(folder: Path) -> None:
        method = GanMethod(settings, params.seed, params.device)
        fit(
            method,
            RealBatches(datasets(params).variants["train"], params),
            settings.gan_steps,
            folder,
            label=f"GAN on {params.dataset}",
            checkpoint_every=params.checkpoint_every_steps,
        )
        save_weights(method.sampler(), folder)

    def load(folder: Path) -> tuple[MnistGan, list[dict]]:
        with torch.random.fork_rng(devices=[]):  # first weights, about to be replaced
            model = load_weights(build_gan(settings), folder, params.device)
        return model, read_metrics(folder)

    key = {**base_key(params), **asdict(settings)}
    (model, history), artefact = store.train_or_load("gan", GAN_VERSION, key, make, load)
    return TrainedGan(model, artefact, history)


def gan_count(params: MnistParams) -> int:
    """Number of distinct GAN images a classifier may see."""
    return min(params.gan_images, params.cf_bank_images)


@lru_cache(maxsize=1)
def gan_images(params: MnistParams) -> GanImages:
    """The labelled images of the GAN of ``params``, drawn once for both of its rows."""
    return GanImages(gan(params).model, gan_count(params), params.seed)


def sample_rows(params: MnistParams, per_source: int = 2) -> dict[str, np.ndarray]:
    """Training images, GAN images and CGN counterfactuals under each other: row name to
    (10, 32, 32, 3) uint8, one class per column. A counterfactual stands in the column of its shape
    label; its textures carry other labels."""
    data = datasets(params).train
    shown = [(data.shape == label).nonzero()[:per_source, 0] for label in range(N_CLASSES)]
    real = to_bytes(data.images[torch.stack(shown, 1).flatten()])
    grid, classes = counterfactual_grid(cgn(params).model, params.seed), torch.arange(N_CLASSES)
    return {
        name: row
        for source, rows in (
            ("real", real.unflatten(0, (per_source, N_CLASSES)).numpy()),
            ("GAN", gan_sheet(gan(params).model, params.seed, per_source).numpy()),
            ("CGN", [grid[classes, (classes + 1 + r) % N_CLASSES] for r in range(per_source)]),
        )
        for name, row in ((f"{source} {r + 1}", np.asarray(rows[r])) for r in range(per_source))
    }
