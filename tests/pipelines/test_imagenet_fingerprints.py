"""Numbers of the ImageNet-scale recipes may move only when their version rises.

A few tiny steps against stored values, loose enough for another processor. After an intended change
raise the version and run
`PYTHONPATH=tests python tests/pipelines/test_imagenet_fingerprints.py`.
"""

from pathlib import Path

import numpy as np

from cgnlib import imagenet
from cgnlib.pipelines.imagenet import classify, generate, train_cgn
from presets import smoke
from stored_fingerprints import assert_stored, store

STORED = Path(__file__).with_name("imagenet_fingerprints.json")


def row(params, name: str) -> dict[str, float]:
    trained = imagenet.classifier(params, name)
    weights = [value.abs().mean() for value in trained.model.parameters()]
    losses = {k: v for k, v in trained.history[-1].items() if k.startswith("loss")}
    return losses | {"mean_weight": float(np.mean(weights))}


def measured() -> dict[str, dict]:
    params = smoke("scenes9", cgn_updates=5)
    cgn, made = imagenet.cgn(params), imagenet.counterfactuals(params)
    kept = [value for name, value in cgn.model.state_dict().items() if name.startswith("f_")]
    pixels = made.images.float()
    return {
        "imagenet_baseline": {
            "version": classify.BASELINE_VERSION,
            "numbers": row(params, "IN"),
        },
        "imagenet_ensemble": {
            "version": classify.ENSEMBLE_VERSION,
            "numbers": row(params, "IN+CGN"),
        },
        "imagenet_cgn": {
            "version": train_cgn.CGN_VERSION,
            "numbers": {
                **cgn.history[-1],
                "mean_weight": float(np.mean([value.float().abs().mean() for value in kept])),
            },
        },
        "counterfactuals": {
            "version": generate.COUNTERFACTUALS_VERSION,
            "numbers": {
                "mean": float(pixels.mean()),
                "std": float(pixels.std()),
                "shapes": made.shape.float().mean().item(),
                "backgrounds": made.background.float().mean().item(),
            },
        },
    }


def test_the_numbers_are_the_stored_ones(fresh_workplace):
    assert_stored(STORED, measured())


if __name__ == "__main__":
    store(STORED, measured)
