"""Training the small networks of scenes9 that come with the package.

Four networks, each an artefact of its own and resumable: ``saliency``, ``classifier`` (texture and
background), ``silhouette`` (shape, reads saliency masks) and ``generator`` (reads the classifier's
and the saliency network's view). Each takes minutes to an hour on one core; the default runs use
the shipped ones and train none of them.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import nn

from cgnlib import store
from cgnlib.classifiers.saliency_training import SaliencyMethod, SaliencySettings, saliency_batch
from cgnlib.classifiers.scene_classifiers import (
    SceneClassifierMethod,
    SceneClassifierSettings,
    classifier_batch,
    silhouette_batch,
)
from cgnlib.data.scenes9 import RENDERER_VERSION
from cgnlib.errors import UserError
from cgnlib.evaluation.scene_labels import Readers
from cgnlib.generators.paired_gan import PairedGan, PairedSettings, paired_batch
from cgnlib.networks import shipped
from cgnlib.pipelines.imagenet import pretrain_figures
from cgnlib.training import Method, fit

KIND = "pretrained"
VERSION = 1
FILE = "weights.safetensors"
EARLIER = "earlier_stages.json"
CHOICES = {
    "saliency": ("saliency",),
    "classifiers": ("classifier", "silhouette"),
    "generator": ("generator",),
    "all": ("saliency", "classifier", "silhouette", "generator"),
}
MADE_BY = {
    "generator": "distilled from the scenes9 renderer by paired training; its losses look through "
    "the same classifier and saliency network that measure it; a stage whose weight_adversarial is "
    "above 0 also has a discriminator",
    "saliency": "supervised by the renderer's masks",
    "classifier": "supervised by the renderer's labels, on recombined scenes",
    "silhouette": "supervised by the renderer's labels, on saliency masks and true masks of "
    "recombined scenes",
}
SHIPPED = "shipped"
CHECKPOINT_EVERY = 250  # updates


@dataclass(frozen=True)
class Pretraining:
    """Settings of each network, the seed and threads of all.

    Attributes:
        start: generator to go on from: empty for none, ``shipped``, or a file that an earlier
            training wrote.
        images: images behind each figure.
        parents: where the networks that another one needs come from: ``shipped``, or ``trained``
            here with these settings.
    """

    saliency: SaliencySettings = field(default_factory=SaliencySettings)
    classifier: SceneClassifierSettings = field(
        default_factory=lambda: SceneClassifierSettings(updates=250)
    )
    silhouette: SceneClassifierSettings = field(
        default_factory=lambda: SceneClassifierSettings(updates=450)
    )
    generator: PairedSettings = field(default_factory=PairedSettings)
    seed: int = 0
    threads: int = 1
    start: str = ""
    images: int = 2016
    parents: str = SHIPPED

    def changed(self, name: str, **values: Any) -> "Pretraining":
        """The same with other settings of one network; None leaves a setting as it is."""
        given = {setting: value for setting, value in values.items() if value is not None}
        return replace(self, **{name: replace(getattr(self, name), **given)})


@dataclass(frozen=True)
class Pretrained:
    """A network (evaluation mode), its artefact and the stages of its training, the last one its
    own: settings, updates, seconds, threads, processor, commit, versions."""

    network: nn.Module
    artefact: store.Artefact
    stages: list[dict[str, Any]]


def pretrained(name: str, plan: Pretraining) -> Pretrained:
    """Train or load one network of :data:`cgnlib.networks.shipped.NAMES`.

    Raises:
        UserError: an unknown name, diverged training, a damaged artefact, a start that is absent.
    """
    if name not in shipped.NAMES:
        raise UserError(f"pretrain: no network {name!r}: choose of {', '.join(shipped.NAMES)}")
    return _TRAIN[name](plan)


def _parent(name: str, plan: Pretraining) -> tuple[nn.Module, str]:
    """A network that another one's training needs, and the hash of its weights."""
    if plan.parents == SHIPPED:
        return shipped.shipped(name), shipped.shipped_record(name)["sha256"]
    made = pretrained(name, replace(plan, start=""))
    return made.network, store.file_sha256(made.artefact.folder / FILE)


def _trained(
    name: str,
    plan: Pretraining,
    method: Callable[[], Method],
    batches: Callable[[int], Any],
    needs: dict[str, str],
    earlier: list[dict[str, Any]],
) -> Pretrained:
    settings = getattr(plan, name)
    key = {
        "network": name,
        **asdict(settings),
        **{f"needs_{parent}": sha256 for parent, sha256 in needs.items()},
        "seed": plan.seed,
        "threads": plan.threads,
        "renderer": RENDERER_VERSION,
    }

    def make(folder: Path) -> None:
        trained = method()
        label = f"pretraining the {name} of scenes9"
        fit(
            trained,
            batches,
            settings.updates,
            folder,
            label=label,
            checkpoint_every=CHECKPOINT_EVERY,
        )
        store.write_atomic(folder / FILE, shipped.compact(trained.sampler().state_dict()))
        store.write_atomic(folder / EARLIER, json.dumps(earlier).encode())

    def load(folder: Path) -> nn.Module:
        return shipped.network_from(name, folder / FILE)

    network, artefact = store.train_or_load(KIND, VERSION, key, make, load)
    return Pretrained(network, artefact, _stages(artefact.folder))


def _stages(folder: Path) -> list[dict[str, Any]]:
    """What a record says about the trainings that made the weights in an artefact's folder."""
    settings = yaml.safe_load((folder / "params.yaml").read_text())
    made = json.loads((folder / "provenance.json").read_text())
    names = ("seconds", "threads", "processor", "git_commit", "versions", "finished_at")
    own = {
        "artefact": f"{KIND}/{folder.name}",
        "updates": settings["updates"],
        **{name: made[name] for name in names},
        "settings": settings,
    }
    return [*json.loads((folder / EARLIER).read_text()), own]


