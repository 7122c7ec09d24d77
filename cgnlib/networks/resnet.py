"""torchvision's ResNets: as a trunk for heads of one's own, or whole, from local files."""

from pathlib import Path

import torch
import torchvision
from torch import nn

from cgnlib.errors import UserError
from cgnlib.networks.loading import load_state
from cgnlib.networks.weights import read_checkpoint

WIDTHS = {"resnet18": 512, "resnet50": 2048, "resnet152": 2048}  # features after average pooling


def _network(name: str, classes: int = 1000) -> nn.Module:
    if name not in WIDTHS:
        raise UserError(f"no ResNet {name!r}: choose one of {', '.join(WIDTHS)}")
    network = getattr(torchvision.models, name)(weights=None, num_classes=classes)
    return network.to(memory_format=torch.channels_last)


def trunk(name: str, weights: Path | str = "") -> tuple[nn.Module, int]:
    """Everything up to and including average pooling: images (B, 3, H, W) -> features (B, F).

    Key names are torchvision's without ``fc``.

    Args:
        name: one of :data:`WIDTHS`.
        weights: torchvision's file, or one of a trunk; empty for fresh weights.

    Returns:
        The network, in train mode, and F.

    Raises:
        UserError: another name; an unreadable file; the first key that does not fit, by name.
    """
    network = _network(name, classes=1)
    network.fc = nn.Identity()
    if weights:
        state = read_checkpoint(Path(weights))
        kept = {key: value for key, value in state.items() if not key.startswith("fc.")}
        load_state(network, kept, str(weights))
    return network, WIDTHS[name]


def classifier(
    name: str, classes: int = 1000, weights: Path | str = "", *, fresh_head: bool = False
) -> nn.Module:
    """Images (B, 3, H, W) -> logits (B, classes), in train mode.

    Args:
        weights: torchvision's file; empty for fresh weights.
        fresh_head: take only the trunk from the file (for other classes than the file's).

    Raises:
        UserError: see :func:`trunk`; ``fc.weight`` when the file's classes are others.
    """
    if weights and fresh_head:
        network, features = trunk(name, weights)
        network.fc = nn.Linear(features, classes)
        return network
    network = _network(name, classes)
    if weights:
        load_state(network, read_checkpoint(Path(weights)), str(weights))
    return network


def gradcam_layer(network: nn.Module) -> nn.Module:
    """The layer that GradCAM reads: in a ResNet-50 the first 1x1 convolution of the last block (as
    the first reproduction did, EXT-3), in a ResNet-18 the last convolution."""
    last = network.layer4[-1]
    return last.conv1 if hasattr(last, "conv3") else last.conv2
