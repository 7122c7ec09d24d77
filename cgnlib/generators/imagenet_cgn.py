"""The CGN for ImageNet: three BigGANs that paint shape, texture and background.

Source: Sauer & Geiger, *Counterfactual Generative Networks* (ICLR 2021), sections 3.1 and 3.2. The
submodules are named as in the published ``cgn.pth``, so that its keys are ours.
"""

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cgnlib.errors import UserError
from cgnlib.generators.mnist_cgn import MASK_EPS, compose
from cgnlib.networks.loading import load_state
from cgnlib.networks.weights import read_checkpoint

FACTORS = ("shape", "texture", "background")
TRAINABLE = ("f_shape", "f_text", "f_bg")
FROZEN = ("biggan_GT", "u2net")


@dataclass(frozen=True)
class Parts:
    """What one pass of the CGN makes. All (B, ., H, W); images in [-1, 1], masks in (0, 1)."""

    premask: Tensor  # the image whose saliency is the mask
    mask: Tensor
    foreground: Tensor
    background: Tensor
    composite: Tensor


class ImagenetCgn(nn.Module):
    """Shape, texture and background mechanisms over a frozen generator and a frozen saliency net.

    The three mechanisms start as copies of the generator. In training mode they run their spectral
    norm's power iteration; their batch norms always use the stored statistics. The generator and
    the saliency net stay in eval mode and have no gradients of their own, but gradients flow
    through the saliency net to what it looks at.

    Args:
        biggan_gt: generator (noise (B, Z), labels (B,) or (B, K), truncation) to (B, 3, H, W) in
            [-1, 1], with the linear layer ``embeddings`` from K classes to Z numbers.
        saliency: (B, 3, H, W) to (B, 1, H, W) in [0, 1].
    """

    def __init__(self, biggan_gt: nn.Module, saliency: nn.Module):
        super().__init__()
        self.biggan_GT = biggan_gt
        self.f_shape, self.f_text, self.f_bg = (copy.deepcopy(biggan_gt) for _ in TRAINABLE)
        self.u2net = saliency
        for name in TRAINABLE:
            getattr(self, name).requires_grad_(True)
        for name in FROZEN:
            getattr(self, name).requires_grad_(False)
        self.train()

    @property
    def latent(self) -> int:
        """Size of the noise u."""
        return self.biggan_GT.embeddings.out_features

    @property
    def classes(self) -> int:
        """Number of classes."""
        return self.biggan_GT.embeddings.in_features

    @property
    def device(self) -> torch.device:
        """Where the networks are."""
        return next(self.parameters()).device

    def train(self, mode: bool = True) -> "ImagenetCgn":
        """Training mode for the mechanisms; what is frozen stays in eval mode."""
        super().train(mode)
        for name in FROZEN:
            getattr(self, name).eval()
        return self

    @contextmanager
    def sampling(self) -> Iterator[None]:
        """Eval mode without gradients, put back afterwards: looking changes no number."""
        training = self.training
        self.eval()
        try:
            with torch.no_grad():
                yield
        finally:
            self.train(training)

    def saliency(self, images: Tensor) -> Tensor:
        """Saliency (B, 1, H, W) in [0, 1], float32, of images fed as they are, in [-1, 1]."""
        return self.u2net(images).float()

    def mask(self, u: Tensor, labels: Tensor, truncation: float) -> tuple[Tensor, Tensor]:
        """The image whose saliency is the mask, and the mask, clamped to [1e-4, 0.9999]."""
        premask = self.f_shape(u, labels, truncation)
        # The clamp needs float32: in bfloat16 0.9999 is 1, and the entropy of 1 has no gradient.
        return premask, self.saliency(premask).clamp(MASK_EPS, 1 - MASK_EPS)

    def forward(
        self,
        u: Tensor | Sequence[Tensor],
        y_shape: Tensor,
        y_text: Tensor,
        y_bg: Tensor,
        *,
        truncation: float,
    ) -> Parts:
        """Compose m * f + (1 - m) * b.

        Neither the frozen generator nor the background's saliency is computed.

        Args:
            u: noise (B, Z) shared by the mechanisms, as published, or one per mechanism (D8).
            y_shape, y_text, y_bg: classes (B,), or weights of classes (B, K).
            truncation: in (0, 1]; selects the stored batch statistics (it does not scale ``u``).
        """
        u_shape, u_text, u_bg = (u, u, u) if isinstance(u, Tensor) else u
        premask, mask = self.mask(u_shape, y_shape, truncation)
        foreground = self.f_text(u_text, y_text, truncation).float()
        background = self.f_bg(u_bg, y_bg, truncation).float()
        composite = compose(mask, foreground, background)
        return Parts(premask.float(), mask, foreground, background, composite)

    def interpolate(
        self,
        factor: str,
        u: Tensor,
        y0: Sequence[int],
        y1: int,
        midpoints: int = 6,
        *,
        truncation: float,
        u1: Tensor | None = None,
    ) -> Parts:
        """Move one factor from its class in ``y0`` to ``y1`` over ``midpoints`` + 2 images, the
        others held (HQC-4). The one-hot label moves linearly; so does the noise when ``u1`` is
        given (the paper), which otherwise stays (the published code).

        Args:
            factor: shape, texture or background.
            u: noise (Z,).
            y0: classes of shape, texture and background at the start.
            y1: class of ``factor`` at the end.
            u1: noise (Z,) of ``factor`` at the end.

        Raises:
            UserError: an unknown factor.
        """
        if factor not in FACTORS:
            raise UserError(f"no factor {factor!r} to interpolate: choose {', '.join(FACTORS)}")
        place, steps = FACTORS.index(factor), midpoints + 2
        path = torch.linspace(0, 1, steps, device=self.device)[:, None]
        ends = F.one_hot(torch.tensor([y0[place], y1]), self.classes).float().to(self.device)
        u = u.to(self.device)[None]
        noise, labels = [u] * 3, [torch.tensor([y], device=self.device) for y in y0]
        labels[place] = torch.lerp(ends[:1], ends[1:], path)
        moved = u if u1 is None else torch.lerp(u, u1.to(self.device)[None], path)
        noise[place] = moved.expand(steps, -1)
        with self.sampling():  # a factor at rest is made once, not for every step
            made = self(noise, *labels, truncation=truncation)
        return Parts(*(part.expand(steps, *part.shape[1:]) for part in vars(made).values()))


def load_cgn(path: Path, model: ImagenetCgn) -> ImagenetCgn:
    """Read a published ``cgn.pth`` into ``model``: one state dict with the prefixes
    ``biggan_GT.``, ``f_shape.``, ``f_text.``, ``f_bg.`` and ``u2net.``. Returns ``model`` in eval
    mode.

    Raises:
        UserError: an unreadable file, or the first key that is unknown, missing, of another shape
            or not finite; ``model`` is then as it was.
    """
    load_state(model, read_checkpoint(path), str(path))
    return model.eval()
