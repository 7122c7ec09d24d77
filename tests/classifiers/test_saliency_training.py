"""Training the saliency network: batches, soft IoU, a loss that falls."""

import pytest
import torch

from cgnlib.classifiers import saliency_training
from cgnlib.classifiers.saliency_training import SaliencyMethod, SaliencySettings
from cgnlib.errors import UserError


def test_a_batch_holds_scenes_places_and_textures():
    images, masks = saliency_training.saliency_batch(SaliencySettings(batch=32), 0, 5)
    assert images.shape == (32, 3, 64, 64) and masks.shape == (32, 1, 64, 64)
    covered = masks.mean((1, 2, 3))
    assert (covered[:28] > 0.02).all() and (covered[28:] == 0).all()
    again = saliency_training.saliency_batch(SaliencySettings(batch=32), 0, 5)
    assert torch.equal(images, again[0]) and torch.equal(masks, again[1])
    other = saliency_training.saliency_batch(SaliencySettings(batch=32), 0, 6)
    assert not torch.equal(images, other[0])
    with pytest.raises(UserError, match="too small"):
        saliency_training.saliency_batch(SaliencySettings(batch=2), 0, 0)


def test_soft_iou_by_hand():
    truth = torch.zeros(3, 1, 2, 2)
    truth[0, 0, 0] = 1  # two pixels
    seen = torch.zeros(3, 1, 2, 2)
    seen[0, 0, :, 0] = 0.5  # one of them by half, one beside them by half
    seen[2] = 0.25
    # (0.5 + 1) / (2 + 1 - 0.5 + 1), (0 + 1) / (0 + 1), (0 + 1) / (1 + 1)
    expected = torch.tensor([1.5 / 3.5, 1.0, 0.5])
    torch.testing.assert_close(saliency_training.soft_iou(seen, truth), expected)


def test_updates_lower_the_loss():
    settings = SaliencySettings(updates=12, batch=8, lr=4e-3)
    method = SaliencyMethod(settings, 0)
    batch = saliency_training.saliency_batch(settings, 0, 0)
    rows = [method.update(batch) for _ in range(12)]
    assert set(rows[0]) == {"loss", "soft_iou"}
    assert rows[-1]["loss"] < 0.8 * rows[0]["loss"]
    assert not method.sampler().training


def test_first_weights_depend_on_the_seed_alone():
    one, same, other = (SaliencyMethod(SaliencySettings(), seed).network for seed in (0, 0, 1))
    assert torch.equal(one.out.weight, same.out.weight)
    assert not torch.equal(one.out.weight, other.out.weight)
