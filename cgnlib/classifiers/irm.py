"""Invariant risk minimisation: one classifier, optimal in every environment at once.

Source: Arjovsky et al., *Invariant Risk Minimization* (2019), IRMv1. The CGN paper reports IRM
without settings beyond the correlations of its environments.
"""

from torch import Tensor, nn

from cgnlib.classifiers.erm import Erm, Schedule


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


class Irm(Erm):
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
        super().__init__(network, schedule, bf16, device)
        self.environments, self.final_weight = environments, weight
        self.last_step = max(1, schedule.steps - 1)
        self.steps_done = 0

    @property
    def weight(self) -> float:
        """Weight of the penalty in the next update."""
        return self.final_weight * min(1.0, self.steps_done / self.last_step)

    def update(self, batch: tuple[Tensor, Tensor]) -> dict[str, Tensor | float]:
        """One step on images (E * B, 3, 32, 32) in [-1, 1] and labels (E * B,), environment by
        environment."""
        logged = super().update(batch)
        self.steps_done += 1
        return logged

    def _objective(
        self, logits: Tensor, labels: Tensor
    ) -> tuple[Tensor, dict[str, Tensor | float]]:
        weight = self.weight
        loss, logged = super()._objective(logits, labels)
        apart = (self.environments, -1)
        penalty = irm_penalty(logits.unflatten(0, apart), labels.unflatten(0, apart))
        total = (loss + weight * penalty) / max(1.0, weight)
        return total, {**logged, "penalty": penalty.detach(), "penalty_weight": weight}
