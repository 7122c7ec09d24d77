"""A fixed counterfactual set on disk: whole or absent, the bytes of the set in memory."""

import json

import numpy as np
import pytest
import torch

from cgnlib import mnist
from cgnlib.__main__ import main
from cgnlib.errors import UserError
from cgnlib.pipelines.mnist import export as export_module
from presets import smoke

pytestmark = pytest.mark.usefixtures("fresh_workplace")


def test_written_set_equals_the_set_in_memory(workplace, capsys):
    out = workplace / "set"
    assert main(["counterfactuals", "smoke/double_colored_mnist", "--out", str(out)]) == 0
    params = smoke()
    fakes, everything = mnist.counterfactuals(params), torch.arange(params.cf_images)
    images, labels = np.load(out / "images.npy"), np.load(out / "labels.npy")
    assert images.dtype == labels.dtype == np.uint8
    assert np.array_equal(images, fakes.bytes(everything).numpy())
    assert np.array_equal(labels, fakes.labels(everything).numpy())
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["images"] == 200
    assert manifest["cgn"] == str(mnist.cgn(params).artefact)
    assert main(["counterfactuals", "smoke/double_colored_mnist", "--out", str(out)]) == 2
    assert "exists: choose another folder" in capsys.readouterr().err


def test_a_full_disk_leaves_nothing(workplace, monkeypatch):
    def full(params, folder):
        (folder / "images.npy").write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export_module, "_write", full)
    params = smoke()
    with pytest.raises(UserError, match="No space left on device"):
        export_module.export(params, workplace / "set")
    assert [path.name for path in workplace.iterdir()] == []
