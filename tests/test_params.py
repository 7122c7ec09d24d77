"""The parameter model: its hash, and the groups of losses that have weight."""

import pytest
from pydantic import ValidationError

from cgnlib.params import DROPPED, MnistParams, params_hash, unset_later
from cgnlib.report.records import _recipe_hash


def test_the_hash_tells_values_apart():
    assert params_hash(MnistParams()) != params_hash(MnistParams(seed=1))
    assert params_hash(MnistParams()) == params_hash(MnistParams(seed=0))


def test_a_later_parameter_counts_only_where_it_is_given():
    # the names of runs that were kept before it existed
    assert params_hash(MnistParams()) == "3665ad75d0"
    assert _recipe_hash(MnistParams()) == "aeed57cd9b"
    assert unset_later(MnistParams()) == {
        "gan_weights",
        "odr_classifier_weights",
        "cf_elastic_px",
        "cf_tint",
    }
    for values in (
        {"gan_weights": "gan.pth"},
        {"odr_classifier_weights": "cnn.pth"},
        {"cf_elastic_px": 0.1},
        {"cf_tint": 0.1},
    ):
        given = MnistParams(**values)
        assert params_hash(given) != params_hash(MnistParams())
        assert _recipe_hash(given) != _recipe_hash(MnistParams())


def test_groups_without_weight_are_no_rows():
    every = ["none", "adversarial", "binary", "mask", "edge", "noise"]
    assert MnistParams().bias_groups() == every
    assert "edge" not in MnistParams(weight_edge=0.0).bias_groups()
    assert "noise" not in MnistParams(cgn_shared_noise=True).bias_groups()
    styled = {"perceptual_features": "random_vgg", "perceptual_w1": 0.1}
    assert "perceptual" in MnistParams(**styled).bias_groups()
    assert "perceptual" not in MnistParams(perceptual_features="random_vgg").bias_groups()
    assert "perceptual" not in MnistParams(perceptual_w1=0.1).bias_groups()
    assert set(DROPPED) == {*every, "perceptual"}


def test_tsne_needs_more_points_than_its_perplexity():
    with pytest.raises(ValidationError, match="must lie below tsne_images 20"):
        MnistParams(tsne_images=20, tsne_perplexity=20.0)
