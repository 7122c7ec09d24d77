"""How every classifier of GENINT-1 is built, trained and kept."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from cgnlib import store
from cgnlib.classifiers.erm import Schedule
from cgnlib.classifiers.genint_mnist_networks import GenintCnn, HalvedMlp
from cgnlib.networks.dropout import set_dropout_generator
from cgnlib.params import GenintMnistParams
from cgnlib.pipelines.genint_mnist.data import base_key
from cgnlib.pipelines.mnist.networks import TrainedClassifier, load_weights, save_weights
from cgnlib.rng import rng, seed_for
from cgnlib.training import Method, fit, read_metrics

Batches = Callable[[int], tuple[Tensor, Tensor]]


@dataclass(frozen=True)
class Training:
    """How one network is trained: its kind and version in the store, its place in the progress
    line, its schedule, what builds it, what trains it (network, schedule), and what shows it its
    batches (called only when it must be trained)."""

    kind: str
    version: int
    label: str
    schedule: Schedule
    build: Callable[[], nn.Module]
    method: Callable[[nn.Module, Schedule], Method]
    batches: Callable[[], Batches]


def trained(params: GenintMnistParams, training: Training, key: dict) -> TrainedClassifier:
    """Train or load a classifier; ``key`` holds what shapes it beside data, seed and schedule."""
    schedule = training.schedule
    key = {**base_key(params), **key, "lr": schedule.lr, "steps": schedule.steps}

    def make(folder: Path) -> None:
        network = training.build().to(memory_format=torch.channels_last)
        method = training.method(network, schedule)
        method.generator = rng(params.seed, "genint-dropout")
        set_dropout_generator(network, method.generator)
        fit(method, training.batches(), schedule.steps, folder, label=training.label)
        save_weights(network, folder)

    def load(folder: Path) -> tuple[nn.Module, list[dict]]:
        return load_weights(training.build(), folder, params.device), read_metrics(folder)

    (model, history), artefact = store.train_or_load(
        training.kind, training.version, key, make, load
    )
    return TrainedClassifier(model, artefact, history)


def network(params: GenintMnistParams, form: str, *stream: int) -> nn.Module:
    """A fresh ``cnn`` or ``mlp``; the rows of one seed share their first weights, and ``stream``
    tells restarts apart."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_for(params.seed, "genint-classifier", *stream))
        if form == "mlp":
            return HalvedMlp(params.irm_hidden)
        return GenintCnn(
            params.classifier_width, params.classifier_hidden, params.classifier_dropout
        )


def network_key(params: GenintMnistParams, form: str) -> dict:
    """What shapes such a network."""
    if form == "mlp":
        return {"network": form, "hidden": params.irm_hidden}
    return {
        "network": form,
        "width": params.classifier_width,
        "hidden": params.classifier_hidden,
        "dropout": params.classifier_dropout,
    }
