"""The folder of a set of generated images: its layout, and its strict reading.

``images/<thousand>/<index>.jpg`` or ``.png``; ``labels.csv`` with the file and what is known of
each image; ``manifest.json`` with the settings, the source of the images and counts. A set counts
only when its manifest says it is complete.
"""

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from cgnlib.errors import UserError
from cgnlib.store import write_atomic

LABELS, MANIFEST = "labels.csv", "manifest.json"
Columns = Mapping[str, type]  # name to int or float


@dataclass(frozen=True)
class GeneratedFolder:
    """A complete set: image files, what is ``known`` of them ((N,) int64 or float32 by the name of
    the column), and the manifest."""

    files: tuple[Path, ...]
    known: Mapping[str, Tensor]
    manifest: Mapping[str, Any]

    def __len__(self) -> int:
        return len(self.files)


def image_name(index: int, extension: str) -> str:
    """Path of image ``index`` below the set's folder; a thousand images per folder."""
    return f"images/{index // 1000:05d}/{index:08d}.{extension}"


def write_table(folder: Path, columns: Sequence[str], rows: Sequence[tuple]) -> None:
    """Write ``labels.csv``: per row a file and the values of ``columns``."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["file", *columns])
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


def folder_identity(folder: Path) -> str:
    """Sixteen hex digits over ``manifest.json`` and ``labels.csv``: what the set was made from, how
    many images, which labels. The images themselves are not read.

    Raises:
        UserError: no set is there.
    """
    digest = hashlib.sha256()
    for name in (MANIFEST, LABELS):
        try:
            digest.update((Path(folder) / name).read_bytes())
        except OSError as error:
            raise UserError(f"{Path(folder) / name}: {error.strerror}: no set of images") from None
    return digest.hexdigest()[:16]


def read_generated_folder(
    folder: Path, columns: Columns, what: str = "generated images", belongs: str = ""
) -> GeneratedFolder:
    """The set in ``folder``.

    Args:
        columns: those that ``labels.csv`` must have, in order.
        what: the images, for messages.
        belongs: what a row must hold, for messages.

    Raises:
        UserError: no set, one that is not complete, a bad row, or a file that is gone.
    """
    folder = Path(folder)
    manifest = read_manifest(folder)
    if manifest is None:
        raise UserError(f"{folder / MANIFEST} is missing: no {what} were made there")
    written, count = manifest["written"], manifest["count"]
    if written != count:
        raise UserError(
            f"{folder} holds {written} of {count} images: run the command that makes them again"
        )
    files, known = _read_table(folder, columns, belongs or f"a file, {', '.join(columns)}")
    if len(files) != count:
        raise UserError(f"{folder / LABELS} lists {len(files)} of {count} images: make them again")
    for file in files:
        if not file.is_file():
            raise UserError(f"{file} is missing: run the command that makes the images again")
    return GeneratedFolder(tuple(files), known, manifest)


def _read_table(
    folder: Path, columns: Columns, belongs: str
) -> tuple[list[Path], dict[str, Tensor]]:
    path = folder / LABELS
    try:
        header, *rows = csv.reader(io.StringIO(path.read_text()))
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read: make the images again") from error
    wanted = ["file", *columns]
    if header != wanted:
        raise UserError(f"{path}: columns are {', '.join(header)}, not {', '.join(wanted)}")
    files, values = [], []
    for line, row in enumerate(rows, 2):
        try:
            name, *cells = row
            read = [kind(cell) for kind, cell in zip(columns.values(), cells, strict=True)]
        except ValueError:
            raise UserError(f"{path}, line {line}: {belongs} belong there") from None
        files.append(folder / name)
        values.append(read)
    types = {int: torch.int64, float: torch.float32}
    return files, {
        name: torch.tensor([row[place] for row in values], dtype=types[kind])
        for place, (name, kind) in enumerate(columns.items())
    }
