"""scenes9 on disk, read back by torchvision."""

import csv
import json

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.datasets import ImageFolder

from cgnlib.__main__ import main
from cgnlib.data.scenes9 import CLASSES, scene_set
from cgnlib.data.scenes9_export import write_image_folder
from cgnlib.errors import UserError


@pytest.fixture(scope="module")
def scenes():
    return scene_set("cue_conflict", 18, 0, "test")


@pytest.fixture(scope="module")
def folder(scenes, tmp_path_factory):
    root = tmp_path_factory.mktemp("export")
    return write_image_folder(scenes, root / "images", root / "masks")


def test_image_folder_reads_every_image_under_its_class(scenes, folder):
    data = ImageFolder(str(folder))
    assert data.classes == sorted(CLASSES) and len(data) == 18
    for path, target in data.samples:
        number = int(path[-10:-4])
        assert data.classes[target] == CLASSES[scenes.shape[number]]
        pixels = torch.from_numpy(np.array(Image.open(path)))
        assert torch.equal(pixels.permute(2, 0, 1), scenes.images[number])


def test_labels_list_the_images_in_order(scenes, folder):
    rows = list(csv.DictReader((folder / "labels.csv").open()))
    assert [row["shape"] for row in rows] == [CLASSES[i] for i in scenes.shape]
    assert [row["texture"] for row in rows] == [CLASSES[i] for i in scenes.texture]
    assert {row["background"] for row in rows} == {"none"}
    assert all((folder / row["file"]).is_file() for row in rows)


def test_outside_textures_have_names(tmp_path):
    drawn = scene_set("stylised", 9, 0, "test")
    folder = write_image_folder(drawn, tmp_path / "out")
    rows = list(csv.DictReader((folder / "labels.csv").open()))
    assert not {row["texture"] for row in rows} & {*CLASSES, "none"}


def test_manifest_names_the_set(scenes, folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["identity"] == scenes.identity and manifest["images"] == 18
    assert manifest["classes"] == list(CLASSES)


def test_masks_lie_in_their_own_folder(scenes, folder):
    path = folder.parent / "masks" / "fish" / "000008.png"
    assert torch.equal(torch.from_numpy(np.array(Image.open(path))), scenes.masks[8, 0])


def test_nothing_is_overwritten(scenes, folder):
    with pytest.raises(UserError, match="exists"):
        write_image_folder(scenes, folder)


def test_a_failed_write_leaves_nothing(scenes, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write"):
        write_image_folder(scenes, tmp_path / "file" / "below")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_the_command_writes_a_set_by_name(scenes, tmp_path, capsys):
    out = tmp_path / "out"
    words = ["export", "scenes9", "cue_conflict", str(out), "--count", "18"]
    assert main([*words, "--masks", str(tmp_path / "masks")]) == 0
    assert capsys.readouterr().out == f"{out}: 18 images\n"
    assert json.loads((out / "manifest.json").read_text())["identity"] == scenes.identity
    assert len(list((tmp_path / "masks").glob("*/*.png"))) == 18
    assert main(words) == 2 and "exists" in capsys.readouterr().err
    assert main(["export", "scenes9", "nothing", str(tmp_path / "x")]) == 2
    assert "variant 'nothing' is none of" in capsys.readouterr().err
