"""The classifiers that read scenes: what they see, and what is descended."""

import math

import pytest
import torch

from cgnlib.classifiers import scene_classifiers
from cgnlib.classifiers.scene_classifiers import SceneClassifierMethod, SceneClassifierSettings
from cgnlib.errors import UserError

SETTINGS = SceneClassifierSettings(updates=8, batch=8)


def test_classifier_batches_are_recombined():
    many = SceneClassifierSettings(updates=1, batch=200)
    images, labels = scene_classifiers.classifier_batch(many, 0, 0)
    assert images.shape == (200, 3, 64, 64) and set(labels) == {"texture", "background"}
    assert (labels["texture"] == labels["background"]).float().mean() < 0.25
    assert torch.equal(scene_classifiers.classifier_batch(many, 0, 0)[0], images)


def test_silhouettes_are_masks_at_half_size():
    masks = torch.zeros(1, 1, 4, 4)
    masks[0, 0, 0, :2] = 1  # half of the first box of four
    images = scene_classifiers.as_silhouettes(masks)
    assert images.shape == (1, 3, 2, 2)
    expected = torch.tensor([[0.0, -1.0], [-1.0, -1.0]]).expand(3, 2, 2)
    assert torch.equal(images[0], expected)


def test_half_of_the_silhouettes_are_what_the_saliency_network_sees():
    asked = []

    def saliency(images):
        asked.append(len(images))
        return torch.full((len(images), 1, 64, 64), 0.75)

    images, labels = scene_classifiers.silhouette_batch(SETTINGS, saliency, 0, 0)
    assert images.shape == (8, 3, 32, 32) and set(labels) == {"shape"} and asked == [4]
    assert (images[:4] == 0.5).all()
    assert (images[4:].amin((1, 2, 3)) == -1).all() and (images[4:].amax((1, 2, 3)) == 1).all()
    with pytest.raises(UserError, match="too small"):
        scene_classifiers.silhouette_batch(SceneClassifierSettings(1, batch=1), saliency, 0, 0)


def test_the_loss_sums_over_heads():
    method = SceneClassifierMethod("classifier", SETTINGS, 0)
    for head in method.network.heads.values():
        torch.nn.init.zeros_(head.weight)
        torch.nn.init.zeros_(head.bias)
    seen = method.update(scene_classifiers.classifier_batch(SETTINGS, 0, 0))
    assert set(seen) == {"loss", "accuracy_texture", "accuracy_background"}
    assert seen["loss"].item() == pytest.approx(2 * math.log(9), rel=1e-5)


def test_updates_lower_the_loss():
    method = SceneClassifierMethod("silhouette", SETTINGS, 0)
    batch = scene_classifiers.silhouette_batch(SETTINGS, lambda x: x[:, :1].sigmoid(), 0, 0)
    rows = [method.update(batch) for _ in range(8)]
    assert rows[-1]["loss"] < 0.7 * rows[0]["loss"]
