"""Convolution, batch norm, ReLU: folded into one convolution whenever the statistics are fixed."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def conv_norm_relu(conv: nn.Conv2d, norm: nn.BatchNorm2d, x: Tensor) -> Tensor:
    """``relu(norm(conv(x)))``, (B, C, H, W).

    In evaluation mode the norm is a factor and an offset per channel, so it goes into the weights
    (thousands of numbers) instead of the maps (millions, kept for the backward pass). Gradients of
    images and weights are the same.
    """
    if norm.training:
        return F.relu_(norm(conv(x)))
    scale = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
    offset = norm.bias - norm.running_mean * scale
    bias = offset if conv.bias is None else torch.addcmul(offset, conv.bias, scale)
    weight = conv.weight * scale[:, None, None, None]
    return F.relu_(F.conv2d(x, weight, bias, padding=conv.padding, dilation=conv.dilation))


class ConvNorm(nn.Module):
    """3x3 convolution without bias, batch norm, ReLU; the size stays."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        return conv_norm_relu(self.conv, self.norm, x)


def double_conv(inputs: int, outputs: int) -> nn.Sequential:
    """Two of them."""
    return nn.Sequential(ConvNorm(inputs, outputs), ConvNorm(outputs, outputs))
