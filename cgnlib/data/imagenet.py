"""The ImageNet family on disk: which folder holds what, and which label a folder means.

Every adapter returns a :class:`~cgnlib.data.image_folders.Listing` and checks the layout that
``cgnlib.data.registry`` describes. ImageNet's class index is the position of a wnid (WordNet id,
the folder's name) among the 1,000 sorted ones. No installed package ships that list, so it is read
from the folders of a complete set: ImageNet, ImageNet-mini or ImageNet-Sketch.
"""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np

from cgnlib.data.image_folders import Listing, list_classes
from cgnlib.data.registry import path_of
from cgnlib.errors import UserError

CLASSES = 1000
# Known positions in the sorted list catch a class too many beside one missing: tench, Egyptian cat,
# folding chair, toilet tissue.
_ANCHORS = {0: "n01440764", 285: "n02124075", 559: "n03376595", 999: "n15075141"}
_WNID = re.compile(r"n\d{8}")
IMAGENET_A_CLASSES = 200

IN9_FOLDERS = (
    "00_dog",
    "01_bird",
    "02_wheeled vehicle",
    "03_reptile",
    "04_carnivore",
    "05_insect",
    "06_musical instrument",
    "07_primate",
    "08_fish",
)
IN9_VARIANTS = ("original", "mixed_same", "mixed_rand")
CUE_CATEGORIES = (
    "airplane",
    "bear",
    "bicycle",
    "bird",
    "boat",
    "bottle",
    "car",
    "cat",
    "chair",
    "clock",
    "dog",
    "elephant",
    "keyboard",
    "knife",
    "oven",
    "truck",
)
_CUE_NAME = re.compile(r"([a-z]+)\d+-([a-z]+)\d+\.png")


def imagenet(split: str, name: str = "imagenet", root: Path | None = None) -> Listing:
    """ImageNet or ImageNet-mini: ``<split>/<wnid>/*.JPEG``, 1,000 classes.

    Args:
        split: ``train`` or ``val``.
        name: in the registry: ``imagenet``, ``imagenet-mini`` or ``stylized-imagenet``.
        root: where it lies instead of below ``data_root()``.

    Raises:
        UserError: absent, a wrong layout, or class folders other than ImageNet's 1,000.
    """
    root = Path(root or path_of(name))
    listing = list_classes(root / split, f"{name} as {split}/<wnid>/*.JPEG")
    check_wnids(listing.classes, root / split)
    return listing


def sketch(root: Path | None = None) -> Listing:
    """ImageNet-Sketch: ``<wnid>/*.JPEG``, 1,000 classes; errors as :func:`imagenet`."""
    root = Path(root or path_of("imagenet-sketch"))
    listing = list_classes(root, "imagenet-sketch as <wnid>/*.JPEG")
    check_wnids(listing.classes, root)
    return listing


def check_wnids(wnids: tuple[str, ...], where: Path) -> None:
    """That these are ImageNet's 1,000 wnids in order.

    Raises:
        UserError: a folder that is no wnid, another number, or a known one in the wrong place.
    """
    for wnid in wnids:
        if not _WNID.fullmatch(wnid):
            raise UserError(
                f"{where / wnid} is not named as an ImageNet class (n and eight digits): remove it"
            )
    if len(wnids) != CLASSES:
        raise UserError(
            f"{where} holds {len(wnids)} class folders; ImageNet has {CLASSES}: labels are the "
            "positions among all of them, so copy the missing ones or remove the others"
        )
    for index, wnid in _ANCHORS.items():
        if wnids[index] != wnid:
            raise UserError(
                f"{where}: class {index} is {wnids[index]}, in ImageNet it is {wnid}: some class "
                "folder is missing or too many"
            )


def imagenet_a(wnids: tuple[str, ...], root: Path | None = None) -> Listing:
    """ImageNet-A: ``<wnid>/*.jpg``, 200 classes, labelled by ImageNet's index.

    The classifier's other 800 logits are left out of the score (R1; experiments A9):
    ``np.unique(listing.labels)`` are the columns to keep.

    Args:
        wnids: the 1,000 of ImageNet, such as ``imagenet("val").classes``.

    Raises:
        UserError: absent, a wrong layout, or a folder that is not one of ``wnids``.
    """
    root = Path(root or path_of("imagenet-a"))
    listing = list_classes(root, "imagenet-a as <wnid>/*.jpg")
    if len(listing.classes) != IMAGENET_A_CLASSES:
        raise UserError(
            f"{root} holds {len(listing.classes)} class folders; ImageNet-A has "
            f"{IMAGENET_A_CLASSES}: copy it again"
        )
    return relabelled(listing, wnids, root)


