"""Counterfactual images written as a folder: resumable, and by several machines at once."""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from cgnlib.data.counterfactual_folder import COLUMNS
from cgnlib.generators.counterfactual_images import (
    CounterfactualImageSettings,
    image_bytes,
    image_labels,
    whole_group,
)
from cgnlib.generators.image_set_writing import Written, write_image_set
from cgnlib.generators.imagenet_cgn import ImagenetCgn

FORMAT = 1  # rises when the images of unchanged settings change


class _Counterfactuals:
    """Counterfactual images by groups."""

    columns = tuple(COLUMNS)

    def __init__(self, model: ImagenetCgn, settings: CounterfactualImageSettings, seed: int):
        self.model, self.settings, self.seed = model, settings, seed
        self.batch = settings.cf_batch

    def rows(self, indices: Iterable[int]) -> list[tuple]:
        labels = image_labels(self.settings, self.model.classes, self.seed, indices)
        return [tuple(row) for row in labels.tolist()]

    def pixels(self, number: int) -> np.ndarray:
        made = whole_group(self.model, self.settings, self.seed, number)
        return image_bytes(made.parts.composite, self.settings.cf_min_max).numpy()


def write_counterfactuals(
    model: ImagenetCgn,
    settings: CounterfactualImageSettings,
    folder: Path,
    seed: int,
    *,
    source: str,
    shard: tuple[int, int] = (0, 1),
) -> dict[str, Any]:
    """Make the images of one shard that ``folder`` does not hold yet, and describe the folder; see
    :func:`cgnlib.generators.image_set_writing.write_image_set`.

    Args:
        source: hash of the CGN's weights, kept in the manifest.
        shard: (i, n), part i of n, counted from 0.

    Returns:
        The manifest: ``count`` asked for, ``written`` so far (by all shards), ``made_by``.

    Raises:
        UserError: the folder holds images of other settings, seed or source; a full disk.
    """
    kept = {name: value for name, value in asdict(settings).items() if name != "cf_images"}
    made_by = {**kept, "seed": seed, "source": source, "classes": model.classes, "format": FORMAT}
    form = Written(
        settings.cf_images, settings.cf_format, settings.cf_quality, "counterfactual images"
    )
    return write_image_set(_Counterfactuals(model, settings, seed), form, folder, made_by, shard)
