"""Training the saliency network of scenes9 on rendered scenes, whose masks are known.

It plays the role of U²-Net in the ImageNet CGN (catalogue A6): frozen, it turns an image into the
mask of its object.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from cgnlib.classifiers.erm import Schedule
from cgnlib.classifiers.scene_batches import (
    check_batch,
    draw_labels,
    draw_scenes,
    full_textures,
    out_of_focus,
)
from cgnlib.classifiers.supervised import Supervised, channels_last
from cgnlib.networks.saliency import SmallSaliency
from cgnlib.rng import rng, seed_for

_IOU_WEIGHT = 0.5


@dataclass(frozen=True)
class SaliencySettings:
    """How long and how fast: one cycle of AdamW up to ``lr`` (see
    :class:`cgnlib.classifiers.erm.Schedule`)."""

    updates: int = 900
    batch: int = 32
    lr: float = 4e-3


def saliency_batch(settings: SaliencySettings, seed: int, step: int) -> tuple[Tensor, Tensor]:
    """Images (B, 3, 64, 64) in [-1, 1] and masks (B, 1, 64, 64) in [0, 1] of one update.

    One in sixteen is a texture that fills the frame and one in sixteen a place without object,
    with empty masks: the CGN asks the network about its backgrounds, and the leak measure about
    its foregrounds. Of the others every second one shows shape, texture and background of one
    class, the rest recombines them.
    """
    check_batch(settings.batch, 4, "saliency training")
    generator = rng(seed, "saliency", step)
    empty = settings.batch // 16
    scenes = settings.batch - 2 * empty
    full = draw_scenes(draw_labels(scenes, generator, own=scenes // 2), generator)
    parts, masks = [full.images], full.masks
    if empty:
        place = draw_scenes(draw_labels(empty, generator), generator, "no_foreground")
        parts += [place.images, full_textures(empty, generator)]
        masks = torch.cat([masks, torch.zeros(2 * empty, *masks.shape[1:])])
    images = out_of_focus(torch.cat(parts), generator)
    return channels_last(images), masks


def soft_iou(saliency: Tensor, masks: Tensor) -> Tensor:
    """Intersection over union of soft masks (B, 1, H, W), (B,) in [0, 1]; a pixel is added to both,
    so that empty masks count by how little is seen there."""
    both = (saliency * masks).sum((1, 2, 3))
    either = saliency.sum((1, 2, 3)) + masks.sum((1, 2, 3)) - both
    return (both + 1) / (either + 1)


class SaliencyMethod(Supervised):
    """Cross-entropy per pixel plus half of one minus the soft IoU per image.

    Args:
        settings: length and step size.
        seed: of the first weights.
    """

    def __init__(self, settings: SaliencySettings, seed: int):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed_for(seed, "saliency-weights"))
            network = SmallSaliency()
        super().__init__(network, Schedule("adamw", settings.lr, settings.updates))

    def _objective(self, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        images, masks = batch
        logits = self.network.logits(images)
        entropy = F.binary_cross_entropy_with_logits(logits, masks)
        iou = soft_iou(logits.sigmoid(), masks).mean()
        loss = entropy + _IOU_WEIGHT * (1 - iou)
        return loss, {"loss": loss.detach(), "soft_iou": iou.detach()}
