"""Corruptions: repeatable per image and independent of the batch; what is wrong or absent is said.

Tests of the corruptions themselves need the optional package and are skipped without it.
"""

import importlib.util

import numpy as np
import pytest
import torch
from PIL import Image

from cgnlib.data import corruptions, imagenet
from cgnlib.data.corruption_names import CORRUPTIONS, SEVERITIES
from cgnlib.data.corruptions import corrupted, imagenet_c
from cgnlib.data.scenes9 import scene_set
from cgnlib.errors import UserError

installed = pytest.mark.skipif(
    importlib.util.find_spec("imagecorruptions") is None, reason=f"needs {corruptions.PACKAGE}"
)


@pytest.fixture(scope="module")
def images():
    return scene_set("original", 3, 0, "test").images


@installed
@pytest.mark.parametrize("name", CORRUPTIONS)
def test_every_corruption_repeats_image_by_image(images, name):
    made = corrupted(images, name, 3, 0)
    assert made.shape == images.shape and made.dtype == torch.uint8
    assert (made != images).flatten(1).float().mean(1).min() > 0.05
    assert torch.equal(corrupted(images, name, 3, 0), made)
    assert torch.equal(corrupted(images[:1], name, 3, 0), made[:1])


@installed
def test_another_seed_draws_other_noise_and_severity_adds_to_it(images):
    for name in ("gaussian_noise", "impulse_noise", "glass_blur"):
        assert not torch.equal(corrupted(images, name, 3, 0), corrupted(images, name, 3, 1)), name
    strength = [
        (corrupted(images, "gaussian_noise", severity, 0).float() - images.float()).abs().mean()
        for severity in SEVERITIES
    ]
    assert strength == sorted(strength) and strength[0] > 5


@installed
def test_corrupting_leaves_numpys_stream_alone(images):
    np.random.seed(3)
    expected = np.random.random()
    np.random.seed(3)
    corrupted(images[:1], "shot_noise", 1, 0)
    assert np.random.random() == expected


def test_an_absent_package_is_one_line(images, monkeypatch):
    monkeypatch.setattr(corruptions, "PACKAGE", "no-such-package")
    for name in ("fog", "impulse_noise"):
        with pytest.raises(UserError, match="install it with") as error:
            corrupted(images, name, 1, 0)
        assert "\n" not in str(error.value) and "no-such-package" in str(error.value)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: corrupted(x, "rain", 1, 0), "no corruption 'rain'"),
        (lambda x: corrupted(x, "fog", 6, 0), "severity 6"),
        (lambda x: corrupted(x.float(), "fog", 1, 0), "pass uint8"),
        (lambda x: corrupted(x[:, :, :16], "fog", 1, 0), "at least 32 px"),
    ],
)
def test_bad_requests_are_named(images, call, message):
    with pytest.raises(UserError, match=message):
        call(images)


def test_imagenet_c_is_read_by_corruption_and_severity(tmp_path, monkeypatch):
    monkeypatch.setattr(imagenet, "CLASSES", 2)
    monkeypatch.setattr(imagenet, "_ANCHORS", {0: "n01440764"})
    for wnid in ("n01440764", "n15075141"):
        folder = tmp_path / "fog" / "2" / wnid
        folder.mkdir(parents=True)
        Image.new("RGB", (8, 8)).save(folder / "a.JPEG")
    assert imagenet_c("fog", 2, tmp_path).labels.tolist() == [0, 1]
    with pytest.raises(UserError, match="imagenet-c as"):
        imagenet_c("fog", 3, tmp_path)
    with pytest.raises(UserError, match="no corruption"):
        imagenet_c("rain", 1, tmp_path)
