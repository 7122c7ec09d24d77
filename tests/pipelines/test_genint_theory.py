"""The recipes of GenInt's bound, choices and GradCAM on tiny parts."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from cgnlib.classifiers.genint_network import genint_network
from cgnlib.errors import UserError
from cgnlib.evaluation.generated_likelihood import nearest_log_likelihood
from cgnlib.generators.interventions import interventional_images
from cgnlib.pipelines.genint_scenes9 import explain, likelihood, theory
from cgnlib.pipelines.genint_scenes9.images import images_of
from made_genint import tiny_genint


def remade(params, settings, per_class):
    groups = likelihood.interventions(params, settings)
    parts = (groups.generator, groups.directions, groups.settings)
    return interventional_images(*parts, per_class, params.seed)


def test_strengths_are_drawn_as_published():
    params = tiny_genint(bound_reach_percent=50.0)
    for name, reach, per_noise in (("weak", 5, 40), ("medium", 7, 4), ("strong", 9, 2)):
        settings = theory.strength_settings(params, name)
        assert (settings.truncation, settings.per_noise) == (0.5, per_noise)
        assert settings.ranges[3] == (-reach, reach) and settings.scale_percent == 50
    none = theory.strength_settings(params, "none")
    assert (none.truncation, none.edits, none.per_noise) == (0.5, 0, 1)
    with pytest.raises(UserError, match="no strength 'huge'"):
        theory.strength_params(params, "huge")


def test_the_images_of_a_strength_are_those_that_are_compared(fresh_workplace):
    params = tiny_genint()
    for name in ("none", "strong"):
        kept = images_of(*theory.strength_params(params, name))
        seen = remade(params, theory.strength_settings(params, name), params.bound_images)
        assert torch.equal(kept.images, seen.images) and len(kept) == 9 * params.bound_images


@pytest.mark.parametrize("match", ["class", "any"])
def test_the_likelihood_is_that_of_the_images(fresh_workplace, match):
    params = tiny_genint(bound_match=match)
    settings = theory.strength_settings(params, "strong")
    found = likelihood.likelihood(params, settings, 3)
    assert len(found.value) == 18 and (found.value <= found.ceiling + 1e-5).all()
    made, real = remade(params, settings, 3), likelihood.real_images(params)
    read = likelihood.feature_net(params)
    with torch.no_grad():
        theirs = read(made.images.float().div(127.5).sub(1))
        ours = read(torch.cat(list(real.source.split(50))))
    labels = (real.label, made.labels) if match == "class" else None
    expected = nearest_log_likelihood(ours, theirs, labels=labels)
    assert np.allclose(found.value, expected.value.numpy(), atol=1e-4)
    assert np.array_equal(found.arrays["index"], expected.index.numpy())
    pictures = likelihood.nearest_pictures(params, settings, found, 2)
    assert pictures.shape == (2, 2, 64, 64, 3) and pictures.dtype == np.uint8
    shown = made.images.permute(0, 2, 3, 1).numpy()
    assert all((shown == picture).all((1, 2, 3)).any() for picture in pictures[1])


def test_tightness_joins_likelihood_bound_and_accuracy(fresh_workplace):
    params = tiny_genint()
    found = theory.tightness(params)
    assert list(found.likelihood) == list(found.artefacts) == ["none", "medium", "strong"]
    assert set(found.correct) == set(found.correlations) == {"original", "second_test"}
    for name in found.likelihood:
        value = found.likelihood[name].value
        bound = found.bounds["bound_width"][name]
        assert np.allclose(bound.width, 1 - np.exp(value), atol=1e-6)
        relative = found.bounds["relative_bound_width"][name].width
        assert (relative <= bound.width).all()
        answers, _ = theory.strength_answers(params, name, "original")
        hits = (answers["predicted"] == np.arange(18) % 9).sum()
        assert found.rate("original", name).numerator == hits
        assert found.rate("original", name).denominator == 18
    kinds = {"pearson", "spearman", "spearman_width"}
    assert set(found.correlations["second_test"]) <= kinds
    again = theory.strength_classifier(params, "none")
    assert theory.strength_classifier(params, "none") is again and again.history[-1]["step"] == 3


def test_two_strengths_have_no_correlation():
    made = {name: SimpleNamespace(value=np.zeros(2) + i) for i, name in enumerate(("none", "weak"))}
    correct = {"original": {name: np.array([True, False]) for name in made}}
    widths = {name: one.value for name, one in made.items()}
    assert theory._correlations(made, widths, correct) == {}


def test_a_narrower_bound_goes_with_a_better_classifier():
    names = ("none", "weak", "strong")
    made = {name: SimpleNamespace(value=np.full(4, i - 3.0)) for i, name in enumerate(names)}
    widths = {name: np.full(4, 0.9 - i / 10) for i, name in enumerate(names)}
    correct = {"original": {name: np.arange(10) < 2 + i for i, name in enumerate(names)}}
    found = theory._correlations(made, widths, correct)["original"]
    assert found["spearman"].value == pytest.approx(1)
    assert found["spearman_width"].value == pytest.approx(-1)
    same = dict.fromkeys(names, np.ones(4))
    assert set(theory._correlations(made, same, correct)["original"]) == {"pearson", "spearman"}


def test_choices_vary_one_thing_at_a_time(fresh_workplace):
    params = tiny_genint()
    settings = theory.choice_settings(params)
    assert list(settings) == [("t", 0.5), ("t", 1.0), ("k", 1), ("k", 6), ("s", 50)]
    assert (settings["t", 0.5].truncation, settings["t", 0.5].components) == (0.5, 4)
    assert (settings["k", 1].edits, settings["k", 1].truncation) == (1, 1.0)
    assert len(settings["k", 6].ranges) == 6 and settings["s", 50].scale_percent == 50
    found = theory.choices(params)
    assert list(found) == list(settings)
    assert all(len(one.value) == 18 and np.isfinite(one.value).all() for one in found.values())


def test_heat_maps_are_scored_against_the_true_object(fresh_workplace):
    params = tiny_genint()
    shown = explain.shown_images(params, "original")
    assert params.explained_sets() == ["original"] and len(shown) == 4
    model = genint_network("scene_cnn", 9, 0).eval().requires_grad_(False)
    row = SimpleNamespace(model=model, artefact=SimpleNamespace(hash="made by hand"))
    found, _ = explain.heat_maps(params, row, shown)
    assert found["maps"].shape == (4, 64, 64) and found["predicted"].shape == (4,)
    scores = explain.looked_at(found["maps"], shown.masks)
    assert set(scores) == {"pointing_game", "cam_iou", "heat_on_object"}
    assert all(((values >= 0) & (values <= 1)).all() for values in scores.values())
    whole = explain.looked_at(shown.masks[:, 0], shown.masks)
    assert (whole["cam_iou"] == 1).all() and (whole["heat_on_object"] > 0.7).all()
    with pytest.raises(UserError, match="no true masks"):
        explain.looked_at(found["maps"], None)


def test_an_unknown_set_is_refused(fresh_workplace):
    with pytest.raises(UserError, match="no set .nowhere."):
        theory.strength_answers(tiny_genint(), "none", "nowhere")
