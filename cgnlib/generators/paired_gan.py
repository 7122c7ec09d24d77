"""Distilling the scenes9 renderer into BigGAN's architecture: paired training.

Forty of the noise's numbers are the uniforms of a scene, so every noise and label has one image
that the generator should give: ``render(Phi(z), y, y, y)``. It is trained to give that image, by
its pixels, by how the frozen classifier and saliency network see it, and by texture statistics. A
later stage adds a discriminator (:data:`ADVERSARIAL_STAGE`), because an image that must be right by
the pixel is blurred wherever its details cannot be known. It stands in for a BigGAN trained on
ImageNet. The rest of the noise is left without effect.
"""

import math
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from cgnlib.data.scenes9 import UNIFORMS, latent_to_uniforms, render
from cgnlib.generators.paired_losses import multi_scale_l1, part_grams, relative_l1
from cgnlib.generators.scene_opponent import SceneOpponent
from cgnlib.networks.biggan import (
    SCENES9,
    BigGan,
    Layout,
    batch_statistics,
    copy_of,
    truncated_noise,
    write_standing_statistics,
)
from cgnlib.networks.saliency import SmallSaliency
from cgnlib.networks.scene_cnn import SceneCnn
from cgnlib.rng import rng, seed_for
from cgnlib.training import Ema, Resumable

_STATISTICS = (12, 90)  # batches, images in each


@dataclass(frozen=True)
class PairedSettings:
    """Everything that shapes one stage of paired training.

    Attributes:
        updates: gradient updates of this stage.
        batch: images per update.
        lr: Adam's largest step size: reached after ``warmup`` updates, then half a cosine to 0.
        warmup: updates of linear rise.
        beta1, beta2: Adam's decays.
        freeze_from: share of the updates after which batch norm uses stored statistics, so that an
            image is no longer a function of its batch.
        ema: decay of the averaged weights, those that are kept.
        object_weight: how much more an object's pixel counts than another.
        watched: images of each batch that the losses below look at.
        watch_from: share of the updates after which they do; a stage that goes on from a trained
            generator does so at once.
        weight_pixels: of the difference in pixels.
        weight_features: of the difference of the classifier's maps.
        weight_gram: of the difference of their Gram matrices, object and place apart.
        weight_mask: of the cross-entropy between the saliency seen in the image and the true mask.
        weight_adversarial: of the discriminator's verdict; 0 trains none.
        disc_lr: Adam's step size for the discriminator.
        before: updates of the stages before, so that no image comes twice.
    """

    updates: int = 5000
    batch: int = 16
    lr: float = 2e-3
    warmup: int = 200
    beta1: float = 0.9
    beta2: float = 0.99
    freeze_from: float = 0.6
    ema: float = 0.999
    object_weight: float = 2.0
    watched: int = 8
    watch_from: float = 0.3
    weight_pixels: float = 1.0
    weight_features: float = 1.0
    weight_gram: float = 1.0
    weight_mask: float = 1.0
    weight_adversarial: float = 0.0
    disc_lr: float = 4e-4
    before: int = 0


# Pixels and masks weigh more than the discriminator, or every sample of a class is one image.
ADVERSARIAL_STAGE = PairedSettings(
    updates=3000,
    lr=1.5e-3,
    beta1=0.0,
    freeze_from=0.7,
    watched=6,
    watch_from=0.0,
    weight_pixels=4.0,
    weight_gram=0.3,
    weight_mask=3.0,
    weight_adversarial=1.0,
    disc_lr=2e-4,
)
STAGES = {"paired": PairedSettings(), "adversarial": ADVERSARIAL_STAGE}


class Pairs(NamedTuple):
    """Noise (B, Z), labels (B,), and what they stand for: images (B, 3, 64, 64) in [-1, 1] and
    masks (B, 1, 64, 64) in [0, 1]."""

    z: Tensor
    labels: Tensor
    images: Tensor
    masks: Tensor


def pairs(z: Tensor, labels: Tensor) -> Pairs:
    """The scenes that noise (B, at least 40) and labels (B,) are paired with."""
    scenes = render(latent_to_uniforms(z[:, :UNIFORMS]), labels, labels, labels)
    images = scenes.images.contiguous(memory_format=torch.channels_last)
    return Pairs(z, labels, images, scenes.masks)


def _noise(count: int, layout: Layout, *stream: Any) -> Tensor:
    """Noise whose numbers beyond the forty are zero: nothing is learnt about them."""
    z = truncated_noise(count, layout.z, 1.0, rng(*stream))
    z[:, UNIFORMS:] = 0
    return z


def paired_batch(settings: PairedSettings, seed: int, step: int, layout: Layout = SCENES9) -> Pairs:
    """The pairs of one update: a function of seed and step; every class as often as the others."""
    step += settings.before
    z = _noise(settings.batch, layout, seed, "paired", step)
    labels = (step * settings.batch + torch.arange(settings.batch)) % layout.classes
    return pairs(z, labels)


