"""What the adversarial trainings of the CGN and of the GAN baseline have in common."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Generic, NamedTuple, TypeVar

import torch
from torch import Tensor, nn

from cgnlib.generators import losses
from cgnlib.generators.discriminators import DISCRIMINATORS, random_shift
from cgnlib.generators.mnist_cgn import N_CLASSES
from cgnlib.networks.dropout import set_dropout_generator
from cgnlib.rng import rng, seed_for
from cgnlib.training import Ema, Resumable, renew_batch_norm

# Loss of the generator, loss of the discriminator.
ADVERSARIAL = {
    "bce": (losses.bce_generator, losses.bce_discriminator),
    "lsgan": (losses.lsgan_generator, losses.lsgan_discriminator),
    "nonsaturating": (losses.nonsaturating_generator, losses.nonsaturating_discriminator),
}
Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True)
class AdversarialSettings:
    """What shapes both trainings; names, units and ranges as in ``MnistParams``."""

    cgn_latent: int
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


class Opponent(NamedTuple):
    """Kind and width of the discriminator, and the loss (a key of ``ADVERSARIAL``) of the game."""

    disc: str
    width: int
    loss: str


def renew_by_class(
    network: nn.Module,
    forward: Callable[[Tensor, torch.Generator], None],
    seed: int,
    size: int = 200,
) -> None:
    """Measure the batch statistics of ``network`` anew over calls of ``forward`` (labels on the
    network's device, generator of the noise), every class as often as the others."""
    generator = rng(seed, "batch-norm")
    labels = (torch.arange(size) % N_CLASSES).to(next(network.parameters()).device)
    renew_batch_norm(network, lambda: forward(labels, generator))


class AdversarialMethod(Resumable, ABC, Generic[Network]):
    """Generator and discriminator with their optimisers: a method for
    :func:`cgnlib.training.fit`. A subclass says what its network is and how one step is taken.

    Args:
        settings: architecture, losses and schedule.
        opponent: the discriminator and the loss.
        seed: of initialisation and noise.
        device: where both networks run.
    """

    name: str  # of the network, in random streams and in the state

    def __init__(self, settings: AdversarialSettings, opponent: Opponent, seed: int, device: str):
        self.settings, self.opponent = settings, opponent
        self.seed, self.device = seed, device
        with torch.random.fork_rng(devices=[]):  # layer constructors know only the global generator
            torch.manual_seed(seed_for(seed, f"{self.name}-weights"))
            self.network = self._build().to(device)
            disc = DISCRIMINATORS[opponent.disc](opponent.width)
        self.disc = disc.to(device, memory_format=torch.channels_last)
        self.ema = Ema(self.network, settings.ema_decay)
        self.generator = rng(seed, f"{self.name}-noise")
        set_dropout_generator(self.disc, self.generator)
        betas = (settings.cgn_beta1, settings.cgn_beta2)
        self.optimisers = [
            torch.optim.Adam(network.parameters(), lr=settings.cgn_lr, fused=True, betas=betas)
            for network in (self.network, self.disc)
        ]
        self.steps_done = 0

    @abstractmethod
    def _build(self) -> Network:
        """The network with its first weights, from the global generator."""

    @abstractmethod
    def _renew(self, network: Network) -> None:
        """Measure the batch statistics of ``network`` anew."""

    @abstractmethod
    def _step(self, real: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """Update both networks on real images and their labels; what is logged, no gradients."""

    def sampler(self) -> Network:
        """The network to sample from, as it is now: the average, where there is one, with batch
        statistics of its own."""
        if not self.settings.ema_decay:
            return self.network
        average = copy.deepcopy(self.ema.average)
        self._renew(average)
        return average

    def update(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        """One step on real images (B, 3, 32, 32) in [-1, 1] and their labels (B,)."""
        real, labels = (part.to(self.device, non_blocking=True) for part in batch)
        logged = self._step(real.contiguous(memory_format=torch.channels_last), labels)
        if self.settings.ema_decay:
            self.ema.update()
        self.steps_done += 1
        return logged

    def _judge(self, images: Tensor, labels: Tensor) -> Tensor:
        """Logits (B,) of the discriminator, which sees the images slightly shifted."""
        if self.settings.disc_shift_px:
            images = random_shift(images, self.settings.disc_shift_px, self.generator)
        return self.disc(images, labels)

    def _fooling_loss(self, made: Tensor, labels: Tensor) -> Tensor:
        """Adversarial loss of generated images: only their gradient is read, not the
        discriminator's."""
        self.disc.requires_grad_(False)
        logits = self._judge(made, labels)
        self.disc.requires_grad_(True)
        return ADVERSARIAL[self.opponent.loss][0](logits)

    def _descend(self, place: int, loss: Tensor) -> None:
        """One step of the generator's (0) or the discriminator's (1) optimiser."""
        self.optimisers[place].zero_grad(set_to_none=True)
        loss.backward()
        self.optimisers[place].step()

    def _update_discriminator(
        self, fake: Tensor, fake_labels: Tensor, real: Tensor, labels: Tensor
    ) -> Tensor:
        """Its adversarial loss before the step, without the penalty."""
        s = self.settings
        penalised = s.r1_gamma > 0 and self.steps_done % s.r1_every_steps == 0
        real = real.detach().requires_grad_(penalised)
        if self.opponent.disc == "conv":  # batch statistics stay apart, as published
            real_logits, fake_logits = self._judge(real, labels), self._judge(fake, fake_labels)
        else:
            both = self._judge(torch.cat([real, fake]), torch.cat([labels, fake_labels]))
            real_logits, fake_logits = both.chunk(2)
        loss = total = ADVERSARIAL[self.opponent.loss][1](real_logits, fake_logits)
        if penalised:
            penalty = s.r1_gamma * losses.r1_penalty(real_logits, real)
            total = loss + s.r1_every_steps * penalty
        self._descend(1, total)
        return loss.detach()

    def _parts(self) -> dict[str, Any]:
        return {
            self.name: self.network,
            "disc": self.disc,
            "average": self.ema.average,
            f"optimiser_{self.name}": self.optimisers[0],
            "optimiser_disc": self.optimisers[1],
        }

    def state_dict(self) -> dict[str, Any]:
        """Everything the next update depends on."""
        return {**super().state_dict(), "ema_updates": self.ema.updates}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from :meth:`state_dict`."""
        super().load_state_dict(state)
        self.ema.updates = state["ema_updates"]
