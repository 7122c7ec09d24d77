"""The sets that GenInt's classifiers are asked about: scenes9's, or ImageNet's from folders."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from torch import Tensor

from cgnlib.classifiers.augment import StoredImages
from cgnlib.data import corruptions, imagenet, scenes9
from cgnlib.data.image_folders import Centre, ImageFiles, Listing
from cgnlib.data.objectnet import Unframed, objectnet
from cgnlib.data.registry import path_of
from cgnlib.errors import UserError
from cgnlib.params.genint_classifiers import SIDE_TEST_SETS, GenintClassifierParams
from cgnlib.pipelines.genint_scenes9.training_sets import PX, is_rendered
from cgnlib.pipelines.imagenet.data import TEST_SEED, listing_identity

SHIFTED = "nuisance_shifted"  # the set of the claim; on ImageNet it is ObjectNet
SCENE_SETS = ("original", SHIFTED, "second_test")
SIDE_SETS = SIDE_TEST_SETS  # scenes9 only: read by their shape, the label of the object
# scenes9 only, what recipes are chosen on: their variants of the validation split
VALIDATION = {"validation": "original", "validation_shifted": SHIFTED}


@dataclass(frozen=True)
class AskedSet:
    """Images to predict, made or read when first asked for.

    Attributes:
        identity: names them in artefact keys.
        source: gives what :func:`cgnlib.evaluation.predict.predict` takes.
        label: (N,) int64.
        meant: per label the classes that are correct, where it is not the label itself.
    """

    identity: str
    source: Callable[[], StoredImages | ImageFiles]
    label: np.ndarray
    meant: tuple[np.ndarray, ...] | None = None


def asked_set(params: GenintClassifierParams, name: str) -> AskedSet:
    """One set by name: one of ``genint_sets`` or ``side_sets``, or of scenes9's
    :data:`VALIDATION`.

    Raises:
        UserError: no such set of this dataset, or its files are absent.
    """
    if is_rendered(params):
        return _scenes(params, name)
    readers = {
        "original": lambda: imagenet.imagenet("val", "imagenet"),
        "second_test": imagenet.imagenet_v2,
        "second_test_threshold": lambda: _second("threshold0.7"),
        "second_test_top_images": lambda: _second("top-images"),
    }
    if name == SHIFTED:
        listing, meant = objectnet()
        return _files(listing, name, Unframed(), meant)
    if name not in readers:
        raise UserError(
            f"ImageNet has no set {name!r}: choose from {', '.join(readers)}, {SHIFTED}"
        )
    return _files(readers[name](), name, Centre(PX))


def corrupted_set(params: GenintClassifierParams, name: str, severity: int) -> AskedSet:
    """The first ``corruption_images`` original test images with one corruption, or its folder of
    ImageNet-C.

    Raises:
        UserError: an unknown corruption, an absent package or folder.
    """
    if params.corruptions == "imagenet_c":
        listing = corruptions.imagenet_c(name, severity)
        return _files(listing, f"{name}-{severity}", Centre(PX, 0))
    if not is_rendered(params):
        raise UserError(
            f"corruptions made: images of {params.dataset} are read from ImageNet-C: give "
            "corruptions imagenet_c"
        )
    count = params.corruption_images
    plain = scenes9.set_identity("original", count, TEST_SEED, "test")
    return AskedSet(
        f"{plain} {name} {severity} {corruptions.package_version()}",
        lambda: StoredImages(_corrupted(count, name, severity)),
        np.arange(count) % len(scenes9.CLASSES),
    )


def _scenes(params: GenintClassifierParams, name: str) -> AskedSet:
    if name not in (*SCENE_SETS, *SIDE_SETS, *VALIDATION):
        raise UserError(f"scenes9 has no set {name!r} for GenInt: choose {', '.join(SCENE_SETS)}")
    split, seed = ("validation", params.seed) if name in VALIDATION else ("test", TEST_SEED)
    drawn = (VALIDATION.get(name, name), params.test_images, seed, split)
    return AskedSet(
        scenes9.set_identity(*drawn),
        lambda: StoredImages(_images(*drawn)),
        np.arange(params.test_images) % len(scenes9.CLASSES),
    )


@lru_cache(maxsize=8)
def _images(variant: str, count: int, seed: int, split: str) -> Tensor:
    return scenes9.scene_set(variant, count, seed, split).images


@lru_cache(maxsize=5)  # one corruption: it is asked of every row before the next is made
def _corrupted(count: int, name: str, severity: int) -> Tensor:
    images = _images("original", count, TEST_SEED, "test")
    return corruptions.corrupted(images, name, severity, TEST_SEED)


def _second(variant: str) -> Listing:
    """Another selection of ImageNet-V2, beside the matched frequencies."""
    return imagenet.imagenet_v2(path_of(f"imagenet-v2-{variant}"))


def _files(
    listing: Listing,
    name: str,
    transform: Centre | Unframed,
    meant: tuple[np.ndarray, ...] | None = None,
) -> AskedSet:
    source = ImageFiles(listing.paths, transform)
    return AskedSet(listing_identity(listing, name), lambda: source, listing.labels, meant)
