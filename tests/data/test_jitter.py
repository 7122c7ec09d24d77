"""Colour jitter: torchvision's definitions, own factors per image, what the legacy form loses."""

import pytest
import torch
from torchvision.transforms.v2 import functional

from cgnlib.data import jitter
from cgnlib.rng import rng


def pictures(count=4, low=0.0):
    return low + (1 - low) * torch.rand(count, 3, 8, 8, generator=rng(0, "pictures"))


def factors(brightness=1.0, contrast=1.0, saturation=1.0, hue=0.0, count=4):
    rows = [brightness, contrast, saturation, hue]
    return torch.stack([torch.as_tensor(row).expand(count) for row in rows])


@pytest.mark.parametrize(
    ("name", "value", "adjust"),
    [
        ("brightness", 1.1, functional.adjust_brightness),
        ("contrast", 0.9, functional.adjust_contrast),
        ("saturation", 1.1, functional.adjust_saturation),
        ("hue", 0.1, functional.adjust_hue),
        ("hue", -0.07, functional.adjust_hue),
    ],
)
def test_each_step_is_torchvisions(name, value, adjust):
    images = pictures()
    images[0] = 0.5  # grey: no hue to turn
    made = jitter.colour_jitter(images, factors(**{name: value}))
    assert torch.allclose(made, adjust(images, value), atol=1e-5)


def test_every_image_has_its_own_factors():
    images = pictures(1).expand(3, -1, -1, -1)
    brightness = torch.tensor([0.9, 1.0, 1.05])
    made = jitter.colour_jitter(images, factors(brightness, count=3))
    assert torch.allclose(made[1], images[1], atol=1e-6)
    assert made[0].mean() < made[1].mean() < made[2].mean()


def test_factors_are_within_a_tenth_and_named():
    drawn = jitter.draw_factors(1000, rng(0, "a"))
    assert drawn.shape == (4, 1000)
    assert ((drawn[:3] - 1).abs() <= 0.1).all() and (drawn[3].abs() <= 0.1).all()
    assert drawn.std(dim=1).min() > 0.05  # uniform: 0.0577
    assert torch.equal(drawn, jitter.draw_factors(1000, rng(0, "a")))


def test_the_meant_form_stays_close_and_keeps_dark_pixels():
    images = pictures(low=-1.0)
    made = jitter.jittered(images, "before", rng(0, "j"))
    assert made.min() < -0.5 and made.min() >= -1 and made.max() <= 1
    assert (made - images).abs().mean() < 0.25
    assert not torch.equal(made, images)


def test_the_legacy_form_loses_every_negative_value():
    images = pictures(low=-1.0)
    made = jitter.jittered(images, "legacy", rng(0, "j"))
    assert (images < 0).float().mean() > 0.4
    assert made.min() >= 0 and made.max() <= 1
    black = jitter.jittered(torch.full((2, 3, 4, 4), -1.0), "legacy", rng(0, "j"))
    assert torch.equal(black, torch.zeros(2, 3, 4, 4))  # black became mid-grey


def test_none_is_the_image_itself():
    images = pictures()
    assert jitter.jittered(images, "none", rng(0, "j")) is images
