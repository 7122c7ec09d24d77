"""Predictions of every head of an ensemble from one pass over the images."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from cgnlib.classifiers.ensemble import HEADS, VIEWS, combine
from cgnlib.evaluation.predict import (
    ImageSource,
    Predictions,
    load_arrays,
    predict,
    predictions_of,
    save_arrays,
)


class _Stacked(nn.Module):
    """All heads' logits side by side, (B, 3 K), under autocast where asked."""

    def __init__(self, ensemble: nn.Module, bf16: bool):
        super().__init__()
        self.ensemble, self.bf16 = ensemble, bf16

    def forward(self, images: Tensor) -> Tensor:
        with torch.autocast(images.device.type, torch.bfloat16, self.bf16):
            logits = self.ensemble(images)
        return torch.cat([logits[head].float() for head in HEADS], 1)


def predict_heads(
    ensemble: nn.Module,
    images: Tensor | ImageSource,
    batch: int = 256,
    device: str | torch.device = "cpu",
    bf16: bool = False,
    views: tuple[str, ...] = tuple(VIEWS),
) -> dict[str, Predictions]:
    """Predictions by view: each head, the mean of all, and the mean of shape and texture.

    Args:
        ensemble: images (B, 3, H, W) in [-1, 1] to logits by head.
        images: (N, 3, H, W), or an image folder.
        views: which of :data:`cgnlib.classifiers.ensemble.VIEWS` to return.

    Raises:
        UserError: as :func:`cgnlib.evaluation.predict.predict`, or an unknown view.
    """
    stacked = predict(_Stacked(ensemble, bf16), images, batch, device).logits
    logits = dict(zip(HEADS, torch.from_numpy(stacked).chunk(len(HEADS), 1), strict=True))
    return {view: predictions_of(combine(logits, view)) for view in views}


def save_head_predictions(
    path: Path, predictions: Mapping[str, Predictions], labels: Mapping[str, np.ndarray]
) -> None:
    """Write each view's ``predicted`` and ``confidence`` and the images' labels to an ``.npz``
    file: ``shape_predicted``, ``shape_confidence``, ..., ``label_<name>``.

    Raises:
        UserError: they differ in length.
    """
    arrays = {f"label_{name}": np.asarray(label) for name, label in labels.items()}
    for view, made in predictions.items():
        arrays[f"{view}_predicted"] = made.predicted
        arrays[f"{view}_confidence"] = made.confidence
    save_arrays(path, arrays)


def load_head_predictions(
    path: Path, labels: tuple[str, ...], views: tuple[str, ...] = tuple(VIEWS)
) -> dict[str, np.ndarray]:
    """The arrays of :func:`save_head_predictions` by name.

    Raises:
        UserError: the file is missing, damaged or incomplete.
    """
    names = [f"label_{label}" for label in labels]
    return load_arrays(
        path, names + [f"{view}_{what}" for view in views for what in ("predicted", "confidence")]
    )
