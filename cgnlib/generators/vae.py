"""A small convolutional beta-VAE, and its training step.

Source: CGN paper, Figure 6, which states no settings; the architecture, the width and the Bernoulli
likelihood are ours, beta and the two latents those of Higgins et al. (2017) at their smallest.
"""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cgnlib.rng import rng, seed_for
from cgnlib.training import Resumable

LATENTS = 2
_WIDTH = 16


class BetaVae(nn.Module):
    """Three strided convolutions to the mean and log variance of ``latents`` normal variables, and
    three transposed ones back, for images (B, 3, 32, 32)."""

    def __init__(self, latents: int = LATENTS, width: int = _WIDTH):
        super().__init__()
        w = width
        self.encoder = nn.Sequential(
            nn.Conv2d(3, w, 4, 2, 1),
            nn.ReLU(),
            nn.Conv2d(w, 2 * w, 4, 2, 1),
            nn.ReLU(),
            nn.Conv2d(2 * w, 4 * w, 4, 2, 1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(4 * w * 16, 8 * w),
            nn.ReLU(),
            nn.Linear(8 * w, 2 * latents),
        )
        self.decoder = nn.Sequential(
            nn.Linear(latents, 8 * w),
            nn.ReLU(),
            nn.Linear(8 * w, 4 * w * 16),
            nn.ReLU(),
            nn.Unflatten(1, (4 * w, 4, 4)),
            nn.ConvTranspose2d(4 * w, 2 * w, 4, 2, 1),
            nn.ReLU(),
            nn.ConvTranspose2d(2 * w, w, 4, 2, 1),
            nn.ReLU(),
            nn.ConvTranspose2d(w, 3, 4, 2, 1),
        )
        self.to(memory_format=torch.channels_last)

    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance, (B, latents) each, of images in [-1, 1]."""
        return self.encoder(images).chunk(2, dim=1)

    def decode(self, latents: Tensor) -> Tensor:
        """Logits (B, 3, 32, 32) of pixels in [0, 1]."""
        return self.decoder(latents)


def beta_vae_loss(
    logits: Tensor, images: Tensor, mean: Tensor, log_var: Tensor, beta: float
) -> tuple[Tensor, Tensor]:
    """Reconstruction and beta-weighted KL divergence to N(0, 1), in nats, summed over pixels or
    latents and averaged over images.

    Args:
        logits: of pixels in [0, 1], (B, C, H, W).
        images: in [-1, 1], clamped.
    """
    target = ((images + 1) / 2).clamp(0, 1)
    pixels = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    divergence = 0.5 * (mean.square() + log_var.exp() - 1 - log_var).sum(1)
    return pixels.sum(dim=(1, 2, 3)).mean(), beta * divergence.mean()


class VaeMethod(Resumable):
    """The step that trainings of VAEs share: codes drawn from the posterior, Adam on the loss.

    Subclasses set ``model``, ``optimiser`` and ``generator``, the stream of the codes' noise.
    """

    def step(
        self, images: Tensor, decode: Callable[[Tensor], Tensor], beta: float
    ) -> dict[str, Tensor]:
        """One update on images (B, 3, H, W) in [-1, 1]; ``decode`` makes logits of codes (B, Z)."""
        mean, log_var = self.model.encode(images)
        noise = torch.randn(mean.shape, generator=self.generator).to(mean.device)
        logits = decode(mean + (0.5 * log_var).exp() * noise)
        pixels, divergence = beta_vae_loss(logits, images, mean, log_var, beta)
        self.optimiser.zero_grad(set_to_none=True)
        (pixels + divergence).backward()
        self.optimiser.step()
        return {"loss_reconstruction": pixels.detach(), "loss_divergence": divergence.detach()}

    def _parts(self) -> dict[str, Any]:
        return {"model": self.model, "optimiser": self.optimiser}


class BetaVaeMethod(VaeMethod):
    """Training of a :class:`BetaVae` with Adam: a method for :func:`cgnlib.training.fit`.

    The weight of the divergence rises from 0 to ``beta`` over ``ramp_steps``: at its full weight
    from the first step the latents die before the decoder has learned to read them.
    """

    def __init__(self, beta: float, lr: float, ramp_steps: int, seed: int, device: str = "cpu"):
        self.beta, self.ramp_steps, self.device = beta, ramp_steps, device
        self.steps_done = 0
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed_for(seed, "vae-weights"))
            self.model = BetaVae().to(device)
        self.generator = rng(seed, "vae-noise")
        self.optimiser = torch.optim.Adam(self.model.parameters(), lr=lr, fused=True)

    def update(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        """One step on images (B, 3, 32, 32) in [-1, 1]; their labels are not read."""
        images = batch[0].to(self.device).contiguous(memory_format=torch.channels_last)
        self.steps_done += 1
        beta = self.beta * min(1.0, self.steps_done / max(1, self.ramp_steps))
        return self.step(images, self.model.decode, beta)


@torch.no_grad()
def decoded_grid(model: BetaVae, side: int = 10) -> Tensor:
    """Images (side, side, 3, 32, 32) in [0, 1] at the quantiles (i + 0.5) / side of N(0, 1): the
    first latent grows to the right, the second upwards."""
    device = next(model.parameters()).device
    shares = (torch.arange(side, device=device) + 0.5) / side
    at = torch.distributions.Normal(0.0, 1.0).icdf(shares)
    second, first = torch.meshgrid(at.flip(0), at, indexing="ij")
    codes = torch.stack([first.flatten(), second.flatten()], 1)
    return model.decode(codes).sigmoid().unflatten(0, (side, side)).cpu()
