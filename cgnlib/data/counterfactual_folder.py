"""The folder of a set of counterfactual images: its layout, and its strict reading.

``images/<thousand>/<index>.jpg`` or ``.png``; ``labels.csv`` with the columns file, shape, texture,
background (class indices); ``manifest.json`` with the settings, the source of the images and
counts. A set counts only when its manifest says it is complete.
"""

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from cgnlib.errors import UserError
from cgnlib.store import write_atomic

LABELS, MANIFEST = "labels.csv", "manifest.json"
COLUMNS = ("file", "shape", "texture", "background")


@dataclass(frozen=True)
class CounterfactualFolder:
    """A complete set: image files, labels (N, 3) int64 of shape, texture and background, and the
    manifest."""

    files: tuple[Path, ...]
    labels: Tensor
    manifest: Mapping[str, Any]

    def __len__(self) -> int:
        return len(self.files)


def image_name(index: int, extension: str) -> str:
    """Path of image ``index`` below the set's folder; a thousand images per folder."""
    return f"images/{index // 1000:05d}/{index:08d}.{extension}"


def write_labels(folder: Path, rows: list[tuple[str, int, int, int]]) -> None:
    """Write ``labels.csv``: file and labels of shape, texture and background per row."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    write_atomic(folder / LABELS, text.getvalue().encode())


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest, or None where there is none.

    Raises:
        UserError: a manifest that cannot be read.
    """
    path = Path(folder) / MANIFEST
    if not path.is_file():
        return None
    try:
        manifest = json.loads(path.read_text())
        manifest["count"], manifest["written"], manifest["made_by"]
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} is damaged: delete {folder} and make the images again") from error
    return manifest


def read_counterfactual_folder(folder: Path) -> CounterfactualFolder:
    """The set in ``folder``.

    Raises:
        UserError: no set, one that is not complete, a bad row, or a file that is gone.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    if manifest is None:
        raise UserError(f"{folder / MANIFEST} is missing: no counterfactual images were made there")
    written, count = manifest["written"], manifest["count"]
    if written != count:
        raise UserError(
            f"{folder} holds {written} of {count} images: run the command that makes them again"
        )
    files, labels = _read_labels(folder)
    if len(files) != count:
        raise UserError(f"{folder / LABELS} lists {len(files)} of {count} images: make them again")
    for file in files:
        if not file.is_file():
            raise UserError(f"{file} is missing: run the command that makes the images again")
    return CounterfactualFolder(tuple(files), labels, manifest)


def _read_labels(folder: Path) -> tuple[list[Path], Tensor]:
    path = folder / LABELS
    try:
        header, *rows = csv.reader(io.StringIO(path.read_text()))
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read: make the images again") from error
    if tuple(header) != COLUMNS:
        raise UserError(f"{path}: columns are {', '.join(header)}, not {', '.join(COLUMNS)}")
    files, labels = [], []
    for line, row in enumerate(rows, 2):
        try:
            name, *numbers = row
            shape, texture, background = map(int, numbers)
        except ValueError:
            raise UserError(f"{path}, line {line}: a file and three class indices belong there") \
                from None  # fmt: skip
        files.append(folder / name)
        labels.append((shape, texture, background))
    return files, torch.tensor(labels, dtype=torch.int64).view(-1, 3)
