"""How well the wildlife textures can be told apart: by their mean colour, and by a network."""

from dataclasses import dataclass

import torch
from torch import Tensor

from cgnlib import store
from cgnlib.classifiers.erm import Schedule
from cgnlib.data.textures import load_textures, nearest_mean_colour_accuracy
from cgnlib.evaluation.predict import predict
from cgnlib.params import MnistParams
from cgnlib.pipelines.mnist.data import base_key, datasets
from cgnlib.pipelines.mnist.networks import CnnRecipe, cnn
from cgnlib.rng import rng

TEXTURE_VERSION = 1
FAMILIES = {"striped": "foreground", "veined": "background"}
_HELD_OUT = 3000


@dataclass(frozen=True)
class TextureReading:
    """Accuracy in % on fresh 32x32 crops of one texture family; chance is 10.

    ``mean_colour``: a nearest-mean-colour rule. ``network``: the classifier of this study. A family
    is useful when colour alone does not name its textures but their pattern does.
    """

    family: str
    mean_colour: float
    network: float
    crops: int
    artefact: store.Artefact


def texture_readings(params: MnistParams) -> list[TextureReading]:
    """Both accuracies for the object (striped) and the background (veined) textures; an empty list
    where a variant has plain colours."""
    if params.dataset != "wildlife_mnist":
        return []
    return [_reading(params, family, role) for family, role in FAMILIES.items()]


def _reading(params: MnistParams, family: str, role: str) -> TextureReading:
    variant = datasets(params).variants["train"]
    paint = variant.paint_foreground if role == "foreground" else variant.paint_background

    def crops(count: int, *stream: str | int) -> tuple[Tensor, Tensor]:
        generator = rng(params.seed, "texture", family, *stream)
        labels = torch.randint(10, (count,), generator=generator)
        return paint(labels, generator), labels

    schedule = Schedule("adamw", 4e-3, params.texture_steps)
    recipe = CnnRecipe("texture", TEXTURE_VERSION, f"reader of {family} textures", schedule)
    key = {**base_key(params), "family": family}
    network, artefact, _ = cnn(recipe, params, key, lambda: lambda step: crops(64, step))
    images, labels = crops(_HELD_OUT, "held-out")
    read = predict(network, images, device=params.device).predicted
    bank = load_textures(params.textures, params.textures_dir)
    sources = bank.object if role == "foreground" else bank.background
    return TextureReading(
        family,
        nearest_mean_colour_accuracy(sources, params.seed),
        float(100 * (read == labels.numpy()).mean()),
        _HELD_OUT,
        artefact,
    )
