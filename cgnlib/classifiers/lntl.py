"""Learning Not to Learn: features from which colour cannot be predicted.

Source: Kim et al., *Learning Not to Learn: Training Deep Neural Networks with Biased Data* (CVPR
2019). Colour predictors read the features; the features are trained against them.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cgnlib.classifiers.cnn import MnistCnn
from cgnlib.classifiers.erm import Schedule, accuracy, placed
from cgnlib.training import Resumable

BINS = 8
IGNORED = -100  # label of a pixel that no colour loss counts


def quantise_colours(images: Tensor, side: int, ignore_black: bool) -> Tensor:
    """Colour labels of images (B, 3, H, W) in [-1, 1]: downsampled (nearest) to ``side`` and cut
    into 8 bins of equal width per channel.

    Args:
        ignore_black: label pixels whose three channels all fall into the lowest bin -100.

    Returns:
        (B, 3, side, side) int64 in 0..7 or -100.
    """
    small = F.interpolate(images, size=(side, side), mode="nearest")
    bins = ((small + 1) * (BINS / 2)).long().clamp(0, BINS - 1)
    if not ignore_black:
        return bins
    black = (bins == 0).all(1, keepdim=True)
    return bins.masked_fill(black, IGNORED)


def colour_loss(scores: Tensor, colours: Tensor) -> Tensor:
    """Sum over the channels of the mean cross-entropy over the pixels that count, a scalar.

    Args:
        scores: (B, 3, 8, h, w) logits.
        colours: (B, 3, h, w) from :func:`quantise_colours`.
    """
    known = colours != IGNORED
    each = F.cross_entropy(scores.transpose(1, 2), colours, ignore_index=IGNORED, reduction="none")
    counted = known.sum((0, 2, 3)).clamp(min=1)  # per channel; a batch may be all black
    return (each.sum((0, 2, 3)) / counted).sum()


def negative_entropy(scores: Tensor) -> Tensor:
    """Mean over pixels and channels of sum_k p_k log p_k (nats): 0 when the predictors are certain,
    -log 8 when they know nothing. ``scores``: (B, 3, 8, h, w) logits."""
    logs = scores.log_softmax(2)
    return (logs.exp() * logs).sum(2).mean()


class ColourPredictors(nn.Module):
    """Three predictors, one per colour channel, as one network: conv3x3 32-32, batch norm, ReLU,
    conv3x3 32-8 each; the groups of the last layer keep them apart."""

    def __init__(self, channels: int = 32):
        super().__init__()
        self.model = nn.Sequential(
            nn.Conv2d(channels, 3 * channels, 3, padding=1),
            nn.BatchNorm2d(3 * channels),
            nn.ReLU(),
            nn.Conv2d(3 * channels, 3 * BINS, 3, padding=1, groups=3),
        )
        self.to(memory_format=torch.channels_last)

    def forward(self, maps: Tensor) -> Tensor:
        """Logits (B, 3, 8, h, w) of features (B, 32, h, w)."""
        return self.model(maps).unflatten(1, (3, BINS))


def _set_gradients(module: nn.Module, loss: Tensor, retain: bool) -> None:
    parameters = list(module.parameters())
    gradients = torch.autograd.grad(loss, parameters, retain_graph=retain)
    for parameter, gradient in zip(parameters, gradients, strict=True):
        parameter.grad = gradient


class Lntl(Resumable):
    """Classifier and colour predictors against each other: a method for
    :func:`cgnlib.training.fit`.

    The predictors descend the colour loss. The classifier descends its cross-entropy, plus
    ``weight`` times the negative entropy of the predicted colours, and ascends the colour loss
    scaled by ``reversal`` (gradient reversal). Both are updated from one forward pass.

    Args:
        network: the classifier; the predictors read its maps behind the second convolution.
        schedule: optimiser and step sizes of both.
        bf16: bfloat16 autocast.
        device: where both run.
        weight: of the negative entropy.
        reversal: factor on the reversed gradient.
        ignore_black: leave black pixels out of the colour loss.
    """

    def __init__(
        self,
        network: MnistCnn,
        schedule: Schedule,
        bf16: bool = False,
        device: str = "cpu",
        *,
        predictors: ColourPredictors,
        weight: float,
        reversal: float,
        ignore_black: bool,
    ):
        self.network, self.predictors = network.to(device), predictors.to(device)
        self.bf16, self.device = bf16, device
        self.weight, self.reversal, self.ignore_black = weight, reversal, ignore_black
        self.optimisers, self.schedulers = zip(
            schedule.build(network), schedule.build(predictors), strict=True
        )

    def _forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Class logits (B, K) and colour logits (B, 3, 8, 16, 16)."""
        with torch.autocast(self.device, torch.bfloat16, enabled=self.bf16):
            maps = self.network.early(images)
            logits, scores = self.network.late(maps), self.predictors(maps)
        return logits.float(), scores.float()

    def update(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor]:
        """One step on images in [-1, 1] and labels (B,)."""
        images, labels = placed(batch, self.device)
        self.network.train()
        self.predictors.train()
        logits, scores = self._forward(images)
        colours = quantise_colours(images, scores.shape[-1], self.ignore_black)
        loss, colour = F.cross_entropy(logits, labels), colour_loss(scores, colours)
        certainty = negative_entropy(scores)
        against = loss + self.weight * certainty - self.reversal * colour
        _set_gradients(self.network, against, retain=True)
        _set_gradients(self.predictors, colour, retain=False)
        for optimiser, scheduler in zip(self.optimisers, self.schedulers, strict=True):
            optimiser.step()
            scheduler.step()
        return {
            "loss": loss.detach(),
            "colour_loss": colour.detach(),
            "colour_entropy": -certainty.detach(),
            "train_accuracy": accuracy(logits, labels),
        }

    def _parts(self) -> dict[str, Any]:
        return {
            "network": self.network,
            "predictors": self.predictors,
            "optimiser_network": self.optimisers[0],
            "optimiser_predictors": self.optimisers[1],
            "scheduler_network": self.schedulers[0],
            "scheduler_predictors": self.schedulers[1],
        }
