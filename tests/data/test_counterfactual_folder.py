"""A set of counterfactual images is read only when it is whole."""

import json

import pytest
import torch

from cgnlib.data.counterfactual_folder import COLUMNS, read_counterfactual_folder
from cgnlib.data.generated_folder import image_name, write_table
from cgnlib.errors import UserError


@pytest.fixture
def folder(tmp_path):
    rows = []
    for index in range(3):
        name = image_name(index, "png")
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
        rows.append((name, index, 2, 1))
    write_table(tmp_path, tuple(COLUMNS), rows)
    manifest = {"count": 3, "written": 3, "made_by": {"seed": 0}}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    return tmp_path


def test_a_whole_set(folder):
    made = read_counterfactual_folder(folder)
    assert torch.equal(made.labels, torch.tensor([[0, 2, 1], [1, 2, 1], [2, 2, 1]]))
    assert made.files[2] == folder / "images/00000/00000002.png" and len(made) == 3
    assert made.manifest["made_by"] == {"seed": 0}


def test_a_thousand_images_per_folder():
    assert image_name(999, "jpg") == "images/00000/00000999.jpg"
    assert image_name(12_001, "jpg") == "images/00012/00012001.jpg"


def _manifest(text):
    return lambda folder: (folder / "manifest.json").write_text(text)


def _labels(old, new):
    def change(folder):
        path = folder / "labels.csv"
        path.write_text(path.read_text().replace(old, new))

    return change


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda f: (f / "manifest.json").unlink(), "manifest.json is missing: no counterfactual"),
        (_manifest('{"count": 3'), "manifest.json is damaged"),
        (_manifest("[]"), "manifest.json is damaged"),
        (_manifest('{"count": 5, "written": 3, "made_by": {}}'), "holds 3 of 5 images"),
        (_manifest('{"count": 5, "written": 5, "made_by": {}}'), "labels.csv lists 3 of 5 images"),
        (lambda f: (f / "labels.csv").unlink(), "labels.csv cannot be read"),
        (lambda f: (f / "labels.csv").write_text(""), "labels.csv cannot be read"),
        (_labels("shape", "form"), "columns are file, form, texture, background, not file, shape"),
        (_labels("png,1,2,1", "png,1,2,x"), "labels.csv, line 3: a file and three class indices"),
        (_labels("png,1,2,1", "png,1,2"), "labels.csv, line 3: a file and three class indices"),
        (lambda f: (f / image_name(1, "png")).unlink(), "00000001.png is missing"),
    ],
)
def test_what_is_not_whole_is_refused(folder, damage, message):
    damage(folder)
    with pytest.raises(UserError, match=message):
        read_counterfactual_folder(folder)
