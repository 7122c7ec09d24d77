"""The recipes of GENINT-10 on tiny parts: images of every kind, their nuisances, what they tell."""

import numpy as np
import pytest
import torch

from cgnlib.data import scenes9
from cgnlib.errors import UserError
from cgnlib.generators.ganspace import directions_of
from cgnlib.params.genint_theory import NUISANCE_KINDS
from cgnlib.pipelines.genint_scenes9 import nuisance, nuisance_images, nuisance_reader
from cgnlib.pipelines.genint_scenes9.generator import generator
from made_genint import tiny_genint


def test_every_exemplar_is_moved_along_every_direction(fresh_workplace):
    params = tiny_genint()
    known = nuisance_reader.edited(params)
    assert len(known.delta) == 9 * 2 * 3 * 2
    assert np.bincount(known.component.numpy()).tolist() == [36, 36, 36]
    assert known.delta.abs().max() <= params.nuisance_reach
    rows = torch.cat([known.train, known.held_out]).sort().values
    assert torch.equal(rows, torch.arange(108)) and len(known.held_out) == 21


def test_the_reader_is_trained_and_measured(fresh_workplace):
    params = tiny_genint()
    found = nuisance_reader.reader(params)
    assert set(found.errors) == set(found.counts) == {"train_error", "val_error", "chance_error"}
    assert found.counts["val_error"] == 21 and found.history[-1]["step"] == 3
    true, read = found.arrays["val_true"], found.arrays["val_read"]
    assert found.errors["val_error"] == pytest.approx(np.abs(true - read).mean())
    median = np.median(found.arrays["train_true"])
    assert found.errors["chance_error"] == pytest.approx(np.abs(true - median).mean(), rel=0.2)
    assert nuisance_reader.reader(params) is found


@pytest.mark.parametrize("kind", [kind for kind in NUISANCE_KINDS if kind != "cgn"])
def test_images_of_every_kind(fresh_workplace, kind):
    params = tiny_genint()
    made = nuisance_images.kind_images(params, kind)
    images = torch.cat(list(made.images.split(10)))
    assert images.shape == (len(made.label), 3, 64, 64) and len(made.label) == 45
    assert images.min() >= -1 and images.max() <= 1 and made.label.unique().numel() == 9
    again = nuisance_images.kind_images(params, kind)
    assert torch.equal(images, torch.cat(list(again.images.split(45))))
    assert made.identity == again.identity == nuisance_images.kind_identity(params, kind)
    others = {nuisance_images.kind_identity(params, k) for k in NUISANCE_KINDS if k != "cgn"}
    assert len(others) == 6


def test_stylised_images_need_no_row_of_theirs(fresh_workplace):
    params = tiny_genint(genint_rows="ImageNet only,GenInt", nuisance_kinds="stylised")
    made = nuisance_images.kind_images(params, "stylised")
    assert len(made.label) == 45
    usual = tiny_genint(nuisance_kinds="stylised")
    assert nuisance_images.kind_identity(usual, "stylised") == made.identity


def test_the_seed_chooses_among_the_images_of_a_folder(monkeypatch):
    monkeypatch.setattr(nuisance_images, "counterfactual_identity", lambda params: "folder 1")
    one, two = (tiny_genint(cgn_set="made", seed=seed) for seed in (0, 1))
    names = [nuisance_images.kind_identity(params, "cgn") for params in (one, two)]
    assert names == ["cgn folder 1 seed 0 first 45", "cgn folder 1 seed 1 first 45"]


def test_what_is_changed_shows_the_real_images(fresh_workplace):
    params = tiny_genint(mixup_alpha=0.01)  # a share of nearly 0 or 1: one image of each pair
    plain, mixed = (nuisance_images.kind_images(params, kind) for kind in ("plain", "mixup"))
    originals = torch.cat(list(plain.images.split(45)))
    for image, label in zip(mixed.images, mixed.label, strict=True):
        nearest = (originals - image).abs().mean((1, 2, 3)).argmin()
        assert plain.label[nearest] == label


def test_counterfactuals_are_those_of_the_same_scale(fresh_workplace):
    params = tiny_genint()
    made = nuisance_images.kind_images(params, "cgn")
    assert len(made.label) == 24 and "counterfactuals/" in made.identity  # all there are
    with pytest.raises(UserError, match="cgn_set is empty"):
        nuisance_images.kind_identity(params.model_copy(update={"biggan": "deep_256"}), "cgn")


def test_true_positions_are_those_of_the_latent(fresh_workplace):
    params = tiny_genint()
    found, _ = nuisance.nuisances(params, "plain", nuisance.TRUE)
    uniforms = scenes9.original_uniforms(45, 0, "train")
    vectors = directions_of(generator(params), 3).vectors
    z = torch.special.ndtri(uniforms.double())[:, :16].float()  # the tiny generator's noise
    assert np.allclose(found["values"], (z @ vectors.T).numpy(), atol=1e-4)
    assert np.array_equal(found["label"], np.arange(45) % 9)


def test_texture_and_place_tell_the_class_of_plain_images(fresh_workplace):
    learned = {"label_updates": 80, "label_lr": 0.01, "label_hidden": 32}
    params = tiny_genint(train_images=180, nuisance_images=180, **learned)
    told, artefact = nuisance.told_over_chance(params, "plain", nuisance.FACTORS)
    assert [one.categories for one in told] == [2, 9] and artefact.kind == "nuisance_over_chance"
    assert told[1].rate.denominator == 36 and told[1].ratio > 6
    true, _ = nuisance.told_over_chance(params, "plain", nuisance.TRUE)
    assert true[1].ratio < 4


def test_read_nuisances_and_what_they_tell(fresh_workplace):
    params = tiny_genint(nuisance_images=54)
    found, _ = nuisance.nuisances(params, "genint")
    assert found["values"].shape == (54, 3) and found["values"].dtype == np.float32
    told, _ = nuisance.told_over_chance(params, "genint")
    assert [one.categories for one in told] == [2, 9]
    assert told == nuisance.told_over_chance(params, "genint")[0]
    correlations = nuisance.reading_correlations(params)
    assert correlations.shape == (3,) and (np.abs(correlations) <= 1).all()


def test_controls_and_their_names():
    params = tiny_genint(nuisance_kinds="plain,genint")
    assert nuisance.controls(params) == [
        ("plain", "true positions"),
        ("plain", "texture and place"),
        ("genint", "texture and place"),
    ]
    assert nuisance.setting("plain", nuisance.TRUE) == "plain, true positions"
    assert nuisance.setting("gan") == "gan"
    with pytest.raises(UserError, match="not known"):
        nuisance.nuisances(params, "genint", nuisance.TRUE)
    with pytest.raises(UserError, match="no images of kind"):
        nuisance_images.kind_images(params, "paintings")
