"""One update of the ImageNet CGN: many small batches, their gradients summed, then Adam.

Source: CGN, section 3.2 and appendix A; published code and first reproduction (catalogue A6).
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.spectral_norm import SpectralNorm

from cgnlib.errors import UserError
from cgnlib.generators import imagenet_losses as losses
from cgnlib.generators.imagenet_cgn import TRAINABLE, ImagenetCgn, Parts
from cgnlib.generators.imagenet_settings import ImagenetCgnSettings
from cgnlib.generators.patch_grid import draw_patches, drawn_patch_grid
from cgnlib.networks.biggan import truncated_noise
from cgnlib.rng import rng

FeatureNet = Callable[[Tensor], list[Tensor | None]]


class _Float32SpectralNorm(SpectralNorm):
    """Spectral norm whose power iteration stays in float32 under autocast, which would round every
    layer's norm to eight bits."""

    def compute_weight(self, module: torch.nn.Module, do_power_iteration: bool) -> Tensor:
        device = getattr(module, f"{self.name}_orig").device.type
        with torch.autocast(device, enabled=False):
            return super().compute_weight(module, do_power_iteration)


def _keep_spectral_norm_exact(network: torch.nn.Module) -> None:
    for module in network.modules():
        for hook in module._forward_pre_hooks.values():
            if type(hook) is SpectralNorm:
                hook.__class__ = _Float32SpectralNorm


