"""A notebook lists every parameter that what it calls reads: an unlisted one would silently keep
its default where papermill passes another value."""

import pytest

from cgnlib import mnist
from cgnlib.parameter_reading import listed_parameters, read_parameter_file
from cgnlib.params import MnistParams
from cgnlib.pipelines.mnist import classify, gan_baseline, generate, invariance
from presets import ROOT


class Watched(MnistParams):
    """Parameters that remember which of them were read."""

    def __getattribute__(self, name):
        if name in MnistParams.model_fields:
            seen.add(name)
        return super().__getattribute__(name)


seen: set[str] = set()


def _hqc(params):
    mnist.quality(params, mnist.cgn(params))
    mnist.edge_runs(params.model_copy(update={"edge_runs": 1}))


def _odr(params):
    mnist.released_classifier(params)
    for setting in mnist.SETTINGS:
        mnist.predictions(params, setting, "test")
    mnist.sample_rows(params)
    mnist.search_lntl(params)
    mnist.search_irm(params, 2)
    mnist.searches(params)
    mnist.amount_grid(params)
    mnist.causal_identification(params)


def _explain(params):
    mnist.heat_maps(params, "CGN")
    mnist.lime_maps(params, "Original")
    for panel in mnist.PANELS:
        mnist.embedding(params, "Original", panel)


def _ibr(params):
    mnist.ablations(params)
    mnist.latents(params)


@pytest.mark.parametrize(
    ("notebook", "call"),
    [
        ("hqc", _hqc),
        ("odr", _odr),
        ("ibr", _ibr),
        ("explain", _explain),
        ("extensions", mnist.extension_rows),
    ],
)
def test_everything_read_is_listed(workplace, notebook, call):
    generate.cgn.cache_clear()
    classify._classifier.cache_clear()
    for cache in (gan_baseline.gan, gan_baseline.gan_images, invariance._irm, invariance._lntl):
        cache.cache_clear()
    params = Watched(**read_parameter_file(ROOT / "params/smoke/double_colored_mnist.yaml"))
    seen.clear()
    call(params)
    # The ablations read these of a copy in which their own budget stands.
    replaced = {"cgn_steps", "classifier_steps"} if notebook == "ibr" else set()
    assert "cgn_width" in seen
    assert seen - replaced <= set(listed_parameters(ROOT / "book" / f"{notebook}.ipynb"))
