"""Trained networks, kept as artefacts: trained once, read afterwards."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
from torch import nn

from cgnlib import store
from cgnlib.training import Method, fit, read_metrics

WEIGHTS = "weights.safetensors"


@dataclass(frozen=True)
class Training:
    """What trains a network: the method around it, its batches by step, and the number of steps.

    ``epoch_steps`` updates lie between checkpoints, a hundred at least; ``label`` is what progress
    lines call it.
    """

    method: Callable[[nn.Module], Method]
    batches: Callable[[], Callable[[int], Any]]
    steps: int
    epoch_steps: int
    label: str


def kept_network(
    kind: str,
    version: int,
    key: dict,
    build: Callable[[], nn.Module],
    training: Training | None,
    device: str = "cpu",
) -> tuple[nn.Module, list[dict], store.Artefact]:
    """A network, in evaluation mode and without gradients, with its log.

    Args:
        kind, version, key: of the artefact, see :func:`cgnlib.store.train_or_load`.
        build: the network before training.
        training: None: the network is kept as it is built.
        device: where the network is put.
    """

    def make(folder: Path) -> None:
        network = build()
        if training:
            fit(
                training.method(network),
                training.batches(),
                training.steps,
                folder,
                label=training.label,
                log_every=20,
                checkpoint_every=max(100, training.epoch_steps),
            )
        state = {name: value.contiguous() for name, value in network.state_dict().items()}
        store.write_atomic(folder / WEIGHTS, safetensors.torch.save(state))

    def load(folder: Path) -> tuple[nn.Module, list[dict]]:
        network = build()
        network.load_state_dict(safetensors.torch.load((folder / WEIGHTS).read_bytes()))
        history = read_metrics(folder) if training else []
        return network.to(device).eval().requires_grad_(False), history

    (network, history), artefact = store.train_or_load(kind, version, key, make, load)
    return network, history, artefact
