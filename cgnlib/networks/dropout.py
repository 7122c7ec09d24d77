"""Dropout whose draws come from a named generator instead of the global one."""

import torch
from torch import Tensor, nn


class Dropout(nn.Module):
    """As ``nn.Dropout``, drawn from ``generator`` (CPU), which the owner of the network sets.

    Args:
        prob: that an activation is set to 0 in training, in [0, 1).
    """

    def __init__(self, prob: float):
        super().__init__()
        self.keep = 1.0 - prob
        self.generator: torch.Generator | None = None

    def forward(self, x: Tensor) -> Tensor:
        """``x`` itself in evaluation."""
        if not self.training:
            return x
        kept = torch.empty_like(x, device="cpu").bernoulli_(self.keep, generator=self.generator)
        return x * kept.to(x.device) / self.keep


def set_dropout_generator(network: nn.Module, generator: torch.Generator) -> None:
    """Let every dropout of ``network`` draw from ``generator``."""
    for module in network.modules():
        if isinstance(module, Dropout):
            module.generator = generator
