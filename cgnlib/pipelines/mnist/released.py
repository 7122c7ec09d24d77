"""Networks from published weights: a CGN or a GAN in place of a trained one, a classifier beside
the trained ones."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from torch import nn

from cgnlib import store
from cgnlib.classifiers.cnn import MnistCnn
from cgnlib.generators.gan import MnistGan
from cgnlib.generators.mnist_cgn import MnistCgn
from cgnlib.generators.sampling import sheet
from cgnlib.networks.weights import imported_weights
from cgnlib.params import MnistParams
from cgnlib.pipelines.mnist.networks import TrainedClassifier

LAYOUT, GAN_LAYOUT, CLASSIFIER_LAYOUT = "mnist-cgn", "mnist-gan", "mnist-classifier"
Network = TypeVar("Network", bound=nn.Module)


def origin(name: str, artefact: store.Artefact, history: list[dict]) -> str:
    """Where the weights of a network come from, for the page: its training's length, or the
    imported file with its SHA-256."""
    if history:
        return f"{name} {artefact}: {history[-1]['step']:,} updates, last checkpoint"
    made = artefact.provenance
    return (
        f"{name} {artefact}: published weights, not trained here\n"
        f"imported from {Path(made['source_file']).name}, SHA-256\n{made['source_sha256']}"
    )


def _imported(
    build: Callable[[], Network], reference: str, layout: str, device: str
) -> tuple[Network, store.Artefact]:
    """The network of the published ``layout`` with the weights of ``reference``, in eval mode and
    without gradients, and their artefact."""
    state, artefact = imported_weights(reference, layout)
    with torch.random.fork_rng(devices=[]):  # first weights, about to be replaced
        model = build()
    model.load_state_dict(state)
    return model.to(device).eval().requires_grad_(False), artefact


def released_cgn(params: MnistParams) -> tuple[MnistCgn, store.Artefact, dict[str, np.ndarray]]:
    """The CGN whose weights ``params.cgn_weights`` names: model (eval), artefact, one sheet.

    The architecture is the published one (width 32, instance norm, clamped masks, two layers at
    32x32, shuffler, zero padding), whatever the other parameters say. The sheet has the form of a
    training's, but belongs to no step: its ``steps`` are empty.

    Raises:
        UserError: no such file or hash, or not a whole checkpoint of that layout.
    """
    model, artefact = _imported(MnistCgn, params.cgn_weights, LAYOUT, params.device)
    made = {name: images[None].numpy() for name, images in sheet(model, params.seed).items()}
    return model, artefact, {**made, "steps": np.empty(0, dtype=int)}


def released_gan(params: MnistParams) -> tuple[MnistGan, store.Artefact]:
    """The GAN whose weights ``params.gan_weights`` names, in eval mode, and its artefact.

    The layers are the published ones (32 noise values, width 32) whatever the other parameters say.

    Raises:
        UserError: no such file or hash, or not a whole checkpoint of that layout.
    """
    return _imported(MnistGan, params.gan_weights, GAN_LAYOUT, params.device)


def released_classifier(params: MnistParams) -> TrainedClassifier | None:
    """The classifier whose weights ``params.odr_classifier_weights`` names, with an empty log; None
    where it names none. The layers of the first reproduction's classifiers are those of ours.

    Raises:
        UserError: no such file or hash, or not a whole checkpoint of that layout.
    """
    if not params.odr_classifier_weights:
        return None
    model, artefact = _imported(
        MnistCnn, params.odr_classifier_weights, CLASSIFIER_LAYOUT, params.device
    )
    return TrainedClassifier(model, artefact, [])
