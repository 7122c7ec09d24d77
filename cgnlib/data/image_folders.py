"""Images in one folder per class, read from disk when they are needed.

A folder is listed first (names only) and every class must hold an image; pixels are decoded later,
in threads, for the batch at hand. What cannot be read is an error that names the file.
"""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor
from torch.utils.data import Dataset

from cgnlib.data.crops import RATIO, SCALE, draw_boxes, draw_flips
from cgnlib.errors import UserError

EXTENSIONS = (".jpeg", ".jpg", ".png", ".bmp", ".webp")


@dataclass(frozen=True)
class Listing:
    """Images and their labels, in the order of class and file name.

    Attributes:
        paths: of the images.
        labels: (N,) int64, positions in ``classes``.
        classes: names of the classes, which are those of the folders unless an adapter says so.
    """

    paths: tuple[str, ...]
    labels: np.ndarray
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.paths)

    def select(self, index: np.ndarray) -> "Listing":
        """The images at the positions ``index``, with the same classes."""
        index = np.asarray(index)
        return replace(self, paths=tuple(self.paths[i] for i in index), labels=self.labels[index])


def list_classes(root: Path, layout: str, extensions: Sequence[str] = EXTENSIONS) -> Listing:
    """List ``root/<class>/<image>``; files beside the class folders are not looked at.

    Args:
        root: holds one folder per class.
        layout: what it should look like, for messages.
        extensions: lower-case endings of image files; others in a class folder are ignored.

    Raises:
        UserError: no such folder, no class in it, or a class without an image.
    """
    root = Path(root)
    if not root.is_dir():
        raise UserError(f"{root} is not a folder: expected {layout}")
    classes = tuple(sorted(entry.name for entry in os.scandir(root) if _is_class(entry)))
    if not classes:
        raise UserError(f"{root} holds no class folder: expected {layout}")
    paths, labels = [], []
    for label, name in enumerate(classes):
        found = _images(root / name, extensions)
        if not found:
            raise UserError(
                f"{root / name} holds no image ({', '.join(extensions)}): copy its images there "
                f"or remove it; expected {layout}"
            )
        paths += found
        labels += [label] * len(found)
    return Listing(tuple(paths), np.asarray(labels, dtype=np.int64), classes)


def _is_class(entry: os.DirEntry) -> bool:
    return entry.is_dir() and not entry.name.startswith((".", "__"))


def _images(folder: Path, extensions: Sequence[str]) -> list[str]:
    ends = tuple(extensions)
    names = sorted(
        entry.name
        for entry in os.scandir(folder)
        if entry.name.lower().endswith(ends) and not entry.name.startswith(".")
    )
    return [os.path.join(folder, name) for name in names]


def joined(*listings: Listing) -> Listing:
    """Several listings with the same classes as one, such as ImageNet with Stylized-ImageNet.

    Raises:
        UserError: their classes differ; the first that does is named.
    """
    classes = listings[0].classes
    for other in listings[1:]:
        if other.classes != classes:
            odd = sorted(set(other.classes) ^ set(classes))
            raise UserError(
                f"{Path(other.paths[0]).parents[1]} and {Path(listings[0].paths[0]).parents[1]} "
                f"cannot be joined: class {odd[0] if odd else other.classes[0]} is in one of them "
                "only"
            )
    paths = tuple(path for listing in listings for path in listing.paths)
    return Listing(paths, np.concatenate([listing.labels for listing in listings]), classes)


def read_image(path: str | Path) -> Image.Image:
    """The image as RGB (grey, palette and CMYK files are converted).

    Raises:
        UserError: missing, truncated or not an image; the message names the file.
    """
    try:
        with Image.open(path) as image:
            return image.convert("RGB")
    except (OSError, UnidentifiedImageError, ValueError, SyntaxError) as error:
        reason = "is missing" if isinstance(error, FileNotFoundError) else "cannot be read"
        detail = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"{path} {reason} as an image ({detail}): copy it again") from None


