"""The image sets of one run: what classifiers learn from, and what they are asked about.

scenes9 is rendered and kept in memory as bytes; ImageNet-mini, or all of ImageNet, and the sets
around it are read from folders. Both come as :class:`ImageSet`, so that what trains and scores need
not know which it is.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from cgnlib.classifiers.augment import IN9_MEAN, IN9_STD, RandomCrop, Standardise, StoredImages
from cgnlib.data import imagenet, scenes9
from cgnlib.data.image_folders import Centre, ImageFiles, Listing, RandomBox
from cgnlib.errors import UserError
from cgnlib.params import ImagenetParams

TEST_SEED = 0  # test sets are the same for every seed of a run
PX = 224  # of ImageNet's images
_TEST_PX = 14  # of the same images beside the untrained generator of tests
IMAGENET_CLASSES = imagenet.CLASSES
# What each row trains on; IN+CGN goes on from IN with counterfactuals beside the same images.
TRAINED_ON = {
    "IN": ("original",),
    "SIN": ("repainted",),
    "IN+SIN": ("original", "repainted"),
    "Mixed-Rand": ("mixed_rand",),
    "IN+CGN": ("original",),
}
BACKGROUND_SETS = {  # the three sets of the background challenge by their names in it
    "scenes9": {name: name for name in ("original", "mixed_same", "mixed_rand")},
    "imagenet_mini": {
        "original": "in9_original",
        "mixed_same": "mixed_same",
        "mixed_rand": "mixed_rand",
    },
}


@dataclass(frozen=True)
class ImageSet:
    """Images with what is known of each.

    Attributes:
        source: has ``__len__``, ``draw`` and ``split``, see
            :class:`cgnlib.classifiers.augment.StoredImages`.
        label: (N,) int64, the class to predict; on scenes9 that of the shape.
        texture, background: (N,) int64, where known.
        masks: (N, 1, H, W) uint8, 255 on the object, where known.
        reading: what ``label`` counts: ``classes``, ``in9`` or ``cue`` (categories over classes).
        among: the classes that count, where a set is scored on some of them only.
        pixels: statistics the images must be standardised with, where they are not the network's.
        three_labels: each head is asked for its own factor's label, not for ``label``.
    """

    source: StoredImages | ImageFiles
    label: Tensor
    texture: Tensor | None = None
    background: Tensor | None = None
    masks: Tensor | None = None
    reading: str = "classes"
    among: np.ndarray | None = None
    pixels: Standardise | None = None
    three_labels: bool = False

    def __len__(self) -> int:
        return len(self.label)

    def labels(self) -> dict[str, np.ndarray]:
        """(N,) arrays by name: ``label``, and ``texture`` and ``background`` where known."""
        named = {"label": self.label, "texture": self.texture, "background": self.background}
        return {name: one.numpy() for name, one in named.items() if one is not None}

    def images(self, index: Tensor) -> Tensor:
        """(B, 3, H, W) float32 in [-1, 1] at the positions ``index``, not augmented."""
        positions = index.tolist()
        if isinstance(self.source, ImageFiles):
            return torch.stack([self.source[position] for position in positions])
        return self.source.images[index].float().div_(127.5).sub_(1)


@dataclass(frozen=True)
class RealSets:
    """Training, validation and test images of the original kind."""

    train: ImageSet
    validation: ImageSet
    test: ImageSet


def is_rendered(params: ImagenetParams) -> bool:
    """Whether the images are scenes9's."""
    return params.dataset == "scenes9"


def class_count(params: ImagenetParams, row: str = "IN") -> int:
    """Number of classes a row's classifier tells apart."""
    return len(scenes9.CLASSES) if is_rendered(params) or row == "Mixed-Rand" else IMAGENET_CLASSES


def epoch_images(params: ImagenetParams) -> int:
    """Real images in one epoch of every row, so that all rows take equally many updates."""
    return (
        params.train_images if is_rendered(params) else len(_listing(params, "original", "train"))
    )


# scenes9


def _stored(drawn: scenes9.SceneSet, augment: RandomCrop | None = None) -> ImageSet:
    source = StoredImages(drawn.images, augment)
    return ImageSet(source, drawn.shape, drawn.texture, drawn.background, drawn.masks)


def rendered(name: str, count: int, seed: int, split: str) -> scenes9.SceneSet:
    """A set of scenes9 by its name here: a variant, ``repainted``, or ``recombined`` with three
    independent labels.

    Raises:
        UserError: an unknown name or split, or no images.
    """
    if name == "repainted":
        return scenes9.repainted(count, seed, split)
    if name == "recombined":
        return scenes9.recombined(count, seed, split)
    return scenes9.scene_set(name, count, seed, split)


@lru_cache(maxsize=16)
def _test_scenes(name: str, count: int) -> ImageSet:
    made = _stored(rendered(name, count, TEST_SEED, "test"))
    return replace(made, three_labels=name == "recombined")


# folders


def _listing(params: ImagenetParams, name: str, split: str) -> Listing:
    return _folder(name, split, params.real_images)


@lru_cache(maxsize=16)
def _folder(name: str, split: str, real: str) -> Listing:
    """The folder behind a set's name; ``split`` is ``train`` or ``val``, ``real`` the resource of
    the original images."""
    readers: dict[str, Callable[[], Listing]] = {
        "original": lambda: imagenet.imagenet(split, real),
        "repainted": lambda: imagenet.imagenet(split, "stylized-imagenet"),
        "stylised": lambda: imagenet.imagenet(split, "stylized-imagenet"),
        "in9_original": lambda: imagenet.in9("original", split),
        "mixed_same": lambda: imagenet.in9("mixed_same", split),
        "mixed_rand": lambda: imagenet.in9("mixed_rand", split),
        "cue_conflict": lambda: imagenet.cue_conflict()[0],
        "sketch": imagenet.sketch,
        "hard": lambda: imagenet.imagenet_a(_folder("original", "val", real).classes),
        "second_test": imagenet.imagenet_v2,
    }
    if name not in readers:
        raise UserError(
            f"there is no set {name} of ImageNet-mini: leave it out of test_sets; known are "
            f"{', '.join(readers)}"
        )
    return readers[name]()


