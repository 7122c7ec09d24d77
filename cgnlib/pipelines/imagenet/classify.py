"""Classifiers of the ImageNet tables: baselines on real images, and the three-head ensemble."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import nn

from cgnlib import store
from cgnlib.classifiers.augment import IMAGENET_MEAN, IMAGENET_STD, AugmentedBatches, Standardise
from cgnlib.classifiers.baseline import Baseline, ensemble_from
from cgnlib.classifiers.ensemble import (
    EnsembleMethod,
    EnsembleSettings,
    InvariantEnsemble,
    ensemble_batches,
)
from cgnlib.classifiers.erm import Erm
from cgnlib.classifiers.sgd import SgdSchedule
from cgnlib.data.image_folders import Ahead, ImageFiles
from cgnlib.data.registry import path_of
from cgnlib.errors import UserError
from cgnlib.networks import resnet
from cgnlib.params import IMAGENET_ROWS, ImagenetParams
from cgnlib.pipelines.imagenet.counterfactual_sets import fakes
from cgnlib.pipelines.imagenet.data import (
    PX,
    ImageSet,
    class_count,
    epoch_images,
    image_px,
    is_rendered,
    train_identity,
    train_set,
)
from cgnlib.rng import seed_for
from cgnlib.training import EpochIndex, Method, fit, read_metrics

BASELINE_VERSION = 1
ENSEMBLE_VERSION = 1
WEIGHTS = "weights.safetensors"
ENSEMBLE = "IN+CGN"  # the row of the three-head ensemble
START = "IN"  # the baseline whose weights it starts from


@dataclass(frozen=True)
class TrainedRow:
    """A trained row of the tables.

    Attributes:
        model: a :class:`~cgnlib.classifiers.baseline.Baseline` or an
            :class:`~cgnlib.classifiers.ensemble.InvariantEnsemble`, in evaluation mode.
        history: its log; empty for published weights.
    """

    row: str
    model: Baseline | InvariantEnsemble
    artefact: store.Artefact
    history: list[dict]


@dataclass(frozen=True)
class _Recipe:
    """How one row is made: its place in the store, its network before training, its schedule, and
    what trains it. Without a schedule the network is taken as it is."""

    kind: str
    version: int
    key: dict
    build: Callable[[], nn.Module]
    schedule: SgdSchedule | None = None
    method: Callable[[nn.Module], Method] | None = None
    batches: Callable[[], Callable[[int], Any]] | None = None


def classifier(params: ImagenetParams, row: str) -> TrainedRow:
    """Train or load a row of the ImageNet tables (experiments ODR-3 and ODR-4), one of
    :data:`cgnlib.params.IMAGENET_ROWS`.

    Raises:
        UserError: unknown row, absent data or weights.
    """
    if row not in IMAGENET_ROWS:
        raise UserError(f"no row {row!r}: choose one of {', '.join(IMAGENET_ROWS)}")
    return _ensemble(params) if row == ENSEMBLE else _baseline(params, row)


def update_images(params: ImagenetParams, row: str) -> int:
    """Images in one update of a row."""
    return params.classifier_batch + (params.ensemble_batch_cf if row == ENSEMBLE else 0)


@lru_cache(maxsize=8)
def _baseline(params: ImagenetParams, row: str) -> TrainedRow:
    """A ResNet trained on the real images of ``row``; with ``trunk_weights``, row IN is those
    published weights."""
    classes = class_count(params, row)
    key = {**_base_key(params), "row": row, "classes": classes}
    if params.trunk_weights and row == START:
        path = Path(params.trunk_weights)
        if params.trunk_weights == "published":
            path = path_of(params.trunk)
        if not path.is_file():
            raise UserError(f"trunk_weights: {path} is no file: put the published weights there")
        key["weights"] = store.file_sha256(path)
        build = partial(_network, params, classes, str(path))
        return _made(params, row, _Recipe("imagenet_baseline", BASELINE_VERSION, key, build))
    milestones = params.milestones("baseline")
    schedule = _schedule(params, params.baseline_lr, params.baseline_epochs, milestones)

    def batches() -> Callable:
        images = train_set(params, row)
        shown = _drawn(images, (images.label,), params.classifier_batch, params.seed, "baseline")
        return _ahead(shown, images)

    recipe = _Recipe(
        "imagenet_baseline",
        BASELINE_VERSION,
        key | {"data": train_identity(params, row), **_sgd_key(params, schedule)},
        partial(_network, params, classes),
        schedule,
        lambda network: Erm(network, schedule, params.classifier_bf16, params.device),
        batches,
    )
    return _made(params, row, recipe)


@lru_cache(maxsize=4)
def _ensemble(params: ImagenetParams) -> TrainedRow:
    """The invariant ensemble, from a copy of the IN baseline, on real and counterfactual images
    (experiments A8)."""
    start, made = _baseline(params, START), fakes(params)
    milestones = params.milestones("ensemble")
    schedule = _schedule(params, params.ensemble_lr, params.ensemble_epochs, milestones)
    settings = EnsembleSettings(schedule, params.bn_eval, params.classifier_bf16)
    key = {
        **_base_key(params),
        **_sgd_key(params, schedule),
        "start": start.artefact.hash,
        "data": train_identity(params, ENSEMBLE),
        "counterfactuals": made.identity,
        "batch_cf": params.ensemble_batch_cf,
        "bn_eval": params.bn_eval,
    }

    def build() -> nn.Module:  # the baseline is frozen, its copy learns
        ensemble = ensemble_from(start.model, class_count(params), params.seed)
        return ensemble.requires_grad_(True)

    def batches() -> Callable:
        images, seed = train_set(params, ENSEMBLE), params.seed
        labels = (made.train.label, made.train.texture, made.train.background)
        real = _drawn(images, (images.label,), params.classifier_batch, seed, "ensemble-real")
        other = _drawn(made.train, labels, params.ensemble_batch_cf, seed, "ensemble-made")
        return _ahead(ensemble_batches(real, other), images, made.train)

    recipe = _Recipe(
        "imagenet_ensemble",
        ENSEMBLE_VERSION,
        key,
        build,
        schedule,
        lambda network: EnsembleMethod(settings, network, params.device),
        batches,
    )
    return _made(params, ENSEMBLE, recipe)


def _made(params: ImagenetParams, row: str, recipe: _Recipe) -> TrainedRow:
    schedule = recipe.schedule

    def make(folder: Path) -> None:
        network = recipe.build()
        if schedule:
            fit(
                recipe.method(network),
                recipe.batches(),
                schedule.steps,
                folder,
                label=f"{row} on {params.dataset}",
                log_every=20,
                checkpoint_every=max(100, schedule.epoch_steps),
            )
        state = {name: value.contiguous() for name, value in network.state_dict().items()}
        store.write_atomic(folder / WEIGHTS, safetensors.torch.save(state))

    def load(folder: Path) -> tuple[nn.Module, list[dict]]:
        network = recipe.build()
        network.load_state_dict(safetensors.torch.load((folder / WEIGHTS).read_bytes()))
        history = read_metrics(folder) if schedule else []
        return network.to(params.device).eval().requires_grad_(False), history

    (network, history), artefact = store.train_or_load(
        recipe.kind, recipe.version, recipe.key, make, load
    )
    return TrainedRow(row, network, artefact, history)


def _base_key(params: ImagenetParams) -> dict:
    names = ("dataset", "seed", "threads", "device", "trunk", "classifier_bf16")
    px = {} if image_px(params) == PX else {"px": image_px(params)}
    return {name: getattr(params, name) for name in names} | px


def _sgd_key(params: ImagenetParams, schedule: SgdSchedule) -> dict:
    return {
        "lr": schedule.lr,
        "steps": schedule.steps,
        "milestones": [epoch * schedule.epoch_steps for epoch in schedule.milestones],
        "momentum": schedule.momentum,
        "weight_decay": schedule.weight_decay,
        "batch": params.classifier_batch,
        "crop_least_area": params.crop_least_area,
    }


def _schedule(
    params: ImagenetParams, lr: float, epochs: int, milestones: tuple[int, ...]
) -> SgdSchedule:
    updates = -(-epoch_images(params) // params.classifier_batch)
    rest = {"momentum": params.momentum, "weight_decay": params.weight_decay}
    return SgdSchedule(lr, epochs, milestones, updates, **rest)


def _network(params: ImagenetParams, classes: int, weights: str = "") -> Baseline:
    """A ResNet; its first weights depend on the seed only, so that all rows share them."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_for(params.seed, "imagenet baseline", "weights"))
        network = resnet.classifier(params.trunk, classes, weights)
    pixels = None if is_rendered(params) else Standardise(IMAGENET_MEAN, IMAGENET_STD)
    return Baseline(network, pixels)


def _drawn(images: ImageSet, labels: tuple, batch: int, seed: int, name: str) -> AugmentedBatches:
    index = EpochIndex(len(images), batch, seed, name)
    return AugmentedBatches(images.source, labels, index, seed, name)


def _ahead(batches: Callable, *sets: ImageSet) -> Callable:
    """Files are decoded while the last batch is trained on."""
    return Ahead(batches) if any(isinstance(s.source, ImageFiles) for s in sets) else batches
