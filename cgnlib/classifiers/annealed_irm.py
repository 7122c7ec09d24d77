"""IRM as its own coloured MNIST trains it: whole environments, and a penalty that sets in at once.

Source: Arjovsky et al., *Invariant Risk Minimization* (2019), the code of its coloured MNIST, whose
settings GENINT-1 takes over: weight 1 at first, then a very large one, by which the whole loss,
its L2 term included, is divided.
"""

import torch
from torch import Tensor, nn

from cgnlib.classifiers.erm import Schedule
from cgnlib.classifiers.irm import Irm


class AnnealedIrm(Irm):
    """A method for :func:`cgnlib.training.fit`; see :class:`cgnlib.classifiers.irm.Irm`.

    Args:
        network: images (B, 3, 32, 32) to logits (B, K).
        schedule: optimiser, step size and number of updates.
        device: where the network runs.
        environments: number of environments in a batch.
        weight: of the penalty from update ``anneal_steps`` on; 1 before.
        anneal_steps: updates with weight 1.
        l2: weight of the sum of all squared parameters.
    """

    def __init__(
        self,
        network: nn.Module,
        schedule: Schedule,
        device: str = "cpu",
        *,
        environments: int,
        weight: float,
        anneal_steps: int,
        l2: float,
    ):
        super().__init__(network, schedule, device=device, environments=environments, weight=weight)
        self.anneal_steps, self.l2 = anneal_steps, l2

    @property
    def weight(self) -> float:
        """Weight of the penalty in the next update."""
        return self.final_weight if self.steps_done >= self.anneal_steps else 1.0

    def _objective(
        self, logits: Tensor, labels: Tensor
    ) -> tuple[Tensor, dict[str, Tensor | float]]:
        total, logged = super()._objective(logits, labels)
        squares = torch.stack([one.square().sum() for one in self.network.parameters()]).sum()
        return total + self.l2 * squares / max(1.0, self.weight), logged
