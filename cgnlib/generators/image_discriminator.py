"""Class-conditional discriminator of 64 px images, for training a generator from scratch."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

WIDTHS = (64, 128, 256, 512)


class ImageDiscriminator(nn.Module):
    """Projection discriminator (Miyato and Koyama, 2018) of strided convolutions: spectral norm, no
    batch norm, so each logit belongs to one image and an R1 penalty is well defined.

    Args:
        classes: labels.
        widths: channels after each halving (2.76 million parameters with nine classes).
    """

    def __init__(self, classes: int, widths: tuple[int, ...] = WIDTHS):
        super().__init__()
        starts = (3, *widths[:-1])
        self.layers = nn.ModuleList(
            spectral_norm(nn.Conv2d(start, end, 4, stride=2, padding=1))
            for start, end in zip(starts, widths, strict=True)
        )
        self.score = spectral_norm(nn.Linear(widths[-1], 1))
        self.embedding = spectral_norm(nn.Embedding(classes, widths[-1]))
        self.to(memory_format=torch.channels_last)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """Logits (B,) for images (B, 3, H, W) in [-1, 1] and labels (B,).

        In train mode every forward is one step of the power iteration: score real and generated
        images in one call where possible.
        """
        for layer in self.layers:
            images = F.leaky_relu(layer(images), 0.2)
        x = images.sum((2, 3))  # (B, widths[-1])
        return self.score(x).squeeze(1) + (x * self.embedding(labels)).sum(1)
