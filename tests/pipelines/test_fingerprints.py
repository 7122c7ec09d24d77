"""Numbers of a recipe may move only when its version rises.

Twenty tiny steps of each kind against stored values, loose enough for another processor. After an
intended change raise the version and run
`PYTHONPATH=tests python tests/pipelines/test_fingerprints.py`.
"""

from pathlib import Path

import numpy as np
import pytest

from cgnlib import load_params, mnist
from cgnlib.parameter_reading import use_threads
from cgnlib.pipelines.mnist import (
    amounts,
    causal,
    classify,
    edge,
    gan_baseline,
    generate,
    invariance,
    latent_space,
    measure,
)
from cgnlib.training import read_metrics
from stored_fingerprints import assert_stored, store

ROOT = Path(__file__).resolve().parents[2]
STORED = Path(__file__).with_name("fingerprints.json")
STEPS = {
    "cgn_steps": 20,
    "gan_steps": 20,
    "classifier_steps": 20,
    "amount_sizes": "80",
    "amount_ratios": "2",
    "amount_steps": 20,
    "oracle_steps": 20,
    "reader_steps": 20,
    "sheets": 1,
    "edge_runs": 1,
    "edge_cgn_steps": 20,
}


def measured() -> dict[str, dict]:
    params = load_params(ROOT / "params" / "smoke" / "wildlife_mnist.yaml", STEPS)
    use_threads(1)
    cgn = mnist.cgn(params)
    classifier = mnist.classifier(params, "Original+CGN")
    reader, _ = generate.reader(params)
    oracle, _ = measure._oracle(params, 0)
    mechanism = causal.mechanism_classifier(params, "foreground")
    (amount,) = mnist.amount_grid(params)
    vae = mnist.vae(params)
    edge_runs = mnist.edge_runs(params)
    gan, irm, lntl = mnist.gan(params), mnist.irm(params, 2), mnist.lntl(params)
    mean_weight = {
        name: float(np.mean([value.abs().mean() for value in network.parameters()]))
        for name, network in (("cgn", cgn.model), ("classifier", classifier.model),
                              ("reader", reader), ("oracle", oracle), ("vae", vae.model),
                              ("mechanism", mechanism.model), ("gan", gan.model),
                              ("irm", irm.model), ("lntl", lntl.model))
    }  # fmt: skip
    rows = {"cgn": cgn.history[-1], "classifier": classifier.history[-1], "vae": vae.history[-1],
            "mechanism": mechanism.history[-1], "gan": gan.history[-1],
            "irm": irm.history[-1], "lntl": lntl.history[-1],
            "amount": read_metrics(amount.artefacts[0].folder)[-1]}  # fmt: skip
    # An edge run keeps its log and its digits, no weights.
    rows["edge_run"] = read_metrics(edge_runs[1].artefacts[0].folder)[-1]
    versions = {"cgn": generate.CGN_VERSION, "classifier": classify.CLASSIFIER_VERSION,
                "reader": generate.READER_VERSION, "oracle": measure.ORACLE_VERSION,
                "mechanism": causal.CAUSAL_VERSION, "amount": amounts.AMOUNT_VERSION,
                "vae": latent_space.VAE_VERSION, "edge_run": edge.EDGE_VERSION,
                "gan": gan_baseline.GAN_VERSION, "irm": invariance.IRM_VERSION,
                "lntl": invariance.LNTL_VERSION}  # fmt: skip
    return {
        kind: {
            "version": version,
            "numbers": {
                **({"mean_weight": mean_weight[kind]} if kind in mean_weight else {}),
                **{k: v for k, v in rows.get(kind, {}).items() if k.startswith("loss")},
            },
        }
        for kind, version in versions.items()
    }


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CGN_RUNS", str(tmp_path_factory.mktemp("runs")))
        generate.cgn.cache_clear()
        classify._classifier.cache_clear()
        latent_space.vae.cache_clear()
        for cache in (gan_baseline.gan, invariance._irm, invariance._lntl):
            cache.cache_clear()
        yield measured()


KINDS = ("cgn", "classifier", "reader", "oracle", "mechanism", "amount", "vae", "edge_run")
KINDS += ("gan", "irm", "lntl")


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_move_only_with_the_version(found, kind):
    assert_stored(STORED, {kind: found[kind]})


if __name__ == "__main__":
    store(STORED, measured)
