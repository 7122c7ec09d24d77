"""BigGAN-deep, built of the modules of pytorch-pretrained-biggan under their own key names.

What differs from the package, with the same state dict: batch statistics between two stored
truncations are interpolated with the right weights (catalogue D36), training may use the batch's
own statistics, the last convolution computes the three channels that are read, labels may be
integers, a copy can be made at any time, and everything stays channels_last.
"""

import copy
import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from pytorch_pretrained_biggan import model as package
from torch import Tensor, nn

from cgnlib.errors import UserError
from cgnlib.networks.biggan_layout import DEEP_256, SCENES9, Layout, layout_beside
from cgnlib.networks.loading import load_network

__all__ = [
    "DEEP_256",
    "SCENES9",
    "BigGan",
    "Layout",
    "batch_statistics",
    "copy_of",
    "load_biggan",
    "truncated_noise",
    "write_standing_statistics",
]


class _Norm(package.BigGANBatchNorm):
    """Batch norm by stored or, where ``from_batch``, by the batch's own statistics."""

    from_batch = False
    moments: list[Tensor] | None = None  # sums over batches of mean and mean square

    def __init__(self, features: int, condition: int | None, statistics: int, eps: float):
        super().__init__(features, condition, statistics, eps, conditional=condition is not None)
        if condition is None:  # the package leaves them as uninitialised memory
            nn.init.ones_(self.weight)
            nn.init.zeros_(self.bias)

    def stored(self, truncation: float) -> tuple[Tensor, Tensor]:
        """Mean and variance (C,) at a truncation, linear between the two nearest rows."""
        last = len(self.running_means) - 1
        row = min(int(truncation * last), last - 1)
        weight = truncation * last - row
        means, variances = self.running_means, self.running_vars
        return (
            torch.lerp(means[row], means[row + 1], weight),
            torch.lerp(variances[row], variances[row + 1], weight),
        )

    def _collect(self, x: Tensor) -> None:
        variance, mean = torch.var_mean(x.detach().double(), (0, 2, 3), correction=0)
        for total, value in zip(self.moments, (mean, variance + mean.square()), strict=True):
            total += value

    def forward(self, x: Tensor, truncation: float, condition: Tensor | None = None) -> Tensor:
        if self.from_batch:
            if self.moments is not None:
                self._collect(x)
            if not self.conditional:
                return F.batch_norm(x, None, None, self.weight, self.bias, True, 0.0, self.eps)
            x = F.batch_norm(x, None, None, None, None, True, 0.0, self.eps)
            weight, bias = 1 + self.scale(condition), self.offset(condition)
        else:
            mean, variance = self.stored(truncation)
            if not self.conditional:
                return F.batch_norm(x, mean, variance, self.weight, self.bias, False, 0.0, self.eps)
            weight = (1 + self.scale(condition)) * torch.rsqrt(variance + self.eps)
            bias = self.offset(condition) - mean * weight
        weight, bias = weight.to(x.dtype), bias.to(x.dtype)
        return torch.addcmul(bias[:, :, None, None], x, weight[:, :, None, None])


class _Attention(package.SelfAttn):
    """Self-attention without keeping the (positions x positions / 4) matrix where avoidable."""

    def forward(self, x: Tensor) -> Tensor:
        query = self.snconv1x1_theta(x)
        key = self.maxpool(self.snconv1x1_phi(x))
        value = self.maxpool(self.snconv1x1_g(x))
        query, key, value = (t.flatten(2).transpose(1, 2) for t in (query, key, value))
        read = F.scaled_dot_product_attention(query, key, value, scale=1.0)  # (B, HW, C / 2)
        read = read.transpose(1, 2).unflatten(2, x.shape[2:])
        return x + self.gamma * self.snconv1x1_o_conv(read)


class _ToRgb(nn.Conv2d):
    """The package's last convolution; only its first three outputs are ever read."""

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.weight[:3], self.bias[:3], padding=self.padding)


