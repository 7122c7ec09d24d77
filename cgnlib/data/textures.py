"""Two families of textures, striped for objects and veined for backgrounds, ten sources each.

A source is 150x150 pixels, reflect-padded to 156x156, of which a sample takes a random 32x32 crop
(CGN code). Sources are either drawn here (``procedural``) or the DTD photographs of the published
experiment.
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from torch import Generator, Tensor

from cgnlib.data import procedural
from cgnlib.errors import UserError
from cgnlib.paths import data_root, project_root
from cgnlib.rng import rng

CROP_PX = 32
_RESIZED_PX, _PAD_PX = 150, 3
SOURCE_PX = _RESIZED_PX + 2 * _PAD_PX
# Image numbers in the Describable Textures Dataset, by class (CGN code).
DTD_NUMBERS = {
    "striped": (1, 91, 8, 43, 92, 28, 97, 4, 125, 33),
    "veined": (66, 67, 73, 180, 131, 157, 158, 104, 188, 189),
}


@dataclass(frozen=True)
class TextureBank:
    """``object`` (striped) and ``background`` (veined): (10, 3, 156, 156) uint8 in class order;
    ``identity`` a content hash for artefact keys."""

    object: Tensor
    background: Tensor
    identity: str


def load_textures(source: Literal["procedural", "dtd"], folder: str = "") -> TextureBank:
    """Both families.

    Args:
        source: drawn textures, or the DTD photographs.
        folder: DTD's folder, holding ``images/striped`` and ``images/veined``; empty:
            ``data_root()/dtd``.

    Raises:
        UserError: a DTD image is missing or cannot be read.
    """
    if source == "procedural":
        return _procedural()
    root = project_root() / folder if folder else data_root() / "dtd"
    striped, veined = (
        np.stack([_read_dtd(root / "images" / name / f"{name}_{n:04d}.jpg") for n in numbers])
        for name, numbers in DTD_NUMBERS.items()
    )
    return _bank(striped, veined)


@lru_cache(maxsize=1)
def _procedural() -> TextureBank:
    return _bank(procedural.draw("striped"), procedural.draw("veined"))


def _bank(striped: np.ndarray, veined: np.ndarray) -> TextureBank:
    """From (10, 150, 150, 3) uint8 sources."""
    digest = hashlib.sha256(striped.tobytes() + veined.tobytes()).hexdigest()
    return TextureBank(_padded(striped), _padded(veined), digest)


def _padded(sources: np.ndarray) -> Tensor:
    margin = (_PAD_PX, _PAD_PX)
    padded = np.pad(sources, ((0, 0), margin, margin, (0, 0)), mode="reflect")
    return torch.from_numpy(padded).permute(0, 3, 1, 2).contiguous()


def _read_dtd(path: Path) -> np.ndarray:
    """One photograph resized to 150x150 (nearest, aspect not kept), (150, 150, 3) uint8."""
    if not path.is_file():
        raise UserError(
            f"{path} is missing: unpack the Describable Textures Dataset "
            f"(https://www.robots.ox.ac.uk/~vgg/data/dtd/) so that {path.parent} holds its images, "
            "or set textures to 'procedural'"
        )
    try:
        with Image.open(path) as image:
            resized = image.convert("RGB").resize(
                (_RESIZED_PX, _RESIZED_PX), Image.Resampling.NEAREST
            )
    except (UnidentifiedImageError, OSError) as error:
        raise UserError(f"{path}: cannot be read as an image ({error}); unpack DTD again") from None
    return np.asarray(resized)


class CropBank:
    """Random 32x32 crops of ten texture sources.

    Args:
        sources: (10, 3, 156, 156) uint8.
    """

    def __init__(self, sources: Tensor):
        pixels = sources.permute(0, 2, 3, 1).float() / 127.5 - 1  # (10, 156, 156, 3) in [-1, 1]
        self._pixels = pixels.contiguous().view(-1)
        # Row r is the 32 RGB pixels from pixel r on: a crop is 32 contiguous copies.
        rows = len(self._pixels) // 3 - CROP_PX + 1
        self._rows = self._pixels.as_strided((rows, 3 * CROP_PX), (3, 1))

    def draw(self, labels: Tensor, generator: Generator) -> Tensor:
        """A uniform crop (offsets 0 to 124 each way) per label: (B, 3, 32, 32) in [-1, 1], laid out
        channels last."""
        offset = torch.randint(SOURCE_PX - CROP_PX + 1, (2, len(labels)), generator=generator)
        first = (labels * SOURCE_PX + offset[0]) * SOURCE_PX + offset[1]  # (B,)
        rows = first[:, None] + torch.arange(CROP_PX) * SOURCE_PX  # (B, 32)
        crops = self._rows.index_select(0, rows.flatten())
        return crops.view(len(labels), CROP_PX, CROP_PX, 3).permute(0, 3, 1, 2)


def nearest_mean_colour_accuracy(sources: Tensor, seed: int = 0, crops: int = 300) -> float:
    """How much of a family mean colour alone gives away, in percent.

    The mean colour of a crop is assigned to the class with the nearest mean colour, estimated from
    as many other crops. The DTD images read 76 (striped) and 73 (veined).

    Args:
        sources: (10, 3, 156, 156) uint8, one family of a ``TextureBank``.
        crops: crops per class, for each of estimating and testing.
    """
    bank = CropBank(sources)
    labels = torch.arange(10).repeat_interleave(crops)
    known = bank.draw(labels, rng(seed, "mean-colour", "known")).mean(dim=(2, 3))  # (N, 3)
    tested = bank.draw(labels, rng(seed, "mean-colour", "tested")).mean(dim=(2, 3))
    centres = known.view(10, crops, 3).mean(dim=1)
    nearest = torch.cdist(tested, centres).argmin(dim=1)
    return 100 * (nearest == labels).double().mean().item()
