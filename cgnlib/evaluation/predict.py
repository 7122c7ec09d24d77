"""Per-example predictions: the one array file every score is computed from."""

import io
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from zipfile import BadZipFile

import numpy as np
import torch
from torch import Tensor, nn

from cgnlib.errors import UserError
from cgnlib.store import write_atomic

_ARRAYS = ("predicted", "confidence", "shape", "foreground", "background", "digit")


@dataclass(frozen=True)
class Predictions:
    """``predicted`` (N,) int64; ``confidence`` (N,) float32, the softmax of the predicted class;
    ``logits`` (N, K) float32."""

    predicted: np.ndarray
    confidence: np.ndarray
    logits: np.ndarray


class Labels(Protocol):
    """What a predicted set knows about its images: (N,) label tensors and source digits."""

    shape: Tensor
    foreground: Tensor
    background: Tensor
    digit: Tensor


class ImageSource(Protocol):
    """Images that come in batches: a tensor (N, 3, H, W), or files read as they are needed."""

    def __len__(self) -> int: ...

    def split(self, batch: int) -> Iterable[Tensor]: ...


def predict(
    model: nn.Module,
    images: Tensor | ImageSource,
    batch: int = 1000,
    device: str | torch.device = "cpu",
) -> Predictions:
    """Run a classifier over ``images`` (N, 3, H, W) in batches, in evaluation mode.

    The model is moved to ``device``; every module's training mode is put back afterwards. Logits
    may be any scores whose softmax is the class distribution (log-probabilities included).

    Raises:
        UserError: no images, or a score that is not finite.
    """
    if not len(images):
        raise UserError("predict: no images were given; pass at least one")
    modes = [(module, module.training) for module in model.modules()]
    model.to(device).eval()
    try:
        with torch.no_grad():
            logits = torch.cat(
                [model(_ready(part, device)).float().cpu() for part in images.split(batch)]
            )
    finally:
        for module, training in modes:
            module.training = training
    if not torch.isfinite(logits).all():
        raise UserError(
            "predict: the classifier's scores are not finite; train it again with a smaller step "
            "size"
        )
    return predictions_of(logits)


def predictions_of(logits: Tensor) -> Predictions:
    """The predictions that logits (N, K) amount to."""
    confidence, predicted = logits.softmax(dim=1).max(dim=1)
    return Predictions(predicted.numpy(), confidence.numpy(), logits.numpy())


def _ready(images: Tensor, device: str | torch.device) -> Tensor:
    return images.to(device).contiguous(memory_format=torch.channels_last)


def save_predictions(path: Path, predictions: Predictions, labels: Labels) -> None:
    """Write ``predicted``, ``confidence`` and the images' labels and digits to an ``.npz`` file, at
    once or not at all."""
    arrays = {"predicted": predictions.predicted, "confidence": predictions.confidence}
    for name in _ARRAYS[2:]:
        arrays[name] = np.asarray(getattr(labels, name))
    save_arrays(path, arrays)


def save_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write arrays with one entry per example to an ``.npz`` file, at once or not at all.

    Raises:
        UserError: they differ in length.
    """
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        raise UserError(f"{path}: predictions and labels differ in length: {lengths}")
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    write_atomic(path, content.getvalue())


def load_predictions(path: Path) -> dict[str, np.ndarray]:
    """The arrays of ``save_predictions`` by name; errors as :func:`load_arrays`."""
    return load_arrays(path, _ARRAYS)


def load_arrays(path: Path, names: Iterable[str]) -> dict[str, np.ndarray]:
    """The arrays called ``names`` of a file of :func:`save_arrays`.

    Raises:
        UserError: the file is missing, damaged or incomplete.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in names}
    except FileNotFoundError:
        raise UserError(f"{path} is missing: run the notebook that predicts it") from None
    except (OSError, ValueError, KeyError, EOFError, BadZipFile, zlib.error) as error:
        raise UserError(
            f"{path}: not a complete predictions file ({error}); delete it and run again"
        ) from None
