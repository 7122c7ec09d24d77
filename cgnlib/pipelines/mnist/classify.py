"""Classifiers trained on real or generated images or both, and what they predict."""

from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from cgnlib import store
from cgnlib.classifiers.erm import Schedule
from cgnlib.data.biased_mnist import LabelledImages
from cgnlib.data.jitter import jittered
from cgnlib.errors import UserError
from cgnlib.evaluation.predict import load_predictions, predict, save_predictions
from cgnlib.generators.counterfactuals import Counterfactuals
from cgnlib.generators.gan import GanImages
from cgnlib.parameter_reading import nearest_name
from cgnlib.params import ODR_SETTINGS, MnistParams
from cgnlib.pipelines.mnist.data import base_key, datasets
from cgnlib.pipelines.mnist.gan_baseline import gan, gan_count, gan_images
from cgnlib.pipelines.mnist.generate import cgn, counterfactuals
from cgnlib.pipelines.mnist.invariance import irm, lntl
from cgnlib.pipelines.mnist.networks import CnnRecipe, TrainedClassifier, cnn
from cgnlib.rng import rng
from cgnlib.training import EpochIndex

CLASSIFIER_VERSION = 2
PREDICTIONS_VERSION = 1
SETTINGS = ODR_SETTINGS
SIZES = {"5e4": 50_000, "1e5": 100_000, "1e6": 1_000_000}  # of a counterfactual set, by row name

Batches = Callable[[int], tuple[Tensor, Tensor]]
Generated = Counterfactuals | GanImages


def running_accuracy(history: list[dict]) -> float:
    """Train accuracy as published: correct among the batches trained on, in percent, here over the
    last tenth of the updates."""
    last = history[-1]["step"]
    return float(np.mean([row["train_accuracy"] for row in history if row["step"] > 0.9 * last]))


def _real(images: LabelledImages, batch: int, seed: int) -> Batches:
    index = EpochIndex(len(images), batch, seed, "classifier-real")
    return lambda step: (images.images[index(step)], images.shape[index(step)])


def _made(fakes: Generated, batch: int, seed: int) -> Batches:
    index = EpochIndex(len(fakes), batch, seed, "classifier-counterfactual")

    def batches(step: int) -> tuple[Tensor, Tensor]:
        images, labels = fakes.batch(index(step))  # the first label is the shape
        return images, labels[:, 0]

    return batches


def real_share(params: MnistParams, real_images: int, made: int | None = None) -> float:
    """Share of real images in a batch of Original+CGN (or +GAN, with ``made`` images);
    ``real_frac`` 0 stands for the published concatenation of both sets."""
    made = params.cf_images if made is None else made
    return params.real_frac or real_images / (real_images + made)


def _mixed(real: LabelledImages, fakes: Generated, params: MnistParams) -> Batches:
    """Each step's number of real images follows the share exactly in the long run."""
    share, batch = real_share(params, len(real), len(fakes)), params.classifier_batch
    shown = EpochIndex(len(real), 1, params.seed, "classifier-real")
    made = EpochIndex(len(fakes), 1, params.seed, "classifier-counterfactual")

    def span(step: int) -> tuple[int, int]:
        return int(step * batch * share), int((step + 1) * batch * share)

    def batches(step: int) -> tuple[Tensor, Tensor]:
        first, last = span(step)
        rows = shown.slice(first, last)
        images, labels = fakes.batch(made.slice(step * batch - first, (step + 1) * batch - last))
        images = images.contiguous(memory_format=torch.channels_last)
        return torch.cat([real.images[rows], images]), torch.cat([real.shape[rows], labels[:, 0]])

    return batches


def _as_seen(images: Tensor, params: MnistParams, *stream: str | int) -> Tensor:
    """Images as a classifier sees them: ``jitter_form: legacy`` changes its data too, by the code
    path of the second reproduction; otherwise they stay as they are."""
    if params.jitter_form != "legacy":
        return images
    return jittered(images, "legacy", rng(params.seed, "classifier-jitter", *stream))


def _epoch_images(params: MnistParams, setting: str, real_images: int) -> int:
    count = real_images if setting.startswith("Original") else 0
    if setting.endswith("GAN"):
        return count + gan_count(params)
    return count + params.cf_images if setting.endswith("CGN") else count


