"""The discriminator that sharpens a paired generator, with its optimiser."""

import torch
from torch import Tensor, nn

from cgnlib.generators.image_discriminator import ImageDiscriminator
from cgnlib.rng import seed_for

_BETAS = (0.0, 0.99)


def hinge_discriminator(real: Tensor, made: Tensor) -> Tensor:
    """Mean of max(0, 1 - D(real)) + max(0, 1 + D(made)), logits (B,) each (Lim and Ye, 2017)."""
    return (1 - real).clamp(min=0).mean() + (1 + made).clamp(min=0).mean()


class SceneOpponent:
    """A spectrally normalised projection discriminator in training, by the hinge loss of BigGAN.

    Args:
        classes: labels.
        lr: Adam's step size.
        seed: of the first weights.
    """

    def __init__(self, classes: int, lr: float, seed: int):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed_for(seed, "scene-opponent"))
            self.network = ImageDiscriminator(classes)
        self.optimiser = torch.optim.Adam(
            self.network.parameters(), lr=lr, betas=_BETAS, fused=True
        )

    def fooling(self, made: Tensor, labels: Tensor) -> Tensor:
        """Loss of the generator, -mean D; only the gradient of ``made`` is kept.

        Args:
            made: (B, 3, 64, 64) in [-1, 1].
            labels: (B,).
        """
        self.network.requires_grad_(False)
        loss = -self.network(made, labels).mean()
        self.network.requires_grad_(True)
        return loss

    def update(self, real: Tensor, made: Tensor, labels: Tensor) -> Tensor:
        """One step on real and made images of the same labels; the loss before it."""
        images = torch.cat([real, made.detach()])
        logits = self.network(images, torch.cat([labels, labels]))
        loss = hinge_discriminator(*logits.chunk(2))
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        return loss.detach()

    def parts(self) -> dict[str, nn.Module | torch.optim.Optimizer]:
        """What a checkpoint holds."""
        return {"opponent": self.network, "optimiser_opponent": self.optimiser}
