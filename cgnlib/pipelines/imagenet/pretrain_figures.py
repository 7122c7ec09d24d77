"""How good the pretrained networks of scenes9 are, on scenes that no training saw.

Every figure is a share in [0, 1] over ``count`` images; scenes are of the test split, noise of a
stream of its own.
"""

import torch
from torch import Tensor

from cgnlib.classifiers.scene_classifiers import as_silhouettes
from cgnlib.data.scenes9 import CLASSES, SceneSet, recombined, scene_set
from cgnlib.evaluation.saliency_scores import mask_iou
from cgnlib.evaluation.scene_labels import Readers
from cgnlib.generators.paired_gan import Pairs, pairs
from cgnlib.networks.biggan import BigGan, truncated_noise
from cgnlib.networks.saliency import SmallSaliency
from cgnlib.networks.scene_cnn import SceneCnn
from cgnlib.rng import rng

_BATCH = 180
Figures = dict[str, float | list[float]]


def _share(read: Tensor, label: Tensor) -> float:
    return round((read == label).float().mean().item(), 4)


@torch.no_grad()
def _read(network: SceneCnn, images: Tensor) -> dict[str, Tensor]:
    """The label that each head reads in each image."""
    rows = [network(part) for part in images.split(_BATCH)]
    return {name: torch.cat([row[name].argmax(1) for row in rows]) for name in rows[0]}


@torch.no_grad()
def _saliency(network: SmallSaliency, scenes: SceneSet) -> Tensor:
    index = torch.arange(len(scenes)).split(_BATCH)
    return torch.cat([network(scenes.float(part)) for part in index])


def saliency_figures(network: SmallSaliency, count: int, seed: int = 0) -> Figures:
    """Mean IoU of masks cut at one half with the true ones, on scenes of one class and on
    recombined ones; mean saliency of places without object."""
    figures: Figures = {"images": count}
    for name, scenes in (
        ("iou", scene_set("original", count, seed, "test")),
        ("iou_recombined", recombined(count, seed, "test")),
    ):
        masks = _saliency(network, scenes).numpy()
        truth = scenes.float_masks(slice(None)).numpy()
        figures[name] = round(float(mask_iou(masks, truth).mean()), 4)
    places = _saliency(network, scene_set("no_foreground", count, seed, "test"))
    return {**figures, "saliency_of_places": round(places.mean().item(), 4)}


def classifier_figures(network: SceneCnn, count: int, seed: int = 0) -> Figures:
    """Accuracy on recombined scenes, of each head."""
    scenes = recombined(count, seed, "test")
    read = _read(network, scenes.float(slice(None)))
    shares = {name: _share(found, getattr(scenes, name)) for name, found in read.items()}
    return {"images": count, **shares}


def silhouette_figures(
    network: SceneCnn, saliency: SmallSaliency, count: int, seed: int = 0
) -> Figures:
    """Accuracy on recombined scenes: ``shape`` from what ``saliency`` sees of the object,
    ``shape_true_mask`` from the true mask."""
    scenes = recombined(count, seed, "test")
    masks = {
        "shape": _saliency(saliency, scenes),
        "shape_true_mask": scenes.float_masks(slice(None)),
    }
    read = {name: _read(network, as_silhouettes(mask))["shape"] for name, mask in masks.items()}
    return {"images": count, **{name: _share(found, scenes.shape) for name, found in read.items()}}


def generator_pairs(count: int, truncation: float, seed: int, z: int = 64) -> Pairs:
    """Noise at a truncation, labels (image ``i`` has ``i % 9``) and the scenes they stand for."""
    noise = truncated_noise(count, z, truncation, rng(seed, "generator-figures", str(truncation)))
    return pairs(noise, torch.arange(count) % len(CLASSES))


@torch.no_grad()
def generated(model: BigGan, drawn: Pairs, truncation: float = 1.0) -> Tensor:
    """Images (N, 3, 64, 64) in [-1, 1]."""
    parts = zip(drawn.z.split(_BATCH), drawn.labels.split(_BATCH), strict=True)
    return torch.cat([model(z, labels, truncation) for z, labels in parts])


def generator_figures(model: BigGan, readers: Readers, count: int, seed: int = 0) -> Figures:
    """Share of samples read as their label (``texture``, ``background``, ``shape``; by class in
    ``shape_by_class``), mean IoU of their saliency with the paired scene's true mask and mean
    absolute difference from that scene (of a range of 2), at truncation 1; shares at truncation
    0.5 under ``..._at_half``.

    The generator was trained through this classifier's features and this saliency network, so the
    shares say that they recognise it, not that a network it has never met would."""
    figures: Figures = {"images": count}
    for truncation, ending in ((1.0, ""), (0.5, "_at_half")):
        drawn = generator_pairs(count, truncation, seed)
        images = generated(model, drawn, truncation)
        masks = readers.masks(images)
        read = readers.read(images, masks)
        for name in ("texture", "background", "shape"):
            figures[name + ending] = _share(read[name], drawn.labels)
        if truncation == 1.0:
            hits = (read["shape"] == drawn.labels).float()
            by_class = [hits[drawn.labels == label].mean().item() for label in range(len(CLASSES))]
            figures["shape_by_class"] = [round(value, 3) for value in by_class]
            iou = mask_iou(masks.numpy(), drawn.masks.numpy())
            figures["iou_with_scene"] = round(float(iou.mean()), 4)
            figures["l1_to_scene"] = round((images - drawn.images).abs().mean().item(), 4)
    return figures
