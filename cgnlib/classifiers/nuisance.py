"""Reading nuisances in an image: how far a generator's latent was moved along each direction.

Source: GenInt, section 10 (GENINT-10). A network sees a generated image and names the scale of the
edit along the edited direction; the L1 error is taken there alone. Which architecture reads is
published (ResNet-34), its schedule is not.
"""

from collections.abc import Iterable

import torch
import torch.nn.functional as F
import torchvision
from torch import Tensor, nn

from cgnlib.classifiers.erm import Schedule
from cgnlib.classifiers.supervised import Supervised, channels_last
from cgnlib.errors import UserError
from cgnlib.networks.scene_cnn import SceneCnn
from cgnlib.rng import rng, seed_for

NETWORKS = ("scene_cnn", "resnet34")
_HEAD = "scale"
Batch = tuple[Tensor, Tensor, Tensor]  # images, edited component, its scale


class NuisanceRegressor(nn.Module):
    """Images (B, 3, H, W) in [-1, 1] to the scale along each of K directions, (B, K).

    Args:
        kind: ``scene_cnn`` (64 px) or ``resnet34`` (as published).
        directions: K.
        reach: largest scale that was drawn; what the network learns is a share of it.
        seed: of the first weights.

    Raises:
        UserError: another kind.
    """

    def __init__(self, kind: str, directions: int, reach: float, seed: int):
        super().__init__()
        if kind not in NETWORKS:
            raise UserError(f"no nuisance network {kind!r}: choose {' or '.join(NETWORKS)}")
        self.reach = reach
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed_for(seed, "nuisance regressor", "weights"))
            if kind == "scene_cnn":
                self.network: nn.Module = SceneCnn({_HEAD: directions})
            else:
                self.network = torchvision.models.resnet34(num_classes=directions)
        self.to(memory_format=torch.channels_last)

    def forward(self, images: Tensor) -> Tensor:
        """(B, K) scales in units of the latent."""
        read = self.network(images)
        return self.reach * (read[_HEAD] if isinstance(read, dict) else read)


def edited_error(scales: Tensor, component: Tensor, delta: Tensor) -> Tensor:
    """|read - true| scale along the edited direction, (B,).

    Args:
        scales: (B, K), what is read along each direction.
        component: (B,) the one that was edited.
        delta: (B,) its scale.
    """
    return (scales.gather(1, component[:, None])[:, 0] - delta).abs()


def chance_error(train: Tensor, held_out: Tensor) -> float:
    """Mean L1 error of who always answers the median scale of the training images."""
    return float((held_out - train.median()).abs().mean())


class NuisanceMethod(Supervised):
    """Descends the mean :func:`edited_error`, as a share of the reach.

    Args:
        network: trained in place.
        schedule: optimiser and step sizes.
        device: where the network runs.
    """

    def __init__(self, network: NuisanceRegressor, schedule: Schedule, device: str = "cpu"):
        super().__init__(network.to(device), schedule)
        self.device = device

    def _objective(self, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        images, component, delta = (part.to(self.device) for part in batch)
        error = edited_error(self.network(channels_last(images)), component, delta).mean()
        return error / self.network.reach, {"error": error.detach()}


@torch.no_grad()
def read_scales(
    network: NuisanceRegressor, batches: Iterable[Tensor], device: str = "cpu"
) -> Tensor:
    """Scales (N, K) read in batches of images (B, 3, H, W) in [-1, 1], on the CPU."""
    network.to(device).eval()
    return torch.cat([network(channels_last(part.to(device))).cpu() for part in batches])


class NuisanceBatches:
    """Batches of generated images with their edits as a pure function of the step.

    Args:
        source: has ``draw(index, generator)`` to images (B, 3, H, W) in [-1, 1].
        component, delta: (N,) the edit of each.
        index: step to positions (B,), such as :class:`cgnlib.training.EpochIndex`.
        seed: of whatever ``source`` does at random.
    """

    def __init__(self, source, component: Tensor, delta: Tensor, index, seed: int):
        self.source, self.component, self.delta = source, component, delta
        self.index, self.seed = index, seed

    def __call__(self, step: int) -> Batch:
        """Images, component and scale of batch ``step``."""
        index = self.index(step)
        images = self.source.draw(index, rng(self.seed, "nuisance images", step))
        return images, self.component[index], self.delta[index]


class LabelMlp(nn.Module):
    """Nuisances to class: ``layers`` linear layers, ReLU between them (GENINT-10: 4, 512 wide).

    Inputs are standardised by the statistics of the training images, which it keeps.

    Args:
        nuisances: (N, K) of the training images.
        classes: logits.
        seed: of the first weights.
    """

    def __init__(
        self, nuisances: Tensor, classes: int, seed: int, hidden: int = 512, layers: int = 4
    ):
        super().__init__()
        self.register_buffer("mean", nuisances.mean(0))
        self.register_buffer("std", nuisances.std(0, correction=0).clamp(min=1e-6))
        sizes = [nuisances.shape[1], *(hidden,) * (layers - 1), classes]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed_for(seed, "nuisance labels", "weights"))
            self.layers = nn.ModuleList(
                nn.Linear(start, end) for start, end in zip(sizes, sizes[1:], strict=False)
            )

    def forward(self, nuisances: Tensor) -> Tensor:
        """Logits (B, classes) of nuisances (B, K)."""
        x = (nuisances - self.mean) / self.std
        for layer in self.layers[:-1]:
            x = F.relu(layer(x))
        return self.layers[-1](x)


class LabelMethod(Supervised):
    """Cross-entropy of a class told from nuisances: batches of (B, K) and labels (B,)."""

    def _objective(self, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        nuisances, labels = batch
        loss = F.cross_entropy(self.network(nuisances), labels)
        return loss, {"loss": loss.detach()}
