"""Training the CGN of a variant, watching its masks, and composing counterfactuals with it."""

from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import safetensors.torch
import torch
from torch import Tensor

from cgnlib import store
from cgnlib.classifiers.erm import Schedule
from cgnlib.data.biased_mnist import BiasedMnist
from cgnlib.data.jitter import jittered
from cgnlib.data.registry import path_of
from cgnlib.data.warps import random_affine
from cgnlib.evaluation.predict import predict
from cgnlib.generators.cgn_training import CgnMethod, CgnSettings, build_cgn
from cgnlib.generators.counterfactuals import Counterfactuals, Variety
from cgnlib.generators.mnist_cgn import N_CLASSES, MnistCgn
from cgnlib.generators.sampling import sheet
from cgnlib.networks.features import CNN_LAYERS, Features, vgg_features
from cgnlib.params import MnistParams, unset_later
from cgnlib.pipelines.mnist.data import base_key, datasets
from cgnlib.pipelines.mnist.networks import CnnRecipe, cnn, load_weights, save_weights
from cgnlib.pipelines.mnist.released import origin, released_cgn
from cgnlib.rng import rng
from cgnlib.training import EpochIndex, fit, read_metrics

CGN_VERSION = 4
READER_VERSION = 2
_WATCHED_MASKS = 500


@dataclass(frozen=True)
class TrainedCgn:
    """A trained CGN (eval mode), its artefact, its log and its sheets.

    With imported weights the log is empty and the one sheet belongs to no step.

    ``history``: rows with ``step``, ``loss_*``, ``mask_mean`` and, where observed,
    ``mask_readability``. ``sheets``: per observed step the composites and masks at fixed noise,
    arrays (S, 20, 32, 32, C) uint8 under ``composite`` and ``mask``, with ``steps`` (S,).
    """

    model: MnistCgn
    artefact: store.Artefact
    history: list[dict]
    sheets: dict[str, np.ndarray]

    @property
    def imported(self) -> str:
        """SHA-256 of the file the weights were imported from; empty when they were trained."""
        return self.artefact.provenance.get("source_sha256", "")

    @property
    def origin(self) -> str:
        """Where the weights come from, for the page."""
        return origin("CGN", self.artefact, self.history)


class RealBatches:
    """Step to (images, labels): digits by epoch, painted (and jittered, where the parameters ask
    for it) afresh each time they are shown."""

    def __init__(self, variant: BiasedMnist, params: MnistParams, stream: str = "cgn"):
        self.variant, self.seed, self.stream = variant, params.seed, stream
        self.correlation, self.jitter = params.train_correlation_prob, params.jitter_form
        self.index = EpochIndex(len(variant), params.cgn_batch, params.seed, f"{stream}-digits")

    def __call__(self, step: int) -> tuple[Tensor, Tensor]:
        index, generator = self.index(step), rng(self.seed, f"{self.stream}-paint", step)
        labels = self.variant.labels[index]
        factors = self.variant.biased_labels(labels, self.correlation, generator)
        images = self.variant.draw(index, *factors, generator)
        drawn = rng(self.seed, f"{self.stream}-jitter", step)
        return jittered(images, self.jitter, drawn), labels


def as_masks(masks: Tensor) -> Tensor:
    """Masks (B, 1, 32, 32) in [0, 1], cut at one half, as images in {-1, 1} for the reader."""
    return ((masks > 0.5).float() * 2 - 1).expand(-1, 3, -1, -1)


def reader(params: MnistParams) -> tuple[torch.nn.Module, store.Artefact]:
    """The mask reader: the classifier trained on the binary training digits, deformed at random and
    without any colour, for ``reader_steps`` updates."""
    variant = datasets(params).variants["train"]
    schedule = Schedule("adamw", 4e-3, params.reader_steps)
    recipe = CnnRecipe("reader", READER_VERSION, "mask reader", schedule)
    index = EpochIndex(len(variant), 64, params.seed, "reader")

    def batch(step: int) -> tuple[Tensor, Tensor]:
        shown = index(step)
        ink = variant.true_masks(shown).float()
        return as_masks(random_affine(ink, rng(params.seed, "reader", step))), variant.labels[shown]

    key = {**base_key(params), "data": variant.digits.identity, "train_correlation_prob": 1.0}
    network, artefact, _ = cnn(recipe, params, key, lambda: batch)
    return network, artefact


def feature_network(params: MnistParams, weights: tuple[float, ...]) -> Features | None:
    """The network behind the perceptual loss, or None where the loss is off."""
    kind = params.perceptual_features
    if kind == "none" or not any(weights):
        return None
    if kind == "classifier":
        return Features(_feature_classifier(params).model, CNN_LAYERS, weights).to(params.device)
    path = None if kind == "random_vgg" else path_of(kind)
    return vgg_features(kind, weights, path).to(params.device)


