"""Generated sets of GenInt as artefacts and as folders, and the command that writes them."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from pydantic import ValidationError

from cgnlib import __main__ as command
from cgnlib import parameter_reading
from cgnlib.data import scenes9
from cgnlib.data.generated_folder import read_generated_folder
from cgnlib.errors import UserError
from cgnlib.generators.intervention_ranges import PUBLISHED, SCENES9
from cgnlib.generators.interventions import COLUMNS
from cgnlib.params import MnistParams
from cgnlib.params.genint_images import GenintImageParams
from cgnlib.pipelines.genint_scenes9 import generator, images, transfer
from cgnlib.report import request

pytestmark = pytest.mark.usefixtures("fresh_workplace")
TINY = {
    "dataset": "genint_scenes9",
    "scale": "smoke",
    "biggan": "tiny",
    "biggan_weights": "random",
    "direction_samples": 200,
    "sheet_directions": 2,
    "sheet_classes": 2,
    "sheet_steps": 3,
    "int_components": 8,
    "int_ranges": "even",
    "int_limit": 3.0,
    "int_edits": 2,
    "int_per_class": 4,
    "obs_per_class": 2,
    "gen_batch": 10,
    "transfer_images": 5,
    "transfer_features": "random_scene_cnn",
    "transfer_closures_low": 2,
    "transfer_closures_high": 3,
    "transfer_batch": 4,
    "transfer_line_search": False,
}


def tiny(**changes):
    return GenintImageParams(**{**TINY, **changes})


def test_the_sets_of_a_run():
    made = {kind: images.images_of(tiny(), kind) for kind in images.KINDS}
    sizes = {"observational": 18, "interventional": 36, "transferred": 5, "observational_1.0": 36}
    assert {kind: len(one) for kind, one in made.items()} == sizes
    assert all(one.images.dtype == torch.uint8 for one in made.values())
    assert made["interventional"].labels.tolist() == list(range(9)) * 4
    known = made["interventional"].known
    assert known["component"].max() < 8 and known["delta"].abs().max() <= 3
    assert made["observational"].known["component"].unique().tolist() == [-1]
    assert made["observational"].images.float().std() > 5  # not one grey
    real = scenes9.scene_set("original", 5, 0, "train")
    assert torch.equal(made["transferred"].labels, real.shape)
    apart = (made["transferred"].images.int() - real.images.int()).abs().float().mean()
    assert 0.5 < apart < 100  # changed, and not beyond recognition


def test_a_set_is_made_once_and_read_again(monkeypatch):
    first = images.images_of(tiny(), "interventional")
    images._in_memory.cache_clear()
    monkeypatch.setattr(images, "gathered_images", None)
    again = images.images_of(tiny(), "interventional")
    assert torch.equal(first.images, again.images) and first.artefact == again.artefact
    assert set(again.known) == {"component", "delta", "noise"}
    assert images.identity_of(tiny(), "interventional") == str(first.artefact)


@pytest.mark.parametrize(
    ("change", "moved"),
    [
        ({"int_scale_percent": 50.0}, {"interventional", "transferred"}),
        ({"int_per_class": 5}, {"interventional", "transferred", "observational_1.0"}),
        ({"obs_truncation": 1.0}, {"observational"}),
        ({"transfer_style_weight": 1.0}, {"transferred"}),
        ({"transfer_images": 6}, {"transferred"}),
        ({"seed": 1}, set(images.KINDS)),
        ({"sheet_steps": 4, "direction_samples": 500}, set()),
    ],
)
def test_a_set_depends_on_its_own_parameters(change, moved):
    runs = (tiny(), tiny(**change))
    keys = [{kind: images.set_key(run, kind) for kind in images.KINDS} for run in runs]
    assert {kind for kind in images.KINDS if keys[0][kind] != keys[1][kind]} == moved


def test_folders_hold_what_memory_holds(tmp_path):
    for part in (1, 0):
        manifest = images.write_set(tiny(), "interventional", tmp_path / "a", (part, 2))
    assert manifest["written"] == manifest["count"] == 36
    found = read_generated_folder(tmp_path / "a", COLUMNS)
    made = images.images_of(tiny(), "interventional")
    first = np.asarray(Image.open(found.files[7])).transpose(2, 0, 1)
    assert np.array_equal(first, made.images[7].numpy())
    assert torch.equal(found.known["label"], made.labels)
    images.write_set(tiny(), "transferred", tmp_path / "b")
    last = np.asarray(Image.open(tmp_path / "b/images/00000/00000004.png")).transpose(2, 0, 1)
    assert np.array_equal(last, images.images_of(tiny(), "transferred").images[4].numpy())
    with pytest.raises(UserError, match="holds images made with"):
        images.write_set(tiny(seed=1), "interventional", tmp_path / "a")


def test_generated_folders_are_styles_too(tmp_path):
    images.write_set(tiny(), "interventional", tmp_path)
    found = read_generated_folder(tmp_path, COLUMNS)
    made = images.images_of(tiny(), "interventional")
    index = torch.tensor([3, 0])
    for source in (found, made):
        read = transfer.styles(source, 64).read(index)
        torch.testing.assert_close(read, made.images[index].float() / 255, atol=1e-6, rtol=0)


def test_pictures_for_the_page():
    shown = generator.direction_pictures(tiny())
    assert shown["images"].shape == (2, 2, 3, 64, 64, 3)
    assert shown["classes"] == list(scenes9.CLASSES[:2]) and shown["ranges"] == [(-3.0, 3.0)] * 2
    rows = images.transfer_pictures(tiny(), 3)
    assert [tuple(part.shape) for part in rows.values()] == [(3, 3, 64, 64)] * 3
    real = scenes9.scene_set("original", 3, 0, "train").images.float() / 255
    torch.testing.assert_close(rows["content"], real)


def test_agreement_of_exact_and_sampled_directions():
    found = generator.direction_agreement(tiny())
    assert len(found["scales"]) == 16 and (np.diff(found["scales"]) <= 0).all()
    assert len(found["cosines"]) == 16 and (found["cosines"] <= 1 + 1e-6).all()
    assert found["span"].min() > 0.999  # all sixteen span the whole noise
    assert found["samples"] == 200


def test_ranges_by_name():
    chosen = generator.intervention_settings(GenintImageParams(dataset="genint_scenes9"))
    assert chosen.ranges == SCENES9 and chosen.components == 40 and chosen.scale_percent == 100
    paper = GenintImageParams(
        dataset="genint_imagenet",
        biggan="deep_256",
        biggan_weights="published",
        int_ranges="published",
        int_components=60,
        transfer_source="imagenet",
        transfer_features="vgg19",
    )
    assert generator.intervention_settings(paper).ranges == PUBLISHED
    with pytest.raises(UserError, match="biggan-deep-256 is absent"):
        generator.generator(paper)
    with pytest.raises(UserError, match="vgg19 is absent"):
        transfer.style_features(paper)
    with pytest.raises(UserError, match="imagenet is absent"):
        transfer.contents(paper)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"int_edits": 9}, "int_edits 9 different directions cannot be among int_components 8"),
        ({"transfer_closures_low": 4}, "transfer_closures_low 4 must be at most"),
        ({"biggan": "deep_256"}, "does not make images of transfer_source 'scenes9'"),
        ({"int_truncation": 1.1}, "less than or equal to 1"),
    ],
)
def test_parameters_that_cannot_be(changes, message):
    with pytest.raises(ValidationError, match=message):
        tiny(**changes)


def test_more_directions_than_the_generator_has():
    with pytest.raises(UserError, match="17 directions asked for: 16 have an effect"):
        generator.directions(tiny(int_components=17))
    with pytest.raises(UserError, match="no set 'other': choose one of observational"):
        images.images_of(tiny(), "other")


def test_the_command_writes_a_shard(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(request, "params_path", Path)
    monkeypatch.setattr(parameter_reading, "load_params", lambda path, given: tiny(**given))
    out = str(tmp_path / "out")
    for part, written in ((0, 20), (1, 36)):
        words = ["interventions", "smoke/genint_scenes9", out, "--shard", f"{part}/2"]
        assert command.main(words) == 0
        assert capsys.readouterr().out == f"{out}: {written} of 36 images\n"
    words = ["interventions", "x", str(tmp_path / "plain"), "--set", "observational"]
    assert command.main([*words, "-p", "obs_per_class", "1"]) == 0
    assert "9 of 9 images" in capsys.readouterr().out
    assert command.main(["interventions", "x", out, "--shard", "2/2"]) == 2
    assert "write i/n" in capsys.readouterr().err
    other = MnistParams(dataset="colored_mnist", scale="smoke")
    monkeypatch.setattr(parameter_reading, "load_params", lambda path, given: other)
    assert command.main(["interventions", "x", out]) == 2
    assert "colored_mnist has no interventions" in capsys.readouterr().err


def test_plain_images_at_truncation_one_are_as_many_as_interventional_ones(tmp_path):
    made, labels = images.loaded(tiny(), "observational_1.0")
    assert len(made) == 36 and labels.tolist() == list(range(9)) * 4
    cut, _ = images.loaded(tiny(obs_truncation=0.2), "observational")
    assert cut.float().std(0).mean() < made.float().std(0).mean()  # less varied
    assert images.identity_of(tiny(), "observational_1.0").startswith("observational/")
