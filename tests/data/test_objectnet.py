"""ObjectNet in a small folder: mappings, the classes kept, the border."""

import json

import numpy as np
import pytest
from PIL import Image

from cgnlib.data.image_folders import Centre
from cgnlib.data.objectnet import Unframed, imagenet_indices, objectnet
from cgnlib.errors import UserError


def write(folder, **changes):
    """Lines in an order of their own: line 0 is index 3, line 1 index 0, line 2 index 7."""
    files = {
        "folder_to_objectnet_label.json": {"clock": "Alarm clock", "mug": "Mug", "egg": "Egg"},
        "objectnet_to_imagenet_1k.json": {
            "Alarm clock": "analog clock; digital clock",
            "Mug": "cup",
        },
        "pytorch_to_imagenet_2012_id.json": {"3": 0, "0": 1, "7": 2},
    } | changes  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_text(json.dumps(content))
    (folder / "imagenet_to_label_2012_v2").write_text("digital clock\nanalog clock \ncup\n")


@pytest.fixture
def root(tmp_path):
    write(tmp_path / "mappings")
    for name in ("clock", "egg", "mug"):
        (tmp_path / "images" / name).mkdir(parents=True)
        for number in range(2):
            Image.new("RGB", (20, 12)).save(tmp_path / "images" / name / f"{number}.png")
    return tmp_path


def test_indices_come_from_the_mapping_files(root):
    found = imagenet_indices(root / "mappings")
    assert {name: ids.tolist() for name, ids in found.items()} == {
        "clock": [0, 3],
        "mug": [7],
    }


def test_only_imagenets_classes_are_listed(root):
    listing, meant = objectnet(root)
    assert listing.classes == ("clock", "mug") and len(listing) == 4
    assert listing.labels.tolist() == [0, 0, 1, 1]
    assert [ids.tolist() for ids in meant] == [[0, 3], [7]]
    assert all("egg" not in path for path in listing.paths)


def test_the_border_is_cut_before_the_resize():
    pixels = np.zeros((24, 24, 3), np.uint8)
    pixels[:] = (255, 0, 0)
    pixels[2:-2, 2:-2] = (0, 0, 200)
    made = np.asarray(Unframed(Centre(20, 20))(Image.fromarray(pixels)))
    assert made.shape == (20, 20, 3) and (made == (0, 0, 200)).all()
    usual = Unframed()
    assert (usual.centre.resize_px, usual.centre.px, usual.border_px) == (358, 224, 2)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"objectnet_to_imagenet_1k.json": {"Mug": "teacup"}}, "'teacup' is no line"),
        ({"objectnet_to_imagenet_1k.json": {"Spoon": "cup"}}, "'Spoon' has no folder"),
        ({"pytorch_to_imagenet_2012_id.json": {"3": 9}}, "does not fit"),
        ({"folder_to_objectnet_label.json": [1]}, "no table of names"),
    ],
)
def test_mappings_that_do_not_go_together(root, changes, message):
    write(root / "mappings", **changes)
    with pytest.raises(UserError, match=message):
        imagenet_indices(root / "mappings")


def test_what_is_missing_is_named(root):
    (root / "mappings" / "objectnet_to_imagenet_1k.json").unlink()
    with pytest.raises(UserError, match=r"objectnet_to_imagenet_1k\.json cannot be read"):
        objectnet(root)
    renamed = {"folder_to_objectnet_label.json": {"mug": "Mug", "watch": "Alarm clock"}}
    write(root / "mappings", **renamed)
    with pytest.raises(UserError, match="watch is missing"):
        objectnet(root)
