"""Training the classifiers that read scenes9 images: texture and background, and silhouette.

Trained on recombined scenes, where no factor tells another, they say which texture, background or
shape an image shows. The silhouette classifier sees a mask and nothing else, so it cannot read
texture or background in its place.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from cgnlib.classifiers.erm import Schedule
from cgnlib.classifiers.scene_batches import (
    check_batch,
    distorted_masks,
    draw_labels,
    draw_scenes,
    out_of_focus,
)
from cgnlib.classifiers.supervised import Supervised, channels_last
from cgnlib.networks.scene_cnn import SceneCnn
from cgnlib.networks.shipped import HEADS
from cgnlib.rng import rng, seed_for

Batch = tuple[Tensor, dict[str, Tensor]]  # what the network sees, and the label per head


@dataclass(frozen=True)
class SceneClassifierSettings:
    """How long and how fast: one cycle of AdamW up to ``lr`` (see
    :class:`cgnlib.classifiers.erm.Schedule`)."""

    updates: int
    batch: int = 64
    lr: float = 4e-3


def classifier_batch(settings: SceneClassifierSettings, seed: int, step: int) -> Batch:
    """Recombined scenes, some out of focus, with their textures and backgrounds."""
    generator = rng(seed, "classifier", step)
    labels = draw_labels(settings.batch, generator)
    images = out_of_focus(draw_scenes(labels, generator).images, generator)
    return channels_last(images), {"texture": labels[1], "background": labels[2]}


def as_silhouettes(masks: Tensor) -> Tensor:
    """Masks (B, 1, H, W) in [0, 1] as the silhouette classifier reads them: (B, 3, H / 2, W / 2) in
    [-1, 1]; half the size tells the shapes apart and costs a quarter."""
    return channels_last(F.avg_pool2d(masks, 2).mul(2).sub(1).expand(-1, 3, -1, -1))


def silhouette_batch(
    settings: SceneClassifierSettings, saliency: Callable[[Tensor], Tensor], seed: int, step: int
) -> Batch:
    """Silhouettes of recombined scenes with their shapes.

    Every second mask is what ``saliency``, frozen, sees in the image, the rest the true one made a
    little thinner or fatter.
    """
    check_batch(settings.batch, 2, "silhouette training")
    generator = rng(seed, "silhouette", step)
    labels = draw_labels(settings.batch, generator)
    scenes, seen = draw_scenes(labels, generator), settings.batch // 2
    with torch.no_grad():
        masks = saliency(channels_last(out_of_focus(scenes.images[:seen], generator)))
    masks = torch.cat([masks, distorted_masks(scenes.masks[seen:], generator)])
    return as_silhouettes(masks), {"shape": labels[0]}


class SceneClassifierMethod(Supervised):
    """Cross-entropy, summed over the heads.

    Args:
        name: ``classifier`` or ``silhouette``: its heads, and the stream of its first weights.
        settings: length and step size.
        seed: of the first weights.
    """

    def __init__(self, name: str, settings: SceneClassifierSettings, seed: int):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed_for(seed, f"{name}-weights"))
            network = SceneCnn(HEADS[name])
        super().__init__(network, Schedule("adamw", settings.lr, settings.updates))

    def _objective(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        images, labels = batch
        logits = self.network(images)
        loss = sum(F.cross_entropy(logits[name], label) for name, label in labels.items())
        hits = {
            f"accuracy_{name}": (logits[name].detach().argmax(1) == label).float().mean()
            for name, label in labels.items()
        }
        return loss, {"loss": loss.detach(), **hits}
