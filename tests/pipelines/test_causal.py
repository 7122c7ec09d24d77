"""Causal identification: environments of a given correlation, one classifier per mechanism."""

import pytest
import torch

from cgnlib import mnist
from cgnlib.errors import UserError
from cgnlib.parameter_reading import load_params
from cgnlib.pipelines.mnist import causal
from cgnlib.report import published
from cgnlib.training import EpochIndex
from presets import ROOT, smoke

pytestmark = pytest.mark.usefixtures("fresh_workplace")


def test_colours_go_with_the_class_as_often_as_asked():
    params = smoke(test_colourings=10)
    whole, loose = causal.environment(params, 100), causal.environment(params, 60)
    assert len(whole) == 10_000
    assert torch.equal(whole.foreground, whole.shape)
    assert torch.equal(whole.background, whole.shape)
    front, back = loose.foreground == loose.shape, loose.background == loose.shape
    assert front.float().mean() == pytest.approx(0.6, abs=0.02)
    assert back.float().mean() == pytest.approx(0.6, abs=0.02)
    assert (front & back).float().mean() == pytest.approx(0.36, abs=0.02)  # independent


def test_environments_are_nested_and_the_same_for_every_seed():
    low, high = (causal.environment(smoke(), degree) for degree in (60, 90))
    kept = low.foreground == low.shape
    assert torch.equal(high.foreground[kept], low.foreground[kept])
    again = causal.environment(smoke(seed=5), 60)
    assert torch.equal(again.images, low.images)


def test_the_full_scale_measures_the_published_settings():
    params = load_params(ROOT / "params" / "full" / "double_colored_mnist.yaml")
    degrees = params.causal_degrees.split(",")
    ours = {f"{name} at {degree} % correlation" for name in causal.MECHANISMS for degree in degrees}
    assert ours == {row.setting for row in published.rows("ODR-5", params.dataset)}


def test_three_classifiers_in_every_environment():
    scores = mnist.causal_identification(smoke())
    assert [one.setting for one in scores] == [
        f"{name} at {degree} % correlation" for degree in (90, 100) for name in causal.MECHANISMS
    ]
    assert len({one.artefacts[0].hash for one in scores}) == 3
    assert len({one.artefacts[1].hash for one in scores}) == 6
    first = scores[0].predictions
    assert len(first["predicted"]) == len(first["shape"]) == 1000 * smoke().test_colourings
    assert scores[0].artefacts[0] == mnist.classifier(smoke(), "CGN").artefact


def test_each_classifier_learns_its_own_label(monkeypatch):
    seen = {}

    def watch(recipe, params, key, batches):
        seen[key["mechanism"]] = batches()(0)[1]
        return None, None, []

    monkeypatch.setattr(causal, "cnn", watch)
    params = smoke()
    for mechanism in ("foreground", "background"):
        causal.mechanism_classifier(params, mechanism)
    fakes = mnist.counterfactuals(params)
    index = EpochIndex(
        len(fakes), params.classifier_batch, params.seed, "classifier-counterfactual"
    )
    labels = fakes.labels(index(0))
    assert torch.equal(seen["foreground"], labels[:, 1])
    assert torch.equal(seen["background"], labels[:, 2])


def test_nothing_is_trained_unless_asked_for(workplace):
    assert mnist.causal_identification(smoke(causal_degrees="")) == []
    assert not (workplace / "runs").exists()


def test_colored_mnist_has_no_background_to_compare_with():
    with pytest.raises(UserError, match="no background to compare"):
        smoke("colored_mnist", causal_degrees="90")
