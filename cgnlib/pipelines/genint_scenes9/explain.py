"""Where GenInt's classifiers look: GradCAM against the true object (GENINT-13)."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from cgnlib.classifiers.genint_network import cam_layer
from cgnlib.data import scenes9
from cgnlib.errors import UserError
from cgnlib.evaluation import explain
from cgnlib.evaluation.saliency_scores import mask_iou, pointing_game
from cgnlib.params.genint_theory import GenintTheoryParams
from cgnlib.pipelines.arrays import Arrays, kept_arrays
from cgnlib.pipelines.genint_scenes9.asked_sets import asked_set
from cgnlib.pipelines.genint_scenes9.training_sets import is_rendered
from cgnlib.pipelines.imagenet.data import TEST_SEED
from cgnlib.rng import rng
from cgnlib.store import Artefact

HEAT_VERSION = 2
_BATCH = 100


class Row(Protocol):
    """A trained row of the tables: what GradCAM needs of it."""

    model: nn.Module
    artefact: Artefact


@dataclass(frozen=True)
class Shown:
    """Images (N, 3, H, W) in [-1, 1] that are explained, their ``label`` (N,), their true
    ``masks`` (N, 1, H, W) in [0, 1] where known, and ``identity`` for artefact keys."""

    images: Tensor
    label: np.ndarray
    masks: np.ndarray | None
    identity: str

    def __len__(self) -> int:
        return len(self.images)


@lru_cache(maxsize=4)
def shown_images(params: GenintTheoryParams, name: str) -> Shown:
    """A fixed random choice of ``cam_images`` images of a test set; scenes9 knows its true masks.

    Raises:
        UserError: an unknown set, or its files are absent.
    """
    asked = asked_set(params, name)
    stream = rng(TEST_SEED, "explained", name)
    order = torch.randperm(len(asked.label), generator=stream)[: params.cam_images]
    images, masks = asked.source().draw(order, stream), None
    if is_rendered(params):
        drawn = scenes9.scene_set(name, params.test_images, TEST_SEED, "test")
        masks = drawn.float_masks(order).numpy()
    return Shown(images, asked.label[order.numpy()], masks, f"{asked.identity} {len(order)}")


def heat_maps(params: GenintTheoryParams, trained: Row, shown: Shown) -> tuple[Arrays, Artefact]:
    """GradCAM of the class that a row predicts, read behind stage ``cam_stage``.

    Returns:
        ``maps`` (N, H, W) float16 in [0, 1] and ``predicted`` (N,), in the order of ``shown``.
    """
    key = {
        "classifier": trained.artefact.hash,
        "images": shown.identity,
        "stage": params.cam_stage,
        "device": params.device,
        "threads": params.threads,
    }

    def make() -> Arrays:
        layer = cam_layer(trained.model, params.cam_stage)
        maps, predicted = explain.grad_cam(
            trained.model, layer, shown.images, _BATCH, params.device
        )
        return {"maps": maps.astype(np.float16), "predicted": predicted}

    return kept_arrays("genint_heat_maps", HEAT_VERSION, key, make)


def looked_at(maps: np.ndarray, masks: np.ndarray | None) -> Arrays:
    """Per-image scores (N,) in [0, 1] of heat maps against true masks: ``pointing_game``,
    ``cam_iou`` and ``heat_on_object``.

    Raises:
        UserError: no masks are known.
    """
    if masks is None:
        raise UserError("GradCAM: no true masks of these images are known, so nothing is scored")
    maps = maps.astype(np.float32)
    return {
        "pointing_game": pointing_game(maps, masks),
        "cam_iou": mask_iou(maps, masks),
        "heat_on_object": explain.positive_share(maps, masks > 0.5),
    }