@dataclass(frozen=True)
class Centre:
    """The published test transform: shorter side to ``resize_px``, then the central ``px``.

    ``resize_px`` 0 leaves the size as it is (IN-9 comes at 224).
    """

    px: int = 224
    resize_px: int = 256

    def __call__(self, image: Image.Image) -> Image.Image:
        if self.resize_px:
            wide, tall = image.size
            short = min(wide, tall)  # torchvision's rounding: down
            size = (wide * self.resize_px // short, tall * self.resize_px // short)
            image = image.resize(size, Image.Resampling.BILINEAR)
        wide, tall = image.size
        left, top = round((wide - self.px) / 2), round((tall - self.px) / 2)
        return image.crop((left, top, left + self.px, top + self.px))


@dataclass(frozen=True)
class RandomBox:
    """Random resized crop to ``px`` and mirroring, as the published training transform (A8)."""

    px: int = 224
    scale: tuple[float, float] = SCALE
    ratio: tuple[float, float] = RATIO
    flip: float = 0.5

    def cut(self, image: Image.Image, box: Sequence[int], mirror: bool) -> Image.Image:
        """``box`` (top, left, height, width) of ``image``, resized."""
        top, left, tall, wide = box
        part = image.crop((left, top, left + wide, top + tall))
        part = part.resize((self.px, self.px), Image.Resampling.BILINEAR)
        return part.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if mirror else part


class ImageFiles(Dataset):
    """Images in files, decoded when asked for.

    Has ``draw`` for training (:class:`cgnlib.classifiers.augment.AugmentedBatches`), ``split`` for
    :func:`cgnlib.evaluation.predict.predict`, and item access for everything else.

    Args:
        paths: of the files, such as those of a :class:`Listing` or of a set of counterfactuals.
        test: the transform of ``split`` and of items.
        train: the transform of ``draw``; None: the one of ``test``.
        workers: threads that decode.
    """

    def __init__(
        self,
        paths: Sequence[str | Path],
        test: Centre | None = None,
        train: RandomBox | None = None,
        workers: int = 2,
    ):
        self.paths, self.test, self.train = tuple(paths), test or Centre(), train
        self.workers = workers

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, position: int) -> Tensor:
        """Image (3, px, px) float32 in [-1, 1]."""
        return _unit(self._centre(position))

    def _centre(self, position: int) -> Tensor:
        return _bytes(self.test(read_image(self.paths[position])))

    def draw(self, index: Tensor, generator: torch.Generator) -> Tensor:
        """Images (B, 3, px, px) float32 in [-1, 1] at the positions ``index`` (B,).

        Crops are drawn for the whole batch before decoding is awaited, so that the number of
        threads changes nothing.
        """
        positions = index.tolist()
        with ThreadPoolExecutor(self.workers) as pool:
            if self.train is None:
                return _unit(torch.stack(list(pool.map(self._centre, positions))))
            paths = [self.paths[position] for position in positions]
            images = list(pool.map(read_image, paths))
            wide, tall = torch.tensor([image.size for image in images]).unbind(1)
            boxes = draw_boxes(tall, wide, generator, self.train.scale, self.train.ratio).tolist()
            flips = draw_flips(len(positions), generator, self.train.flip).tolist()
            parts = pool.map(self.train.cut, images, boxes, flips)
            return _unit(torch.stack([_bytes(part) for part in parts]))

    def split(self, batch: int) -> Iterator[Tensor]:
        """All images in order, in [-1, 1], ``batch`` at a time, decoded one batch ahead."""
        with ThreadPoolExecutor(self.workers) as pool:
            starts = range(0, len(self), batch)
            ahead = [pool.submit(self._centre, i) for i in range(min(batch, len(self)))]
            for start in starts:
                now, after = ahead, range(start + batch, min(start + 2 * batch, len(self)))
                ahead = [pool.submit(self._centre, i) for i in after]
                yield _unit(torch.stack([future.result() for future in now]))


def _bytes(image: Image.Image) -> Tensor:
    """(3, H, W) uint8."""
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)


def _unit(images: Tensor) -> Tensor:
    """uint8 to float32 in [-1, 1]."""
    return images.float().div_(127.5).sub_(1)


class Ahead:
    """Batches prepared in the background while the last one is trained on.

    ``batches`` must depend on the step alone, as :func:`cgnlib.training.fit` asks, so preparing
    step + 1 early changes nothing. An error of a prepared batch is raised when that batch is asked
    for.
    """

    def __init__(self, batches, ahead: int = 1):
        self.batches, self.ahead = batches, ahead
        self.pool, self.waiting = ThreadPoolExecutor(1), {}

    def __call__(self, step: int):
        for later in range(step, step + self.ahead + 1):
            if later not in self.waiting:
                self.waiting[later] = self.pool.submit(self.batches, later)
        for old in [known for known in self.waiting if known < step]:
            del self.waiting[old]
        return self.waiting.pop(step).result()
