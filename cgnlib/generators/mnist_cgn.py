"""The CGN for 32x32 images: three mechanisms that paint mask, foreground and background.

Source: Sauer & Geiger, *Counterfactual Generative Networks* (ICLR 2021), section 3 and appendix.
With ``norm='instance', mask='clamp', width=32`` the layers, their order and the parameter count
(659,992) are the published ones, and so are the names in the state dict.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

N_CLASSES = 10
MASK_EPS = 1e-4  # masks stay inside [1e-4, 0.9999]


class View(nn.Module):
    """Reshape (B, C * 8 * 8) to (B, C, 8, 8)."""

    def __init__(self, channels: int):
        super().__init__()
        self.channels = channels

    def forward(self, x: Tensor) -> Tensor:
        maps = x.view(-1, self.channels, 8, 8)
        return maps.contiguous(memory_format=torch.channels_last)


class UpConv(nn.Conv2d):
    """Nearest x2 upsampling followed by a 3x3 convolution, as one strided transposed convolution.

    Each output pixel sees only 2x2 distinct inputs, so the nine taps collapse to four: 2.25 times
    less arithmetic, the same function and the same parameters as ``Upsample`` then ``Conv2d``.
    ``torus`` wraps the borders around instead of padding with zeros.
    """

    def __init__(self, inputs: int, outputs: int, bias: bool, torus: bool = False):
        super().__init__(inputs, outputs, 3, padding=1, bias=bias)
        self.torus = torus
        fold = torch.tensor([[0.0, 0, 1], [0, 1, 1], [1, 1, 0], [1, 0, 0]])
        self.register_buffer("fold", fold, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        kernel = torch.einsum("ai,ocij,bj->coab", self.fold, self.weight, self.fold)
        return up_transpose(x, kernel, self.bias, self.torus)


class UpTranspose(nn.ConvTranspose2d):
    """4x4 transposed convolution that doubles the size, on a torus or with zeros around it."""

    def __init__(self, inputs: int, outputs: int, torus: bool):
        super().__init__(inputs, outputs, 4, stride=2, padding=1)
        self.torus = torus

    def forward(self, x: Tensor) -> Tensor:
        return up_transpose(x, self.weight, self.bias, self.torus)


def up_transpose(x: Tensor, kernel: Tensor, bias: Tensor | None, torus: bool) -> Tensor:
    """Double the size of (B, C, H, W) by a 4x4 kernel (C, O, 4, 4) at stride 2."""
    if torus:
        # F.pad(mode="circular") would give up channels_last and cost more than the convolution.
        x = torch.cat([x[:, :, -1:], x, x[:, :, :1]], 2)
        x = torch.cat([x[..., -1:], x, x[..., :1]], 3)
    return F.conv_transpose2d(x, kernel, bias, stride=2, padding=3 if torus else 1)


class Shuffler(nn.Module):
    """Shift each texture cyclically by a random offset, so that it carries no position.

    Tiling a texture 2x2 and cutting one 32x32 crop (33 x 33 offsets, as published) is the same.
    The offsets come from ``self.generator``, which the owner of the network sets.
    """

    def __init__(self, active: bool = True):
        super().__init__()
        self.active = active
        self.generator: torch.Generator | None = None

    def forward(self, x: Tensor) -> Tensor:
        if not self.active:
            return x
        count, _, height, width = x.shape
        offsets = torch.randint(0, 33, (2, count, 1), generator=self.generator).to(x.device)
        rows = (torch.arange(height, device=x.device) + offsets[0]) % height  # (B, H)
        columns = (torch.arange(width, device=x.device) + offsets[1]) % width  # (B, W)
        images = torch.arange(count, device=x.device)[:, None, None]
        shifted = x.permute(0, 2, 3, 1)[images, rows[:, :, None], columns[:, None, :]]
        return shifted.permute(0, 3, 1, 2)  # channels_last, no copy


def _shape_layers(latent: int, width: int, norm: str, mask: str) -> nn.Sequential:
    """Positions follow the published layer list; what the fused ``UpConv`` frees stays empty."""
    wide = 2 * width

    def inner(channels: int) -> nn.Module:
        return nn.InstanceNorm2d(channels) if norm == "instance" else nn.Identity()

    first = nn.InstanceNorm2d(wide) if norm == "instance" else nn.BatchNorm2d(wide)
    layers = [
        nn.Linear(latent + N_CLASSES, wide * 64),
        View(wide),
        first,
        nn.Identity(),
        UpConv(wide, width, bias=False),
        nn.BatchNorm2d(width),
        nn.LeakyReLU(0.2),
        inner(width),
        nn.Identity(),
        UpConv(width, 1, bias=mask == "sigmoid"),
    ]
    if mask == "clamp":
        layers += [nn.BatchNorm2d(1), nn.LeakyReLU(0.2), nn.InstanceNorm2d(1)]
    return nn.Sequential(*layers)


def _texture_layers(
    latent: int, width: int, norm: str, head: str, shuffle: bool, torus: bool
) -> nn.Sequential:
    """``full`` ends with two layers on 32x32 maps (the paper); ``subpixel`` with one 4x4 transposed
    convolution from 16x16 and no norm, which costs a third of the time on a CPU."""
    wide = 2 * width
    trunk = [
        nn.Linear(latent + N_CLASSES, wide * 64),
        View(wide),
        nn.BatchNorm2d(wide) if norm == "batch" else nn.Identity(),
        UpConv(wide, wide, bias=False, torus=torus),
        nn.BatchNorm2d(wide),
        nn.LeakyReLU(0.2),
    ]
    if head == "full":
        tail = [
            nn.Identity(),
            UpConv(wide, width, bias=False, torus=torus),
            nn.BatchNorm2d(width),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 3, 3, padding=1, padding_mode="circular" if torus else "zeros"),
            nn.BatchNorm2d(3),
        ]
    else:
        tail = [UpTranspose(wide, 3, torus)]
    return nn.Sequential(*trunk, *tail, nn.Tanh(), Shuffler(shuffle))


def _border_rise(side: int = 32) -> Tensor:
    """(1, 1, side, side): fourth power of the distance from the centre, 1 in the middle of an edge.
    Flat inside, so that a digit with a hole starts no worse than one without."""
    axis = torch.linspace(-1, 1, side).square()
    return (axis[:, None] + axis[None, :]).square()[None, None]


@dataclass(frozen=True)
class Composition:
    """What one pass of the CGN makes. All (B, ., 32, 32); images in [-1, 1], masks in (0, 1)."""

    image: Tensor
    mask: Tensor
    foreground: Tensor
    background: Tensor


class MnistCgn(nn.Module):
    """Three mechanisms with a shared label embedding, and their analytic composer.

    Args:
        latent: size of the noise u.
        width: channel multiplier of the texture mechanisms (the paper: 32).
        shape_width: channel multiplier of the shape mechanism (default: ``width``).
        norm: ``instance`` (the paper) or ``batch`` after the linear layer.
        mask: ``clamp`` (the paper: normalised, then clamped) or ``sigmoid``.
        mask_bias: start value of the mask logit, for ``sigmoid``.
        head: ``full`` (the paper) or ``subpixel``, the end of the texture mechanisms.
        shuffle: shift textures cyclically (the paper's shuffler).
        torus: texture mechanisms wrap around at the border, so that a shifted texture has no seam
            (the paper pads with zeros and shows seams).
        mask_prior: how much lower the mask logit starts at the border than in the centre. It is a
            learnable map; without it (0, the paper) some classes start as a frame around the digit
            and never turn.
    """

    def __init__(
        self,
        latent: int = 32,
        width: int = 32,
        norm: str = "instance",
        mask: str = "clamp",
        mask_bias: float = 0.0,
        head: str = "full",
        shuffle: bool = True,
        torus: bool = False,
        mask_prior: float = 0.0,
        shape_width: int | None = None,
    ):
        super().__init__()
        self.latent, self.mask_form = latent, mask
        self.label_emb = nn.Embedding(N_CLASSES, N_CLASSES)
        self.f_shape = _shape_layers(latent, shape_width or width, norm, mask)
        self.f_text1 = _texture_layers(latent, width, norm, head, shuffle, torus)
        self.f_text2 = _texture_layers(latent, width, norm, head, shuffle, torus)
        self.mask_prior = nn.Parameter(-mask_prior * _border_rise()) if mask_prior else None
        if mask == "sigmoid":
            nn.init.constant_(self.f_shape[9].bias, mask_bias)
        self.to(memory_format=torch.channels_last)

    @property
    def _shufflers(self) -> list[Shuffler]:
        return [self.f_text1[-1], self.f_text2[-1]]

    def set_generator(self, generator: torch.Generator) -> None:
        """Let the shufflers draw their offsets from ``generator``."""
        for shuffler in self._shufflers:
            shuffler.generator = generator

    @contextmanager
    def sampling(self, generator: torch.Generator, shuffle: bool = True) -> Iterator[None]:
        """Eval mode without gradients, texture offsets from ``generator`` (or no shift at all);
        everything is put back afterwards."""
        before = [(s.generator, s.active) for s in self._shufflers]
        training = self.training
        for shuffler in self._shufflers:
            shuffler.generator, shuffler.active = generator, shuffler.active and shuffle
        self.eval()
        try:
            with torch.no_grad():
                yield
        finally:
            for shuffler, (old, active) in zip(self._shufflers, before, strict=True):
                shuffler.generator, shuffler.active = old, active
            self.train(training)

    def _condition(self, u: Tensor, labels: Tensor) -> Tensor:
        return torch.cat([u, self.label_emb(labels)], dim=1)  # (B, latent + 10)

    def _masks(self, code: Tensor) -> Tensor:
        raw = self.f_shape(code)
        raw = raw if self.mask_prior is None else raw + self.mask_prior
        raw = raw.sigmoid() if self.mask_form == "sigmoid" else raw
        return raw.clamp(MASK_EPS, 1 - MASK_EPS)

    def mask(self, u: Tensor, labels: Tensor) -> Tensor:
        """Masks (B, 1, 32, 32) in [1e-4, 0.9999] for noise (B, latent) and labels (B,)."""
        return self._masks(self._condition(u, labels))

    def foreground(self, u: Tensor, labels: Tensor) -> Tensor:
        """Object textures (B, 3, 32, 32) in [-1, 1]."""
        return self.f_text1(self._condition(u, labels))

    def background(self, u: Tensor, labels: Tensor) -> Tensor:
        """Background textures (B, 3, 32, 32) in [-1, 1]."""
        return self.f_text2(self._condition(u, labels))

    def from_codes(self, codes: Sequence[Tensor]) -> Composition:
        """Compose from (noise, embedding) codes (B, latent + 10), one per mechanism."""
        mask = self._masks(codes[0])
        foreground, background = self.f_text1(codes[1]), self.f_text2(codes[2])
        return Composition(compose(mask, foreground, background), mask, foreground, background)

    def forward(self, u: Sequence[Tensor], labels: Sequence[Tensor]) -> Composition:
        """Compose m * f + (1 - m) * b from noise and labels for shape, foreground, background."""
        return self.from_codes([self._condition(*pair) for pair in zip(u, labels, strict=True)])


def compose(mask: Tensor, foreground: Tensor, background: Tensor) -> Tensor:
    """The analytic composer, m * f + (1 - m) * b (CGN, equation of section 3.1)."""
    return torch.lerp(background, foreground, mask)


def initialise(network: nn.Module, scheme: str, gain: float) -> None:
    """Published initialisation: weights by ``orthogonal`` or ``normal`` with ``gain``, biases 0,
    batch-norm scales N(1, gain). ``default`` leaves PyTorch's. Embeddings are never touched."""
    if scheme == "default":
        return
    for module in network.modules():
        if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            drawn = torch.empty(module.weight.shape)  # contiguous, as orthogonal_ asks
            if scheme == "orthogonal":
                nn.init.orthogonal_(drawn, gain)
            else:
                nn.init.normal_(drawn, 0.0, gain)
            module.weight.data.copy_(drawn)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, gain)
            nn.init.zeros_(module.bias)
