"""Folded batch norm: the same maps and the same gradients."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cgnlib.networks.conv_norm import conv_norm_relu


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize(("bias", "dilation"), [(False, 1), (True, 2)])
def test_it_is_convolution_then_norm_then_relu(training, bias, dilation):
    torch.manual_seed(0)
    conv = nn.Conv2d(3, 5, 3, padding=dilation, dilation=dilation, bias=bias)
    norm = nn.BatchNorm2d(5).train(training)
    for values in (norm.running_mean, norm.weight.data, norm.bias.data):
        values.normal_()
    norm.running_var.uniform_(0.2, 2.0)
    image = torch.randn(2, 3, 7, 6, requires_grad=True)
    inputs = (image, *conv.parameters(), *norm.parameters())
    mine = conv_norm_relu(conv, norm, image)
    ours = torch.autograd.grad(mine.square().sum(), inputs)
    plain = F.relu(norm(conv(image)))
    torch.testing.assert_close(mine, plain)
    for one, other in zip(ours, torch.autograd.grad(plain.square().sum(), inputs), strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)
