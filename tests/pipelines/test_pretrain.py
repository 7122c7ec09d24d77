"""Pretraining: each network an artefact, resumable, shipped with its record."""

import json
from dataclasses import replace

import pytest
import torch

from cgnlib.__main__ import main
from cgnlib.classifiers.saliency_training import SaliencySettings
from cgnlib.classifiers.scene_classifiers import SceneClassifierSettings
from cgnlib.errors import UserError
from cgnlib.generators import paired_gan
from cgnlib.generators.paired_gan import PairedSettings
from cgnlib.networks import shipped
from cgnlib.pipelines.imagenet import pretrain
from cgnlib.pipelines.imagenet.pretrain import Pretraining

TINY = Pretraining(
    saliency=SaliencySettings(updates=2, batch=4),
    classifier=SceneClassifierSettings(updates=2, batch=4),
    silhouette=SceneClassifierSettings(updates=2, batch=4),
    generator=PairedSettings(updates=2, batch=3, watched=2, watch_from=0.5, freeze_from=0.5),
    images=9,
    parents="trained",
)


@pytest.fixture(autouse=True)
def _elsewhere(workplace, monkeypatch):
    monkeypatch.setattr(shipped, "FOLDER", workplace / "weights")
    monkeypatch.setattr(paired_gan, "_STATISTICS", (1, 9))


def test_all_networks_are_trained_measured_and_shipped():
    rows = pretrain.pretrain("all", TINY, into_package=True)
    assert [row["network"] for row in rows] == list(pretrain.CHOICES["all"])
    for row in rows:
        record = shipped.shipped_record(row["network"])
        assert record.items() <= row.items()
        assert [stage["updates"] for stage in record["stages"]] == [2]
        assert record["stages"][0]["settings"]["network"] == row["network"]
        assert record["figures"]["images"] == 9
        shipped.shipped(row["network"])
    generator, saliency = rows[-1], rows[0]
    settings = generator["stages"][0]["settings"]
    assert settings["needs_saliency"] == saliency["sha256"]
    assert set(generator["figures"]) >= {"texture", "background", "shape", "texture_at_half"}
    assert len(generator["figures"]["shape_by_class"]) == 9
    assert "images 9" in pretrain.as_text(rows)
    assert pretrain.pretrain("all", TINY)[-1]["artefact"] == generator["artefact"]  # loaded

    later = replace(TINY, start="shipped", parents="shipped")
    made = pretrain.pretrained("generator", later)
    assert [stage["updates"] for stage in made.stages] == [2, 2]
    assert made.stages[0] == generator["stages"][0]
    assert made.stages[1]["settings"]["before"] == 2
    assert made.stages[1]["settings"]["needs_start"] == generator["sha256"]
    again = pretrain.pretrained("generator", replace(later, start=generator["weights"]))
    assert again.artefact == made.artefact


def test_a_start_that_is_absent_is_named():
    for name in ("saliency", "classifier"):
        pretrain.ship(name, *_made(name))
    with pytest.raises(UserError, match="start nowhere.*give 'shipped'"):
        plan = replace(TINY, start="nowhere/weights.safetensors", parents="shipped")
        pretrain.pretrained("generator", plan)
    with pytest.raises(UserError, match="no network 'nothing'"):
        pretrain.pretrained("nothing", TINY)


def _made(name):
    made = pretrain.pretrained(name, TINY)
    return made, pretrain.record(name, made, {"images": 0})


def test_a_killed_training_goes_on(monkeypatch):
    whole = pretrain.pretrained("saliency", TINY.changed("saliency", updates=3)).network
    made, update = [], pretrain.SaliencyMethod.update

    def killed(self, batch):
        made.append(1)
        if len(made) == 3:
            raise KeyboardInterrupt
        return update(self, batch)

    monkeypatch.setattr(pretrain, "CHECKPOINT_EVERY", 1)
    monkeypatch.setattr(pretrain.SaliencyMethod, "update", killed)
    monkeypatch.setenv("CGN_RUNS", str(shipped.FOLDER / "other"))
    with pytest.raises(KeyboardInterrupt):
        pretrain.pretrained("saliency", TINY.changed("saliency", updates=3))
    network = pretrain.pretrained("saliency", TINY.changed("saliency", updates=3)).network
    assert len(made) == 4  # two, the killed one, and the one left
    for mine, theirs in zip(network.parameters(), whole.parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_the_command_trains_and_prints(monkeypatch, capsys):
    monkeypatch.setattr(pretrain, "Pretraining", lambda **given: replace(TINY, **given))
    command = ["pretrain", "scenes9", "saliency", "--updates", "1", "--lr", "0.001", "--json"]
    assert main(command) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["stages"][0]["settings"]["lr"] == 0.001 and row["stages"][0]["updates"] == 1
    assert not shipped.FOLDER.exists()  # only --ship writes there
    assert main(["pretrain", "scenes9", "saliency", "--start", "shipped"]) == 2
    assert "--start is for the generator alone" in capsys.readouterr().err
    assert main(["pretrain", "scenes9", "generator", "--stage", "adversarial"]) == 2
    assert "give it with --start" in capsys.readouterr().err