def imagenet_v2(root: Path | None = None) -> Listing:
    """ImageNet-V2: ``<class index>/*.jpeg``, folders 0 to 999.

    Raises:
        UserError: absent, a wrong layout, or folders other than the 1,000 numbers.
    """
    root = Path(root or path_of("imagenet-v2"))
    listing = list_classes(root, "imagenet-v2 as <class index>/*.jpeg")
    numbers = tuple(str(index) for index in range(CLASSES))
    missing = sorted(set(numbers) - set(listing.classes), key=int)
    if missing:
        raise UserError(f"{root / missing[0]} is missing: ImageNet-V2 has folders 0 to 999")
    return relabelled(listing, numbers, root)


def relabelled(listing: Listing, classes: tuple[str, ...], where: Path) -> Listing:
    """The same images, labelled by the position of their folder among ``classes``.

    Raises:
        UserError: a folder that is none of ``classes``.
    """
    position = {name: index for index, name in enumerate(classes)}
    for name in listing.classes:
        if name not in position:
            raise UserError(
                f"{where / name} is not one of the {len(classes)} known classes: remove it, or "
                "give the classes that its labels refer to"
            )
    indices = np.asarray([position[name] for name in listing.classes], dtype=np.int64)
    return replace(listing, labels=indices[listing.labels], classes=tuple(classes))


def in9(variant: str, split: str = "val", root: Path | None = None) -> Listing:
    """The background challenge: ``<variant>/<split>/00_dog/*.JPEG`` to ``08_fish``.

    Labels follow the folders' numbers, which is the order of the index map in
    ``params/imagenet_categories.yaml``.

    Args:
        variant: ``original``, ``mixed_same`` or ``mixed_rand``.
        split: ``val`` for evaluation, ``train`` for the Mixed-Rand baseline.

    Raises:
        UserError: an unknown variant, absent, or other class folders.
    """
    if variant not in IN9_VARIANTS:
        raise UserError(f"IN-9 has no variant {variant!r}: choose {', '.join(IN9_VARIANTS)}")
    folder = Path(root or path_of("in-9")) / variant / split
    listing = list_classes(folder, f"in-9 as {variant}/{split}/00_dog/*.JPEG")
    if listing.classes != IN9_FOLDERS:
        odd = sorted(set(listing.classes) ^ set(IN9_FOLDERS))[0]
        verb = "is missing" if odd in IN9_FOLDERS else "is not one of its nine classes"
        raise UserError(f"{folder / odd} {verb}: IN-9 has {', '.join(IN9_FOLDERS)}")
    return listing


def cue_conflict(root: Path | None = None) -> tuple[Listing, np.ndarray]:
    """The cue-conflict stimuli: ``<shape>/<shape><number>-<texture><number>.png``.

    Returns:
        A listing labelled by shape, and the texture labels (N,) int64, both positions in
        ``CUE_CATEGORIES``. Images whose shape and texture agree are included.

    Raises:
        UserError: absent, other class folders, or a file whose name says another shape than its
            folder or an unknown texture.
    """
    root = Path(root or path_of("cue-conflict"))
    layout = "cue-conflict as <shape>/<shape><number>-<texture><number>.png"
    listing = list_classes(root, layout, (".png",))
    if listing.classes != CUE_CATEGORIES:
        odd = sorted(set(listing.classes) ^ set(CUE_CATEGORIES))[0]
        raise UserError(
            f"{root / odd}: the stimuli have 16 class folders, {', '.join(CUE_CATEGORIES)}"
        )
    textures = np.empty(len(listing), dtype=np.int64)
    for position, path in enumerate(listing.paths):
        textures[position] = _texture(Path(path))
    return listing, textures


def _texture(path: Path) -> int:
    found = _CUE_NAME.fullmatch(path.name)
    if not found or found[1] != path.parent.name or found[2] not in CUE_CATEGORIES:
        raise UserError(
            f"{path} is not named <shape><number>-<texture><number>.png with the shape of its "
            "folder and a known texture: rename or remove it"
        )
    return CUE_CATEGORIES.index(found[2])
