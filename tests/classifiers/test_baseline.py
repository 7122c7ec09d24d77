"""The baseline of the ImageNet tables and the ensemble that starts from its weights."""

import pytest
import torch

from cgnlib.classifiers.augment import IMAGENET_MEAN, IMAGENET_STD, Standardise
from cgnlib.classifiers.baseline import (
    Baseline,
    cam_layer,
    ensemble_from,
    other_pixels,
    resnet_of,
)
from cgnlib.errors import UserError
from cgnlib.networks import resnet
from cgnlib.rng import rng


@pytest.fixture(scope="module")
def baseline():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = resnet.classifier("resnet18", 9)
    return Baseline(network, Standardise(IMAGENET_MEAN, IMAGENET_STD)).eval()


@pytest.fixture(scope="module")
def images():
    return torch.rand(2, 3, 32, 32, generator=rng(0, "images")) * 2 - 1


def test_the_ensemble_starts_from_the_baselines_trunk_and_leaves_it_alone(baseline, images):
    made = ensemble_from(baseline, 9, seed=0).eval()
    before = {name: value.clone() for name, value in baseline.state_dict().items()}
    with torch.no_grad():
        features = made.features(images)
        expected = baseline.network.fc(features)
        torch.testing.assert_close(baseline(images), expected)
        for weight in made.parameters():
            weight.add_(1)
    after = baseline.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())


def test_heads_are_fresh_differ_and_depend_on_the_seed(baseline):
    heads = [ensemble_from(baseline, 9, seed).heads for seed in (0, 0, 1)]
    assert torch.equal(heads[0]["shape"].weight, heads[1]["shape"].weight)
    assert not torch.equal(heads[0]["shape"].weight, heads[2]["shape"].weight)
    assert not torch.equal(heads[0]["shape"].weight, heads[0]["texture"].weight)


def test_what_gradcam_reads_is_found_in_both(baseline):
    ensemble = ensemble_from(baseline, 9, 0)
    for model in (baseline, ensemble):
        assert cam_layer(model, 3) is resnet_of(model).layer3[-1]
        assert cam_layer(model, 4) is resnet_of(model).layer4[-1].conv2
    with pytest.raises(UserError, match="stages 1 to 4, not 5"):
        cam_layer(baseline, 5)


def test_other_pixel_statistics_hold_only_inside(baseline, images):
    usual = baseline.standardise
    with torch.no_grad():
        plain = baseline.network(images)
        with other_pixels(baseline, Standardise()) as model:  # passes images unchanged
            torch.testing.assert_close(model(images), plain)
        assert baseline.standardise is usual
        with other_pixels(baseline, None):
            assert baseline.standardise is usual
        with pytest.raises(RuntimeError), other_pixels(baseline, Standardise()):
            raise RuntimeError
    assert baseline.standardise is usual
