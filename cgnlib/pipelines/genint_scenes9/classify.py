"""Training the rows of the GenInt tables (GENINT-4, GENINT-7, GENINT-11, GENINT-12)."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

import torch
from torch import Tensor, nn

from cgnlib import store
from cgnlib.classifiers.augment import IMAGENET_MEAN, IMAGENET_STD, Standardise
from cgnlib.classifiers.erm import Schedule
from cgnlib.classifiers.genint import GenintBatch, GenintMethod, GenintSettings, Part
from cgnlib.classifiers.genint_network import genint_network
from cgnlib.classifiers.mixup import MixedBatches
from cgnlib.classifiers.sgd import SgdSchedule
from cgnlib.data.registry import path_of
from cgnlib.errors import UserError
from cgnlib.params.genint_classifiers import (
    BASELINE,
    BOTH,
    CGN,
    GENERATED_ROWS,
    GENINT,
    GENINT_ROWS,
    TRANSFER,
    GenintClassifierParams,
)
from cgnlib.pipelines.genint_scenes9.training_sets import (
    Sources,
    batches_of,
    class_count,
    is_rendered,
    source_of,
)
from cgnlib.pipelines.kept_networks import Training, kept_network

GENINT_VERSION = 1
KIND = "genint_row"  # of artefact


@dataclass(frozen=True)
class TrainedRow:
    """A trained row of the tables.

    Attributes:
        seed: of this training; repetitions of a row have the seeds from that of the run on.
        model: images (B, 3, H, W) in [-1, 1] to logits (B, K), in evaluation mode.
        history: its log; empty for published weights.
    """

    row: str
    seed: int
    model: nn.Module
    artefact: store.Artefact
    history: list[dict]


@dataclass(frozen=True)
class _Plan:
    """What one row is trained on, and how: images per update of every set (0: without it), the
    names of the sets, lambda 1 and 2, and the row whose weights it starts from."""

    real: int
    real_set: str = "real"
    interventional: int = 0
    interventional_set: str = "interventional"
    transferred: int = 0
    observational: int = 0  # joined to the real images, each image weighing alike
    weight_int: float = 0.0
    weight_itr: float = 0.0
    augmentation: str = "standard"
    mixup_alpha: float = 0.0
    start: str = ""


def plan_of(params: GenintClassifierParams, row: str) -> _Plan:
    """What ``params`` say of a row.

    Raises:
        UserError: an unknown row.
    """
    start = BASELINE if params.rows_start == "baseline" else ""
    plain = _Plan(params.classifier_batch, augmentation=params.augmentation, start=start)
    if row in GENERATED_ROWS:
        alone = {"real": 0, "interventional": plain.real, "weight_int": 1.0, "start": ""}
        return replace(plain, interventional_set=GENERATED_ROWS[row], **alone)
    both = {"scratch": "", "baseline": BASELINE, "transfer": TRANSFER}[params.both_start]
    edited = {"interventional": params.int_batch, "weight_int": params.int_weight}
    changes = {
        BASELINE: {"start": ""},
        "Stylized": {"real_set": "stylised"},
        "Mixup": {"mixup_alpha": params.mixup_alpha},
        "AutoAug": {"augmentation": "autoaugment"},
        "GAN augmentation": {"observational": params.gan_batch},
        GENINT: edited,
        CGN: {**edited, "interventional_set": "counterfactual"},
        TRANSFER: {"transferred": params.itr_batch, "weight_itr": params.itr_weight},
        BOTH: {
            "real": params.both_batch,
            "interventional": params.both_int_batch,
            "weight_int": params.both_int_weight,
            "transferred": params.both_itr_batch,
            "weight_itr": params.both_itr_weight,
            "start": both,
        },
    }
    if row not in changes:
        known = ", ".join((*GENINT_ROWS, *GENERATED_ROWS))
        raise UserError(f"no row {row!r} of GenInt: choose one of {known}")
    return replace(plain, **changes[row])


def classifier(
    params: GenintClassifierParams, sources: Sources, row: str, repetition: int = 0
) -> TrainedRow:
    """Train or load one row: of :data:`GENINT_ROWS`, or of :data:`GENERATED_ROWS` for training on
    generated images alone.

    Args:
        sources: the sets there are; only those of the row are loaded, and only to train.
        repetition: trains it again with another seed; the data stay the same.

    Raises:
        UserError: an unknown row, or a set that is not there.
    """
    params, seed = _own_network(params, row), params.seed + repetition
    plan = plan_of(params, row)
    start = classifier(params, sources, plan.start, repetition) if plan.start else None
    if row == BASELINE and params.classifier_weights:
        return _published(params, row)
    schedule, epoch_steps = _schedule(params, plan, sources)
    key = _key(params, plan, sources, seed, schedule)
    key |= {"start": start.artefact.hash if start else ""}

    def build() -> nn.Module:
        network = _network(params, seed)
        if start:
            network.load_state_dict(start.model.state_dict())
        return network

    training = Training(
        lambda network: GenintMethod(_settings(params, plan, schedule), network, params.device),
        lambda: _batches(params, plan, sources, seed),
        schedule.steps,
        epoch_steps,
        f"{row} ({params.dataset}, seed {seed})",
    )
    made = kept_network(KIND, GENINT_VERSION, key, build, training, params.device)
    network, history, artefact = made
    return TrainedRow(row, seed, network, artefact, history)


def _own_network(params: GenintClassifierParams, row: str) -> GenintClassifierParams:
    """``params`` with the network that rows of generated images alone have of their own."""
    if row not in GENERATED_ROWS or not params.generated_network:
        return params
    return params.model_copy(update={"classifier_network": params.generated_network})


def variations(params: GenintClassifierParams) -> dict[str, GenintClassifierParams]:
    """What GENINT-12 compares, all of them the row GenInt, trained once: parameters by setting."""
    params = params.model_copy(update={"row_repetitions": 1})
    batches = {
        f"X_int batch {size}": params.model_copy(update={"int_batch": size})
        for size in params.batches_compared()
    }
    weights = {
        f"lambda1 {weight:g}": params.model_copy(update={"int_weight": weight})
        for weight in params.weights_compared()
    }
    return batches | weights


def _published(params: GenintClassifierParams, row: str) -> TrainedRow:
    """torchvision's weights in the place of a training; ``published`` is the file of the data
    root."""
    path = params.classifier_weights
    if path == "published":
        path = str(path_of(params.classifier_network))
    key = {**_base_key(params), "weights": store.file_sha256(path)}

    def build() -> nn.Module:
        return _network(params, 0, path)

    made = kept_network(KIND, GENINT_VERSION, key, build, None, params.device)
    network, history, artefact = made
    return TrainedRow(row, params.seed, network, artefact, history)


def _network(params: GenintClassifierParams, seed: int, weights: str = "") -> nn.Module:
    """First weights depend on the seed only, so that all rows share them."""
    pixels = None if is_rendered(params) else Standardise(IMAGENET_MEAN, IMAGENET_STD)
    return genint_network(
        params.classifier_network,
        class_count(params),
        seed,
        standardise=pixels,
        weights=weights,
    )


def _schedule(
    params: GenintClassifierParams, plan: _Plan, sources: Sources
) -> tuple[SgdSchedule | Schedule, int]:
    """The schedule and the updates of an epoch, which is one pass over the real images: all rows
    with real batches of one size take equally many updates."""
    images = source_of(sources, "real").count
    images = min(images, params.epoch_images or images)
    updates = -(-images // (plan.real or params.classifier_batch))
    which = "tuned" if plan.start else "classifier"
    lr, epochs = getattr(params, f"{which}_lr"), getattr(params, f"{which}_epochs")
    if plan.start and params.tuned_optimiser == "adam":
        return Schedule("adam", lr, epochs * updates), updates
    rest = {"momentum": params.momentum, "weight_decay": params.weight_decay}
    return SgdSchedule(lr, epochs, params.milestones(which), updates, **rest), updates


def _settings(
    params: GenintClassifierParams, plan: _Plan, schedule: SgdSchedule | Schedule
) -> GenintSettings:
    return GenintSettings(
        schedule,
        plan.weight_int,
        plan.weight_itr,
        params.legacy_loss,
        params.joint_batch,
        params.classifier_bf16,
    )


def _base_key(params: GenintClassifierParams) -> dict:
    names = ("dataset", "threads", "device", "classifier_network", "classifier_bf16")
    return {name: getattr(params, name) for name in names}


def _key(
    params: GenintClassifierParams,
    plan: _Plan,
    sources: Sources,
    seed: int,
    schedule: SgdSchedule | Schedule,
) -> dict:
    """Everything that matters to one training; of a set that the plan does without, nothing."""
    passes = sum(map(bool, (plan.real, plan.interventional, plan.transferred)))
    data = {name: source_of(sources, name).identity for name in _sets(plan)}
    rest = {
        "seed": seed,
        "crop_least_area": params.crop_least_area,
        "joint": passes > 1 and params.joint_batch,
        "legacy": passes > 2 and params.legacy_loss,
    }
    optimised = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in asdict(schedule).items()
    }
    made = {**_base_key(params), **asdict(plan), **rest, **optimised, "data": data}
    return made | {"updates": schedule.steps}


def _sets(plan: _Plan) -> list[str]:
    """The names of the sets that a plan draws from."""
    drawn = {
        plan.real_set: plan.real,
        plan.interventional_set: plan.interventional,
        "transferred": plan.transferred,
        "observational": plan.observational,
    }
    return [name for name, batch in drawn.items() if batch]


def _batches(
    params: GenintClassifierParams, plan: _Plan, sources: Sources, seed: int
) -> Callable[[int], GenintBatch]:
    def drawn(name: str, batch: int) -> Callable[[int], Part] | None:
        if not batch:
            return None
        source, stream = source_of(sources, name), f"genint {name}"
        return batches_of(source, params, batch, plan.augmentation, seed, stream)

    real = drawn(plan.real_set, plan.real)
    if plan.observational:
        real = _together(real, drawn("observational", plan.observational))
    if plan.mixup_alpha:
        real = MixedBatches(real, class_count(params), plan.mixup_alpha, seed, "genint mixup")
    others = (
        drawn(plan.interventional_set, plan.interventional),
        drawn("transferred", plan.transferred),
    )
    return lambda step: GenintBatch(*(part and part(step) for part in (real, *others)))


def _together(
    one: Callable[[int], Part], other: Callable[[int], Part]
) -> Callable[[int], tuple[Tensor, Tensor]]:
    """Both batches as one."""

    def batch(step: int) -> tuple[Tensor, Tensor]:
        (images, labels), (more, theirs) = one(step), other(step)
        return torch.cat([images, more]), torch.cat([labels, theirs])

    return batch
