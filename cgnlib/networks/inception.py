"""Inception-v3 for the inception score, from torchvision's file."""

from pathlib import Path

import torch
import torch.nn.functional as F
import torchvision
from torch import Tensor, nn

from cgnlib.networks.loading import load_state
from cgnlib.networks.weights import read_checkpoint

SIDE = 299


class Inception(nn.Module):
    """Frozen Inception-v3 on images in [-1, 1], which is what the network was trained on.

    torchvision's own wrapper expects images normalised by ImageNet statistics and undoes that
    first; feeding it images in [-1, 1] (as the first reproduction did, catalogue D18) is wrong.
    """

    def __init__(self) -> None:
        super().__init__()
        self.network = torchvision.models.inception_v3(
            weights=None, transform_input=False, init_weights=False
        )
        self.requires_grad_(False).eval().to(memory_format=torch.channels_last)

    def forward(self, images: Tensor) -> Tensor:
        """Logits (B, 1000) for images (B, 3, H, W) in [-1, 1], resized bilinearly to 299 px."""
        if images.shape[2:] != (SIDE, SIDE):
            shrinks = min(images.shape[2:]) > SIDE
            images = F.interpolate(images, (SIDE, SIDE), mode="bilinear", antialias=shrinks)
        return self.network(images)

    def train(self, mode: bool = True) -> "Inception":
        """Always in evaluation mode."""
        return super().train(False)


def load_inception(path: Path) -> Inception:
    """From torchvision's ``inception_v3_google-*.pth``.

    Raises:
        UserError: an unreadable file; the first unknown, missing or mis-shaped key, by name.
    """
    state = read_checkpoint(path)
    with torch.random.fork_rng(devices=[]):  # first weights, about to be replaced
        inception = Inception()
    load_state(inception.network, state, str(path))
    return inception
