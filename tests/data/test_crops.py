"""Random boxes: inside the image, of the asked area and shape, as torchvision draws them."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cgnlib.data.crops import draw_boxes, draw_flips
from cgnlib.rng import rng


def boxes_of(height, width, count=400, **more):
    sizes = torch.tensor([[height, width]]).expand(count, 2)
    return draw_boxes(sizes[:, 0], sizes[:, 1], rng(0, "boxes"), **more)


@settings(deadline=None)
@given(height=st.integers(1, 500), width=st.integers(1, 500))
def test_boxes_lie_inside_images_of_any_size(height, width):
    top, left, tall, wide = boxes_of(height, width, 20).unbind(1)
    assert (top >= 0).all() and (left >= 0).all() and (tall >= 1).all() and (wide >= 1).all()
    assert (top + tall <= height).all() and (left + wide <= width).all()


def test_area_and_shape_are_spread_over_what_was_asked():
    top, left, tall, wide = boxes_of(300, 300, 4000).unbind(1)
    area, shape = tall * wide / 300**2, wide / tall
    assert 0.075 < area.min() < 0.1 and 0.95 < area.max() <= 1
    assert 0.74 < shape.min() < 0.76 and 1.31 < shape.max() < 1.35
    # Uniform in area, but large boxes of a long shape do not fit and are drawn again.
    assert area.mean() == pytest.approx(0.51, abs=0.03)
    assert shape.log().mean() == pytest.approx(0, abs=0.02)
    assert (top / (300 - tall).clamp(min=1))[tall < 290].mean() == pytest.approx(0.5, abs=0.02)


def test_moments_agree_with_torchvision():
    from torchvision.transforms import RandomResizedCrop

    image = torch.zeros(3, 120, 200)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        theirs = torch.tensor(
            [RandomResizedCrop.get_params(image, (0.08, 1.0), (3 / 4, 4 / 3)) for _ in range(3000)]
        )
    ours = boxes_of(120, 200, 3000)
    tolerance = 4 * theirs.float().std(0) * math.sqrt(2 / 3000)
    assert ((ours.float().mean(0) - theirs.float().mean(0)).abs() < tolerance).all()


def test_a_box_that_never_fits_becomes_the_largest_central_one():
    # 10 high, 100 wide: an area of the whole image with width at most 4/3 of the height cannot fit.
    boxes = boxes_of(10, 100, 5, scale=(1.0, 1.0))
    assert boxes.tolist() == [[0, 43, 10, 13]] * 5  # 10 * 4/3 rounds to 13, (100 - 13) // 2 is 43
    assert boxes_of(100, 10, 1, scale=(1.0, 1.0)).tolist() == [[43, 0, 13, 10]]


def test_images_of_different_sizes_have_boxes_of_their_own():
    heights, widths = torch.tensor([8, 400]), torch.tensor([400, 8])
    boxes = draw_boxes(heights, widths, rng(1, "boxes"))
    assert boxes[0, 2] <= 8 and boxes[1, 3] <= 8


def test_the_generator_alone_decides():
    assert torch.equal(boxes_of(64, 64), boxes_of(64, 64))
    assert draw_flips(1000, rng(0, "flips")).float().mean() == pytest.approx(0.5, abs=0.05)
    assert not draw_flips(50, rng(0, "flips"), 0.0).any()
