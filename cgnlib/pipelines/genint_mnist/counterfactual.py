"""The CGN of this project on the data of GENINT-1: the comparison that nobody published."""

from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import torch
from torch import Tensor

from cgnlib import store
from cgnlib.generators.cgn_training import CgnMethod, CgnSettings, build_cgn
from cgnlib.generators.counterfactuals import Counterfactuals, Variety
from cgnlib.generators.mnist_cgn import N_CLASSES, MnistCgn
from cgnlib.params import GenintMnistParams, MnistParams
from cgnlib.pipelines.genint_mnist.data import base_key, datasets
from cgnlib.pipelines.genint_mnist.generate import images_per_class
from cgnlib.pipelines.mnist.networks import load_weights, save_weights
from cgnlib.training import EpochIndex, fit, read_metrics

CGN_VERSION = 1
RATIO, BANK_IMAGES = 10, 20_000  # texturings per mask, most entries of a bank: as on biased MNIST


@dataclass(frozen=True)
class TrainedCgn:
    """A trained CGN (eval mode), its artefact and its log."""

    model: MnistCgn
    artefact: store.Artefact
    history: list[dict]


def settings(params: GenintMnistParams) -> CgnSettings:
    """Those of embedded biased MNIST, with the sizes and the length of ``params``."""
    usual = MnistParams()
    own = ("cgn_steps", "cgn_batch", "cgn_width", "cgn_shape_width")
    values = {name: getattr(params if name in own else usual, name) for name in CgnSettings.names()}
    return CgnSettings(**values)


@lru_cache(maxsize=4)
def cgn(params: GenintMnistParams) -> TrainedCgn:
    """Train or load the CGN of ``params``.

    Raises:
        UserError: diverged training, damaged artefact, missing data.
    """
    chosen, train = settings(params), datasets(params)["train"]
    index = EpochIndex(len(train), chosen.cgn_batch, params.seed, "genint-cgn")

    def make(folder: Path) -> None:
        method = CgnMethod(chosen, params.seed, None, params.device)
        batches = lambda step: train.batch(index(step))  # noqa: E731
        fit(method, batches, chosen.cgn_steps, folder, label=f"CGN, seed {params.seed}")
        save_weights(method.sampler(), folder)

    def load(folder: Path) -> tuple[MnistCgn, list[dict]]:
        with torch.random.fork_rng(devices=[]):  # first weights, about to be replaced
            return load_weights(build_cgn(chosen), folder, params.device), read_metrics(folder)

    key = {**base_key(params), **asdict(chosen)}
    (model, history), artefact = store.train_or_load("genint_cgn", CGN_VERSION, key, make, load)
    return TrainedCgn(model, artefact, history)


@lru_cache(maxsize=1)
def counterfactuals(params: GenintMnistParams) -> Counterfactuals:
    """As many counterfactuals as the CVAE's sets have images."""
    count = N_CLASSES * images_per_class(params)
    return Counterfactuals(
        cgn(params).model, count, RATIO, BANK_IMAGES, params.seed, variety=Variety(warp=True)
    )


def counterfactual_sheet(params: GenintMnistParams, per_class: int = 12) -> Tensor:
    """(10, per_class, 32, 32, 3) uint8: counterfactuals of each shape label, spread over the set
    so that masks differ too."""
    made = counterfactuals(params)
    shapes = made.labels(torch.arange(len(made)))[:, 0]
    fewest = min(per_class, int(shapes.bincount(minlength=N_CLASSES).min()))
    shown = []
    for label in range(N_CLASSES):
        own = (shapes == label).nonzero()[:, 0]
        shown.append(own[torch.linspace(0, len(own) - 1, fewest).long()])
    return made.bytes(torch.cat(shown)).unflatten(0, (N_CLASSES, fewest))
