"""Where the heads look: GradCAM (EXT-3) and LIME (EXT-7) as arrays kept in the store."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from cgnlib import store
from cgnlib.classifiers.baseline import cam_layer
from cgnlib.classifiers.ensemble import HEADS, View
from cgnlib.errors import UserError
from cgnlib.evaluation import explain
from cgnlib.evaluation.predict import predict
from cgnlib.evaluation.saliency_scores import mask_iou, pointing_game
from cgnlib.params import ImagenetParams
from cgnlib.pipelines.arrays import Arrays, kept_arrays
from cgnlib.pipelines.imagenet.classify import ENSEMBLE, START, classifier
from cgnlib.pipelines.imagenet.counterfactual_sets import fakes
from cgnlib.pipelines.imagenet.data import (
    TEST_SEED,
    ImageSet,
    identity_of,
    is_rendered,
    test_set,
)
from cgnlib.pipelines.imagenet.predictions import WHOLE
from cgnlib.rng import rng, seed_for

HEAT_MAPS_VERSION = 1
LIME_VERSION = 1
# What is explained: test images; held-out images of the CGN, whose masks are not true; scenes with
# three independent labels, which are counterfactuals with true masks.
PANELS = ("original", "counterfactual", "recombined")
EXPLAINED = ((START, WHOLE), *((ENSEMBLE, view) for view in (*HEADS, "mean")))
COMPARED = ((START, WHOLE), (ENSEMBLE, "mean"))  # what LIME is asked about
_BATCH = 100


@dataclass(frozen=True)
class Shown:
    """Images (N, 3, H, W) in [-1, 1] that are explained, their labels (N,) by name and, where
    known, their true masks (N, 1, H, W) in [0, 1]."""

    images: Tensor
    labels: Arrays
    masks: np.ndarray | None

    def __len__(self) -> int:
        return len(self.images)


def panels(params: ImagenetParams) -> tuple[str, ...]:
    """The panels there are: only scenes9 can be recombined."""
    return PANELS if is_rendered(params) else PANELS[:2]


def explained(params: ImagenetParams, panel: str, count: int) -> Shown:
    """A fixed random choice of ``count`` images of a panel, or all where there are fewer.

    Raises:
        UserError: no such panel.
    """
    if panel not in panels(params):
        raise UserError(f"nothing to explain called {panel!r}: choose {', '.join(panels(params))}")
    images = _panel(params, panel)
    order = torch.randperm(len(images), generator=rng(TEST_SEED, "explained", panel))[:count]
    labels = {name: values[order.numpy()] for name, values in images.labels().items()}
    masks = None if images.masks is None else images.masks[order].float().div(255).numpy()
    return Shown(images.images(order), labels, masks)


def heat_maps(
    params: ImagenetParams, row: str, view: str, panel: str
) -> tuple[Arrays, store.Artefact]:
    """GradCAM of one view of a row on ``explain_images`` images of a panel.

    The layer is that of stage ``cam_stage``, see :func:`cgnlib.classifiers.baseline.cam_layer`.

    Returns:
        ``maps`` (N, H, W) float16 in [0, 1] of the predicted class and ``predicted`` (N,), in the
        order of :func:`explained`.
    """
    trained = classifier(params, row)

    def make() -> Arrays:
        shown = explained(params, panel, params.explain_images)
        layer = cam_layer(trained.model, params.cam_stage)
        maps, predicted = explain.grad_cam(
            _plain(trained.model, view), layer, shown.images, _BATCH, params.device
        )
        return {"maps": maps.astype(np.float16), "predicted": predicted}

    key = _key(params, trained.artefact.hash, view, panel, params.explain_images)
    return kept_arrays(
        "imagenet_heat_maps", HEAT_MAPS_VERSION, key | {"stage": params.cam_stage}, make
    )


def looked_at(maps: np.ndarray, masks: np.ndarray) -> Arrays:
    """Per-image scores of heat maps against true masks, (N,) in [0, 1] each."""
    maps = maps.astype(np.float32)
    return {
        "pointing_game": pointing_game(maps, masks),
        "cam_iou": mask_iou(maps, masks),
        "heat_on_object": explain.positive_share(maps, masks > 0.5),
    }


def positive_share(maps: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Share of LIME's positive weight on the object, (N,) in [0, 1]; see
    :func:`cgnlib.evaluation.explain.positive_share`."""
    return explain.positive_share(maps, masks > 0.5)


def lime_maps(params: ImagenetParams, row: str, view: str) -> tuple[Arrays, store.Artefact]:
    """LIME of the predicted class of one view of a row on ``lime_images`` original test images
    (experiment EXT-7).

    Returns:
        ``maps`` (N, H, W) float32, the weight of each pixel, and ``predicted`` (N,), in the order
        of :func:`explained`.
    """
    trained = classifier(params, row)

    def make() -> Arrays:
        shown = explained(params, "original", params.lime_images)
        model = _plain(trained.model, view)
        predicted = predict(model, shown.images, _BATCH, params.device).predicted
        maps = [
            _lime_map(params, model, image, int(label), number)
            for number, (image, label) in enumerate(zip(shown.images, predicted, strict=True))
        ]
        return {"maps": np.stack(maps), "predicted": predicted}

    names = ("lime_samples", "lime_segments", "lime_segment_px")
    key = _key(params, trained.artefact.hash, view, "original", params.lime_images)
    key |= {name: getattr(params, name) for name in names} | {"seed": params.seed}
    return kept_arrays("imagenet_lime", LIME_VERSION, key, make)


def _lime_map(
    params: ImagenetParams, model: nn.Module, image: Tensor, label: int, number: int
) -> np.ndarray:
    parts = explain.segments(image, params.lime_segments, params.lime_segment_px)
    seed = seed_for(params.seed, "lime", number)
    return explain.lime_map(
        model, image, parts, label, params.lime_samples, seed, params.device, _BATCH
    )


def _panel(params: ImagenetParams, panel: str) -> ImageSet:
    return fakes(params).held_out if panel == "counterfactual" else test_set(params, panel)


def _plain(model: nn.Module, view: str) -> nn.Module:
    """One view as a classifier from images to logits."""
    return model if view == WHOLE else View(model, view)


def _key(params: ImagenetParams, trained: str, view: str, panel: str, count: int) -> dict:
    made = panel == "counterfactual"
    return {
        "classifier": trained,
        "view": view,
        "panel": panel,
        "evaluated": fakes(params).identity if made else identity_of(params, panel),
        "images": count,
        "device": params.device,
        "threads": params.threads,
    }
