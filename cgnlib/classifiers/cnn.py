"""The classifier of every biased MNIST experiment (67,760 parameters)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class MnistCnn(nn.Module):
    """Batch norm on the input, four convolutions, average pooling and one linear layer.

    Source: the CGN's MNIST classifier, itself that of *Learning Not to Learn*. Names in the state
    dict are those of the published checkpoints (``model.*``, ``cls.0``). The pooling window of 7
    ignores the last row and column of the 8x8 map, as published.

    Args:
        classes: number of logits.
        init: ``default`` (PyTorch's, as published) or ``he``: convolutions at the variance that
            keeps activations alive through ReLUs (He et al., 2015) and without bias. The default is
            a sixth of it: on decorrelated textures the network then stays at chance for thousands
            of updates before it starts to learn.
    """

    def __init__(self, classes: int = 10, init: str = "default"):
        super().__init__()
        self.model = nn.Sequential(
            nn.BatchNorm2d(3),
            nn.Conv2d(3, 32, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(3, 2, 1),
            nn.Conv2d(32, 32, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(32, 64, 3, 2, padding=1),
            nn.ReLU(),
            nn.Conv2d(64, 64, 3, padding=1),
            nn.ReLU(),
            nn.AvgPool2d(7),
        )
        self.cls = nn.Sequential(nn.Linear(64, classes))
        if init == "he":
            for module in self.model:
                if isinstance(module, nn.Conv2d):
                    nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                    nn.init.zeros_(module.bias)
        self.to(memory_format=torch.channels_last)

    def _normalised_conv(self, images: Tensor) -> Tensor:
        """Batch norm and first convolution in one, when no gradient is wanted at the images.

        The scale moves into the weights and the shift into a fourth input channel of ones, so the
        backward pass stops at the weights: the gradient at the images, a third of this layer's
        arithmetic, is never computed. Same function, same parameters, same running statistics.
        """
        norm, conv = self.model[0], self.model[1]
        unit = _normalised(norm, images.detach())
        scaled = conv.weight * norm.weight[:, None, None]
        shift = (conv.weight * norm.bias[:, None, None]).sum(1, keepdim=True)
        weight = torch.cat([scaled, shift], 1).contiguous(memory_format=torch.channels_last)
        return F.conv2d(unit, weight, conv.bias, padding=2)

    def features(self, images: Tensor) -> Tensor:
        """Pooled features (B, 64) of images (B, 3, 32, 32) in [-1, 1]."""
        if images.requires_grad:
            return self.model(images).flatten(1)
        return self.model[4:](self._pooled(images)).flatten(1)

    def _pooled(self, images: Tensor) -> Tensor:
        """Maps (B, 32, 16, 16) behind the pooling. The ReLU comes after it, on a quarter of the
        pixels: the largest value is the same in either order."""
        return self.model[2](self.model[3](self._normalised_conv(images)))

    def early(self, images: Tensor) -> Tensor:
        """Maps (B, 32, 16, 16) behind the second convolution and its ReLU; no gradient reaches the
        images."""
        return self.model[4:6](self._pooled(images))

    def late(self, maps: Tensor) -> Tensor:
        """Logits (B, classes) from the maps of :meth:`early`."""
        return self.cls(self.model[6:](maps).flatten(1))

    def forward(self, images: Tensor) -> Tensor:
        """Logits (B, classes)."""
        return self.cls(self.features(images))


@torch.no_grad()
def _normalised(norm: nn.BatchNorm2d, images: Tensor) -> Tensor:
    """(B, 4, H, W) channels_last: images without mean and scale as ``norm`` would see them, and
    ones. Updates the running statistics in training. (Batch norm itself is ten times slower on
    three interleaved channels.)"""
    count, _, height, width = images.shape
    pixels = images.permute(0, 2, 3, 1).reshape(-1, 3)
    mean, var = norm.running_mean, norm.running_var
    if norm.training:
        mean = pixels.mean(0)
        var = (pixels - mean).square().mean(0)
        norm.num_batches_tracked += 1
        norm.running_mean.lerp_(mean, norm.momentum)
        norm.running_var.lerp_(var * (len(pixels) / (len(pixels) - 1)), norm.momentum)
    unit = pixels.new_ones(len(pixels), 4)
    unit[:, :3] = (pixels - mean) * (var + norm.eps).rsqrt()
    return unit.view(count, height, width, 4).permute(0, 3, 1, 2)
