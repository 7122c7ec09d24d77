"""Class-conditional discriminators for 32x32 images."""

import torch
from torch import Tensor, nn

from cgnlib.generators.mnist_cgn import N_CLASSES
from cgnlib.networks.dropout import Dropout


def random_shift(images: Tensor, px: int, generator: torch.Generator) -> Tensor:
    """Shift each image (B, C, H, W) by up to ``px`` pixels along both axes, mirrored at the border.

    Applied to real and generated images alike, before the discriminator, so that it cannot learn
    the few real ones by heart (Zhao et al., *Differentiable Augmentation*, 2020).
    """
    count, _, height, width = images.shape
    offsets = torch.randint(-px, px + 1, (2, count, 1), generator=generator).to(images.device)

    def mirrored(size: int, offset: Tensor) -> Tensor:
        at = (torch.arange(size, device=images.device) + offset).abs()  # (B, size)
        return size - 1 - (size - 1 - at).abs()

    rows, columns = mirrored(height, offsets[0]), mirrored(width, offsets[1])
    each = torch.arange(count, device=images.device)[:, None, None]
    shifted = images.permute(0, 2, 3, 1)[each, rows[:, :, None], columns[:, None, :]]
    return shifted.permute(0, 3, 1, 2)  # channels_last


class LinearDiscriminator(nn.Module):
    """The published *DiscLin*: label embedding and pixels through an MLP (2,104,421 parameters at
    width 512)."""

    def __init__(self, width: int = 512):
        super().__init__()
        self.embedding = nn.Embedding(N_CLASSES, N_CLASSES)
        self.model = nn.Sequential(
            nn.Linear(3 * 32 * 32 + N_CLASSES, width),
            nn.LeakyReLU(0.2),
            nn.Linear(width, width),
            Dropout(0.4),
            nn.LeakyReLU(0.2),
            nn.Linear(width, width),
            Dropout(0.4),
            nn.LeakyReLU(0.2),
            nn.Linear(width, 1),
        )

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """Logits (B,) for images (B, 3, 32, 32) in [-1, 1] and labels (B,)."""
        return self.model(torch.cat([self.embedding(labels), images.flatten(1)], 1)).squeeze(1)


class ConvDiscriminator(nn.Module):
    """The published *DiscConv*: the label enters as a constant fourth channel (413,642 parameters
    at width 32). Convolutions start at N(0, 0.02)."""

    def __init__(self, width: int = 32):
        super().__init__()
        self.embedding = nn.Embedding(N_CLASSES, 1)
        sizes = [
            (4, width, 3, 1),
            (width, 2 * width, 3, 1),
            (2 * width, 4 * width, 4, 2),
            (4 * width, 4 * width, 4, 2),
        ]
        layers: list[nn.Module] = []
        for inputs, outputs, kernel, stride in sizes:
            layers += [
                nn.Conv2d(inputs, outputs, kernel, stride, bias=False),
                nn.BatchNorm2d(outputs),
                nn.LeakyReLU(0.2),
            ]
        layers += [nn.AvgPool2d(3), nn.Conv2d(4 * width, 1, 1, bias=False)]
        self.model = nn.Sequential(*layers)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.normal_(module.weight, 0.0, 0.02)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """Logits (B,) for images (B, 3, 32, 32) in [-1, 1] and labels (B,)."""
        plane = self.embedding(labels)[:, :, None, None].expand(-1, 1, *images.shape[2:])
        return self.model(torch.cat([images, plane], 1)).flatten()


class ProjectionDiscriminator(nn.Module):
    """Three strided convolutions, a linear score and a label projection, without any norm."""

    def __init__(self, width: int = 24):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, width, 4, 2, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 4, 2, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * width, 4 * width, 4, 2, 1),
            nn.LeakyReLU(0.2),
            nn.Flatten(),
        )
        self.score = nn.Linear(4 * width * 16, 1)
        self.embedding = nn.Embedding(N_CLASSES, 4 * width * 16)
        nn.init.zeros_(self.embedding.weight)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        """Logits (B,) for images (B, 3, 32, 32) in [-1, 1] and labels (B,)."""
        features = self.features(images)
        return self.score(features).squeeze(1) + (features * self.embedding(labels)).sum(1)


DISCRIMINATORS = {
    "linear": LinearDiscriminator,
    "conv": ConvDiscriminator,
    "projection": ProjectionDiscriminator,
}
