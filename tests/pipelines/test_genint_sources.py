"""The sets GenInt's classifiers learn from: generated ones have the names that rows ask for."""

import pytest
import torch

from cgnlib.errors import UserError
from cgnlib.pipelines.genint_scenes9 import classify, counterfactual_sets, images, transfer
from cgnlib.pipelines.genint_scenes9.sources import sources
from made_genint import tiny_genint


def both(**changes):
    few = {
        "int_ranges": "even",
        "int_per_class": 2,
        "obs_per_class": 1,
        "train_images": 9,
        "classifier_epochs": 1,
        "classifier_milestones": "",
        "classifier_batch": 9,
        "int_batch": 4,
        "genint_rows": "all",
    }
    return tiny_genint(**few | changes)


def test_every_row_finds_its_sets_by_name(fresh_workplace):
    params = both()
    found = sources(params)
    for row in (*params.rows(), *params.generated()):
        assert set(classify._sets(classify.plan_of(params, row))) <= set(found), row
    assert found["interventional"].count == found["observational_1.0"].count == 18
    assert found["observational"].count == 9
    assert not images.set_folder(params, "interventional").exists()  # made when asked for


def test_generated_images_train_a_row(fresh_workplace):
    params = both()
    found = sources(params)
    pixels, labels = found["interventional"].load()
    assert pixels.shape == (18, 3, 64, 64) and pixels.dtype == torch.uint8
    assert labels.bincount().tolist() == [2] * 9
    trained = classify.classifier(params, found, "GenInt")
    assert "loss_interventional" in trained.history[-1]
    identity = sources(both(int_scale_percent=50.0))["interventional"].identity
    assert identity != found["interventional"].identity


def test_naming_the_sets_makes_and_reads_nothing(fresh_workplace, monkeypatch):
    monkeypatch.setattr(
        counterfactual_sets, "counterfactual_identity", lambda params: pytest.fail("CGN trained")
    )
    monkeypatch.setattr(transfer, "_features_identity", lambda params: pytest.fail("was read"))
    params = both(genint_rows="ImageNet only,Stylized,GenInt")
    found = sources(params)
    assert {"counterfactual", "transferred", "stylised"} <= set(found) and len(found) == 7
    for row in params.rows():
        for name in classify._sets(classify.plan_of(params, row)):
            assert found[name] is found[name] and found[name].count
    assert not list((fresh_workplace / "runs").glob("*/*"))


def test_imagenet_is_asked_for_when_a_row_needs_it(fresh_workplace):
    params = both(genint_rows="ImageNet only").model_copy(
        update={"dataset": "genint_imagenet", "biggan": "deep_256"}
    )
    found = sources(params)
    assert "counterfactual" not in found and "transferred" in found
    for name in ("real", "stylised"):
        with pytest.raises(UserError, match="imagenet is absent"):
            found[name]
