"""One training step of the CGN for biased MNIST, with every loss switched by its weight."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from cgnlib.generators import losses
from cgnlib.generators.adversarial import (
    AdversarialMethod,
    AdversarialSettings,
    Opponent,
    renew_by_class,
)
from cgnlib.generators.mnist_cgn import N_CLASSES, Composition, MnistCgn, initialise


@dataclass(frozen=True)
class CgnSettings(AdversarialSettings):
    """Everything that shapes a CGN training; names, units and ranges as in ``MnistParams``."""

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
    adversarial: str
    weight_adversarial: float
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

    def forward(labels: Tensor, generator: torch.Generator) -> None:
        cgn.set_generator(generator)
        noise = torch.randn(3, size, cgn.latent, generator=generator).to(labels.device)
        cgn.mask(noise[0], labels)
        cgn.foreground(noise[1], labels)
        cgn.background(noise[2], labels)

    renew_by_class(cgn, forward, seed, size)


class CgnMethod(AdversarialMethod[MnistCgn]):
    """Per step, as in the published code: labels and noise are drawn, the generator is updated on
    the weighted losses, then the discriminator on the real batch and the same generated one.

    Args:
        settings: architecture, weights and schedule.
        seed: of initialisation and noise.
        features: network behind the perceptual loss (None where its weights are zero).
        device: where both networks run.
    """

    name = "cgn"
    settings: CgnSettings

    def __init__(
        self,
        settings: CgnSettings,
        seed: int,
        features: Callable[[Tensor], list[Tensor | None]] | None = None,
        device: str = "cpu",
    ):
        opponent = Opponent(settings.disc, settings.disc_width, settings.adversarial)
        super().__init__(settings, opponent, seed, device)
        self.features = features
        self.cgn.set_generator(self.generator)

    @property
    def cgn(self) -> MnistCgn:
        """The network in training."""
        return self.network

    def _build(self) -> MnistCgn:
        cgn = build_cgn(self.settings)
        initialise(cgn, self.settings.cgn_init, self.settings.cgn_init_gain)
        return cgn

    def _renew(self, network: MnistCgn) -> None:
        renew_statistics(network, self.seed)

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
            terms["adversarial"] = s.weight_adversarial * self._fooling_loss(made.image, labels)
        if self.features is not None:
            terms["perceptual"] = losses.perceptual(
                made.image, real, self.features, s.perceptual_weights
            )
        if s.weight_ssim:
            terms["ssim"] = s.weight_ssim * self._dissimilarity(made.image, real)
        self._descend(0, sum(terms.values()))
        return terms

    def _step(self, real: Tensor, labels: Tensor) -> dict[str, Tensor]:
        made, made_labels = self._compose(len(real))
        terms = self._update_generator(made, made_labels, real)
        if self.settings.weight_adversarial:
            fake = made.image.detach()
            terms["discriminator"] = self._update_discriminator(fake, made_labels, real, labels)
        logged = {f"loss_{name}": value.detach() for name, value in terms.items()}
        return {**logged, "mask_mean": made.mask.detach().mean()}
