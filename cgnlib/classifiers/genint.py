"""Training on images, on interventions on generated images, and on transfers of their nuisances.

Source: *Generative Interventions for Causal Learning* (Mao et al., 2021), section 4; experiments
GENINT-4, GENINT-7 and GENINT-11. Any of the three sets may be absent: images alone are the
baseline, interventions alone the training on generated images only.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cgnlib.classifiers.erm import Schedule
from cgnlib.classifiers.sgd import SgdSchedule
from cgnlib.classifiers.supervised import Supervised, channels_last
from cgnlib.errors import UserError

Part = tuple[Tensor, Tensor]  # images (B, 3, H, W) in [-1, 1]; labels (B,) or shares (B, K)


class GenintBatch(NamedTuple):
    """What one update sees; None for a set that the method does without."""

    real: Part | None  # X
    interventional: Part | None = None  # X_int
    transferred: Part | None = None  # X_itr


@dataclass(frozen=True)
class GenintSettings:
    """How a classifier learns from the three sets.

    ``weight_int`` and ``weight_itr`` are lambda 1 and lambda 2 of the paper; the weight of the real
    images is 1. ``legacy_loss``: see :func:`genint_loss`. With ``joint`` one pass sees all sets and
    batch norm their mixture; otherwise each set is a pass of its own. ``bf16`` computes under
    autocast.
    """

    schedule: Schedule | SgdSchedule
    weight_int: float = 0.0
    weight_itr: float = 0.0
    legacy_loss: bool = False
    joint: bool = True
    bf16: bool = False


def genint_loss(
    losses: dict[str, Tensor], weight_int: float, weight_itr: float, legacy: bool = False
) -> Tensor:
    """L = CE(X) + weight_int CE(X_int) + weight_itr CE(X_itr), over the sets there are (GENINT-4).

    Args:
        losses: mean cross-entropy by set, the names of :class:`GenintBatch`.
        legacy: as the published code has it (D31): where all three sets are there, ``weight_int``
            is added instead of multiplied, so that X_int counts fully.

    Raises:
        UserError: no set.
    """
    if not losses:
        raise UserError("GenInt: a batch without real, interventional or transferred images")
    weights = {"real": 1.0, "interventional": weight_int, "transferred": weight_itr}
    terms = {name: weights[name] * loss for name, loss in losses.items()}
    if legacy and len(losses) == len(weights):
        terms["interventional"] = weight_int + losses["interventional"]
    return sum(terms.values())


class GenintMethod(Supervised):
    """Descends :func:`genint_loss`: a method for :func:`cgnlib.training.fit`.

    Args:
        settings: see :class:`GenintSettings`.
        network: images (B, 3, H, W) in [-1, 1] to logits (B, K); trained in place.
        device: where it runs.
    """

    def __init__(self, settings: GenintSettings, network: nn.Module, device: str = "cpu"):
        super().__init__(network.to(device), settings.schedule)
        self.settings, self.device = settings, device

    def _objective(self, batch: GenintBatch) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss; logged are it, that of every set, and the running accuracy in percent on the
        first set there is."""
        parts = {name: part for name, part in batch._asdict().items() if part is not None}
        labels = {name: part[1].to(self.device, non_blocking=True) for name, part in parts.items()}
        logits = self._logits({name: part[0] for name, part in parts.items()})
        losses = {name: F.cross_entropy(logits[name], labels[name]) for name in parts}
        one = self.settings
        total = genint_loss(losses, one.weight_int, one.weight_itr, one.legacy_loss)
        first = next(iter(parts))
        truth = labels[first].argmax(1) if labels[first].ndim == 2 else labels[first]
        correct = (logits[first].detach().argmax(1) == truth).float().mean()
        told = {f"loss_{name}": loss.detach() for name, loss in losses.items()}
        return total, {"loss": total.detach(), **told, "train_accuracy": 100 * correct}

    def _logits(self, images: dict[str, Tensor]) -> dict[str, Tensor]:
        """Logits (B, K) float32 of each set."""
        moved = {
            name: channels_last(part.to(self.device, non_blocking=True))
            for name, part in images.items()
        }
        kind = torch.device(self.device).type
        with torch.autocast(kind, torch.bfloat16, enabled=self.settings.bf16):
            if not self.settings.joint or len(moved) < 2:
                return {name: self.network(part).float() for name, part in moved.items()}
            sizes = [len(part) for part in moved.values()]
            logits = self.network(channels_last(torch.cat(list(moved.values())))).float()
        return dict(zip(moved, logits.split(sizes), strict=True))
