"""Numbers of the recipes of GENINT-1 may move only when their version rises.

A few tiny steps against stored values, loose enough for another processor. After an intended change
raise the version and run
`PYTHONPATH=tests python tests/pipelines/test_genint_mnist_fingerprints.py`.
"""

from pathlib import Path

import numpy as np

from cgnlib import genint_mnist
from cgnlib.pipelines.genint_mnist import classify, counterfactual, generate, invariance
from presets import smoke
from stored_fingerprints import assert_stored, store

STORED = Path(__file__).with_name("genint_mnist_fingerprints.json")


def _numbers(trained) -> dict[str, float]:
    weights = [float(value.abs().mean()) for value in trained.model.parameters()]
    logged = {k: v for k, v in trained.history[-1].items() if k.startswith(("loss", "penalty"))}
    return logged | {"mean_weight": float(np.mean(weights))}


def measured() -> dict[str, dict]:
    params = smoke("genint_mnist", cvae_epochs=1, cgn_steps=10, classifier_steps=10, irm_steps=10)
    made = genint_mnist.generated(params, "Interventional CVAE").pixels.float()
    pixels = {"mean": float(made.mean()), "std": float(made.std())}
    return {
        "genint_cvae": {
            "version": generate.CVAE_VERSION,
            "numbers": _numbers(genint_mnist.cvae(params)) | pixels,
        },
        "genint_cgn": {
            "version": counterfactual.CGN_VERSION,
            "numbers": _numbers(genint_mnist.cgn(params)),
        },
        "genint_classifier": {
            "version": classify.CLASSIFIER_VERSION,
            "numbers": _numbers(genint_mnist.classifier(params, "Interventional CVAE")),
        },
        "genint_irm": {
            "version": invariance.IRM_VERSION,
            "numbers": _numbers(genint_mnist.irm(params)),
        },
    }


def test_the_numbers_are_the_stored_ones(fresh_workplace):
    assert_stored(STORED, measured())


if __name__ == "__main__":
    store(STORED, measured)