def first_generator(seed: int, layout: Layout = SCENES9) -> BigGan:
    """First weights: class embeddings as long as the noise, and no effect of the noise beyond the
    forty, which training on zeros never changes."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_for(seed, "paired-weights"))
        model = BigGan(layout)
        torch.nn.init.normal_(model.embeddings.weight)
    with torch.no_grad():
        for module in model.modules():
            weight = getattr(module, "weight_orig", None)
            if weight is not None and weight.shape[1:] == (2 * layout.z,):
                weight[:, UNIFORMS : layout.z] = 0
    return model


def _rate(step: int, settings: PairedSettings) -> float:
    rise = min(1.0, (step + 1) / max(1, settings.warmup))
    return rise * 0.5 * (1 + math.cos(math.pi * min(1.0, step / settings.updates)))


class PairedGan(Resumable):
    """The generator in training: a method for :func:`cgnlib.training.fit`.

    Args:
        settings: losses, batch and schedule.
        classifier: frozen; its stages are the features.
        saliency: frozen.
        seed: of the first weights and of the images behind the statistics.
        start: a trained generator to go on from, instead of first weights.
    """

    def __init__(
        self,
        settings: PairedSettings,
        classifier: SceneCnn,
        saliency: SmallSaliency,
        seed: int,
        start: BigGan | None = None,
        layout: Layout = SCENES9,
    ):
        self.settings, self.seed = settings, seed
        self.classifier = classifier.eval().requires_grad_(False)
        self.saliency = saliency.eval().requires_grad_(False)
        model = copy_of(start) if start else first_generator(seed, layout)
        self.model = model.requires_grad_(True).train()
        self.freeze_at = round(settings.freeze_from * settings.updates)
        self.continues = start is not None
        self.ema = Ema(self.model, settings.ema)
        self.optimiser = torch.optim.Adam(
            self.model.parameters(),
            lr=settings.lr,
            betas=(settings.beta1, settings.beta2),
            fused=True,
        )
        self.scheduler = torch.optim.lr_scheduler.LambdaLR(
            self.optimiser, lambda step: _rate(step, settings)
        )
        self.opponent = None
        if settings.weight_adversarial:
            self.opponent = SceneOpponent(layout.classes, settings.disc_lr, seed)
        self.steps_done = 0

    def _write_statistics(self, model: BigGan) -> None:
        count, size = _STATISTICS
        labels = torch.arange(size) % model.layout.classes
        batches = (
            (_noise(size, model.layout, self.seed, "paired-statistics", i), labels)
            for i in range(count)
        )
        write_standing_statistics(model, batches)

    def _seen_terms(self, made: Tensor, batch: Pairs) -> dict[str, Tensor]:
        """What the frozen networks say about the first images of the batch."""
        s, part = self.settings, slice(0, self.settings.watched)
        with torch.no_grad():
            wanted = self.classifier.stages(batch.images[part])
        found, masks = self.classifier.stages(made[part]), batch.masks[part]
        seen = self.saliency.logits(made[part])
        return {
            "features": s.weight_features * relative_l1(found, wanted),
            "gram": s.weight_gram
            * relative_l1(part_grams(found[:3], masks), part_grams(wanted[:3], masks)),
            "mask": s.weight_mask * F.binary_cross_entropy_with_logits(seen, masks),
        }

    def update(self, batch: Pairs) -> dict[str, Tensor]:
        """One step; returns the weighted losses before it."""
        s = self.settings
        if self.steps_done == self.freeze_at:
            self._write_statistics(self.model)
        stored = self.steps_done >= self.freeze_at
        with nullcontext() if stored else batch_statistics(self.model):
            made = self.model(batch.z, batch.labels)
        weight = 1 + s.object_weight * batch.masks
        terms = {"l1": s.weight_pixels * multi_scale_l1(made, batch.images, weight)}
        if self.opponent:
            terms["fooling"] = s.weight_adversarial * self.opponent.fooling(made, batch.labels)
        if self.continues or self.steps_done >= s.watch_from * s.updates:
            terms |= self._seen_terms(made, batch)
        self.optimiser.zero_grad(set_to_none=True)
        sum(terms.values()).backward()
        self.optimiser.step()
        self.scheduler.step()
        self.ema.update()
        self.steps_done += 1
        if self.opponent:
            terms["opponent"] = self.opponent.update(batch.images, made, batch.labels)
        return {f"loss_{name}": value.detach() for name, value in terms.items()}

    def sampler(self) -> BigGan:
        """The averaged generator in evaluation mode, with statistics stored in all rows."""
        average = copy_of(self.ema.average).eval()
        if self.steps_done <= self.freeze_at:
            self._write_statistics(average)
        return average

    def _parts(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "average": self.ema.average,
            "optimiser": self.optimiser,
            "scheduler": self.scheduler,
            **(self.opponent.parts() if self.opponent else {}),
        }

    def state_dict(self) -> dict[str, Any]:
        """Everything the next update depends on."""
        return {**super().state_dict(), "ema_updates": self.ema.updates}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from :meth:`state_dict`."""
        super().load_state_dict(state)
        self.ema.updates = state["ema_updates"]
