"""What style transfer starts from: real training images, generated styles, a frozen network."""

import hashlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from cgnlib import store
from cgnlib.classifiers.augment import IMAGENET_MEAN, IMAGENET_STD, Standardise
from cgnlib.data import imagenet, scenes9
from cgnlib.data.generated_folder import GeneratedFolder
from cgnlib.data.image_folders import Centre, ImageFiles
from cgnlib.data.registry import path_of
from cgnlib.generators.style_transfer import StyleFeatures, TransferSettings
from cgnlib.generators.transfer_sets import Pictures, TransferGroups, stored_pictures
from cgnlib.networks import shipped
from cgnlib.networks.features import Features, scene_features, vgg_features
from cgnlib.params.genint_images import GenintImageParams
from cgnlib.pipelines.imagenet.nets import random_readers
from cgnlib.rng import rng

_SCENE_STYLE = (0, 1, 2)  # stages of the scene classifier whose Gram matrices are the style
_SCENE_CONTENT = 2
_VGG_STYLE = (0, 1, 2, 3, 4)  # the first five convolutions (GENINT-3)
_VGG_CONTENT = 3
_SHORTER_PX = 300  # of an ImageNet image before the crop


def transfer_settings(params: GenintImageParams) -> TransferSettings:
    """How images get their style."""
    return TransferSettings(
        style_weight=params.transfer_style_weight,
        content_weight=params.transfer_content_weight,
        closures_low=params.transfer_closures_low,
        closures_high=params.transfer_closures_high,
        iterations=params.transfer_iterations,
        lr=params.transfer_lr,
        line_search=params.transfer_line_search,
        batch=params.transfer_batch,
        work_px=params.transfer_work_px,
    )


def style_features(params: GenintImageParams) -> StyleFeatures:
    """The network that compares style and content, on the device of ``params``.

    Raises:
        UserError: absent or damaged weights.
    """
    if params.transfer_features == "vgg19":
        network = vgg_features("vgg19", (1.0,) * 5, path_of("vgg19")).to(params.device)
        pixels = Standardise(IMAGENET_MEAN, IMAGENET_STD).to(params.device)
        return StyleFeatures(network, _VGG_STYLE, _VGG_CONTENT, lambda x: pixels(2 * x - 1))
    if params.transfer_features == "scene_cnn":
        classifier = shipped.shipped("classifier")
    else:
        classifier = random_readers().classifier
    network: Features = scene_features(classifier, (1.0, 1.0, 1.0, 0.0)).to(params.device)
    return StyleFeatures(network, _SCENE_STYLE, _SCENE_CONTENT, lambda x: 2 * x - 1)


def _features_identity(params: GenintImageParams) -> str:
    if params.transfer_features == "vgg19":
        return store.file_sha256(path_of("vgg19"))
    if params.transfer_features == "scene_cnn":
        return shipped.shipped_record("classifier")["sha256"]
    return "random-1"


def files_as_pictures(
    files: Sequence[str | Path], px: int, shorter_px: int
) -> Callable[[Tensor], Tensor]:
    """Reads image files: positions (B,) to (B, 3, px, px) in [0, 1], cropped at the centre."""
    images = ImageFiles(files, Centre(px, shorter_px))
    return lambda index: images.draw(index, rng(0, "unused")).add(1).div(2)


def contents(params: GenintImageParams) -> Pictures:
    """The real training images that get a style, in the order in which they do: of scenes9 those
    that classifiers train on, of ImageNet in an order drawn from the seed.

    ImageNet's are resized to a shorter side of 300 px, not fitted into 300 px as published, so that
    the crop of 256 px never reaches beyond the image.

    Raises:
        UserError: the images are absent.
    """
    if params.transfer_source == "scenes9":
        batch = params.transfer_batch
        count = -(-params.transfer_images // batch) * batch  # groups are always whole
        drawn = scenes9.scene_set("original", count, params.seed, "train")
        return stored_pictures(drawn.images, drawn.shape)
    listing = imagenet.imagenet("train", params.transfer_source)
    order = torch.randperm(len(listing), generator=rng(params.seed, "transfer-contents"))
    listing = listing.select(order.numpy())
    read = files_as_pictures(listing.paths, params.transfer_px, _SHORTER_PX)
    return Pictures(read, torch.from_numpy(listing.labels))


def styles(found: Any, px: int) -> Pictures:
    """A generated set, in memory or in a folder, as styles."""
    if isinstance(found, GeneratedFolder):
        return Pictures(files_as_pictures(found.files, px, 0), found.known["label"])
    return stored_pictures(found.images, found.labels)


def transfer_groups(params: GenintImageParams, generated: Any) -> TransferGroups:
    """The transferred images of ``params`` with the styles of a generated set."""
    return TransferGroups(
        contents(params),
        styles(generated, params.transfer_px),
        style_features(params),
        transfer_settings(params),
        params.seed,
        params.device,
    )


@lru_cache(maxsize=2)
def _names_identity(source: str) -> str:
    """Hash of ImageNet's class folders and file names; the bytes are not read."""
    names = ("/".join(Path(path).parts[-2:]) for path in imagenet.imagenet("train", source).paths)
    return hashlib.sha256("\n".join([source, *names]).encode()).hexdigest()[:16]


def transfer_identity(params: GenintImageParams) -> dict[str, Any]:
    """What transferred images depend on beside the settings of the transfer and the styles."""
    if params.transfer_source == "scenes9":  # any count: a larger set contains the smaller one
        content = scenes9.set_identity("original", 1, params.seed, "train")
    else:
        content = _names_identity(params.transfer_source)
    return {
        "content": content,
        "features": _features_identity(params),
        "px": params.transfer_px,
    }
