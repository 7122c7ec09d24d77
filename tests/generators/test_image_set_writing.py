"""Folders of interventional images: what is read back, shards, and other settings."""

from dataclasses import asdict

import numpy as np
import pytest
import torch
from PIL import Image

from cgnlib.data.generated_folder import read_generated_folder
from cgnlib.errors import UserError
from cgnlib.generators.ganspace import Directions
from cgnlib.generators.image_set_writing import Written, write_image_set
from cgnlib.generators.interventions import (
    COLUMNS,
    InterventionGroups,
    InterventionSettings,
    gathered_images,
)

SETTINGS = InterventionSettings(components=4, edits=2, ranges=((-1.5, 2.0),) * 4, batch=3)


@pytest.fixture
def groups(tiny_biggan):
    """The interventional images of the stand-in generator."""

    class Layout:
        z, classes = 4, 5

    model = tiny_biggan().eval()
    model.layout = Layout
    directions = Directions(torch.eye(4), torch.zeros(4), torch.ones(4))
    return InterventionGroups(model, directions, SETTINGS, seed=1)


def _write(groups, folder, shard=(0, 1), extension="png", **changes):
    made_by = {**asdict(SETTINGS), "seed": 1, **changes}
    return write_image_set(groups, Written(11, extension, 90, "images"), folder, made_by, shard)


def _bytes(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


def test_what_is_written_is_what_is_made_in_memory(groups, tmp_path):
    manifest = _write(groups, tmp_path)
    assert (manifest["count"], manifest["written"]) == (11, 11)
    assert manifest["made_by"]["ranges"] == [[-1.5, 2.0]] * 4
    found, made = read_generated_folder(tmp_path, COLUMNS), gathered_images(groups, 11)
    assert len(found) == 11
    for file, image in zip(found.files, made.images, strict=True):
        assert np.array_equal(np.asarray(Image.open(file)), image.permute(1, 2, 0).numpy())
    for name, column in (("label", "labels"), ("component", "component"), ("delta", "delta")):
        assert torch.equal(found.known[name], getattr(made, column))
    assert torch.equal(found.known["noise"], made.noise)


def test_shards_give_what_one_run_gives(groups, tmp_path):
    _write(groups, tmp_path / "whole")
    for part in (2, 0, 1):
        manifest = _write(groups, tmp_path / "parts", shard=(part, 3))
    assert manifest["written"] == 11
    assert _bytes(tmp_path / "parts") == _bytes(tmp_path / "whole")


def test_nothing_is_made_twice(groups, tmp_path):
    _write(groups, tmp_path)
    before = groups.generator.calls
    _write(groups, tmp_path)
    assert groups.generator.calls == before
    (tmp_path / "images/00000/00000010.png").unlink()
    with pytest.raises(UserError, match="00000010.png is missing"):
        read_generated_folder(tmp_path, COLUMNS)
    _write(groups, tmp_path)
    assert groups.generator.calls == before + 1


def test_a_folder_of_other_images_is_left_alone(groups, tmp_path):
    _write(groups, tmp_path)
    with pytest.raises(UserError, match=r"made with scale_percent = 100.0, not 50.0"):
        _write(groups, tmp_path, scale_percent=50.0)


def test_rows_that_do_not_fit_are_named(groups, tmp_path):
    _write(groups, tmp_path)
    table = tmp_path / "labels.csv"
    good = table.read_text()
    table.write_text(good.replace("00000001.png,1,", "00000001.png,x,"))
    with pytest.raises(UserError, match="line 3: a file, label, component, delta, noise belong"):
        read_generated_folder(tmp_path, COLUMNS)
    table.write_text(good.replace("delta", "scale", 1))
    with pytest.raises(UserError, match="columns are file, label, component, scale"):
        read_generated_folder(tmp_path, COLUMNS)
    with pytest.raises(UserError, match="no interventional images were made there"):
        read_generated_folder(tmp_path / "none", COLUMNS, "interventional images")
