"""Training one network by descending one loss, whatever its batches look like."""

from abc import ABC, abstractmethod
from typing import Any

import torch
from torch import Tensor, nn

from cgnlib.classifiers.erm import Schedule
from cgnlib.training import Resumable


class Supervised(Resumable, ABC):
    """A method for :func:`cgnlib.training.fit`; a subclass says what is descended.

    Args:
        network: trained in place.
        schedule: optimiser and step sizes.
    """

    def __init__(self, network: nn.Module, schedule: Schedule):
        self.network = network
        self.optimiser, self.scheduler = schedule.build(network)

    @abstractmethod
    def _objective(self, batch: Any) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of a batch, and what is logged of it, without gradients."""

    def update(self, batch: Any) -> dict[str, Tensor]:
        """One step; returns what is logged, measured before the step."""
        self.network.train()
        loss, logged = self._objective(batch)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        self.scheduler.step()
        return logged

    def sampler(self) -> nn.Module:
        """The network as it is now, in evaluation mode."""
        return self.network.eval()

    def _parts(self) -> dict[str, Any]:
        return {"network": self.network, "optimiser": self.optimiser, "scheduler": self.scheduler}


def channels_last(images: Tensor) -> Tensor:
    """``images`` in the memory layout that convolutions here are fastest in."""
    return images.contiguous(memory_format=torch.channels_last)
