"""A CGN or a GAN from published weights, in place of a trained one."""

import numpy as np
import torch

from cgnlib import store
from cgnlib.generators.gan import MnistGan
from cgnlib.generators.mnist_cgn import MnistCgn
from cgnlib.generators.sampling import sheet
from cgnlib.networks.weights import imported_weights
from cgnlib.params import MnistParams

LAYOUT, GAN_LAYOUT = "mnist-cgn", "mnist-gan"


def released_cgn(params: MnistParams) -> tuple[MnistCgn, store.Artefact, dict[str, np.ndarray]]:
    """The CGN whose weights ``params.cgn_weights`` names: model (eval), artefact, one sheet.

    The architecture is the published one (width 32, instance norm, clamped masks, two layers at
    32x32, shuffler, zero padding), whatever the other parameters say. The sheet has the form of a
    training's, but belongs to no step: its ``steps`` are empty.

    Raises:
        UserError: no such file or hash, or not a whole checkpoint of that layout.
    """
    state, artefact = imported_weights(params.cgn_weights, LAYOUT)
    with torch.random.fork_rng(devices=[]):  # first weights, about to be replaced
        model = MnistCgn()
    model.load_state_dict(state)
    model.to(params.device).eval().requires_grad_(False)
    made = {name: images[None].numpy() for name, images in sheet(model, params.seed).items()}
    return model, artefact, {**made, "steps": np.empty(0, dtype=int)}


def released_gan(params: MnistParams) -> tuple[MnistGan, store.Artefact]:
    """The GAN whose weights ``params.gan_weights`` names, in eval mode, and its artefact.

    The layers are the published ones (32 noise values, width 32) whatever the other parameters say.

    Raises:
        UserError: no such file or hash, or not a whole checkpoint of that layout.
    """
    state, artefact = imported_weights(params.gan_weights, GAN_LAYOUT)
    with torch.random.fork_rng(devices=[]):  # first weights, about to be replaced
        model = MnistGan()
    model.load_state_dict(state)
    return model.to(params.device).eval().requires_grad_(False), artefact
