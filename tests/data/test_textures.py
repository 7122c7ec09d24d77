"""Textures: sizes, padding, DTD files, crops, and how much colour alone gives away."""

import numpy as np
import pytest
import torch
from PIL import Image

from cgnlib.data import marks, procedural
from cgnlib.data.textures import (
    DTD_NUMBERS,
    CropBank,
    load_textures,
    nearest_mean_colour_accuracy,
)
from cgnlib.errors import UserError
from cgnlib.rng import rng


@pytest.fixture(scope="module")
def bank():
    return load_textures("procedural")


def test_procedural_sources_are_padded_by_reflection(bank):
    for family in (bank.object, bank.background):
        assert family.shape == (10, 3, 156, 156) and family.dtype == torch.uint8
        assert torch.equal(family[..., 0], family[..., 6])  # mirrored about column 3
        assert torch.equal(family[:, :, 155], family[:, :, 149])
    drawn = torch.from_numpy(procedural.draw("striped")).permute(0, 3, 1, 2)
    assert torch.equal(bank.object[:, :, 3:153, 3:153], drawn)  # and drawing again changes nothing


@pytest.mark.parametrize("family", ["object", "background"])
def test_mean_colour_does_not_name_a_texture(bank, family):
    sources = getattr(bank, family)
    for seed in range(3):
        assert 30 <= nearest_mean_colour_accuracy(sources, seed) <= 75


def test_mean_colour_accuracy_of_plain_and_of_equal_colours():
    shades = torch.arange(10, dtype=torch.uint8).mul(20)[:, None, None, None]
    assert nearest_mean_colour_accuracy(shades.expand(10, 3, 156, 156), crops=5) == 100
    alike = torch.full((10, 3, 156, 156), 7, dtype=torch.uint8)
    assert nearest_mean_colour_accuracy(alike, crops=5) == 10  # all read as the first class


@pytest.mark.parametrize("family", ["object", "background"])
def test_every_source_has_several_colours(bank, family):
    """Multi-modal: crops of one source differ in mean colour far more than its grain."""
    crops = CropBank(getattr(bank, family)).draw(
        torch.arange(10).repeat_interleave(200), rng(0, "modes")
    )
    spread = crops.mean(dim=(2, 3)).view(10, 200, 3).std(dim=1).amax(dim=1) * 127.5
    assert spread.min() > 6  # 8-bit levels


def test_crops_are_windows_of_their_own_source():
    column = torch.arange(156, dtype=torch.uint8)
    sources = torch.zeros(10, 3, 156, 156, dtype=torch.uint8)
    sources[:, 0] = torch.arange(10, dtype=torch.uint8)[:, None, None]
    sources[:, 1], sources[:, 2] = column[:, None], column[None]
    labels = torch.arange(10).repeat(300)
    crops = CropBank(sources).draw(labels, rng(0, "crops")).add(1).mul(127.5).round().long()
    assert crops.shape == (3000, 3, 32, 32)
    assert torch.equal(crops[:, 0], labels[:, None, None].expand(-1, 32, 32))
    top, left = crops[:, 1, 0, 0], crops[:, 2, 0, 0]
    steps = torch.arange(32)
    assert torch.equal(crops[:, 1], (top[:, None, None] + steps[:, None]).expand(-1, 32, 32))
    assert torch.equal(crops[:, 2], (left[:, None, None] + steps).expand(-1, 32, 32))
    assert top.min() == 0 and top.max() == 124 and left.min() == 0 and left.max() == 124


def _write_dtd(root):
    for index, (name, numbers) in enumerate(DTD_NUMBERS.items()):
        (root / "images" / name).mkdir(parents=True)
        for place, number in enumerate(numbers):
            colour = (20 * place, 100 * index, 50)
            image = Image.new("RGB", (300, 200), colour)
            image.save(root / "images" / name / f"{name}_{number:04d}.jpg", quality=100)


def test_dtd_images_come_in_class_order(tmp_path, monkeypatch):
    monkeypatch.setenv("CGN_DATA", str(tmp_path))
    _write_dtd(tmp_path / "dtd")
    bank = load_textures("dtd")
    assert bank.object.shape == bank.background.shape == (10, 3, 156, 156)
    reds = bank.object[:, 0, 80, 80].int() - 20 * torch.arange(10)
    assert reds.abs().max() <= 2  # JPEG
    assert (bank.background[:, 1].int() - 100).abs().max() <= 2
    assert torch.equal(bank.object, load_textures("dtd", str(tmp_path / "dtd")).object)


def test_missing_and_damaged_dtd_images_are_named(tmp_path):
    with pytest.raises(UserError, match="striped_0001.jpg is missing.*robots.ox.ac.uk"):
        load_textures("dtd", str(tmp_path))
    _write_dtd(tmp_path)
    damaged = tmp_path / "images" / "veined" / "veined_0066.jpg"
    damaged.write_bytes(damaged.read_bytes()[:300])
    with pytest.raises(UserError, match="veined_0066.jpg: cannot be read"):
        load_textures("dtd", str(tmp_path))


def test_region_shares_and_noise_are_normalised():
    stream = np.random.default_rng(0)
    noise = marks.noise(stream, 12)
    assert abs(noise.mean()) < 1e-9 and abs(noise.std() - 1) < 1e-9
    shares = procedural._regions(procedural.FAMILIES["striped"][0], stream)
    assert np.allclose(shares.sum(axis=0), 1) and shares.min() >= 0
