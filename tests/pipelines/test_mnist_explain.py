"""Explanations of tiny classifiers: chosen images, kept arrays, bad input."""

import numpy as np
import pytest
import torch

from cgnlib import mnist
from cgnlib.errors import UserError
from cgnlib.pipelines.mnist import explain
from presets import smoke

pytestmark = pytest.mark.usefixtures("fresh_workplace")


def test_chosen_images_are_one_per_digit_in_turn_and_the_same_for_every_seed():
    params = smoke(test_colourings=3)
    chosen = mnist.explained_images(params, 50)
    assert len(set(chosen.digit.tolist())) == 50
    assert chosen.shape.tolist() == list(range(10)) * 5
    again = mnist.explained_images(smoke(test_colourings=3, seed=9), 20)
    assert torch.equal(again.images, chosen.images[:20])
    test = mnist.datasets(params).test
    assert torch.equal(chosen.shape, test.shape[3 * chosen.digit])
    colourings = {
        int((test.images[3 * digit : 3 * digit + 3] == image).all((1, 2, 3)).nonzero()[0])
        for digit, image in zip(chosen.digit.tolist(), chosen.images, strict=True)
    }
    assert colourings == {0, 1, 2}  # drawn at random, not always the first


def test_more_images_than_digits_are_refused():
    with pytest.raises(UserError, match="1,000 test digits: lower"):
        mnist.explained_images(smoke(), 1001)


def test_heat_maps_are_kept():
    params = smoke()
    made, artefact = mnist.heat_maps(params, "CGN")
    assert made["maps"].shape == (params.explain_images, 32, 32)
    assert made["maps"].min() >= 0 and made["maps"].max() == pytest.approx(1, abs=1e-3)
    images = mnist.explained_images(params, params.explain_images).images
    with torch.no_grad():
        predicted = mnist.classifier(params, "CGN").model(images).argmax(1)
    assert made["predicted"].tolist() == predicted.tolist()
    again, same = mnist.heat_maps(params, "CGN")
    assert same == artefact and np.array_equal(made["maps"], again["maps"])
    other = mnist.heat_maps(smoke(explain_images=10), "CGN")[1]
    assert other.hash != artefact.hash


def test_lime_explains_the_prediction_with_its_own_parameters():
    params = smoke()
    made, artefact = mnist.lime_maps(params, "Original")
    assert made["maps"].shape == (params.lime_images, 32, 32)
    assert np.isfinite(made["maps"]).all() and made["maps"].any()
    grid, other = mnist.lime_maps(smoke(lime_segments="grid", lime_segment_px=8), "Original")
    assert other.hash != artefact.hash
    assert len(np.unique(grid["maps"][0])) <= 16
    assert grid["predicted"].tolist() == made["predicted"].tolist()


def test_features_of_real_and_held_out_counterfactual_images():
    params = smoke()
    real, _ = mnist.embedding(params, "CGN", "real")
    made, artefact = mnist.embedding(params, "CGN", "counterfactual")
    assert real["features"].shape == made["features"].shape == (params.tsne_images, 64)
    assert real["points"].shape == (params.tsne_images, 2)
    chosen = mnist.explained_images(params, params.tsne_images)
    assert np.array_equal(real["labels"][:, 1], chosen.foreground.numpy())
    assert sorted(made["labels"][:, 0].tolist()) == sorted(list(range(10)) * 4)
    assert artefact.hash != mnist.embedding(params, "Original", "counterfactual")[1].hash
    with pytest.raises(UserError, match="real, counterfactual"):
        mnist.embedding(params, "CGN", "test")


def test_the_counterfactuals_are_not_those_of_the_training():
    params = smoke()
    held_out, _, _ = explain._panel(params, "counterfactual")
    seen, _ = mnist.counterfactuals(params).batch(torch.arange(params.cf_images))
    known = {image.contiguous().numpy().tobytes() for image in seen}
    assert not any(image.contiguous().numpy().tobytes() in known for image in held_out)


def test_colored_mnist_has_no_background_to_group_by():
    assert mnist.factors(smoke("colored_mnist")) == ("shape", "foreground")
    assert mnist.factors(smoke()) == ("shape", "foreground", "background")
