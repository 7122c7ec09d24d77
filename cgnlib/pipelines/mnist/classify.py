"""Classifiers trained on real or generated images or both, and what they predict."""

from functools import lru_cache
from pathlib import Path

import numpy as np
from torch import Tensor

from cgnlib import store
from cgnlib.data.biased_mnist import LabelledImages
from cgnlib.data.jitter import jittered
from cgnlib.errors import UserError
from cgnlib.evaluation.predict import load_predictions, predict, save_predictions
from cgnlib.parameter_reading import nearest_name
from cgnlib.params import ODR_SETTINGS, MnistParams
from cgnlib.pipelines.mnist.batches import (
    Batches,
    classifier_schedule,
    epoch_images,
    made_batches,
    mixed_batches,
    real_batches,
    real_share,
)
from cgnlib.pipelines.mnist.data import base_key, datasets
from cgnlib.pipelines.mnist.gan_baseline import gan, gan_count, gan_images
from cgnlib.pipelines.mnist.generate import cgn, counterfactuals, variety_key
from cgnlib.pipelines.mnist.invariance import irm, lntl
from cgnlib.pipelines.mnist.networks import CnnRecipe, TrainedClassifier, cnn
from cgnlib.rng import rng

CLASSIFIER_VERSION = 2
PREDICTIONS_VERSION = 1
SETTINGS = ODR_SETTINGS
SIZES = {"5e4": 50_000, "1e5": 100_000, "1e6": 1_000_000}  # of a counterfactual set, by row name


def running_accuracy(history: list[dict]) -> float:
    """Train accuracy as published: correct among the batches trained on, in percent, here over the
    last tenth of the updates."""
    last = history[-1]["step"]
    return float(np.mean([row["train_accuracy"] for row in history if row["step"] > 0.9 * last]))


def _as_seen(images: Tensor, params: MnistParams, *stream: str | int) -> Tensor:
    """Images as a classifier sees them: ``jitter_form: legacy`` changes its data too, by the code
    path of the second reproduction; otherwise they stay as they are."""
    if params.jitter_form != "legacy":
        return images
    return jittered(images, "legacy", rng(params.seed, "classifier-jitter", *stream))


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


def made_key(params: MnistParams, setting: str) -> dict:
    """What a classifier depends on through the generated images it sees."""
    if setting.endswith("GAN"):
        return {"gan": gan(params).artefact.hash, "images": gan_count(params)}
    if setting.endswith("CGN"):
        return {
            "cgn": cgn(params).artefact.hash,
            "cf_images": params.cf_images,
            "cf_ratio": params.cf_ratio,
            "cf_bank_images": params.cf_bank_images,
            **variety_key(params),
        }
    return {}


@lru_cache(maxsize=16)
def _classifier(params: MnistParams, setting: str) -> TrainedClassifier:
    real = datasets(params).train
    schedule = classifier_schedule(params, epoch_images(params, setting, len(real)))
    recipe = CnnRecipe(
        "classifier",
        CLASSIFIER_VERSION,
        f"{setting} on {params.dataset}",
        schedule,
        params.classifier_init,
    )
    key = {**base_key(params), "setting": setting, "batch": params.classifier_batch}
    key |= made_key(params, setting)
    if params.jitter_form == "legacy":
        key["jitter_form"] = "legacy"
    if setting.startswith("Original+"):
        key["real_share"] = real_share(params, len(real), key.get("images"))

    def batches() -> Batches:
        if setting == "Original":
            return real_batches(real, params.classifier_batch, params.seed)
        fakes = gan_images(params) if setting.endswith("GAN") else counterfactuals(params)
        if setting.startswith("Original+"):
            return mixed_batches(real, fakes, params)
        return made_batches(fakes, params.classifier_batch, params.seed)

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
    """As :func:`predictions`, of any trained or imported classifier."""
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