def _schedule(params: MnistParams, images: int) -> Schedule:
    epoch_steps = -(-images // params.classifier_batch)
    steps = params.classifier_steps or params.classifier_epochs * epoch_steps
    decayed = epoch_steps if params.classifier_decay == "epochs" else 0
    return Schedule(params.classifier_optimiser, params.classifier_lr, steps, decayed)


def classifier(params: MnistParams, setting: str) -> TrainedClassifier:
    """Train or load the classifier of a row of the MNIST table (experiment ODR-1), one of
    :data:`SETTINGS`.

    Raises:
        UserError: unknown setting.
    """
    if setting not in SETTINGS:
        hint = nearest_name(setting, list(SETTINGS))
        raise UserError(f"unknown setting {setting!r}{hint}; choose one of {', '.join(SETTINGS)}")
    name, _, size = setting.removesuffix(")").partition(" (")
    if name == "IRM":
        return irm(params, int(size[0]))
    if name == "LNTL":
        return lntl(params)
    if size:  # the row of cf_images itself is then the same artefact
        params = params.model_copy(update={"cf_images": SIZES[size]})
    return _classifier(params, name)


def update_images(params: MnistParams, setting: str) -> int:
    """Number of images in one update of a row's classifier."""
    environments = {"IRM (2 envs)": 2, "IRM (5 envs)": 5}.get(setting)
    return params.irm_batch * environments if environments else params.classifier_batch


def _made_key(params: MnistParams, setting: str) -> dict:
    """What a classifier depends on through the generated images it sees."""
    if setting.endswith("GAN"):
        return {"gan": gan(params).artefact.hash, "images": gan_count(params)}
    if setting.endswith("CGN"):
        return {
            "cgn": cgn(params).artefact.hash,
            "cf_images": params.cf_images,
            "cf_ratio": params.cf_ratio,
            "cf_bank_images": params.cf_bank_images,
            "cf_warp": params.cf_warp,
        }
    return {}


@lru_cache(maxsize=16)
def _classifier(params: MnistParams, setting: str) -> TrainedClassifier:
    real = datasets(params).train
    schedule = _schedule(params, _epoch_images(params, setting, len(real)))
    recipe = CnnRecipe(
        "classifier",
        CLASSIFIER_VERSION,
        f"{setting} on {params.dataset}",
        schedule,
        params.classifier_init,
    )
    key = {**base_key(params), "setting": setting, "batch": params.classifier_batch}
    key |= _made_key(params, setting)
    if params.jitter_form == "legacy":
        key["jitter_form"] = "legacy"
    if setting.startswith("Original+"):
        key["real_share"] = real_share(params, len(real), key.get("images"))

    def batches() -> Batches:
        if setting == "Original":
            return _real(real, params.classifier_batch, params.seed)
        fakes = gan_images(params) if setting.endswith("GAN") else counterfactuals(params)
        if setting.startswith("Original+"):
            return _mixed(real, fakes, params)
        return _made(fakes, params.classifier_batch, params.seed)

    def seen() -> Batches:
        shown = batches()

        def batch(step: int) -> tuple[Tensor, Tensor]:
            images, labels = shown(step)
            return _as_seen(images, params, step), labels

        return batch

    return TrainedClassifier(*cnn(recipe, params, key, seen))


def predictions(
    params: MnistParams, setting: str, split: str
) -> tuple[dict[str, np.ndarray], store.Artefact]:
    """Per-example predictions of a classifier on a frozen set (``train``, ``validation``,
    ``test``), saved as one array file, with the true factors of each image."""
    return predictions_of(params, classifier(params, setting), split)


def predictions_of(
    params: MnistParams, trained: TrainedClassifier, split: str
) -> tuple[dict[str, np.ndarray], store.Artefact]:
    """As :func:`predictions`, of a classifier that is no row of the table."""
    key = {"split": split, "evaluated": datasets(params).variants[split].identity}
    return predictions_on(params, trained, getattr(datasets(params), split), key)


def predictions_on(
    params: MnistParams, trained: TrainedClassifier, images: LabelledImages, identity: dict
) -> tuple[dict[str, np.ndarray], store.Artefact]:
    """Per-example predictions on any frozen set; ``identity`` says which one it is."""
    key = {
        **base_key(params),
        "classifier": trained.artefact.hash,
        "test_colourings": params.test_colourings,
        **identity,
    }

    def make(folder: Path) -> None:
        shown = _as_seen(images.images, params, *map(str, identity.values()))
        made = predict(trained.model, shown, device=params.device)
        save_predictions(folder / "predictions.npz", made, images)

    return store.train_or_load(
        "predictions",
        PREDICTIONS_VERSION,
        key,
        make,
        lambda folder: load_predictions(folder / "predictions.npz"),
    )