def _saliency(plan: Pretraining) -> Pretrained:
    method = partial(SaliencyMethod, plan.saliency, plan.seed)
    batches = partial(saliency_batch, plan.saliency, plan.seed)
    return _trained("saliency", plan, method, batches, {}, [])


def _classifier(plan: Pretraining) -> Pretrained:
    method = partial(SceneClassifierMethod, "classifier", plan.classifier, plan.seed)
    batches = partial(classifier_batch, plan.classifier, plan.seed)
    return _trained("classifier", plan, method, batches, {}, [])


def _silhouette(plan: Pretraining) -> Pretrained:
    saliency, sha256 = _parent("saliency", plan)
    method = partial(SceneClassifierMethod, "silhouette", plan.silhouette, plan.seed)
    batches = partial(silhouette_batch, plan.silhouette, saliency, plan.seed)
    return _trained("silhouette", plan, method, batches, {"saliency": sha256}, [])


def _generator(plan: Pretraining) -> Pretrained:
    saliency, saliency_sha256 = _parent("saliency", plan)
    classifier, classifier_sha256 = _parent("classifier", plan)
    needs = {"saliency": saliency_sha256, "classifier": classifier_sha256}
    start, earlier = None, []
    if plan.start:
        path, earlier = _start(plan.start)
        start, needs["start"] = shipped.network_from("generator", path), store.file_sha256(path)
        before = sum(stage["updates"] for stage in earlier)
        plan = replace(plan, generator=replace(plan.generator, before=before))
    method = partial(PairedGan, plan.generator, classifier, saliency, plan.seed, start)
    batches = partial(paired_batch, plan.generator, plan.seed)
    return _trained("generator", plan, method, batches, needs, earlier)


def _start(start: str) -> tuple[Path, list[dict[str, Any]]]:
    """The file to go on from and the stages that made it."""
    if start == SHIPPED:
        return shipped.shipped_file("generator"), shipped.shipped_record("generator")["stages"]
    path = Path(start)
    try:
        return path, _stages(path.parent)
    except (OSError, ValueError, KeyError) as error:
        raise UserError(
            f"start {start}: {error}; give 'shipped' or the {FILE} of an earlier training"
        ) from None


_TRAIN: dict[str, Callable[[Pretraining], Pretrained]] = {
    "saliency": _saliency,
    "classifier": _classifier,
    "silhouette": _silhouette,
    "generator": _generator,
}


def figures(name: str, plan: Pretraining, network: nn.Module) -> pretrain_figures.Figures:
    """What the network scores on unseen scenes (see the functions of
    :mod:`cgnlib.pipelines.imagenet.pretrain_figures`)."""
    if name == "saliency":
        return pretrain_figures.saliency_figures(network, plan.images)
    if name == "classifier":
        return pretrain_figures.classifier_figures(network, plan.images)
    saliency = _parent("saliency", plan)[0]
    if name == "silhouette":
        return pretrain_figures.silhouette_figures(network, saliency, plan.images)
    others = (_parent(part, plan)[0] for part in ("classifier", "silhouette"))
    return pretrain_figures.generator_figures(network, Readers(saliency, *others), plan.images)


def record(name: str, made: Pretrained, scores: pretrain_figures.Figures) -> dict[str, Any]:
    """The entry of ``records.json``."""
    data = (made.artefact.folder / FILE).read_bytes()
    return {
        "file": f"{name}.safetensors",
        "sha256": store.file_sha256(made.artefact.folder / FILE),
        "bytes": len(data),
        "parameters": sum(parameter.numel() for parameter in made.network.parameters()),
        "stored": "weights as float16, statistics as float32",
        "made_by": MADE_BY[name],
        "stages": made.stages,
        "figures": scores,
    }


def ship(name: str, made: Pretrained, entry: dict[str, Any]) -> Path:
    """Put the weights and their record into the package's folder; the file's path."""
    path = shipped.FOLDER / entry["file"]
    store.write_atomic(path, (made.artefact.folder / FILE).read_bytes())
    records_file = shipped.FOLDER / shipped.RECORDS
    records = json.loads(records_file.read_text()) if records_file.is_file() else {}
    records = dict(sorted({**records, name: entry}.items()))
    store.write_atomic(records_file, (json.dumps(records, indent=1) + "\n").encode())
    return path


def pretrain(which: str, plan: Pretraining, into_package: bool = False) -> list[dict[str, Any]]:
    """Train or load the networks called ``which`` (a key of :data:`CHOICES`) and measure them.

    Args:
        into_package: replace the shipped weights and records by these.

    Returns:
        One record per network, with ``artefact`` and ``weights`` (a file).
    """
    torch.set_num_threads(plan.threads)
    rows = []
    for name in CHOICES[which]:
        made = pretrained(name, plan)
        entry = record(name, made, figures(name, plan, made.network))
        if into_package:
            ship(name, made, entry)
        weights = made.artefact.folder / FILE
        rows.append({"network": name, "artefact": str(made.artefact), "weights": str(weights)})
        rows[-1] |= entry
    return rows


def as_text(rows: list[dict[str, Any]]) -> str:
    """Two lines per network for people: where it is, and its figures."""
    lines = []
    for row in rows:
        seconds = sum(stage["seconds"] for stage in row["stages"])
        updates = sum(stage["updates"] for stage in row["stages"])
        figures = ", ".join(f"{name} {value}" for name, value in row["figures"].items())
        lines.append(f"{row['network']}: {updates} updates, {seconds:.0f} s, {row['weights']}")
        lines.append(f"  {figures}")
    return "\n".join(lines)
