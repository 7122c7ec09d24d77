"""One training step of the CGN for biased MNIST, with every loss switched by its weight."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, fields

import torch
from torch import Tensor, nn

from cgnlib.generators import losses
from cgnlib.generators.discriminators import DISCRIMINATORS, Dropout, random_shift
from cgnlib.generators.mnist_cgn import N_CLASSES, Composition, MnistCgn, initialise
from cgnlib.rng import rng, seed_for
from cgnlib.training import Ema, renew_batch_norm

ADVERSARIAL = {
    "lsgan": (losses.lsgan_generator, losses.lsgan_discriminator),
    "nonsaturating": (losses.nonsaturating_generator, losses.nonsaturating_discriminator),
}


@dataclass(frozen=True)
class CgnSettings:
    """Everything that shapes a CGN training; names, units and ranges as in ``MnistParams``."""

    cgn_latent: int
    cgn_width: int
    cgn_shape_width: int
    cgn_norm: str
    cgn_mask: str
    cgn_mask_bias: float
    cgn_head: str
    cgn_shuffle: bool
    cgn_torus: bool
    cgn_mask_prior: float
    cgn_init: str
    cgn_init_gain: float
    cgn_shared_noise: bool
    disc: str
    disc_width: int
    disc_shift_px: int
    adversarial: str
    weight_adversarial: float
    r1_gamma: float
    r1_every_steps: int
    weight_binary: float
    binary_ramp_frac: float
    weight_mask: float
    mask_low: float
    mask_high: float
    mask_power: int
    weight_edge: float
    edge_form: str
    edge_px: int
    perceptual_features: str
    perceptual_w1: float
    perceptual_w2: float
    perceptual_w3: float
    perceptual_w4: float
    weight_ssim: float
    ssim_form: str
    cgn_steps: int
    cgn_batch: int
    cgn_lr: float
    cgn_beta1: float
    cgn_beta2: float
    ema_decay: float

    @classmethod
    def names(cls) -> list[str]:
        """Parameter names, in order."""
        return [field.name for field in fields(cls)]

    @property
    def perceptual_weights(self) -> tuple[float, float, float, float]:
        """Style weights of the four feature layers."""
        return (self.perceptual_w1, self.perceptual_w2, self.perceptual_w3, self.perceptual_w4)


def build_cgn(settings: CgnSettings) -> MnistCgn:
    """The CGN of these settings with weights not yet meaningful."""
    return MnistCgn(
        settings.cgn_latent,
        settings.cgn_width,
        settings.cgn_norm,
        settings.cgn_mask,
        settings.cgn_mask_bias,
        settings.cgn_head,
        settings.cgn_shuffle,
        settings.cgn_torus,
        settings.cgn_mask_prior,
        settings.cgn_shape_width,
    )


def renew_statistics(cgn: MnistCgn, seed: int, size: int = 200) -> None:
    """Measure the batch statistics of every mechanism anew, every class as often as the others."""
    generator = rng(seed, "batch-norm")
    cgn.set_generator(generator)
    device = next(cgn.parameters()).device
    labels = (torch.arange(size) % N_CLASSES).to(device)

    def forward() -> None:
        noise = torch.randn(3, size, cgn.latent, generator=generator).to(device)
        cgn.mask(noise[0], labels)
        cgn.foreground(noise[1], labels)
        cgn.background(noise[2], labels)

    renew_batch_norm(cgn, forward)


class CgnMethod:
    """CGN and discriminator with their optimisers: a method for :func:`cgnlib.training.fit`.

    Per step, as in the published code: labels and noise are drawn, the generator is updated on the
    weighted losses, then the discriminator on the real batch and the same generated one.

    Args:
        settings: architecture, weights and schedule.
        seed: of initialisation and noise.
        features: network behind the perceptual loss (None where its weights are zero).
        device: where both networks run.
    """

    def __init__(
        self,
        settings: CgnSettings,
        seed: int,
        features: Callable[[Tensor], list[Tensor | None]] | None = None,
        device: str = "cpu",
    ):
        self.settings, self.features, self.device = settings, features, device
        self.seed = seed
        with torch.random.fork_rng(devices=[]):  # layer constructors know only the global generator
            torch.manual_seed(seed_for(seed, "cgn-weights"))
            self.cgn = build_cgn(settings)
            initialise(self.cgn, settings.cgn_init, settings.cgn_init_gain)
            self.disc = DISCRIMINATORS[settings.disc](settings.disc_width)
        self.cgn.to(device)
        self.disc.to(device, memory_format=torch.channels_last)
        self.ema = Ema(self.cgn, settings.ema_decay)
        self.generator = rng(seed, "cgn-noise")
        self.cgn.set_generator(self.generator)
        for module in self.disc.modules():
            if isinstance(module, Dropout):
                module.generator = self.generator
        self.optimisers = [
            torch.optim.Adam(
                network.parameters(),
                lr=settings.cgn_lr,
                fused=True,
                betas=(settings.cgn_beta1, settings.cgn_beta2),
            )
            for network in (self.cgn, self.disc)
        ]
        self.steps_done = 0

    def sampler(self) -> MnistCgn:
        """The network to sample from, as it is now: the average, where there is one, with batch
        statistics of its own."""
        if not self.settings.ema_decay:
            return self.cgn
        average = copy.deepcopy(self.ema.average)
        renew_statistics(average, self.seed)
        return average

    def _judge(self, images: Tensor, labels: Tensor) -> Tensor:
        """Logits (B,) of the discriminator, which sees the images slightly shifted."""
        if self.settings.disc_shift_px:
            images = random_shift(images, self.settings.disc_shift_px, self.generator)
        return self.disc(images, labels)

    def _compose(self, count: int) -> tuple[Composition, Tensor]:
        labels = torch.randint(0, N_CLASSES, (count,), generator=self.generator).to(self.device)
        draws = 1 if self.settings.cgn_shared_noise else 3
        noise = torch.randn(draws, count, self.settings.cgn_latent, generator=self.generator)
        noise = noise.to(self.device).expand(3, -1, -1)
        return self.cgn(tuple(noise), (labels, labels, labels)), labels

    def _mask_losses(self, mask: Tensor) -> dict[str, Tensor]:
        s = self.settings
        ramp = min(1.0, self.steps_done / max(1.0, s.binary_ramp_frac * s.cgn_steps))
        ramp = 1.0 if s.binary_ramp_frac == 0 else ramp
        terms = {}
        if s.weight_binary:
            terms["binary"] = ramp * s.weight_binary * losses.binary_entropy(mask)
        if s.weight_mask:
            terms["mask"] = s.weight_mask * losses.mask_interval(
                mask, s.mask_low, s.mask_high, s.mask_power
            )
        if s.weight_edge:
            loss = (
                losses.edge_legacy(mask)
                if s.edge_form == "legacy"
                else losses.edge(mask, s.edge_px)
            )
            terms["edge"] = s.weight_edge * loss
        return terms

    def _dissimilarity(self, made: Tensor, real: Tensor) -> Tensor:
        """1 - SSIM of made against real images. As in the second reproduction they are unpaired:
        image i of one batch has nothing to do with image i of the other, their labels included.
        ``detached`` is that study's code: no gradient, and the range of images in [0, 1]."""
        if self.settings.ssim_form == "detached":
            return 1 - losses.ssim(made.detach(), real, data_range=1.0)
        return 1 - losses.ssim(made, real)

    def _update_generator(
        self, made: Composition, labels: Tensor, real: Tensor
    ) -> dict[str, Tensor]:
        s = self.settings
        terms = self._mask_losses(made.mask)
        if s.weight_adversarial:
            self.disc.requires_grad_(False)  # only the images' gradient is read
            logits = self._judge(made.image, labels)
            self.disc.requires_grad_(True)
            terms["adversarial"] = s.weight_adversarial * ADVERSARIAL[s.adversarial][0](logits)
        if self.features is not None:
            terms["perceptual"] = losses.perceptual(
                made.image, real, self.features, s.perceptual_weights
            )
        if s.weight_ssim:
            terms["ssim"] = s.weight_ssim * self._dissimilarity(made.image, real)
        self.optimisers[0].zero_grad(set_to_none=True)
        sum(terms.values()).backward()
        self.optimisers[0].step()
        return terms

    def _update_discriminator(
        self, fake: Tensor, fake_labels: Tensor, real: Tensor, labels: Tensor
    ) -> dict[str, Tensor]:
        s = self.settings
        penalised = s.r1_gamma > 0 and self.steps_done % s.r1_every_steps == 0
        real = real.detach().requires_grad_(penalised)
        if s.disc == "conv":  # batch statistics stay apart, as published
            real_logits, fake_logits = self._judge(real, labels), self._judge(fake, fake_labels)
        else:
            both = self._judge(torch.cat([real, fake]), torch.cat([labels, fake_labels]))
            real_logits, fake_logits = both.chunk(2)
        loss = ADVERSARIAL[s.adversarial][1](real_logits, fake_logits)
        terms = {"discriminator": loss}
        if penalised:
            penalty = s.r1_gamma * losses.r1_penalty(real_logits, real)
            loss = loss + s.r1_every_steps * penalty
        self.optimisers[1].zero_grad(set_to_none=True)
        loss.backward()
        self.optimisers[1].step()
        return terms

    def update(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        """One step on real images (B, 3, H, W) in [-1, 1] and their labels (B,)."""
        real, labels = (part.to(self.device, non_blocking=True) for part in batch)
        real = real.contiguous(memory_format=torch.channels_last)
        made, fake_labels = self._compose(len(real))
        terms = self._update_generator(made, fake_labels, real)
        if self.settings.weight_adversarial:
            terms |= self._update_discriminator(made.image.detach(), fake_labels, real, labels)
        if self.settings.ema_decay:
            self.ema.update()
        self.steps_done += 1
        logged = {f"loss_{name}": value.detach() for name, value in terms.items()}
        return {**logged, "mask_mean": made.mask.detach().mean()}

    def _parts(self) -> dict[str, nn.Module | torch.optim.Optimizer]:
        return {
            "cgn": self.cgn,
            "disc": self.disc,
            "average": self.ema.average,
            "optimiser_cgn": self.optimisers[0],
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
