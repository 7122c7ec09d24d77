"""Classifier of 64 px scenes: evaluates shape, texture and background, and gives style features."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cgnlib.networks.conv_norm import double_conv
from cgnlib.networks.loading import load_network

WIDTHS = (16, 32, 64, 128)


class SceneCnn(nn.Module):
    """Four stages of two convolutions, global average, one linear head per label (295,161
    parameters with one head of nine classes); images of any size from 8 px.

    Args:
        heads: classes per label, by name.
        widths: channels of each stage.
    """

    def __init__(self, heads: Mapping[str, int], widths: Sequence[int] = WIDTHS):
        super().__init__()
        starts = (3, *widths[:-1])
        self.blocks = nn.ModuleList(
            double_conv(start, end) for start, end in zip(starts, widths, strict=True)
        )
        self.heads = nn.ModuleDict(
            {name: nn.Linear(widths[-1], classes) for name, classes in heads.items()}
        )
        self.to(memory_format=torch.channels_last)

    def stages(self, images: Tensor) -> list[Tensor]:
        """Maps of every stage (B, C, H / 2^i, W / 2^i), before the pooling that follows it."""
        maps = [self.blocks[0](images)]
        for block in self.blocks[1:]:
            maps.append(block(F.max_pool2d(maps[-1], 2)))
        return maps

    def features(self, images: Tensor) -> Tensor:
        """What the heads read, (B, widths[-1])."""
        return self.stages(images)[-1].mean((2, 3))

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Logits (B, classes) per head, for images (B, 3, H, W) in [-1, 1]."""
        features = self.features(images)
        return {name: head(features) for name, head in self.heads.items()}


def load_scene_cnn(
    path: Path, heads: Mapping[str, int], widths: Sequence[int] = WIDTHS
) -> SceneCnn:
    """From a file of its state dict, in evaluation mode.

    Raises:
        UserError: an unreadable file; the first unknown, missing or mis-shaped key, by name.
    """
    return load_network(lambda: SceneCnn(heads, widths), path)
