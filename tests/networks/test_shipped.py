"""The shipped networks: the recorded files, within the size allowed; their figures hold."""

import hashlib
import json

import pytest
import torch

from cgnlib.data.scenes9 import RENDERER_VERSION
from cgnlib.errors import UserError
from cgnlib.evaluation.scene_labels import shipped_readers
from cgnlib.networks import shipped
from cgnlib.networks.saliency import SmallSaliency
from cgnlib.pipelines.imagenet import pretrain_figures

COUNT = 90


def test_files_are_the_recorded_ones_and_small():
    total = 0
    for name in shipped.NAMES:
        record, data = shipped.shipped_record(name), shipped.shipped_file(name).read_bytes()
        assert hashlib.sha256(data).hexdigest() == record["sha256"]
        assert len(data) == record["bytes"]
        network = shipped.shipped(name)
        assert sum(p.numel() for p in network.parameters()) == record["parameters"]
        assert not network.training
        total += len(data)
    assert total <= 20e6
    assert {path.name for path in shipped.FOLDER.iterdir()} == {
        shipped.RECORDS,
        *(f"{name}.safetensors" for name in shipped.NAMES),
    }


def test_records_say_how_each_was_made():
    for name in shipped.NAMES:
        record = shipped.shipped_record(name)
        assert record["figures"]["images"] >= 2000
        for stage in record["stages"]:
            assert stage["updates"] > 0 and stage["seconds"] > 0 and stage["threads"] >= 1
            assert len(stage["git_commit"]) >= 40 and stage["processor"]
            assert stage["settings"]["renderer"] == RENDERER_VERSION, "train them anew"
    assert "distilled" in shipped.shipped_record("generator")["made_by"]
    needed = shipped.shipped_record("generator")["stages"][-1]["settings"]
    for name in ("saliency", "classifier"):
        assert needed[f"needs_{name}"] == shipped.shipped_record(name)["sha256"]


def near(found, record, tolerance):
    """Every share of a small sample is near the recorded one."""
    for name, value in found.items():
        if isinstance(value, float):
            assert value == pytest.approx(record[name], abs=tolerance), name


def test_saliency_scores_as_recorded():
    found = pretrain_figures.saliency_figures(shipped.shipped("saliency"), COUNT)
    near(found, shipped.shipped_record("saliency")["figures"], 0.03)


def test_readers_score_as_recorded():
    readers = shipped_readers()
    found = pretrain_figures.classifier_figures(readers.classifier, COUNT)
    near(found, shipped.shipped_record("classifier")["figures"], 0.03)
    found = pretrain_figures.silhouette_figures(readers.silhouette, readers.saliency, COUNT)
    near(found, shipped.shipped_record("silhouette")["figures"], 0.05)


def test_generator_scores_as_recorded():
    model = shipped.shipped("generator")
    found = pretrain_figures.generator_figures(model, shipped_readers(), COUNT)
    near(found, shipped.shipped_record("generator")["figures"], 0.08)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    data = shipped.compact(SmallSaliency().state_dict())
    (tmp_path / "saliency.safetensors").write_bytes(data)
    entry = {"file": "saliency.safetensors", "sha256": hashlib.sha256(data).hexdigest()}
    (tmp_path / shipped.RECORDS).write_text(json.dumps({"saliency": entry}))
    return tmp_path


def test_compact_files_keep_statistics_exact(folder):
    network = SmallSaliency()
    network.down[0][0].norm.running_mean += 1 / 3
    (folder / "one").write_bytes(shipped.compact(network.state_dict()))
    found = shipped.network_from("saliency", folder / "one").state_dict()
    for name, value in network.state_dict().items():
        if "running_" in name:
            assert torch.equal(found[name], value)
        else:
            torch.testing.assert_close(found[name], value, atol=1e-4, rtol=1e-3)


def test_a_changed_or_missing_file_is_named(folder):
    path = folder / "saliency.safetensors"
    assert shipped.shipped_file("saliency") == path
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(UserError, match="saliency.safetensors is not the file its record"):
        shipped.shipped("saliency")
    path.unlink()
    with pytest.raises(UserError, match="saliency.safetensors: No such file"):
        shipped.shipped("saliency")
    with pytest.raises(UserError, match="has no 'generator'"):
        shipped.shipped("generator")
    with pytest.raises(UserError, match="no shipped network 'nothing'"):
        shipped.shipped("nothing")
    (folder / shipped.RECORDS).write_text("{")
    with pytest.raises(UserError, match="records.json cannot be read"):
        shipped.shipped("saliency")