def image_px(params: ImagenetParams) -> int:
    """Pixels along one side of a photograph, or of a counterfactual beside it, as classifiers see
    it."""
    return _TEST_PX if params.biggan == "tiny_1000" else PX


def central(params: ImagenetParams) -> Centre:
    """What test images are cut by: seven eighths of the shorter side, as published."""
    px = image_px(params)
    return Centre(px, px * 8 // 7)


def random_box(params: ImagenetParams) -> RandomBox:
    """What training images are cut by."""
    return RandomBox(image_px(params), (params.crop_least_area, 1.0))


def _files(
    params: ImagenetParams, name: str, split: str, train: RandomBox | None = None
) -> ImageSet:
    listing = _listing(params, name, split)
    in9 = name in BACKGROUND_SETS["imagenet_mini"].values()
    test = Centre(image_px(params), 0) if in9 and train is None else central(params)
    label = torch.from_numpy(listing.labels)
    made = ImageSet(ImageFiles(listing.paths, test, train), label)
    if in9:
        made = replace(made, reading="in9", pixels=Standardise(IN9_MEAN, IN9_STD))
    if name == "cue_conflict":
        texture = torch.from_numpy(imagenet.cue_conflict()[1])
        made = replace(made, reading="cue", texture=texture)
    return replace(made, among=np.unique(listing.labels)) if name == "hard" else made


def listing_identity(listing: Listing, *names: str) -> str:
    """Hash of class folders, file names and ``names``; the bytes of the images are not read."""
    files = ("/".join(Path(path).parts[-2:]) for path in listing.paths)
    return hashlib.sha256("\n".join([*names, *files]).encode()).hexdigest()[:16]


def _listing_identity(params: ImagenetParams, name: str, split: str) -> str:
    return listing_identity(_listing(params, name, split), name, split)


# sets by name


def identity_of(params: ImagenetParams, name: str) -> str:
    """What names a test set in artefact keys, without making it."""
    if not is_rendered(params):
        return _listing_identity(params, name, "val")
    full = "recombined-background-shape-texture" if name == "recombined" else name
    return scenes9.set_identity(full, params.test_images, TEST_SEED, "test")


def test_set(params: ImagenetParams, name: str) -> ImageSet:
    """One set that classifiers are asked about, by name: one of ``test_sets``, or ``recombined``
    (scenes9 with three independent labels and true masks).

    Raises:
        UserError: no such set of this dataset, or its files are absent.
    """
    if not is_rendered(params):
        return _files(params, name, "val")
    if name == "in9_original":
        raise UserError("scenes9 has no set in9_original: its name there is original")
    return _test_scenes(name, params.test_images)


def test_sets(params: ImagenetParams) -> dict[str, ImageSet]:
    """Every set of ``test_sets`` by name; errors as :func:`test_set`."""
    return {name: test_set(params, name) for name in params.sets()}


def train_identity(params: ImagenetParams, row: str) -> str:
    """What names the training images of a row in artefact keys, without making them."""
    parts = [
        scenes9.set_identity(name, params.train_images, params.seed, "train")
        if is_rendered(params)
        else _listing_identity(params, name, "train")
        for name in TRAINED_ON[row]
    ]
    return "+".join(parts)


@lru_cache(maxsize=3)
def _train_scenes(names: tuple[str, ...], count: int, seed: int, least_area: float) -> ImageSet:
    drawn = [rendered(name, count, seed, "train") for name in names]
    images = drawn[0].images if len(drawn) == 1 else torch.cat([one.images for one in drawn])
    augment = RandomCrop(scenes9.SIDE, (least_area, 1.0))
    return ImageSet(StoredImages(images, augment), torch.cat([one.shape for one in drawn]))


def train_set(params: ImagenetParams, row: str) -> ImageSet:
    """The real images a row trains on, cropped and mirrored at random when drawn."""
    if is_rendered(params):
        key = (TRAINED_ON[row], params.train_images, params.seed, params.crop_least_area)
        return _train_scenes(*key)
    box = random_box(params)
    sets = [_files(params, name, "train", box) for name in TRAINED_ON[row]]
    if len(sets) == 1:
        return sets[0]
    paths: Iterable[str] = [path for one in sets for path in one.source.paths]
    source = ImageFiles(tuple(paths), central(params), box)
    return ImageSet(source, torch.cat([one.label for one in sets]))


def training_images(params: ImagenetParams) -> ImageSet:
    """Up to ``test_images`` of the original training images, as a test set: what a classifier
    knows of what it was trained on (experiment ODR-6)."""
    if is_rendered(params):
        count = min(params.test_images, params.train_images)
        return _stored(rendered("original", count, params.seed, "train"))
    return _files(params, "original", "train")


def real_sets(params: ImagenetParams) -> RealSets:
    """Original images: ``train``, ``validation`` (on which settings were chosen; of photographs
    the same as ``test``, as in both reproductions) and ``test``."""
    test = test_set(params, "original")
    if not is_rendered(params):
        return RealSets(train_set(params, "IN"), test, test)
    drawn = rendered("original", params.test_images, params.seed, "validation")
    return RealSets(train_set(params, "IN"), _stored(drawn), test)
