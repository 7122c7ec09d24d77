"""Reading how far an image was edited, and telling its class from that."""

import pytest
import torch

from cgnlib.classifiers.augment import StoredImages
from cgnlib.classifiers.erm import Schedule
from cgnlib.classifiers.nuisance import (
    LabelMethod,
    LabelMlp,
    NuisanceBatches,
    NuisanceMethod,
    NuisanceRegressor,
    chance_error,
    edited_error,
    read_scales,
)
from cgnlib.errors import UserError
from cgnlib.rng import rng
from cgnlib.training import EpochIndex


def test_the_error_counts_the_edited_direction_only():
    scales = torch.tensor([[1.0, 100.0, -3.0], [2.0, 5.0, 7.0]])
    error = edited_error(scales, torch.tensor([2, 0]), torch.tensor([1.0, 2.5]))
    assert error.tolist() == [4.0, 0.5]


def test_chance_is_the_best_constant():
    train, held_out = torch.tensor([-4.0, 1.0, 9.0]), torch.tensor([1.0, 3.0, -3.0])
    assert chance_error(train, held_out) == pytest.approx((0 + 2 + 4) / 3)


@pytest.mark.parametrize("kind", ["scene_cnn", "resnet34"])
def test_both_networks_read_every_direction(kind):
    network = NuisanceRegressor(kind, 5, 12.0, 0).eval()
    images = torch.rand(2, 3, 32, 32) * 2 - 1
    scales = network(images)
    assert scales.shape == (2, 5)
    same = NuisanceRegressor(kind, 5, 24.0, 0).eval()
    assert torch.allclose(same(images), 2 * scales, atol=1e-4)  # same weights, twice the reach
    assert not torch.allclose(NuisanceRegressor(kind, 5, 12.0, 1).eval()(images), scales)


def test_an_unknown_network_is_refused():
    with pytest.raises(UserError, match="no nuisance network"):
        NuisanceRegressor("vgg", 5, 12.0, 0)


def test_what_was_edited_is_learned():
    """Direction 0 is the brightness; direction 1 the contrast of left and right."""
    component = torch.arange(64) % 2
    delta = torch.rand(64, generator=rng(0, "deltas")) * 2 - 1
    side = torch.ones(16).index_fill(0, torch.arange(8), -1.0)
    pattern = torch.where(component.view(-1, 1, 1, 1) == 0, torch.ones(16), side)
    images = (delta.view(-1, 1, 1, 1) * pattern).expand(-1, 3, 16, 16)
    kept = StoredImages(images.add(1).mul(127.5).round().to(torch.uint8))
    network = NuisanceRegressor("scene_cnn", 2, 1.0, 0)
    method = NuisanceMethod(network, Schedule("adamw", 4e-3, 60))
    batches = NuisanceBatches(kept, component, delta, EpochIndex(64, 32, 0, "nuisances"), 0)
    first = method.update(batches(0))["error"]
    for step in range(1, 60):
        last = method.update(batches(step))["error"]
    assert last < 0.3 * first
    scales = read_scales(network, kept.split(20))
    assert scales.shape == (64, 2)
    assert edited_error(scales, component, delta).mean() < 0.5 * chance_error(delta, delta)


def test_batches_show_the_images_as_they_are():
    kept = torch.tensor([0, 255], dtype=torch.uint8).view(2, 1, 1, 1).expand(2, 3, 4, 4)
    edits = torch.tensor([3, 4]), torch.tensor([0.5, -0.5])
    batches = NuisanceBatches(StoredImages(kept), *edits, lambda step: torch.tensor([step]), 0)
    images, component, delta = batches(1)
    assert images.unique().tolist() == [1.0] and (component, delta) == (4, -0.5)


def test_the_label_network_standardises_and_learns():
    labels = torch.arange(60) % 2
    nuisances = 1000 + 50 * (labels[:, None] + 0.1 * torch.rand(60, 2, generator=rng(0, "n")))
    network = LabelMlp(nuisances, 2, 0, hidden=8)
    assert len(network.layers) == 4
    assert [layer.out_features for layer in network.layers] == [8, 8, 8, 2]
    shown = (nuisances - network.mean) / network.std
    assert shown.mean(0).abs().max() < 1e-3
    assert shown.std(0, correction=0).tolist() == pytest.approx([1.0, 1.0], abs=1e-3)
    method = LabelMethod(network, Schedule("adamw", 1e-2, 40))
    for _ in range(40):
        loss = method.update((nuisances, labels))["loss"]
    assert loss < 0.1