def _feature_classifier(params: MnistParams) -> torch.nn.Module:
    """The classifier of this variant's real training images, as a feature network."""
    real = datasets(params).train
    recipe = CnnRecipe(
        "features", 1, "feature classifier", Schedule("adamw", 4e-3, params.reader_steps)
    )
    index = EpochIndex(len(real), 64, params.seed, "features")
    batches = lambda: lambda step: (real.images[index(step)], real.shape[index(step)])  # noqa: E731
    return cnn(recipe, params, base_key(params), batches)[0]


@dataclass(frozen=True)
class _Watcher:
    """Writes a sheet and measures mask readability while a CGN trains."""

    method: CgnMethod
    reader: torch.nn.Module
    params: MnistParams
    folder: Path

    def __call__(self, step: int) -> dict[str, float]:
        model, params = self.method.sampler(), self.params
        made = sheet(model, params.seed)
        store.write_atomic(
            self.folder / f"sheet-{step:07d}.safetensors", safetensors.torch.save(made)
        )
        generator = rng(params.seed, "watch")
        labels = torch.arange(_WATCHED_MASKS) % N_CLASSES
        noise = torch.randn(_WATCHED_MASKS, model.latent, generator=generator)
        with model.sampling(generator):
            masks = model.mask(noise.to(params.device), labels.to(params.device)).cpu()
        read = predict(self.reader, as_masks(masks), device=params.device).predicted
        return {"mask_readability": float((read == labels.numpy()).mean())}


def _load_sheets(folder: Path) -> dict[str, np.ndarray]:
    files = sorted(folder.glob("sheet-*.safetensors"))
    parts = [safetensors.torch.load(path.read_bytes()) for path in files]
    sheets = {
        name: torch.stack([part[name] for part in parts]).numpy() for name in ("composite", "mask")
    }
    return {**sheets, "steps": np.array([int(path.stem.split("-")[1]) for path in files])}


def cgn_key(params: MnistParams) -> dict:
    """What a CGN depends on."""
    settings = CgnSettings(**{name: getattr(params, name) for name in CgnSettings.names()})
    return {
        **base_key(params),
        **asdict(settings),
        "jitter_form": params.jitter_form,
        "sheets": params.sheets,
        "reader": reader(params)[1].hash,
    }


@lru_cache(maxsize=8)
def cgn(params: MnistParams) -> TrainedCgn:
    """Train or load the CGN of ``params``, or take the published weights it names.

    Raises:
        UserError: diverged training, damaged artefact, missing data or feature weights.
    """
    if params.cgn_weights:
        model, artefact, sheets = released_cgn(params)
        return TrainedCgn(model, artefact, [], sheets)
    settings = CgnSettings(**{name: getattr(params, name) for name in CgnSettings.names()})

    def make(folder: Path) -> None:
        features = feature_network(params, settings.perceptual_weights)
        method = CgnMethod(settings, params.seed, features, params.device)
        watch = _Watcher(method, reader(params)[0], params, folder)
        batches = RealBatches(datasets(params).variants["train"], params)
        fit(
            method,
            batches,
            settings.cgn_steps,
            folder,
            label=f"CGN on {params.dataset}",
            checkpoint_every=params.checkpoint_every_steps,
            observe_every=-(-settings.cgn_steps // params.sheets),
            observe=watch,
        )
        save_weights(method.sampler(), folder)

    def load(folder: Path) -> tuple[MnistCgn, list[dict], dict[str, np.ndarray]]:
        with torch.random.fork_rng(devices=[]):  # first weights, about to be replaced
            model = load_weights(build_cgn(settings), folder, params.device)
        return model, read_metrics(folder), _load_sheets(folder)

    (model, history, sheets), artefact = store.train_or_load(
        "cgn", CGN_VERSION, cgn_key(params), make, load
    )
    return TrainedCgn(model, artefact, history, sheets)


def variety(params: MnistParams) -> Variety:
    """How the banks behind the counterfactual set are changed."""
    return Variety(params.cf_warp, params.cf_elastic_px, params.cf_tint)


def variety_key(params: MnistParams) -> dict:
    """What an artefact depends on through :func:`variety`, later parameters only where they are
    set: artefacts that came before them keep their names."""
    later = {"cf_elastic_px", "cf_tint"}
    named = {"cf_warp"} | (later - unset_later(params, later))
    return {name: getattr(params, name) for name in named}


@lru_cache(maxsize=1)
def counterfactuals(params: MnistParams) -> Counterfactuals:
    """The counterfactual set of ``params``: ``cf_images`` images, ``cf_ratio`` texturings per mask.
    The last set asked for is kept: two rows of a table train on the same one."""
    return Counterfactuals(
        cgn(params).model,
        params.cf_images,
        params.cf_ratio,
        params.cf_bank_images,
        params.seed,
        variety=variety(params),
    )
