"""Invariant risk minimisation: one classifier, optimal in every environment at once.

Source: Arjovsky et al., *Invariant Risk Minimization* (2019), IRMv1. The CGN paper reports IRM
without settings beyond the correlations of its environments.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cgnlib.classifiers.erm import Schedule


def multiplier_gradients(logits: Tensor, labels: Tensor) -> Tensor:
    """Derivative of each environment's cross-entropy by a scalar that multiplies its logits, at 1.

    Args:
        logits: (E, B, K), one row per environment.
        labels: (E, B).

    Returns:
        (E,): the mean over B of sum_k (softmax_k - onehot_k) * logit_k, which can itself be
        differentiated.
    """
    expected = (logits.softmax(-1) * logits).sum(-1)  # (E, B)
    true = logits.gather(-1, labels[..., None]).squeeze(-1)
    return (expected - true).mean(-1)


def irm_penalty(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean over environments of the squared :func:`multiplier_gradients`, a scalar."""
    return multiplier_gradients(logits, labels).square().mean()


class Irm:
    """Cross-entropy plus a rising invariance penalty: a method for :func:`cgnlib.training.fit`.

    The penalty's weight rises linearly from 0 at the first update to ``weight`` at the last. Where
    it exceeds 1 the whole loss is divided by it, so that the step size stays comparable.

    Args:
        network: images (B, 3, 32, 32) to logits (B, K); one pass over all environments, so batch
            norm sees their mixture.
        schedule: optimiser, step size and number of updates.
        environments: number of environments in a batch.
        weight: final weight of the penalty.
        bf16: bfloat16 autocast.
        device: where the network runs.
    """

    def __init__(
        self,
        network: nn.Module,
        schedule: Schedule,
        bf16: bool = False,
        device: str = "cpu",
        *,
        environments: int,
        weight: float,
    ):
        self.network, self.bf16, self.device = network.to(device), bf16, device
        self.environments, self.final_weight = environments, weight
        self.last_step = max(1, schedule.steps - 1)
        self.optimiser, self.scheduler = schedule.build(network)
        self.steps_done = 0

    @property
    def weight(self) -> float:
        """Weight of the penalty in the next update."""
        return self.final_weight * min(1.0, self.steps_done / self.last_step)

    def update(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor | float]:
        """One step on images (E * B, 3, 32, 32) in [-1, 1] and labels (E * B,), environment by
        environment."""
        images, labels = (part.to(self.device, non_blocking=True) for part in batch)
        images = images.contiguous(memory_format=torch.channels_last)
        self.network.train()
        with torch.autocast(self.device, torch.bfloat16, enabled=self.bf16):
            logits = self.network(images)
        logits = logits.float()
        weight = self.weight
        loss = F.cross_entropy(logits, labels)
        apart = (self.environments, -1)
        penalty = irm_penalty(logits.unflatten(0, apart), labels.unflatten(0, apart))
        self.optimiser.zero_grad(set_to_none=True)
        ((loss + weight * penalty) / max(1.0, weight)).backward()
        self.optimiser.step()
        self.scheduler.step()
        self.steps_done += 1
        correct = (logits.detach().argmax(1) == labels).float().mean()
        return {
            "loss": loss.detach(),
            "penalty": penalty.detach(),
            "penalty_weight": weight,
            "train_accuracy": 100 * correct,
        }

    def state_dict(self) -> dict:
        """Everything the next update depends on."""
        return {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "scheduler": self.scheduler.state_dict(),
            "steps": self.steps_done,
        }

    def load_state_dict(self, state: dict) -> None:
        """Continue from :meth:`state_dict`."""
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.scheduler.load_state_dict(state["scheduler"])
        self.steps_done = state["steps"]
