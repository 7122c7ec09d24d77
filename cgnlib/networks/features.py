"""Frozen feature networks behind the perceptual loss.

Each returns the maps of four layers (VGG-19: five). What stands behind the name is a parameter
(``perceptual_features``), never a fallback: ``vgg16`` without its file is an error.
"""

from collections.abc import Sequence
from pathlib import Path

import torch
import torchvision
from torch import Tensor, nn
from torchvision.models import vgg

from cgnlib.errors import UserError
from cgnlib.networks.loading import load_state
from cgnlib.networks.scene_cnn import SceneCnn
from cgnlib.networks.weights import read_checkpoint
from cgnlib.rng import seed_for

# Index of the ReLU before each of the first four max-pools: relu1_2, relu2_2, relu3_3, relu4_3.
VGG16_LAYERS = (3, 8, 15, 22)
VGG16_BN_LAYERS = (5, 12, 22, 32)
VGG19_LAYERS = (0, 2, 5, 7, 10)  # its first five convolutions, before the ReLU (style transfer)
CNN_LAYERS = (2, 5, 7, 9)  # the ReLUs of the biased MNIST classifier
SCENE_CNN_LAYERS = (0, 2, 4, 6)  # the stages of the scenes9 classifier


class Features(nn.Module):
    """Maps of some layers of a frozen sequential network, stopping at the last one wanted.

    Args:
        network: the layers.
        taps: positions of the layers in ``network``.
        weights: one per tap; a tap of weight 0 is not returned (``None`` stands in its place).
    """

    def __init__(self, network: nn.Sequential, taps: Sequence[int], weights: Sequence[float]):
        super().__init__()
        self.taps = tuple(taps)
        self.wanted = tuple(tap for tap, weight in zip(taps, weights, strict=True) if weight > 0)
        last = max(self.wanted, default=-1)
        self.network = nn.Sequential(*list(network)[: last + 1]).requires_grad_(False).eval()
        for module in self.network:
            if isinstance(module, nn.ReLU):
                module.inplace = False  # a tapped map must survive the layers after it
        self.to(memory_format=torch.channels_last)

    def forward(self, images: Tensor) -> list[Tensor | None]:
        """Maps (B, C, H, W) per tap for images (B, 3, H, W), fed as they are (in [-1, 1])."""
        maps: dict[int, Tensor] = {}
        for position, layer in enumerate(self.network):
            images = layer(images)
            if position in self.wanted:
                maps[position] = images
        return [maps.get(tap) for tap in self.taps]


def _published_vgg(kind: str, path: Path) -> nn.Sequential:
    """The convolutions only; the 124 million weights of the fully connected part are skipped."""
    state = read_checkpoint(path)
    ours = {
        name.removeprefix("features."): value
        for name, value in state.items()
        if name.startswith("features.")
    }
    if not ours:
        raise UserError(f"{path} is not torchvision's {kind} state dict: no key 'features...'")
    with torch.random.fork_rng(devices=[]):  # first weights, about to be replaced
        layers = vgg.cfgs["E" if kind == "vgg19" else "D"]
        network = vgg.make_layers(layers, batch_norm=kind == "vgg16_bn")
    load_state(network, ours, f"{path} ({kind}, features)")
    return network


def _random_vgg(seed: int) -> nn.Sequential:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_for(seed, "random-vgg"))
        return torchvision.models.vgg16(weights=None).features


def scene_features(network: SceneCnn, weights: Sequence[float]) -> Features:
    """The four stages of the scenes9 classifier."""
    layers: list[nn.Module] = [network.blocks[0]]
    for block in network.blocks[1:]:
        layers += [nn.MaxPool2d(2), block]
    return Features(nn.Sequential(*layers), SCENE_CNN_LAYERS, weights)


def vgg_features(kind: str, weights: Sequence[float], path: Path | None = None) -> Features:
    """VGG features: ``vgg16``, ``vgg16_bn`` or ``vgg19`` (its first five convolutions) from
    torchvision's file at ``path``, or ``random_vgg`` (plain VGG16 with fixed random weights).

    Raises:
        UserError: when the file does not hold that network.
    """
    taps = {"vgg16_bn": VGG16_BN_LAYERS, "vgg19": VGG19_LAYERS}.get(kind, VGG16_LAYERS)
    network = _random_vgg(0) if kind == "random_vgg" else _published_vgg(kind, path)
    return Features(network, taps, weights)
