"""Results that are arrays, kept as artefacts: made once, read afterwards."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np

from cgnlib import store

Arrays = dict[str, np.ndarray]


def kept_arrays(
    kind: str, version: int, key: dict, make: Callable[[], Arrays]
) -> tuple[Arrays, store.Artefact]:
    """Arrays by name, made by ``make()`` or read from their artefact."""

    def write(folder: Path) -> None:
        content = io.BytesIO()
        np.savez_compressed(content, **make())
        store.write_atomic(folder / "arrays.npz", content.getvalue())

    def read(folder: Path) -> Arrays:
        with np.load(folder / "arrays.npz", allow_pickle=False) as archive:
            return dict(archive)

    return store.train_or_load(kind, version, key, write, read)
