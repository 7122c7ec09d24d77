"""A small saliency network behind U²-Net's interface, for 64 px scenes."""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cgnlib.networks.conv_norm import double_conv
from cgnlib.networks.loading import load_network

WIDTHS = (16, 32, 64, 96)


class SmallSaliency(nn.Module):
    """U-Net of four scales (386,625 parameters); images of any size."""

    def __init__(self, widths: tuple[int, ...] = WIDTHS):
        super().__init__()
        starts = (3, *widths[:-1])
        self.down = nn.ModuleList(
            double_conv(start, end) for start, end in zip(starts, widths, strict=True)
        )
        self.up = nn.ModuleList(
            double_conv(deep + skip, skip)
            for deep, skip in zip(widths[:0:-1], widths[-2::-1], strict=True)
        )
        self.out = nn.Conv2d(widths[0], 1, 3, padding=1)
        self.to(memory_format=torch.channels_last)

    def logits(self, images: Tensor) -> Tensor:
        """(B, 1, H, W) before the sigmoid, for training."""
        maps = [self.down[0](images)]
        for block in self.down[1:]:
            maps.append(block(F.max_pool2d(maps[-1], 2, ceil_mode=True)))
        x = maps.pop()
        for block in self.up:
            skip = maps.pop()
            x = F.interpolate(x, skip.shape[2:], mode="bilinear", align_corners=False)
            x = block(torch.cat([x, skip], 1))
        return self.out(x)

    def forward(self, images: Tensor) -> Tensor:
        """Saliency (B, 1, H, W) in [0, 1] of images (B, 3, H, W) in [-1, 1]."""
        return self.logits(images).sigmoid()


def load_small_saliency(path: Path) -> SmallSaliency:
    """From a file of its state dict, in evaluation mode.

    Raises:
        UserError: an unreadable file; the first unknown, missing or mis-shaped key, by name.
    """
    return load_network(SmallSaliency, path)
