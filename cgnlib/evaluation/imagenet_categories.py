"""Coarse categories over ImageNet's 1,000 classes: ``params/imagenet_categories.yaml``."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np
import yaml

from cgnlib.errors import UserError
from cgnlib.paths import project_root

CLASSES = 1000


def load_categories(path: Path) -> dict[str, dict[str, np.ndarray]]:
    """By map and category name, in the file's order, the sorted class indices (int64).

    Raises:
        UserError: not the expected layout, an index outside 0 to 999 or in two categories, or
            another number of indices than the entry says.
    """
    try:
        maps = yaml.safe_load(path.read_text())
        return {name: _read_map(f"{path}: {name}", entries) for name, entries in maps.items()}
    except (yaml.YAMLError, AttributeError, KeyError, TypeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"{path}: not a map of categories to class indices ({reason})") from None


def _read_map(where: str, entries: Mapping[str, Mapping]) -> dict[str, np.ndarray]:
    owner: dict[int, str] = {}
    found = {}
    for category, entry in entries.items():
        indices = _indices(entry["indices"])
        if len(indices) != entry["classes"]:
            raise UserError(
                f"{where}: {category} lists {len(indices)} indices, its count says "
                f"{entry['classes']}: correct one of them"
            )
        for index in indices:
            if not 0 <= index < CLASSES or index in owner:
                twice = f"is in {owner[index]} too" if index in owner else "is no ImageNet class"
                raise UserError(f"{where}: index {index} of {category} {twice}")
            owner[index] = category
        found[category] = np.asarray(sorted(indices), dtype=np.int64)
    return found


def _indices(text: str) -> list[int]:
    """``"7, 10-12"`` as 7, 10, 11, 12."""
    found = []
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        found += range(int(first), int(last or first) + 1)
    return found


@lru_cache(maxsize=1)
def categories() -> dict[str, dict[str, np.ndarray]]:
    """The project's maps: ``shape_texture`` (16 categories) and ``in9`` (9)."""
    return load_categories(project_root() / "params" / "imagenet_categories.yaml")
