"""A ResNet as the baseline of the ImageNet tables, and the ensemble that starts from it.

Both rows of a comparison begin with the same weights (D29): the ensemble's trunk is a copy of the
trained baseline's.
"""

import copy
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from cgnlib.classifiers.ensemble import InvariantEnsemble
from cgnlib.errors import UserError
from cgnlib.networks.resnet import gradcam_layer
from cgnlib.rng import seed_for


class Baseline(nn.Module):
    """A whole ResNet behind the pixel statistics it expects.

    Args:
        network: torchvision's ResNet; images (B, 3, H, W) to logits (B, K).
        standardise: the statistics of its training images; None: it takes images in [-1, 1].
    """

    def __init__(self, network: nn.Module, standardise: nn.Module | None = None):
        super().__init__()
        self.standardise = standardise or nn.Identity()
        self.network = network

    def forward(self, images: Tensor) -> Tensor:
        """Logits (B, K) of images (B, 3, H, W) in [-1, 1]."""
        images = images.contiguous(memory_format=torch.channels_last)
        return self.network(self.standardise(images))


def ensemble_from(baseline: Baseline, classes: int, seed: int) -> InvariantEnsemble:
    """An ensemble on a copy of the baseline's trunk, with three fresh heads.

    Args:
        classes: logits of each head.
        seed: of the heads' first weights.
    """
    trunk = copy.deepcopy(baseline.network)
    features = trunk.fc.in_features
    trunk.fc = nn.Identity()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_for(seed, "ensemble", "heads"))
        return InvariantEnsemble(trunk, features, classes, copy.deepcopy(baseline.standardise))


def resnet_of(model: Baseline | InvariantEnsemble) -> nn.Module:
    """The ResNet inside, whose stages are ``layer1`` to ``layer4``."""
    return model.network if isinstance(model, Baseline) else model.trunk


def cam_layer(model: Baseline | InvariantEnsemble, stage: int) -> nn.Module:
    """What GradCAM reads: behind stage 4 the layer of the first reproduction (see
    :func:`cgnlib.networks.resnet.gradcam_layer`), else the output of the stage's last block. The
    last stage has too few cells at 64 px: 2x2 against 4x4 behind stage 3.

    Raises:
        UserError: a stage other than 1 to 4.
    """
    if stage not in (1, 2, 3, 4):
        raise UserError(f"a ResNet has stages 1 to 4, not {stage}")
    network = resnet_of(model)
    return gradcam_layer(network) if stage == 4 else getattr(network, f"layer{stage}")[-1]


@contextmanager
def other_pixels(model: Baseline | InvariantEnsemble, standardise: nn.Module | None) -> Iterator:
    """Inside, the model expects pixels of other statistics: IN-9 is scored with constants of its
    own. None changes nothing."""
    usual = model.standardise
    model.standardise = standardise or usual
    try:
        yield model
    finally:
        model.standardise = usual
