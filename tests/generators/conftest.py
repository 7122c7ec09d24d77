"""Stand-ins for the networks of the ImageNet CGN: same interfaces, a few hundred weights."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cgnlib.generators.imagenet_cgn import ImagenetCgn
from cgnlib.generators.imagenet_settings import ImagenetCgnSettings

SIDE = 16


class TinyBigGan(nn.Module):
    """Noise, labels and truncation to images, with spectral norm and a stored statistic."""

    def __init__(self, spectral=True, classes=5, latent=4):
        super().__init__()
        self.embeddings = nn.Linear(classes, latent, bias=False)
        self.first = nn.Linear(2 * latent, 6 * 16)
        self.last = nn.Conv2d(6, 3, 3, padding=1)
        if spectral:
            self.first = nn.utils.spectral_norm(self.first)
            self.last = nn.utils.spectral_norm(self.last)
        self.register_buffer("running_mean", torch.full((6, 1, 1), 0.1))
        self.calls = 0

    def forward(self, z, labels, truncation=1.0):
        self.calls += 1
        weights = F.one_hot(labels, self.embeddings.in_features) if labels.ndim == 1 else labels
        code = torch.cat([z, self.embeddings(weights.float())], 1)
        maps = self.first(code).view(-1, 6, 4, 4) - truncation * self.running_mean
        return torch.tanh(3 * self.last(F.interpolate(maps.relu(), SIDE)))


class TinySaliency(nn.Module):
    """Images to saliency, with a batch norm that must keep its statistics."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 1, 3, padding=1), nn.BatchNorm2d(1)
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        return torch.sigmoid(3 * self.norm(self.conv(x)))


class TinyFeatures(nn.Module):
    """Images to four layers' maps; remembers under which gradient mode it was asked."""

    def __init__(self):
        super().__init__()
        widths = (3, 4, 5, 6, 7)
        self.convs = nn.ModuleList(
            nn.Conv2d(a, b, 3, padding=1) for a, b in zip(widths, widths[1:], strict=False)
        )
        self.requires_grad_(False).eval()
        self.with_gradient = []

    def forward(self, x):
        self.with_gradient.append(torch.is_grad_enabled())
        maps = []
        for conv in self.convs:
            x = conv(x).relu()
            maps.append(x)
        return maps


@pytest.fixture
def tiny_biggan():
    """(spectral) to the same fresh stand-in generator every time."""

    def build(spectral=True):
        torch.manual_seed(0)
        generator = TinyBigGan(spectral)
        with torch.no_grad():
            for _ in range(10):  # let the power iteration find the norms
                generator(torch.randn(2, 4), torch.arange(2))
        generator.calls = 0
        return generator

    return build


@pytest.fixture
def tiny_cgn(tiny_biggan):
    """(spectral) to the same fresh CGN over stand-ins every time."""

    def build(spectral=True):
        generator = tiny_biggan(spectral)
        torch.manual_seed(1)
        return ImagenetCgn(generator, TinySaliency())

    return build


@pytest.fixture
def tiny_features():
    torch.manual_seed(2)
    return TinyFeatures()


PUBLISHED = {
    "cgn_batch": 4,
    "cgn_accumulate": 2,
    "cgn_lr_shape": 8e-6,
    "cgn_lr_text": 3e-5,
    "cgn_lr_bg": 1e-5,
    "cgn_beta1": 0.9,
    "cgn_beta2": 0.999,
    "cgn_truncation": 1.0,
    "weight_l1": 100.0,
    **{f"perceptual_w{layer}": 4.0 for layer in (1, 2, 3, 4)},
    "weight_binary": 300.0,
    "weight_mask": 500.0,
    "mask_low": 0.1,
    "mask_high": 0.9,
    "texture_w1": 0.0,
    "texture_w2": 5.0,
    "texture_w3": 5.0,
    "texture_w4": 0.0,
    "weight_background": 2000.0,
    "dropped": "none",
    "patch_source": "gt",
    "patch_work_px": SIDE,
    "patch_px": 4,
    "patch_best": 20,
    "patch_side": 3,
    "cgn_bf16": False,
}


@pytest.fixture
def cgn_settings():
    """(changes) to the published settings at the size of the stand-ins."""
    return lambda **changes: ImagenetCgnSettings(**{**PUBLISHED, **changes})
