"""Class-conditional discriminator of 64 px images, for training a generator from scratch."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

WIDTHS = (32, 64, 128, 256, 512)


class _Down(nn.Module):
    """Residual block that halves height and width."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.first = spectral_norm(nn.Conv2d(inputs, inputs, 3, padding=1))
        self.second = spectral_norm(nn.Conv2d(inputs, outputs, 3, padding=1))
        self.skip = spectral_norm(nn.Conv2d(inputs, outputs, 1, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        halved = F.avg_pool2d(x, 2)
        deep = F.avg_pool2d(F.leaky_relu(self.first(F.leaky_relu(x, 0.2)), 0.2), 2)
        return self.skip(halved) + self.second(deep)


class ImageDiscriminator(nn.Module):
    """Projection discriminator (Miyato and Koyama, 2018) of residual blocks: spectral norm, no
    batch norm, so each logit belongs to one image and an R1 penalty is well defined.

    Args:
        classes: labels.
        widths: channels at full size and after each halving (2.53 million parameters with nine
            classes).
    """

    def __init__(self, classes: int, widths: tuple[int, ...] = WIDTHS):
        super().__init__()
        self.first = spectral_norm(nn.Conv2d(3, widths[0], 3, padding=1))
        self.blocks = nn.Sequential(
            *(_Down(start, end) for start, end in zip(widths, widths[1:], strict=False))
        )
        self.score = spectral_norm(nn.Linear(widths[-1], 1))
        self.embedding = spectral_norm(nn.Embedding(classes, widths[-1]))
        self.to(memory_format=torch.channels_last)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """Logits (B,) for images (B, 3, H, W) in [-1, 1] and labels (B,).

        In train mode every forward is one step of the power iteration: score real and generated
        images in one call where possible.
        """
        x = F.leaky_relu(self.blocks(self.first(images)), 0.2).sum((2, 3))  # (B, widths[-1])
        return self.score(x).squeeze(1) + (x * self.embedding(labels)).sum(1)
