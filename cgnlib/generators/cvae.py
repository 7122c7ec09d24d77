"""The conditional VAE of coloured MNIST, and images at chosen codes (experiment GENINT-1).

The encoder does not see the label, so that what several classes share may be kept in the latent. An
*intervention* sets the latent along the principal directions of encoded images, further out than
the prior reaches; the label stays.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from cgnlib.generators.sampling import to_bytes
from cgnlib.generators.vae import VaeMethod
from cgnlib.rng import rng, seed_for

N_CLASSES = 10
SHAPE = (3, 32, 32)
_PIXELS = 3 * 32 * 32
_BATCH = 1000


class Cvae(nn.Module):
    """Linear, ReLU, linear each way, for images (B, 3, 32, 32) in [-1, 1].

    Args:
        latent: size of the latent z.
        hidden: width of the two hidden layers.
        label: size of the label's embedding, which joins z before the decoder.
    """

    def __init__(self, latent: int = 2, hidden: int = 1000, label: int = 5):
        super().__init__()
        self.latent = latent
        self.encoder = nn.Sequential(
            nn.Flatten(), nn.Linear(_PIXELS, hidden), nn.ReLU(), nn.Linear(hidden, 2 * latent)
        )
        self.label_emb = nn.Embedding(N_CLASSES, label)
        self.decoder = nn.Sequential(
            nn.Linear(latent + label, hidden),
            nn.ReLU(),
            nn.Linear(hidden, _PIXELS),
            nn.Unflatten(1, SHAPE),
        )

    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance, (B, latent) each."""
        return self.encoder((images + 1) / 2).chunk(2, dim=1)

    def decode(self, codes: Tensor, labels: Tensor) -> Tensor:
        """Logits (B, 3, 32, 32) of pixels in [0, 1]."""
        return self.decoder(torch.cat([codes, self.label_emb(labels)], 1))


class CvaeMethod(VaeMethod):
    """Training of a :class:`Cvae` with Adam: a method for :func:`cgnlib.training.fit`.

    Cross-entropy of the pixels and KL divergence to N(0, 1), both summed over an image's pixels or
    latents and averaged over images: the published sum over the batch, up to a factor that Adam
    does not see.
    """

    def __init__(self, model: Cvae, lr: float, seed: int, device: str = "cpu"):
        self.device, self.model = device, model.to(device)
        self.generator = rng(seed, "cvae-noise")
        self.optimiser = torch.optim.Adam(model.parameters(), lr=lr, fused=True)

    def update(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        """One step on images (B, 3, 32, 32) in [-1, 1] and labels (B,)."""
        images, labels = (part.to(self.device) for part in batch)
        return self.step(images, lambda codes: self.model.decode(codes, labels), beta=1.0)


def build_cvae(latent: int, hidden: int, label: int, seed: int) -> Cvae:
    """A fresh network; its first weights depend on sizes and seed only."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_for(seed, "cvae-weights"))
        return Cvae(latent, hidden, label)


@dataclass(frozen=True)
class PrincipalDirections:
    """Where encoded images lie: their ``mean`` (Z,), unit ``vectors`` (K, Z), widest spread first,
    and the standard deviation along each, ``spread`` (K,)."""

    mean: Tensor
    vectors: Tensor
    spread: Tensor


def principal_directions(means: Tensor, count: int = 2) -> PrincipalDirections:
    """PCA of posterior means (N, Z). A direction's sign is that which makes its entry of largest
    size positive."""
    centre = means.mean(0)
    _, singular, rows = torch.linalg.svd(means - centre, full_matrices=False)
    rows = rows[:count]
    largest = rows.gather(1, rows.abs().argmax(1, keepdim=True))
    spread = singular[:count] / max(1, len(means) - 1) ** 0.5
    return PrincipalDirections(centre, rows * largest.sign(), spread)


def _grid(values: Tensor) -> Tensor:
    """(S * S, 2): every pair, the first value growing fastest."""
    second, first = torch.meshgrid(values, values, indexing="ij")
    return torch.stack([first.flatten(), second.flatten()], 1)


def interventional_codes(found: PrincipalDirections, side: int, interval: float) -> Tensor:
    """(side², Z): a uniform grid from minus to plus ``interval`` on the two widest directions, in
    units of the prior's standard deviation, around the mean of encoded images (D34)."""
    steps = _grid(torch.linspace(-interval, interval, side))
    return found.mean + steps @ found.vectors[:2]


def gaussian_grid_codes(side: int, latent: int = 2) -> Tensor:
    """(side², latent): the quantiles (i + 0.5) / side of N(0, 1) in the first two latents, zeros in
    others: the published code's grid, which is the prior itself (D34)."""
    shares = (torch.arange(side) + 0.5) / side
    steps = _grid(torch.distributions.Normal(0.0, 1.0).icdf(shares))
    return torch.cat([steps, steps.new_zeros(len(steps), latent - 2)], 1)


def prior_codes(count: int, latent: int, generator: torch.Generator) -> Tensor:
    """(count, latent) draws from the prior, whatever the label."""
    return torch.randn(count, latent, generator=generator)


def encoded_codes(mean: Tensor, log_var: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """(count, Z) draws from the posteriors, (N, Z) each, of images drawn with replacement: of one
    class's images, latents as they occur with that label."""
    rows = torch.randint(len(mean), (count,), generator=generator)
    noise = torch.randn(count, mean.shape[1], generator=generator)
    return mean[rows] + (0.5 * log_var[rows]).exp() * noise


@torch.no_grad()
def decoded(model: Cvae, codes: Tensor, labels: Tensor) -> Tensor:
    """Images (N, 32, 32, 3) uint8 at codes (N, Z) with labels (N,)."""
    device = next(model.parameters()).device
    made = torch.empty(len(codes), 32, 32, 3, dtype=torch.uint8)
    for part in torch.arange(len(codes)).split(_BATCH):
        logits = model.decode(codes[part].to(device), labels[part].to(device))
        made[part] = to_bytes(logits.sigmoid(), 0.0)
    return made
