"""The small networks of scenes9 that come with the package, and their records.

``cgnlib/weights/scenes9/`` holds one safetensors file per network and ``records.json``: its
SHA-256, how it was trained and what it then scored. ``python -m cgnlib pretrain scenes9`` makes
them. The generator is distilled from the renderer of scenes9 (paired training, see
:mod:`cgnlib.generators.paired_gan`), not a GAN trained on images alone.
"""

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import nn

from cgnlib.errors import UserError
from cgnlib.networks.biggan import SCENES9, BigGan
from cgnlib.networks.loading import load_network
from cgnlib.networks.saliency import SmallSaliency
from cgnlib.networks.scene_cnn import SceneCnn

FOLDER = Path(__file__).resolve().parents[1] / "weights" / "scenes9"
RECORDS = "records.json"
HEADS: dict[str, dict[str, int]] = {
    "classifier": {"texture": 9, "background": 9},
    "silhouette": {"shape": 9},
}
"""Heads of the evaluation classifiers: one reads images, the other masks."""
_MAKERS = {
    "generator": lambda: BigGan(SCENES9),
    "saliency": SmallSaliency,
    "classifier": lambda: SceneCnn(HEADS["classifier"]),
    "silhouette": lambda: SceneCnn(HEADS["silhouette"]),
}
NAMES = tuple(_MAKERS)


def shipped(name: str) -> nn.Module:
    """A network that comes with the package, in evaluation mode.

    ``generator``: :class:`BigGan` (noise (B, 64), labels) to images; of the noise only the first
    40 numbers matter, and ``Phi`` of them are the uniforms of the scene it imitates.
    ``saliency``: :class:`SmallSaliency`. ``classifier``: :class:`SceneCnn` of images, heads
    texture and background. ``silhouette``: :class:`SceneCnn` of masks (through
    :func:`cgnlib.classifiers.scene_classifiers.as_silhouettes`), head shape.

    Raises:
        UserError: an unknown name, or a file that is absent or not the recorded one.
    """
    return network_from(name, shipped_file(name))


def network_from(name: str, path: Path) -> nn.Module:
    """The same network with the weights in a file.

    Raises:
        UserError: an unknown name, an unreadable file, or one made for another network.
    """
    return load_network(_MAKERS[_known(name)], path)


def shipped_file(name: str) -> Path:
    """Where the weights are, their hash checked against the record.

    Raises:
        UserError: see :func:`shipped`.
    """
    record = shipped_record(name)
    path = FOLDER / record["file"]
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}; restore it from the repository") from None
    if found != record["sha256"]:
        raise UserError(f"{path} is not the file its record describes; restore both")
    return path


def shipped_record(name: str) -> dict[str, Any]:
    """``file``, ``sha256``, ``bytes``, ``parameters``, ``stored``, ``made_by`` (what the training
    was), ``stages`` (settings, updates, seconds, threads, processor, git commit of each) and
    ``figures``.

    Raises:
        UserError: an unknown name, or no such record.
    """
    records = _records(FOLDER / RECORDS)
    if _known(name) not in records:
        raise UserError(f"{FOLDER / RECORDS} has no {name!r}: restore it from the repository")
    return records[name]


def _known(name: str) -> str:
    if name not in _MAKERS:
        raise UserError(f"no shipped network {name!r}: choose one of {', '.join(NAMES)}")
    return name


@lru_cache(maxsize=4)
def _records_at(path: Path, changed_ns: int) -> dict[str, Any]:
    return json.loads(path.read_text())


def _records(path: Path) -> dict[str, Any]:
    try:
        return _records_at(path, path.stat().st_mtime_ns)
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read: {error}; restore it") from None


def compact(state: Mapping[str, torch.Tensor]) -> bytes:
    """A state dict as safetensors: weights in half precision, statistics of batch norm and the
    vectors of spectral norm as they are (their rounding would bias every pixel alike)."""
    kept = {}
    for name, value in state.items():
        statistic = "running_" in name or name.endswith(("_u", "_v"))
        half = value.is_floating_point() and not statistic
        kept[name] = (value.half() if half else value).contiguous()
    return safetensors.torch.save(kept)
