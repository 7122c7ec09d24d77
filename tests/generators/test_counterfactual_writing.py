"""The folder of counterfactual images: resumed, sharded and extended, always the same bytes."""

import json

import numpy as np
import pytest
from PIL import Image

from cgnlib.data.counterfactual_folder import read_counterfactual_folder
from cgnlib.errors import UserError
from cgnlib.generators.counterfactual_images import (
    CounterfactualImageSettings,
    counterfactual_batches,
    image_bytes,
)
from cgnlib.generators.counterfactual_writing import write_counterfactuals
from cgnlib.generators.image_set_writing import parse_shard

SETTINGS = {
    "cf_images": 11,
    "cf_mode": "random",
    "cf_truncation": 0.5,
    "cf_shared_noise": True,
    "cf_min_max": False,
    "cf_format": "png",
    "cf_quality": 90,
    "cf_batch": 3,
}


def _write(cgn, folder, shard=(0, 1), source="abc", seed=7, **changes):
    chosen = CounterfactualImageSettings(**{**SETTINGS, **changes})
    return write_counterfactuals(cgn, chosen, folder, seed, source=source, shard=shard)


def _bytes(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


@pytest.fixture
def whole(tiny_cgn, tmp_path):
    """The folder of an uninterrupted, unsharded run."""
    _write(tiny_cgn(), tmp_path / "whole")
    return tmp_path / "whole"


def test_images_labels_and_manifest(tiny_cgn, whole):
    chosen = CounterfactualImageSettings(**SETTINGS)
    made = read_counterfactual_folder(whole)
    assert len(made) == 11
    first = 0
    for batch in counterfactual_batches(tiny_cgn(), chosen, 7):
        pixels = image_bytes(batch.parts.composite, False).numpy()
        for offset, image in enumerate(pixels):
            assert np.array_equal(np.asarray(Image.open(made.files[first + offset])), image)
        assert made.labels[first : first + len(pixels)].tolist() == batch.labels.tolist()
        first += len(pixels)
    lines = (whole / "labels.csv").read_text().splitlines()
    assert lines[0] == "file,shape,texture,background"
    assert lines[1].startswith("images/00000/00000000.png,")
    manifest = json.loads((whole / "manifest.json").read_text())
    assert (manifest["count"], manifest["written"]) == (11, 11)
    asked = {name: value for name, value in SETTINGS.items() if name != "cf_images"}
    assert asked.items() <= manifest["made_by"].items()
    assert manifest["made_by"]["source"] == "abc" and manifest["made_by"]["seed"] == 7


@pytest.mark.parametrize("parts", [2, 3, 7])
def test_shards_give_what_one_run_gives(tiny_cgn, whole, tmp_path, parts):
    for part in reversed(range(parts)):
        manifest = _write(tiny_cgn(), tmp_path / "parts", shard=(part, parts))
        assert (manifest["written"] == 11) == (part == 0)
        if part:
            with pytest.raises(UserError, match=r"holds \d+ of 11 images: run the command"):
                read_counterfactual_folder(tmp_path / "parts")
    assert _bytes(tmp_path / "parts") == _bytes(whole)


def test_a_killed_run_goes_on(tiny_cgn, whole, tmp_path, monkeypatch):
    from cgnlib.generators import image_set_writing as writing

    save, saved = writing._write_image, []

    def killing(path, pixels, quality):
        if len(saved) == 5:
            raise KeyboardInterrupt
        saved.append(path)
        save(path, pixels, quality)

    monkeypatch.setattr(writing, "_write_image", killing)
    with pytest.raises(KeyboardInterrupt):
        _write(tiny_cgn(), tmp_path / "cut")
    half = tmp_path / "cut" / "images" / "00000" / ".00000009.png.x1y2"
    half.write_bytes(b"half a file")
    with pytest.raises(UserError, match="holds 0 of 11 images"):
        read_counterfactual_folder(tmp_path / "cut")
    before = {path: path.stat().st_mtime_ns for path in saved}
    monkeypatch.setattr(writing, "_write_image", save)
    cgn = tiny_cgn()
    _write(cgn, tmp_path / "cut")
    assert _bytes(tmp_path / "cut") == _bytes(whole)  # the half file is gone, too
    assert {path: path.stat().st_mtime_ns for path in saved} == before
    assert cgn.f_shape.calls == 3  # the first of four groups was whole


def test_what_is_there_is_not_made_again(tiny_cgn, whole):
    cgn = tiny_cgn()
    _write(cgn, whole)
    assert cgn.f_shape.calls == 0
    before = _bytes(whole)
    (whole / "images/00000/00000004.png").unlink()
    with pytest.raises(UserError, match=r"00000004.png is missing"):
        read_counterfactual_folder(whole)
    _write(cgn, whole)
    assert cgn.f_shape.calls == 1 and _bytes(whole) == before


def test_a_set_can_grow(tiny_cgn, whole, tmp_path):
    cgn = tiny_cgn()
    _write(cgn, whole, cf_images=14)
    assert cgn.f_shape.calls == 2  # the last group was cut short, one is new
    _write(tiny_cgn(), tmp_path / "large", cf_images=14)
    assert _bytes(whole) == _bytes(tmp_path / "large")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"source": "xyz"}, "made with source = 'abc', not 'xyz': choose another folder"),
        ({"seed": 8}, "made with seed = 7, not 8"),
        ({"cf_truncation": 1.0}, "made with cf_truncation = 0.5, not 1.0"),
    ],
)
def test_a_folder_of_other_images_is_left_alone(tiny_cgn, whole, changes, message):
    before = _bytes(whole)
    with pytest.raises(UserError, match=message):
        _write(tiny_cgn(), whole, **changes)
    assert _bytes(whole) == before


def test_jpeg_of_each_images_own_range(tiny_cgn, tmp_path):
    lists = {"cf_shape_classes": (1,), "cf_texture_classes": (2,), "cf_background_classes": (3, 4)}
    changes = {"cf_mode": "best_classes", "cf_format": "jpg", "cf_min_max": True, **lists}
    _write(tiny_cgn(), tmp_path / "a", **changes)
    made = read_counterfactual_folder(tmp_path / "a")
    image = np.asarray(Image.open(made.files[0]), np.int16)
    assert made.files[0].suffix == ".jpg" and image.shape == (16, 16, 3)
    assert image.min() < 25 and image.max() > 230
    _write(tiny_cgn(), tmp_path / "a", **changes)  # lists survive the manifest's JSON


def test_a_full_disk_is_said(tiny_cgn, tmp_path, monkeypatch):
    from cgnlib import store
    from cgnlib.generators import image_set_writing as writing

    def full(path, data):
        raise UserError(f"cannot write {path}: No space left on device")

    monkeypatch.setattr(writing, "write_atomic", full)
    assert writing.write_atomic is not store.write_atomic
    with pytest.raises(UserError, match="No space left"):
        _write(tiny_cgn(), tmp_path / "full")


def test_shard_words():
    assert parse_shard("0/1") == (0, 1) and parse_shard("3/4") == (3, 4)
    for text in ("4/4", "1", "a/2", "1/0", "-1/2", "1/2/3", ""):
        with pytest.raises(UserError, match="write i/n with i from 0 to n - 1"):
            parse_shard(text)
