"""U²-Net (Qin et al., 2020), full and small, under the key names of the published weights."""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cgnlib.errors import UserError
from cgnlib.networks.conv_norm import conv_norm_relu
from cgnlib.networks.loading import load_network

LEVELS = (7, 6, 5, 4, 4, 4)  # of the blocks of stages 1 to 6; stages 5 and 6 dilate, never pool
# (inputs, inside, outputs) of stages 1 to 6, then of decoder stages 5d down to 1d
CHANNELS = {
    "full": (
        ((3, 32, 64), (64, 32, 128), (128, 64, 256), (256, 128, 512), *2 * ((512, 256, 512),)),
        ((1024, 256, 512), (1024, 128, 256), (512, 64, 128), (256, 32, 64), (128, 16, 64)),
    ),
    "small": (((3, 16, 64), *5 * ((64, 16, 64),)), 5 * ((128, 16, 64),)),
}


class _ConvNorm(nn.Module):
    """3x3 convolution with bias, batch norm, ReLU; the size stays."""

    def __init__(self, inputs: int, outputs: int, dilation: int = 1):
        super().__init__()
        self.conv_s1 = nn.Conv2d(inputs, outputs, 3, padding=dilation, dilation=dilation)
        self.bn_s1 = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        return conv_norm_relu(self.conv_s1, self.bn_s1, x)


def _halved(x: Tensor) -> Tensor:
    return F.max_pool2d(x, 2, ceil_mode=True)


def _sized(x: Tensor, like: Tensor) -> Tensor:
    """``x`` bilinear at the height and width of ``like``."""
    if x.shape[2:] == like.shape[2:]:
        return x
    return F.interpolate(x, like.shape[2:], mode="bilinear", align_corners=False)


class _Residual(nn.Module):
    """Residual U-block (RSU): a small U-Net whose output is added to its first map.

    Args:
        levels: convolutions on the way down.
        dilated: RSU-4F: dilations 1, 2, 4, 8 instead of pooling.
    """

    def __init__(self, levels: int, inputs: int, inside: int, outputs: int, dilated: bool):
        super().__init__()
        self.levels, self.dilated = levels, dilated
        self.rebnconvin = _ConvNorm(inputs, outputs)
        for level in range(1, levels + 1):
            dilation = 2 ** (level - 1) if dilated else 1 + (level == levels)
            start = outputs if level == 1 else inside
            self.add_module(f"rebnconv{level}", _ConvNorm(start, inside, dilation))
        for level in range(levels - 1, 0, -1):
            dilation = 2 ** (level - 1) if dilated else 1
            end = outputs if level == 1 else inside
            self.add_module(f"rebnconv{level}d", _ConvNorm(2 * inside, end, dilation))

    def forward(self, x: Tensor) -> Tensor:
        first = self.rebnconvin(x)
        maps = [self.rebnconv1(first)]
        for level in range(2, self.levels + 1):
            pooled = not self.dilated and level < self.levels
            inputs = _halved(maps[-1]) if pooled else maps[-1]
            maps.append(self.get_submodule(f"rebnconv{level}")(inputs))
        x = maps.pop()
        for level in range(self.levels - 1, 0, -1):
            skip = maps.pop()
            joined = torch.cat([_sized(x, skip), skip], 1)
            x = self.get_submodule(f"rebnconv{level}d")(joined)
        return first + x


class U2Net(nn.Module):
    """Saliency of images of any size.

    Args:
        size: "full" (44.0 million parameters) or "small" (U²-Net-p, 1.13 million).

    Raises:
        UserError: another size.
    """

    def __init__(self, size: str = "full"):
        super().__init__()
        if size not in CHANNELS:
            raise UserError(f"no U2-Net of size {size!r}: choose one of {', '.join(CHANNELS)}")
        down, up = CHANNELS[size]
        for number, channels in enumerate(down, 1):
            block = _Residual(LEVELS[number - 1], *channels, dilated=number >= 5)
            self.add_module(f"stage{number}", block)
        for number, channels in zip(range(5, 0, -1), up, strict=True):
            block = _Residual(LEVELS[number - 1], *channels, dilated=number >= 5)
            self.add_module(f"stage{number}d", block)
        outputs = [up[5 - number][2] for number in range(1, 6)] + [down[5][2]]
        for number, channels in enumerate(outputs, 1):
            self.add_module(f"side{number}", nn.Conv2d(channels, 1, 3, padding=1))
        self.outconv = nn.Conv2d(6, 1, 1)
        self.to(memory_format=torch.channels_last)

    def _sides(self, images: Tensor) -> list[Tensor]:
        """Logits of side outputs 1 to 6, all at the size of the images."""
        maps = [self.stage1(images)]
        for number in range(2, 7):
            maps.append(self.get_submodule(f"stage{number}")(_halved(maps[-1])))
        x = maps.pop()
        sides = [self.side6(x)]
        for number in range(5, 0, -1):
            skip = maps.pop()
            x = self.get_submodule(f"stage{number}d")(torch.cat([_sized(x, skip), skip], 1))
            sides.append(self.get_submodule(f"side{number}")(x))
        return [_sized(side, images) for side in reversed(sides)]

    def forward(self, images: Tensor) -> Tensor:
        """Fused saliency d0, (B, 1, H, W) in [0, 1], of images (B, 3, H, W).

        The CGN feeds images in [-1, 1] as they are, without normalisation (catalogue A6).
        """
        return self.outconv(torch.cat(self._sides(images), 1)).sigmoid()

    def side_outputs(self, images: Tensor) -> list[Tensor]:
        """All seven outputs d0 to d6 for training, each (B, 1, H, W) in [0, 1]."""
        sides = self._sides(images)
        return [side.sigmoid() for side in (self.outconv(torch.cat(sides, 1)), *sides)]


def load_u2net(path: Path, size: str = "full") -> U2Net:
    """A U²-Net from a published file (``u2net.pth``, ``u2netp.pth``), in evaluation mode.

    Raises:
        UserError: an unreadable file; the first unknown, missing or mis-shaped key, by name.
    """
    return load_network(lambda: U2Net(size), path)