class ImagenetCgnMethod:
    """The CGN with its optimiser: a method for :func:`cgnlib.training.fit`.

    Every loss is a mean over images of something that depends on one image only: the L1 distance
    and both style losses average over pixels or Gram entries of each image, the mask loss takes
    each image's own mask mean, and every image has its own patch grid. Gradients are summed over
    the effective batch, as published, so 8 images give the same gradient as one batch of 8, as two
    of 4, or as eight of 1 (spectral norm aside: its power iteration moves once per forward pass).

    Noise, labels and patch draws are a function of seed and update alone, so a resumed training
    and one on several processes see the same images.

    Args:
        settings: losses, learning rates and batches.
        model: starts from three copies of the ground-truth generator; moved to ``device``.
        features: network behind both style losses, returning four layers' maps (None where the
            weights of both are zero). It must be frozen; gradients flow through it.
        seed: of noise, labels and patches.
        device: where everything runs.
        texture_features: a shallower network for the texture loss (default: ``features``).
        accelerator: an ``accelerate.Accelerator``: its processes share each update's batches and
            sum their gradients once per update.

    Raises:
        UserError: a style loss without features, or batches that the processes cannot share.
    """

    def __init__(
        self,
        settings: ImagenetCgnSettings,
        model: ImagenetCgn,
        features: FeatureNet | None,
        seed: int,
        device: str | torch.device = "cpu",
        *,
        texture_features: FeatureNet | None = None,
        accelerator: Any = None,
    ):
        self.settings, self.seed, self.device = settings, seed, torch.device(device)
        self.weights = settings.loss_weights
        self.features, self.texture_features = features, texture_features or features
        if self.features is None and {"perceptual", "texture"} & set(self.weights):
            raise UserError("the style losses need a feature network: give one, or zero weights")
        self.accelerator = accelerator
        if settings.cgn_accumulate % self._processes:
            raise UserError(
                f"cgn_accumulate {settings.cgn_accumulate} is not a multiple of the "
                f"{self._processes} processes that share it: change one of them"
            )
        self.model = model.to(self.device, memory_format=torch.channels_last).train()
        _keep_spectral_norm_exact(self.model)
        rates = (settings.cgn_lr_shape, settings.cgn_lr_text, settings.cgn_lr_bg)
        self.optimiser = torch.optim.Adam(
            [
                {"params": list(getattr(model, name).parameters()), "lr": rate}
                for name, rate in zip(TRAINABLE, rates, strict=True)
            ],
            betas=(settings.cgn_beta1, settings.cgn_beta2),
            fused=True,
        )
        self.steps_done = 0

    @property
    def _processes(self) -> int:
        return self.accelerator.num_processes if self.accelerator else 1

    def draw(self, step: int) -> tuple[Tensor, Tensor, Tensor]:
        """Noise (N, Z), labels (N,) and patch ranks (N, side^2) of update ``step``, N being the
        effective batch, on the CPU."""
        s, count = self.settings, self.settings.effective_batch
        generator = rng(self.seed, "imagenet-cgn", step)
        u = truncated_noise(count, self.model.latent, s.cgn_truncation, generator)
        labels = torch.randint(0, self.model.classes, (count,), generator=generator)
        return u, labels, draw_patches(count, s.patch_best, s.patch_side, generator)

    def _small_batches(self, step: int) -> Iterator[list[Tensor]]:
        """This process's share of the update: every n-th batch."""
        first = self.accelerator.process_index if self.accelerator else 0
        drawn = [part.split(self.settings.cgn_batch) for part in self.draw(step)]
        for parts in list(zip(*drawn, strict=True))[first :: self._processes]:
            yield [part.to(self.device, non_blocking=True) for part in parts]

    @torch.no_grad()
    def _targets(self, u: Tensor, labels: Tensor) -> Tensor | None:
        """Ground-truth images (B, 3, H, W), when a loss looks at them."""
        patches = "texture" in self.weights and self.settings.patch_source == "gt"
        if not patches and not {"l1", "perceptual"} & set(self.weights):
            return None
        return self.model.biggan_GT(u, labels, self.settings.cgn_truncation).float()

    def _style(
        self, features: FeatureNet, made: Tensor, target: Tensor, weights: Sequence[float]
    ) -> Tensor:
        with torch.no_grad():
            wanted = features(target)
        return losses.gram_style(features(made), wanted, weights)

    def _texture(self, parts: Parts, target: Tensor | None, ranks: Tensor) -> Tensor:
        s = self.settings
        grid = drawn_patch_grid(
            target if s.patch_source == "gt" else parts.composite,
            parts.mask,
            ranks,
            work_px=s.patch_work_px,
            patch_px=s.patch_px,
            best=s.patch_best,
        )
        return self._style(self.texture_features, parts.foreground, grid, s.texture_weights)

    def _terms(
        self, u: Tensor, labels: Tensor, ranks: Tensor
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """The losses of one small batch, unweighted, and what is only watched."""
        s = self.settings
        target = self._targets(u, labels)
        parts = self.model(u, labels, labels, labels, truncation=s.cgn_truncation)
        makers: dict[str, Callable[[], Tensor]] = {
            "l1": lambda: losses.reconstruction(parts.composite, target),
            "perceptual": lambda: self._style(
                self.features, parts.composite, target, s.perceptual_weights
            ),
            "binary": lambda: losses.binary_entropy_bits(parts.mask),
            "mask": lambda: losses.mask_interval(parts.mask, s.mask_low, s.mask_high),
            "texture": lambda: self._texture(parts, target, ranks),
            "background": lambda: losses.background_saliency(self.model.saliency(parts.background)),
        }
        return {name: makers[name]() for name in self.weights}, {"mask_mean": parts.mask.mean()}

    def backward(self, step: int) -> dict[str, Tensor]:
        """Add the gradients of update ``step`` to ``.grad``, summed over its images; the means of
        the unweighted losses (``loss_...``) and of the mask (``mask_mean``)."""
        totals: dict[str, Tensor] = {}
        for u, labels, ranks in self._small_batches(step):
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.settings.cgn_bf16):
                terms, watched = self._terms(u, labels, ranks)
            total = sum(self.weights[name] * value for name, value in terms.items())
            (total * len(u)).backward()
            seen = {f"loss_{name}": value for name, value in terms.items()} | watched
            for name, value in seen.items():
                totals[name] = totals.get(name, 0.0) + value.detach() * len(u)
        return {name: value / self.settings.effective_batch for name, value in totals.items()}

    def _sum_over_processes(self, values: dict[str, Tensor]) -> dict[str, Tensor]:
        """Once per update, so the small batches run without waiting for one another."""
        if self._processes == 1:
            return values
        for group in self.optimiser.param_groups:
            gradients = [p.grad for p in group["params"] if p.grad is not None]
            if gradients:
                flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
                parts = self.accelerator.reduce(flat, "sum").split([g.numel() for g in gradients])
                for gradient, part in zip(gradients, parts, strict=True):
                    gradient.copy_(part.view(gradient.shape))
        return {name: self.accelerator.reduce(value, "sum") for name, value in values.items()}

    def update(self, batch: Any = None) -> dict[str, Tensor]:
        """One update. ``batch`` is not read: the CGN learns from its own generator's images.

        Returns:
            ``loss_<name>``: mean over the effective batch of each computed loss, before its weight
            (the style losses carry theirs inside); ``mask_mean``.
        """
        self.optimiser.zero_grad(set_to_none=True)
        values = self._sum_over_processes(self.backward(self.steps_done))
        self.optimiser.step()
        self.steps_done += 1
        return values

    def state_dict(self) -> dict[str, Any]:
        """Everything the next update depends on, but for the frozen networks."""
        mechanisms = {name: getattr(self.model, name).state_dict() for name in TRAINABLE}
        return {**mechanisms, "optimiser": self.optimiser.state_dict(), "steps": self.steps_done}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from :meth:`state_dict`."""
        for name in TRAINABLE:
            getattr(self.model, name).load_state_dict(state[name])
        self.optimiser.load_state_dict(state["optimiser"])
        self.steps_done = state["steps"]
