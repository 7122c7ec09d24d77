"""The invariant ensemble: one trunk, one head per factor of an image.

Source: CGN paper section 4.3 and appendix C; experiments A8. The mean over heads is taken of the
logits (D25).
"""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cgnlib.classifiers.augment import Standardise
from cgnlib.errors import UserError

HEADS = ("shape", "texture", "background")
VIEWS = {  # what an evaluation reads: the heads whose logits are averaged
    **{head: (head,) for head in HEADS},
    "mean": HEADS,
    "shape_texture": ("shape", "texture"),  # the background challenge leaves the background out
}


class InvariantEnsemble(nn.Module):
    """Three linear heads on the pooled features of one trunk.

    Args:
        trunk: images (B, 3, H, W) to features (B, ``features``).
        features: width of the trunk's output.
        classes: number of logits of each head.
        standardise: pixel statistics the trunk was trained with; images come in [-1, 1].
    """

    def __init__(
        self,
        trunk: nn.Module,
        features: int,
        classes: int,
        standardise: Standardise | None = None,
    ):
        super().__init__()
        self.standardise = standardise or nn.Identity()
        self.trunk = trunk
        self.heads = nn.ModuleDict({head: nn.Linear(features, classes) for head in HEADS})
        self.to(memory_format=torch.channels_last)

    def features(self, images: Tensor) -> Tensor:
        """(B, ``features``) of images (B, 3, H, W) in [-1, 1]."""
        images = images.contiguous(memory_format=torch.channels_last)
        return self.trunk(self.standardise(images))

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """Logits (B, classes) by head: shape, texture, background."""
        features = self.features(images)
        return {head: layer(features) for head, layer in self.heads.items()}

    def mean_logits(self, images: Tensor) -> Tensor:
        """Mean of the three heads' logits, (B, classes)."""
        return combine(self(images), "mean")


def combine(logits: dict[str, Tensor], view: str) -> Tensor:
    """Mean of the logits of the heads that ``view`` names, (B, classes).

    Raises:
        UserError: an unknown view.
    """
    if view not in VIEWS:
        raise UserError(f"no view of the ensemble called {view!r}; choose {', '.join(VIEWS)}")
    return sum(logits[head] for head in VIEWS[view]) / len(VIEWS[view])


class View(nn.Module):
    """The ensemble as a plain classifier, for GradCAM, LIME and single predictions.

    Args:
        ensemble: anything from images to logits by head.
        view: a head, ``mean`` or ``shape_texture``.
    """

    def __init__(self, ensemble: nn.Module, view: str):
        super().__init__()
        if view not in VIEWS:
            combine({}, view)
        self.ensemble, self.view = ensemble, view

    def forward(self, images: Tensor) -> Tensor:
        """Logits (B, classes)."""
        return combine(self.ensemble(images), self.view)


class Schedule(Protocol):
    """Makes an optimiser and a scheduler: :class:`SgdSchedule` or the small ones of ``erm``."""

    def build(self, network: nn.Module) -> tuple: ...


@dataclass(frozen=True)
class EnsembleSettings:
    """How the ensemble is trained.

    ``frozen_statistics`` keeps batch norm in evaluation mode (its weights still learn), as the
    published code does; the paper does not say so. ``bf16`` computes under autocast.
    """

    schedule: Schedule
    frozen_statistics: bool = True
    bf16: bool = False


class EnsembleBatch(NamedTuple):
    """A real batch with its class, and a counterfactual batch with its three labels."""

    real: Tensor  # (R, 3, H, W) in [-1, 1]
    label: Tensor  # (R,)
    counterfactual: Tensor  # (C, 3, H, W) in [-1, 1]
    shape: Tensor  # (C,)
    texture: Tensor  # (C,)
    background: Tensor  # (C,)


class EnsembleMethod:
    """Trains an :class:`InvariantEnsemble`: a method for :func:`cgnlib.training.fit`.

    Loss: cross-entropy of the mean logits on the real batch, plus the sum over heads of each one's
    cross-entropy on the counterfactual batch. With frozen statistics an image's features do not
    depend on its batch, so both batches share one pass: the gradient is that of the two published
    backward passes. Otherwise each batch is its own pass, with its own statistics.

    Args:
        settings: see :class:`EnsembleSettings`.
        network: the ensemble.
        device: where it runs.
    """

    def __init__(self, settings: EnsembleSettings, network: InvariantEnsemble, device: str = "cpu"):
        self.settings, self.network, self.device = settings, network.to(device), device
        self.norms = [
            m for m in network.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)
        ]
        self.optimiser, self.scheduler = settings.schedule.build(network)

    def _features(self, real: Tensor, counterfactual: Tensor) -> tuple[Tensor, Tensor]:
        if not self.settings.frozen_statistics:
            return self.network.features(real), self.network.features(counterfactual)
        both = self.network.features(torch.cat([real, counterfactual]))
        return both.split([len(real), len(counterfactual)])

    def _losses(self, batch: EnsembleBatch) -> tuple[dict[str, Tensor], Tensor]:
        """Losses by name and the real batch's mean logits (R, classes)."""
        heads = self.network.heads
        with torch.autocast(torch.device(self.device).type, torch.bfloat16, self.settings.bf16):
            real, counterfactual = self._features(batch.real, batch.counterfactual)
            mean = combine({head: heads[head](real) for head in HEADS}, "mean")
            own = {head: heads[head](counterfactual) for head in HEADS}
        if self.settings.bf16:
            mean, own = mean.float(), {head: logits.float() for head, logits in own.items()}
        losses = {"real": F.cross_entropy(mean, batch.label)}
        for head in HEADS:
            losses[head] = F.cross_entropy(own[head], getattr(batch, head))
        return losses, mean

    def update(self, batch: EnsembleBatch) -> dict[str, Tensor]:
        """One step; returns every loss and the running accuracy of the mean logits on the real
        batch in percent, all before the step."""
        batch = EnsembleBatch(*(part.to(self.device, non_blocking=True) for part in batch))
        self.network.train()
        if self.settings.frozen_statistics:
            for norm in self.norms:
                norm.eval()
        losses, mean = self._losses(batch)
        loss = sum(losses.values())
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self.optimiser.step()
        self.scheduler.step()
        correct = (mean.detach().argmax(1) == batch.label).float().mean()
        told = {f"loss_{name}": value.detach() for name, value in losses.items()}
        return {"loss": loss.detach(), **told, "train_accuracy": 100 * correct}

    def state_dict(self) -> dict:
        """Everything the next update depends on."""
        return {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "scheduler": self.scheduler.state_dict(),
        }

    def load_state_dict(self, state: dict) -> None:
        """Continue from :meth:`state_dict`."""
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.scheduler.load_state_dict(state["scheduler"])


def ensemble_batches(real, counterfactual):
    """Batches of :class:`EnsembleMethod` from two
    :class:`~cgnlib.classifiers.augment.AugmentedBatches`: real ones with one label,
    counterfactual ones with three (shape, texture, background)."""

    def batches(step: int) -> EnsembleBatch:
        return EnsembleBatch(*real(step), *counterfactual(step))

    return batches
