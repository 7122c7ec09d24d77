"""The GAN baseline of the MNIST table: a conditional generator without mechanisms.

Source: the first reproducibility study of the CGN (DCGAN layers; the paper names no architecture).
It learns the training distribution as it is, bias included, so its images repeat the correlation of
shape, colour and background.
"""

import copy
from dataclasses import dataclass, fields

import torch
from torch import Tensor, nn

from cgnlib.generators import losses
from cgnlib.generators.counterfactuals import balanced_labels
from cgnlib.generators.discriminators import DISCRIMINATORS, Dropout, random_shift
from cgnlib.generators.mnist_cgn import N_CLASSES
from cgnlib.generators.sampling import to_bytes
from cgnlib.rng import rng, seed_for
from cgnlib.training import Ema, renew_batch_norm

ADVERSARIAL = {
    "bce": (losses.bce_generator, losses.bce_discriminator),
    "lsgan": (losses.lsgan_generator, losses.lsgan_discriminator),
}
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
class GanSettings:
    """Everything that shapes a GAN training; names, units and ranges as in ``MnistParams``."""

    cgn_latent: int
    gan_width: int
    gan_disc: str
    gan_disc_width: int
    gan_adversarial: str
    gan_steps: int
    disc_shift_px: int
    r1_gamma: float
    r1_every_steps: int
    cgn_batch: int
    cgn_lr: float
    cgn_beta1: float
    cgn_beta2: float
    ema_decay: float

    @classmethod
    def names(cls) -> list[str]:
        """Parameter names, in order."""
        return [field.name for field in fields(cls)]


def build_gan(settings: GanSettings) -> MnistGan:
    """The GAN of these settings with weights not yet meaningful."""
    return MnistGan(settings.cgn_latent, settings.gan_width)


class GanMethod:
    """Generator and discriminator with their optimisers: a method for
    :func:`cgnlib.training.fit`. Per step the generator is updated, then the discriminator on the
    real batch and the same generated one.

    Args:
        settings: architecture, loss and schedule.
        seed: of initialisation and noise.
        device: where both networks run.
    """

    def __init__(self, settings: GanSettings, seed: int, device: str = "cpu"):
        self.settings, self.seed, self.device = settings, seed, device
        with torch.random.fork_rng(devices=[]):  # layer constructors know only the global generator
            torch.manual_seed(seed_for(seed, "gan-weights"))
            self.gan = build_gan(settings).to(device)
            disc = DISCRIMINATORS[settings.gan_disc](settings.gan_disc_width)
        self.disc = disc.to(device, memory_format=torch.channels_last)
        self.ema = Ema(self.gan, settings.ema_decay)
        self.generator = rng(seed, "gan-noise")
        for module in self.disc.modules():
            if isinstance(module, Dropout):
                module.generator = self.generator
        betas = (settings.cgn_beta1, settings.cgn_beta2)
        self.optimisers = [
            torch.optim.Adam(network.parameters(), lr=settings.cgn_lr, fused=True, betas=betas)
            for network in (self.gan, self.disc)
        ]
        self.steps_done = 0

    def sampler(self, size: int = 200) -> MnistGan:
        """The network to sample from, as it is now: the average, where there is one, with batch
        statistics of its own."""
        if not self.settings.ema_decay:
            return self.gan
        average, generator = copy.deepcopy(self.ema.average), rng(self.seed, "batch-norm")
        labels = (torch.arange(size) % N_CLASSES).to(self.device)

        def forward() -> None:
            noise = torch.randn(size, average.latent, generator=generator)
            average(noise.to(self.device), labels)

        renew_batch_norm(average, forward)
        return average

    def _judge(self, images: Tensor, labels: Tensor) -> Tensor:
        """Logits (B,) of the discriminator, which sees the images slightly shifted."""
        if self.settings.disc_shift_px:
            images = random_shift(images, self.settings.disc_shift_px, self.generator)
        return self.disc(images, labels)

    def _update_generator(self, count: int) -> tuple[Tensor, Tensor, Tensor]:
        """Loss, the images (B, 3, 32, 32) without gradient, and their labels (B,)."""
        labels = torch.randint(0, N_CLASSES, (count,), generator=self.generator).to(self.device)
        noise = torch.randn(count, self.settings.cgn_latent, generator=self.generator)
        made = self.gan(noise.to(self.device), labels)
        self.disc.requires_grad_(False)  # only the images' gradient is read
        loss = ADVERSARIAL[self.settings.gan_adversarial][0](self._judge(made, labels))
        self.disc.requires_grad_(True)
        self.optimisers[0].zero_grad(set_to_none=True)
        loss.backward()
        self.optimisers[0].step()
        return loss.detach(), made.detach(), labels

    def _update_discriminator(
        self, fake: Tensor, fake_labels: Tensor, real: Tensor, labels: Tensor
    ) -> Tensor:
        s = self.settings
        penalised = s.r1_gamma > 0 and self.steps_done % s.r1_every_steps == 0
        real = real.detach().requires_grad_(penalised)
        if s.gan_disc == "conv":  # batch statistics stay apart
            real_logits, fake_logits = self._judge(real, labels), self._judge(fake, fake_labels)
        else:
            both = self._judge(torch.cat([real, fake]), torch.cat([labels, fake_labels]))
            real_logits, fake_logits = both.chunk(2)
        loss = ADVERSARIAL[s.gan_adversarial][1](real_logits, fake_logits)
        total = loss
        if penalised:
            total = loss + s.r1_every_steps * s.r1_gamma * losses.r1_penalty(real_logits, real)
        self.optimisers[1].zero_grad(set_to_none=True)
        total.backward()
        self.optimisers[1].step()
        return loss.detach()

    def update(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        """One step on real images (B, 3, 32, 32) in [-1, 1] and their labels (B,)."""
        real, labels = (part.to(self.device, non_blocking=True) for part in batch)
        real = real.contiguous(memory_format=torch.channels_last)
        loss, fake, fake_labels = self._update_generator(len(real))
        disc_loss = self._update_discriminator(fake, fake_labels, real, labels)
        if self.settings.ema_decay:
            self.ema.update()
        self.steps_done += 1
        return {"loss_adversarial": loss, "loss_discriminator": disc_loss}

    def _parts(self) -> dict[str, nn.Module | torch.optim.Optimizer]:
        return {
            "gan": self.gan,
            "disc": self.disc,
            "average": self.ema.average,
            "optimiser_gan": self.optimisers[0],
            "optimiser_disc": self.optimisers[1],
        }

    def state_dict(self) -> dict:
        """Everything the next update depends on."""
        state = {name: part.state_dict() for name, part in self._parts().items()}
        return {
            **state,
            "generator": self.generator.get_state(),
            "steps": self.steps_done,
            "ema_updates": self.ema.updates,
        }

    def load_state_dict(self, state: dict) -> None:
        """Continue from :meth:`state_dict`."""
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        self.generator.set_state(state["generator"])
        self.steps_done, self.ema.updates = state["steps"], state["ema_updates"]


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
