"""The GAN baseline of the MNIST table: a conditional generator without mechanisms.

Source: the first reproducibility study of the CGN (DCGAN layers; the paper names no architecture).
It learns the training distribution as it is, bias included, so its images repeat the correlation of
shape, colour and background.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from cgnlib.generators.adversarial import (
    AdversarialMethod,
    AdversarialSettings,
    Opponent,
    renew_by_class,
)
from cgnlib.generators.counterfactuals import balanced_labels
from cgnlib.generators.mnist_cgn import N_CLASSES
from cgnlib.generators.sampling import to_bytes
from cgnlib.rng import rng

_BATCH = 500


class MnistGan(nn.Module):
    """Four transposed convolutions from noise and label embedding to a 32x32 image.

    With ``latent=32, width=32`` the layers, the 831,460 parameters and the names in the state dict
    (``label_emb``, ``model.0`` to ``model.9``) are those of the first reproduction.
    """

    def __init__(self, latent: int = 32, width: int = 32):
        super().__init__()
        self.latent = latent
        self.label_emb = nn.Embedding(N_CLASSES, N_CLASSES)
        sizes = [latent + N_CLASSES, 8 * width, 4 * width, 2 * width]
        layers: list[nn.Module] = []
        for position, (inputs, outputs) in enumerate(zip(sizes, sizes[1:], strict=False)):
            stride, padding = (2, 1) if position else (1, 0)
            layers += [
                nn.ConvTranspose2d(inputs, outputs, 4, stride, padding, bias=False),
                nn.BatchNorm2d(outputs),
                nn.LeakyReLU(0.2),
            ]
        layers += [nn.ConvTranspose2d(sizes[-1], 3, 4, 2, 1, bias=False), nn.Tanh()]
        self.model = nn.Sequential(*layers)
        self.to(memory_format=torch.channels_last)

    def forward(self, u: Tensor, labels: Tensor) -> Tensor:
        """Images (B, 3, 32, 32) in [-1, 1] for noise (B, latent) and labels (B,)."""
        code = torch.cat([u, self.label_emb(labels)], 1)  # (B, latent + 10)
        weight = self.model[0].weight  # (latent + 10, C, 4, 4); on one pixel it is a matrix
        maps = (code @ weight.reshape(len(weight), -1)).view(len(code), -1, 4, 4)
        return self.model[1:](maps.contiguous(memory_format=torch.channels_last))

    @torch.no_grad()
    def sample(self, labels: Tensor, generator: torch.Generator) -> Tensor:
        """Images of ``labels`` (B,) in eval mode, (B, 32, 32, 3) uint8 on the CPU."""
        device, training = self.label_emb.weight.device, self.training
        self.eval()
        noise = torch.randn(len(labels), self.latent, generator=generator)
        made = [
            to_bytes(self(part.to(device), own.to(device)))
            for part, own in zip(noise.split(_BATCH), labels.split(_BATCH), strict=True)
        ]
        self.train(training)
        return torch.cat(made)


@dataclass(frozen=True)
class GanSettings(AdversarialSettings):
    """Everything that shapes a GAN training; names, units and ranges as in ``MnistParams``."""

    gan_width: int
    gan_disc: str
    gan_disc_width: int
    gan_adversarial: str
    gan_steps: int


def build_gan(settings: GanSettings) -> MnistGan:
    """The GAN of these settings with weights not yet meaningful."""
    return MnistGan(settings.cgn_latent, settings.gan_width)


class GanMethod(AdversarialMethod[MnistGan]):
    """Per step the generator is updated, then the discriminator on the real batch and the same
    generated one.

    Args:
        settings: architecture, loss and schedule.
        seed: of initialisation and noise.
        device: where both networks run.
    """

    name = "gan"
    settings: GanSettings

    def __init__(self, settings: GanSettings, seed: int, device: str = "cpu"):
        opponent = Opponent(settings.gan_disc, settings.gan_disc_width, settings.gan_adversarial)
        super().__init__(settings, opponent, seed, device)

    @property
    def gan(self) -> MnistGan:
        """The network in training."""
        return self.network

    def _build(self) -> MnistGan:
        return build_gan(self.settings)

    def _renew(self, network: MnistGan) -> None:
        def forward(labels: Tensor, generator: torch.Generator) -> None:
            noise = torch.randn(len(labels), network.latent, generator=generator)
            network(noise.to(labels.device), labels)

        renew_by_class(network, forward, self.seed)

    def _step(self, real: Tensor, labels: Tensor) -> dict[str, Tensor]:
        count = len(real)
        made_labels = torch.randint(0, N_CLASSES, (count,), generator=self.generator)
        made_labels = made_labels.to(self.device)
        noise = torch.randn(count, self.settings.cgn_latent, generator=self.generator)
        made = self.gan(noise.to(self.device), made_labels)
        loss = self._fooling_loss(made, made_labels)
        self._descend(0, loss)
        disc_loss = self._update_discriminator(made.detach(), made_labels, real, labels)
        return {"loss_adversarial": loss.detach(), "loss_discriminator": disc_loss}


class GanImages:
    """A set of ``count`` generated images (uint8) with the label each was asked for, every class as
    often as the others. Batches look like those of
    :class:`cgnlib.generators.counterfactuals.Counterfactuals`, with one label per image.
    """

    def __init__(self, gan: MnistGan, count: int, seed: int):
        generator = rng(seed, "gan-bank")
        self.labels = balanced_labels(count, generator)  # (count,)
        self.pixels = gan.sample(self.labels, generator)  # (count, 32, 32, 3) uint8

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Images (B, 3, 32, 32) float32 in [-1, 1], channels_last, and labels (B, 1)."""
        images = self.pixels[index].float().div_(127.5).sub_(1)
        return images.permute(0, 3, 1, 2), self.labels[index][:, None]


def gan_sheet(gan: MnistGan, seed: int, per_class: int = 2) -> Tensor:
    """(per_class, 10, 32, 32, 3) uint8: one class per column (first reproduction, Figure 9)."""
    labels = torch.arange(N_CLASSES).repeat(per_class)
    return gan.sample(labels, rng(seed, "gan-sheet")).unflatten(0, (per_class, N_CLASSES))
