"""ImageNet-C: fifteen corruptions at five severities, made here or read from its folders.

Source: Hendrycks and Dietterich, *Benchmarking Neural Network Robustness* (2019), through the
optional package ``imagecorruptions-imaug``; at 64 px its severities are used as they are, so that
blurs and noise cover more of a scene than of an ImageNet photograph.
"""

import contextlib
import importlib.metadata
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from cgnlib.data.corruption_names import CORRUPTIONS, SEVERITIES
from cgnlib.data.image_folders import Listing, list_classes
from cgnlib.data.imagenet import check_wnids
from cgnlib.data.registry import path_of
from cgnlib.errors import UserError
from cgnlib.rng import seed_for

PACKAGE = "imagecorruptions-imaug"
_LEAST_PX = 32
_SEEDED = ("impulse_noise", "glass_blur")  # take a seed; the others draw from numpy's stream


def corrupted(images: Tensor, name: str, severity: int, seed: int) -> Tensor:
    """Every image with one corruption; image ``i`` depends on its pixels, ``seed`` and ``i`` alone.

    Args:
        images: (N, 3, H, W) uint8, at least 32 px on either side.
        name: one of :data:`CORRUPTIONS`.
        severity: 1 to 5.
        seed: of what is drawn at random.

    Returns:
        (N, 3, H, W) uint8.

    Raises:
        UserError: the package is absent, an unknown corruption or severity, or images of another
            kind.
    """
    _check(name, severity)
    if images.dtype != torch.uint8 or images.ndim != 4 or min(images.shape[2:]) < _LEAST_PX:
        raise UserError(
            f"corruptions: images are {images.dtype} {tuple(images.shape)}; pass uint8 "
            f"(N, 3, H, W) of at least {_LEAST_PX} px"
        )
    corrupt, made = _function(name), torch.empty_like(images)
    for i, image in enumerate(images.permute(0, 2, 3, 1).contiguous().numpy()):
        one = corrupt(image, severity, seed_for(seed, "corruption", name, severity, i) % 2**32)
        made[i] = torch.from_numpy(np.array(one)).permute(2, 0, 1)
    return made


def package_version() -> str:
    """Version of the package that corrupts, for artefact keys.

    Raises:
        UserError: it is not installed.
    """
    try:
        return importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        raise UserError(
            f"corruptions need the optional package {PACKAGE}: install it with "
            "`pip install -r requirements-corruptions.txt`, or leave them out"
        ) from None


def imagenet_c(name: str, severity: int, root: Path | None = None) -> Listing:
    """One corruption of ImageNet-C: ``<corruption>/<severity>/<wnid>/*.JPEG``, 224 px already.

    Raises:
        UserError: absent, a wrong layout, an unknown corruption or severity.
    """
    _check(name, severity)
    folder = Path(root or path_of("imagenet-c")) / name / str(severity)
    listing = list_classes(folder, "imagenet-c as <corruption>/<severity>/<wnid>/*.JPEG")
    check_wnids(listing.classes, folder)
    return listing


def _check(name: str, severity: int) -> None:
    if name not in CORRUPTIONS:
        raise UserError(f"no corruption {name!r}: choose one of {', '.join(CORRUPTIONS)}")
    if severity not in SEVERITIES:
        raise UserError(f"corruption {name}: severity {severity} is none of 1 to 5")


def _function(name: str) -> Callable[[np.ndarray, int, int], np.ndarray]:
    """Image (H, W, 3) uint8, severity and seed to the corrupted image."""
    package_version()
    from imagecorruptions import corrupt

    def seeded(image: np.ndarray, severity: int, seed: int) -> np.ndarray:
        own = {"seed": seed} if name in _SEEDED else {}
        with _numpy_stream(seed):
            return corrupt(image, corruption_name=name, severity=severity, **own)

    return seeded


@contextlib.contextmanager
def _numpy_stream(seed: int) -> Iterator[None]:
    """Inside, numpy's global stream starts at ``seed``: most corruptions draw from no other."""
    state = np.random.get_state()
    np.random.seed(seed)
    try:
        yield
    finally:
        np.random.set_state(state)
