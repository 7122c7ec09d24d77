"""Mixup (Zhang et al., 2018): every image is blended with another of its batch, labels with it."""

from collections.abc import Callable

from torch import Tensor
from torchvision.transforms import v2

from cgnlib.rng import global_stream, rng


class MixedBatches:
    """Batches of images and labels after mixup, by torchvision: one share per batch from
    Beta(alpha, alpha), each image with its neighbour in the shuffled batch.

    Args:
        batches: step to images (B, 3, H, W) and labels (B,).
        classes: number of classes.
        alpha: of the Beta distribution; GenInt's baseline has 0.4.
        seed, name: of the shares.
    """

    def __init__(
        self,
        batches: Callable[[int], tuple[Tensor, Tensor]],
        classes: int,
        alpha: float,
        seed: int,
        name: str,
    ):
        self.batches, self.seed, self.name = batches, seed, name
        self.mixup = v2.MixUp(alpha=alpha, num_classes=classes)

    def __call__(self, step: int) -> tuple[Tensor, Tensor]:
        """Blended images (B, 3, H, W) and probabilities (B, classes) of batch ``step``."""
        images, labels = self.batches(step)
        with global_stream(rng(self.seed, self.name, "mixup", step)):
            return self.mixup(images, labels)
