"""Numbers of a recipe may move only when its version rises.

Twenty tiny steps of each kind against stored values, loose enough for another processor. After an
intended change raise the version and run `python tests/pipelines/test_fingerprints.py`.
"""

import json
import os
import tempfile
from pathlib import Path

import numpy as np
import pytest

from cgnlib import load_params, mnist
from cgnlib.parameter_reading import use_threads
from cgnlib.pipelines.mnist import classify, gan_baseline, generate, invariance, measure

ROOT = Path(__file__).resolve().parents[2]
STORED = Path(__file__).with_name("fingerprints.json")
STEPS = {
    "cgn_steps": 20,
    "gan_steps": 20,
    "classifier_steps": 20,
    "oracle_steps": 20,
    "reader_steps": 20,
    "sheets": 1,
}


def measured() -> dict[str, dict]:
    params = load_params(ROOT / "params" / "smoke" / "wildlife_mnist.yaml", STEPS)
    use_threads(1)
    cgn = mnist.cgn(params)
    classifier = mnist.classifier(params, "Original+CGN")
    reader, _ = generate.reader(params)
    oracle, _ = measure._oracle(params, 0)
    gan, irm, lntl = mnist.gan(params), mnist.irm(params, 2), mnist.lntl(params)
    mean_weight = {
        name: float(np.mean([value.abs().mean() for value in network.parameters()]))
        for name, network in (("cgn", cgn.model), ("classifier", classifier.model),
                              ("reader", reader), ("oracle", oracle), ("gan", gan.model),
                              ("irm", irm.model), ("lntl", lntl.model))
    }  # fmt: skip
    rows = {"cgn": cgn.history[-1], "classifier": classifier.history[-1], "gan": gan.history[-1],
            "irm": irm.history[-1], "lntl": lntl.history[-1]}  # fmt: skip
    versions = {"cgn": generate.CGN_VERSION, "classifier": classify.CLASSIFIER_VERSION,
                "reader": generate.READER_VERSION, "oracle": measure.ORACLE_VERSION,
                "gan": gan_baseline.GAN_VERSION, "irm": invariance.IRM_VERSION,
                "lntl": invariance.LNTL_VERSION}  # fmt: skip
    return {
        kind: {
            "version": version,
            "values": {
                "mean_weight": mean_weight[kind],
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
        for cache in (gan_baseline.gan, invariance._irm, invariance._lntl):
            cache.cache_clear()
        yield measured()


@pytest.mark.parametrize("kind", ["cgn", "classifier", "reader", "oracle", "gan", "irm", "lntl"])
def test_numbers_move_only_with_the_version(found, kind):
    stored = json.loads(STORED.read_text())[kind]
    assert found[kind]["version"] == stored["version"], "new version: store its fingerprint"
    assert found[kind]["values"] == pytest.approx(stored["values"], rel=2e-3), (
        f"the numbers of {kind} moved: raise its version"
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CGN_RUNS"] = folder
        STORED.write_text(json.dumps(measured(), indent=1) + "\n")
