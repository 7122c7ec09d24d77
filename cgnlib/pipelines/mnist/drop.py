"""Inductive bias requirements: one CGN per dropped group, all at the same shorter budget, and the
released one beside them where it is given."""

from dataclasses import dataclass

import numpy as np

from cgnlib import store
from cgnlib.params import DROPPED, RELEASED_ROW, MnistParams
from cgnlib.pipelines.mnist.classify import predictions
from cgnlib.pipelines.mnist.generate import TrainedCgn, cgn
from cgnlib.pipelines.mnist.measure import Quality, quality
from cgnlib.training import progress


@dataclass(frozen=True)
class Ablation:
    """One row: the dropped group (or :data:`RELEASED_ROW`), its CGN, its quality, and per-example
    test predictions of a classifier trained on its counterfactuals only."""

    dropped: str
    params: MnistParams
    cgn: TrainedCgn
    quality: Quality
    predictions: dict[str, np.ndarray]
    artefacts: list[store.Artefact]


def ablate(params: MnistParams, dropped: str) -> MnistParams:
    """``params`` without the group ``dropped``, at the ablations' budget: fewer updates, and banks
    no larger than the classifier can see. Only :data:`RELEASED_ROW` takes ``cgn_weights``."""
    seen = params.ibr_classifier_steps * params.classifier_batch
    budget = {
        "cgn_weights": params.cgn_weights if dropped == RELEASED_ROW else "",
        "cgn_steps": params.ibr_cgn_steps,
        "classifier_steps": params.ibr_classifier_steps,
        "cf_images": min(params.cf_images, seen),
        "cf_bank_images": min(params.cf_bank_images, seen // 8),
    }
    changed = {} if dropped == RELEASED_ROW else DROPPED[dropped]
    return params.model_copy(update={**changed, **budget})


def ablations(params: MnistParams) -> list[Ablation]:
    """Train or load every row, the control first, released weights last."""
    names = [*params.bias_groups(), *([RELEASED_ROW] if params.cgn_weights else [])]
    rows = []
    for position, name in enumerate(names, 1):
        told = name if name == RELEASED_ROW else f"dropping {name}"
        progress(f"ablation {position} of {len(names)}: {told}")
        short = ablate(params, name)
        trained = cgn(short)
        arrays, predicted = predictions(short, "CGN", "test")
        rows.append(
            Ablation(
                name, short, trained, quality(short, trained), arrays, [trained.artefact, predicted]
            )
        )
    return rows
