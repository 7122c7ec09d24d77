"""Batches of rendered scenes: labels, textures that fill the frame, blur, noise, masks."""

import pytest
import torch

from cgnlib.classifiers import scene_batches
from cgnlib.errors import UserError
from cgnlib.rng import rng


def test_own_labels_come_first_and_the_rest_is_free():
    shape, texture, background = scene_batches.draw_labels(2000, rng(0, "labels"), own=1000)
    assert torch.equal(shape[:1000], texture[:1000]) and torch.equal(
        shape[:1000], background[:1000]
    )
    for other in (texture, background):
        assert (shape[1000:] == other[1000:]).float().mean() < 0.16  # chance 0.11
    assert shape.unique().tolist() == list(range(9))


def test_scenes_show_their_labels():
    labels = tuple(torch.tensor(values) for values in ([0, 1], [2, 3], [4, 5]))
    scenes = scene_batches.draw_scenes(labels, rng(0, "scenes"))
    assert scenes.images.shape == (2, 3, 64, 64) and scenes.masks.mean() > 0.03
    again = scene_batches.draw_scenes(labels, rng(0, "scenes"))
    assert torch.equal(scenes.images, again.images)


def test_a_texture_fills_the_frame():
    images = scene_batches.full_textures(6, rng(0, "textures"))
    assert images.shape == (6, 3, 64, 64)
    assert images.min() >= -1 and images.max() <= 1
    quarters = images.unfold(2, 32, 32).unfold(3, 32, 32).std((1, 4, 5))
    assert (quarters > 0.05).all()  # marks in every quarter, no empty ground
    assert scene_batches.full_textures(0, rng(0, "textures")).shape == (0, 3, 64, 64)


def test_out_of_focus_blurs_some_and_shifts_none():
    images = torch.zeros(64, 3, 16, 16)
    images[..., ::2] = 1  # stripes of one pixel: blurring takes their contrast
    soft = scene_batches.out_of_focus(images, rng(0, "focus"))
    contrast = soft[..., ::2].mean((1, 2, 3)) - soft[..., 1::2].mean((1, 2, 3))
    assert 16 < (contrast < 0.95).sum() < 48
    assert contrast.max() > 0.98
    torch.testing.assert_close(soft.mean(), torch.tensor(0.5), atol=0.01, rtol=0)
    assert images.max() == 1 and torch.equal(images[..., 0], torch.ones(64, 3, 16))  # not in place


def test_distorted_masks_move_the_outline_by_a_pixel_at_most():
    masks = torch.zeros(40, 1, 16, 16)
    masks[:, :, 4:12, 4:12] = 1
    moved = scene_batches.distorted_masks(masks, rng(0, "masks"))
    assert moved.min() >= 0 and moved.max() <= 1
    assert (moved[:, :, 5:11, 5:11] == 1).all()
    outside = moved.clone()
    outside[:, :, 3:13, 3:13] = 0
    assert (outside == 0).all()
    areas = moved.sum((1, 2, 3))
    assert areas.min() < 60 and areas.max() > 66  # 64 in truth


def test_too_small_a_batch_is_refused():
    with pytest.raises(UserError, match="batch of 1 is too small"):
        scene_batches.check_batch(1, 4, "saliency training")
