"""Empirical risk minimisation: cross-entropy on the batches it is given."""

import math
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cgnlib.training import Resumable


@dataclass(frozen=True)
class Schedule:
    """Optimiser and step-size schedule of a classifier.

    ``adamw``: one cycle, from lr / 10 up to ``lr`` in a fifth of the steps, then down to 0.
    ``adadelta``: lr times 0.7 after each epoch of ``epoch_steps`` updates (the paper); with
    ``epoch_steps`` 0 constant over the first half of the steps, then half a cosine down to 0.
    ``adam``: constant lr.
    """

    optimiser: str
    lr: float
    steps: int
    epoch_steps: int = 0

    def build(
        self, network: nn.Module
    ) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
        """Optimiser and scheduler (stepped after every update)."""
        if self.optimiser == "adadelta":
            optimiser = torch.optim.Adadelta(network.parameters(), lr=self.lr)
            if self.epoch_steps:
                return optimiser, torch.optim.lr_scheduler.StepLR(optimiser, self.epoch_steps, 0.7)
            late = partial(_late_cosine, steps=self.steps)
            return optimiser, torch.optim.lr_scheduler.LambdaLR(optimiser, late)
        if self.optimiser == "adam":
            optimiser = torch.optim.Adam(network.parameters(), lr=self.lr, fused=True)
            return optimiser, torch.optim.lr_scheduler.ConstantLR(optimiser, 1.0, total_iters=0)
        optimiser = torch.optim.AdamW(network.parameters(), lr=self.lr, fused=True)
        cycle = torch.optim.lr_scheduler.LambdaLR(optimiser, partial(_one_cycle, steps=self.steps))
        return optimiser, cycle


def _one_cycle(step: int, steps: int) -> float:
    """Factor on the step size: 0.1 to 1 in the first fifth, then half a cosine down to 0."""
    rise = max(1, round(0.2 * steps))
    if step < rise:
        return 0.1 + 0.9 * step / rise
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - rise) / max(1, steps - rise))))


def _late_cosine(step: int, steps: int) -> float:
    """Factor on the step size: 1 over the first half, then half a cosine down to 0."""
    return 0.5 * (1 + math.cos(math.pi * min(1.0, max(0.0, 2 * step / steps - 1))))


def placed(batch: tuple[Tensor, Tensor], device: str) -> tuple[Tensor, Tensor]:
    """Images, channels_last, and labels of ``batch`` on ``device``."""
    images, labels = (part.to(device, non_blocking=True) for part in batch)
    return images.contiguous(memory_format=torch.channels_last), labels


def accuracy(logits: Tensor, labels: Tensor) -> Tensor:
    """Share of labels (B,) that logits (B, K) get right, in percent, without gradient."""
    return 100 * (logits.detach().argmax(1) == labels).float().mean()


class Erm(Resumable):
    """Cross-entropy training of one network: a method for :func:`cgnlib.training.fit`.

    Args:
        network: images (B, 3, 32, 32) to logits (B, K).
        schedule: optimiser and step sizes.
        bf16: bfloat16 autocast.
        device: where the network runs.
    """

    def __init__(
        self, network: nn.Module, schedule: Schedule, bf16: bool = False, device: str = "cpu"
    ):
        self.network, self.bf16, self.device = network.to(device), bf16, device
        self.optimiser, self.scheduler = schedule.build(network)

    def update(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor | float]:
        """One step on images in [-1, 1] and labels (B,); returns the loss and the running
        accuracy in percent, both before the step."""
        images, labels = placed(batch, self.device)
        self.network.train()
        with torch.autocast(self.device, torch.bfloat16, enabled=self.bf16):
            logits = self.network(images)
        logits = logits.float()
        total, logged = self._objective(logits, labels)
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()
        self.optimiser.step()
        self.scheduler.step()
        return {**logged, "train_accuracy": accuracy(logits, labels)}

    def _objective(
        self, logits: Tensor, labels: Tensor
    ) -> tuple[Tensor, dict[str, Tensor | float]]:
        """What the step descends, and what is logged of it."""
        loss = F.cross_entropy(logits, labels)
        return loss, {"loss": loss.detach()}

    def _parts(self) -> dict[str, Any]:
        return {
            "network": self.network,
            "optimiser": self.optimiser,
            "scheduler": self.scheduler,
        }