def _block(start: int, end: int, up: bool, condition: int, layout: Layout) -> package.GenBlock:
    block = package.GenBlock(
        start, end, condition, up_sample=up, n_stats=layout.statistics, eps=layout.eps
    )
    for index, features in enumerate((start, *(3 * [start // 4]))):
        norm = _Norm(features, condition, layout.statistics, layout.eps)
        setattr(block, f"bn_{index}", norm)
    block.relu = nn.ReLU(inplace=True)
    return block


class _Generator(nn.Module):
    """Condition (B, 2 Z) -> image; the package's generator, module by module."""

    def __init__(self, layout: Layout):
        super().__init__()
        width, condition, eps = layout.width, 2 * layout.z, layout.eps
        self.gen_z = package.snlinear(
            eps=eps, in_features=condition, out_features=4 * 4 * 16 * width
        )
        self.layers = nn.ModuleList()
        for index, (up, start, end) in enumerate(layout.blocks):
            if index == layout.attention:
                self.layers.append(_Attention(start * width, eps))
            self.layers.append(_block(start * width, end * width, up, condition, layout))
        self.bn = _Norm(width, None, layout.statistics, eps)
        self.conv_to_rgb = nn.utils.spectral_norm(_ToRgb(width, width, 3, padding=1), eps=eps)

    def forward(self, condition: Tensor, truncation: float) -> Tensor:
        x = self.gen_z(condition).unflatten(1, (4, 4, -1)).permute(0, 3, 1, 2)  # channels_last
        for layer in self.layers:
            x = layer(x) if isinstance(layer, _Attention) else layer(x, condition, truncation)
        return self.conv_to_rgb(self.bn(x, truncation).relu_()).tanh()


class BigGan(nn.Module):
    """A BigGAN-deep generator (Brock et al., 2019), the key names of pytorch-pretrained-biggan.

    In train mode every forward is one step of the spectral norms' power iteration, as published
    (a fresh model needs some before it is of use in evaluation mode);
    statistics of batch norm are the stored ones unless :func:`batch_statistics` says otherwise.
    """

    def __init__(self, layout: Layout):
        super().__init__()
        self.layout = layout
        self.embeddings = nn.Linear(layout.classes, layout.z, bias=False)
        self.generator = _Generator(layout)
        self.to(memory_format=torch.channels_last)

    def condition(self, z: Tensor, labels: Tensor) -> Tensor:
        """Noise and label as every block reads them: (B, 2 Z)."""
        if labels.is_floating_point():
            embedded = self.embeddings(labels)
        else:
            embedded = F.embedding(labels, self.embeddings.weight.t())
        return torch.cat([z, embedded], 1)

    def forward(self, z: Tensor, labels: Tensor, truncation: float = 1.0) -> Tensor:
        """Images (B, 3, side, side) in [-1, 1].

        Args:
            z: noise (B, Z), already truncated (:func:`truncated_noise`).
            labels: (B,) integers, or (B, K) floats, one-hot or a mixture.
            truncation: which stored statistics to use, in (0, 1].

        Raises:
            UserError: truncation out of range.
        """
        if not 0 < truncation <= 1:
            raise UserError(f"BigGAN truncation {truncation}: choose one above 0 and at most 1")
        return self.generator(self.condition(z, labels), truncation)

    def __deepcopy__(self, memo: dict[int, Any]) -> "BigGan":
        """:func:`copy.deepcopy` at any time, power iteration (u and v) included: what spectral norm
        leaves of the last forward hangs on a graph and cannot be copied, so it is only referred to
        (the next forward replaces it)."""
        for module in self.modules():
            weight = vars(module).get("weight")
            if weight is not None:
                memo[id(weight)] = weight.detach()
        memo[id(self)] = twin = type(self).__new__(type(self))
        vars(twin).update(copy.deepcopy(vars(self), memo))
        return twin


def copy_of(model: BigGan) -> BigGan:
    """An independent model with the same state, mode and device, before or after a forward."""
    return copy.deepcopy(model)


def _norms(model: nn.Module) -> list[_Norm]:
    return [module for module in model.modules() if isinstance(module, _Norm)]


@contextmanager
def batch_statistics(model: nn.Module, on: bool = True) -> Iterator[None]:
    """Inside, every norm uses the statistics of the batch at hand (training from scratch), or with
    ``on`` False the stored ones."""
    before = [(norm, norm.from_batch) for norm in _norms(model)]
    for norm, _ in before:
        norm.from_batch = on
    try:
        yield
    finally:
        for norm, from_batch in before:
            norm.from_batch = from_batch


@torch.no_grad()
def write_standing_statistics(model: BigGan, batches: Iterable[tuple[Tensor, Tensor]]) -> None:
    """Store the statistics of ``batches`` in every row, so that an image no longer depends on its
    batch. All truncations get the same: an image is then a function of noise and label alone.

    Args:
        batches: noise (B, Z) at truncation 1 and labels, all batches of one size. With one big
            batch, the images in evaluation are exactly those of :func:`batch_statistics`.

    Raises:
        UserError: no batches.
    """
    norms, modes = _norms(model), [(module, module.training) for module in model.modules()]
    for norm in norms:
        shape, device = norm.num_features, norm.running_means.device
        norm.moments = [torch.zeros(shape, dtype=torch.double, device=device) for _ in range(2)]
    model.eval()
    count = 0
    try:
        with batch_statistics(model):
            for z, labels in batches:
                model(z, labels)
                count += 1
        if not count:
            raise UserError("standing statistics of BigGAN need at least one batch")
        for norm in norms:
            mean, square = (total / count for total in norm.moments)
            norm.running_means[:] = mean
            norm.running_vars[:] = square - mean.square()
    finally:
        for norm in norms:
            norm.moments = None
        for module, training in modes:
            module.training = training


def truncated_noise(count: int, z: int, truncation: float, generator: torch.Generator) -> Tensor:
    """Noise (count, z): ``truncation`` times a standard normal cut off at -2 and 2.

    Drawn by inverting the distribution, so equal generators give the same draws at every
    truncation, up to the factor.
    """
    edge = math.erf(2 / math.sqrt(2))  # erf(x / sqrt 2) is uniform between minus and plus this
    uniform = torch.rand(count, z, dtype=torch.double, generator=generator)
    normal = math.sqrt(2) * torch.erfinv(edge * (2 * uniform - 1))
    return (truncation * normal.clamp_(-2, 2)).float()


def load_biggan(path: Path, layout: Layout | None = None) -> BigGan:
    """A generator from a published ``.bin`` or a safetensors file, in evaluation mode.

    Args:
        path: the file, or the folder of ``pytorch_model.bin`` and ``config.json``.
        layout: its sizes; by default those of the ``config.json`` beside it.

    Raises:
        UserError: an unreadable file; the first unknown, missing or mis-shaped key, by name.
    """
    path = Path(path)
    if path.is_dir():
        path = path / "pytorch_model.bin"
    layout = layout or layout_beside(path)
    return load_network(lambda: BigGan(layout), path)
