"""ObjectNet: everyday objects in unusual poses and places, some of them of ImageNet's classes.

Which of its classes are ImageNet's, and which of the 1,000 indices each means, is read from the
files that come with it (``mappings/``); one class may mean several indices. Evaluation only.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from cgnlib.data.image_folders import Centre, Listing, list_classes
from cgnlib.data.registry import path_of
from cgnlib.errors import UserError

BORDER_PX, RESIZE_PX, CROP_PX = 2, 358, 224  # experiments A9
_FOLDERS = "folder_to_objectnet_label.json"
_LABELS = "objectnet_to_imagenet_1k.json"
_ORDER = "pytorch_to_imagenet_2012_id.json"
_NAMES = "imagenet_to_label_2012_v2"


@dataclass(frozen=True)
class Unframed:
    """ObjectNet's test transform: the red border cut off, then :class:`Centre` (resize 358, crop
    224)."""

    centre: Centre = Centre(CROP_PX, RESIZE_PX)
    border_px: int = BORDER_PX

    def __call__(self, image: Image.Image) -> Image.Image:
        wide, tall = image.size
        border = self.border_px
        return self.centre(image.crop((border, border, wide - border, tall - border)))


def objectnet(root: Path | None = None) -> tuple[Listing, tuple[np.ndarray, ...]]:
    """The images of the classes that ImageNet has, too: ``images/<class>/*.png``.

    Returns:
        A listing labelled by position among those class folders, and per folder the ImageNet
        indices that count as correct, ascending.

    Raises:
        UserError: absent, a mapping that is missing, damaged or names an unknown folder or label.
    """
    root = Path(root or path_of("objectnet"))
    meant = imagenet_indices(root / "mappings")
    listing = list_classes(root / "images", "objectnet as images/<class>/*.png", (".png",))
    missing = sorted(set(meant) - set(listing.classes))
    if missing:
        raise UserError(f"{root / 'images' / missing[0]} is missing: its mappings name that class")
    kept = tuple(name for name in listing.classes if name in meant)
    place = {name: position for position, name in enumerate(kept)}
    chosen = [i for i, label in enumerate(listing.labels) if listing.classes[label] in place]
    labels = np.asarray([place[listing.classes[listing.labels[i]]] for i in chosen], np.int64)
    paths = tuple(listing.paths[i] for i in chosen)
    return Listing(paths, labels, kept), tuple(meant[name] for name in kept)


def imagenet_indices(folder: Path) -> dict[str, np.ndarray]:
    """ImageNet's class indices by ObjectNet's class folder, of the classes that ImageNet has.

    Args:
        folder: holds the four mapping files of the dataset.

    Raises:
        UserError: a file that is missing or damaged, or names that do not go together.
    """
    folders, labels, order = (_read(folder / name) for name in (_FOLDERS, _LABELS, _ORDER))
    index = _index_by_name(folder, order)
    folder_of = {label: name for name, label in folders.items()}
    found = {}
    for label, names in labels.items():
        if label not in folder_of:
            raise UserError(f"{folder / _LABELS}: {label!r} has no folder in {_FOLDERS}")
        for name in names.split("; "):
            if name not in index:
                raise UserError(f"{folder / _LABELS}: {name!r} is no line of {_NAMES}")
        found[folder_of[label]] = np.unique([index[name] for name in names.split("; ")])
    return found


def _index_by_name(folder: Path, order: dict[str, int]) -> dict[str, int]:
    """ImageNet's index by the name on each line; ``order`` gives the line of an index."""
    try:
        lines = (folder / _NAMES).read_text().splitlines()
        return {lines[int(line)].strip(): int(index) for index, line in order.items()}
    except (OSError, ValueError, IndexError, TypeError) as error:
        raise UserError(f"{folder / _NAMES} does not fit {_ORDER} ({error}): copy both") from None


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read ({error}): copy ObjectNet's mappings") from None
    if not isinstance(found, dict):
        raise UserError(f"{path} holds no table of names: copy ObjectNet's mappings")
    return found
