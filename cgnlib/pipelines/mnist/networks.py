"""Training and loading of the small CNNs that several recipes share."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor, nn

from cgnlib import store
from cgnlib.classifiers.cnn import MnistCnn
from cgnlib.classifiers.erm import Erm, Schedule
from cgnlib.params import MnistParams
from cgnlib.rng import seed_for
from cgnlib.training import Method, fit, read_metrics

WEIGHTS = "weights.safetensors"


@dataclass(frozen=True)
class TrainedClassifier:
    """A trained classifier (eval mode), its artefact and its log."""

    model: nn.Module
    artefact: store.Artefact
    history: list[dict]


@dataclass(frozen=True)
class CnnRecipe:
    """How one CNN is trained: its kind and version in the store, its place in the progress line,
    its schedule, its first weights (see :class:`cgnlib.classifiers.cnn.MnistCnn`) and its
    classes."""

    kind: str
    version: int
    label: str
    schedule: Schedule
    init: str = "he"
    classes: int = 10

    def build(self, seed: int) -> nn.Module:
        """A fresh network; its first weights depend on kind and seed only."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed_for(seed, self.kind, "weights"))
            return MnistCnn(self.classes, self.init)


def save_weights(network: nn.Module, folder: Path) -> None:
    """Write the state dict as safetensors."""
    state = {name: value.contiguous() for name, value in network.state_dict().items()}
    store.write_atomic(folder / WEIGHTS, safetensors.torch.save(state))


def load_weights(network: nn.Module, folder: Path, device: str) -> nn.Module:
    """Read a state dict written by :func:`save_weights`; eval mode, no gradients."""
    network.load_state_dict(safetensors.torch.load((folder / WEIGHTS).read_bytes()))
    return network.to(device).eval().requires_grad_(False)


def cnn(
    recipe: CnnRecipe,
    params: MnistParams,
    key: dict,
    batches: Callable[[], Callable[[int], tuple[Tensor, Tensor]]],
    train_with: Callable[..., Method] = Erm,
) -> tuple[nn.Module, store.Artefact, list[dict]]:
    """Train or load the CNN of ``recipe``: network (eval), artefact and training log.

    Args:
        batches: called only when the network must be trained; gives step to (images, labels).
        train_with: (network, schedule, bf16, device) to the method; what else shapes it is in
            ``key``.
    """
    schedule = recipe.schedule
    key = {
        **key,
        "optimiser": schedule.optimiser,
        "lr": schedule.lr,
        "steps": schedule.steps,
        "epoch_steps": schedule.epoch_steps,
        "init": recipe.init,
        "bf16": params.classifier_bf16,
    }

    def make(folder: Path) -> None:
        network = recipe.build(params.seed)
        method = train_with(network, schedule, params.classifier_bf16, params.device)
        fit(method, batches(), schedule.steps, folder, label=recipe.label)
        save_weights(network, folder)

    def load(folder: Path) -> tuple[nn.Module, list[dict]]:
        network = load_weights(recipe.build(params.seed), folder, params.device)
        return network, read_metrics(folder)

    (network, history), artefact = store.train_or_load(recipe.kind, recipe.version, key, make, load)
    return network, artefact, history
