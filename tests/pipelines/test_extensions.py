"""SSIM and jitter rows: what each changes, the no-op control, and legacy jitter's reach."""

import pytest
import torch

from cgnlib import mnist
from cgnlib.data.jitter import jittered
from cgnlib.errors import UserError
from cgnlib.params import MnistParams
from cgnlib.pipelines.mnist import classify, generate
from cgnlib.pipelines.mnist.extensions import EXTENSIONS, extended, extension_names
from cgnlib.rng import rng
from presets import smoke

pytestmark = pytest.mark.usefixtures("fresh_workplace")


def test_every_row_is_trained_and_ssim_without_gradient_changes_no_weight():
    params = smoke(extension_cgn_steps=6)
    rows = mnist.extension_rows(params)
    assert [row.setting for row in rows] == [
        "retrained",
        "retrained + SSIM",
        "retrained + SSIM without gradient",
        "retrained + jitter",
        "retrained + jitter (legacy)",
    ]
    assert all(row.cgn.history[-1]["step"] == 6 for row in rows)
    assert all(len(row.predictions["predicted"]) == 1000 for row in rows)
    changed = mnist.changed_weights(rows)
    assert changed["retrained"][0] == changed["retrained + SSIM without gradient"][0] == 0
    weights = changed["retrained"][1]
    assert changed["retrained + SSIM"] > (weights // 2, weights)
    assert changed["retrained + jitter"] > (weights // 2, weights)
    plain, detached = rows[0].cgn.model.state_dict(), rows[2].cgn.model.state_dict()
    assert all(torch.equal(value, detached[name]) for name, value in plain.items())
    assert "loss_ssim" in rows[2].cgn.history[-1] and "loss_ssim" not in rows[0].cgn.history[-1]


def test_no_row_is_trained_unless_asked_for():
    assert mnist.extension_rows(smoke(extension_rows="")) == []
    assert mnist.changed_weights([]) == {}


def test_rows_keep_their_order_and_a_wrong_name_is_one_line():
    assert extension_names(smoke(extension_rows="jitter, retrained")) == ["retrained", "jitter"]
    with pytest.raises(UserError, match="'jiter' is no row.*did you mean 'jitter'"):
        extension_names(smoke(extension_rows="jiter"))


@pytest.mark.parametrize("name", EXTENSIONS)
def test_a_row_changes_nothing_else(name):
    params = MnistParams(extension_cgn_steps=MnistParams().cgn_steps)
    assert extended(params, name) == params.model_copy(update=EXTENSIONS[name][1])


def test_rows_have_a_budget_of_their_own():
    params = smoke(extension_cgn_steps=6, extension_classifier_steps=5, classifier_steps=9)
    assert (extended(params, "ssim").cgn_steps, extended(params, "ssim").classifier_steps) == (6, 5)
    follows = params.model_copy(update={"extension_classifier_steps": 0})
    assert extended(follows, "ssim").classifier_steps == 9


def _batch(form):
    params = smoke(jitter_form=form)
    variant = mnist.datasets(params).variants["train"]
    return generate.RealBatches(variant, params)(3)[0]


def test_the_cgn_sees_jittered_images():
    plain, before, legacy = (_batch(form) for form in ("none", "before", "legacy"))
    assert plain.min() < 0 and before.min() < 0 and legacy.min() >= 0
    assert not torch.equal(plain.clamp(-1, 1), before)


@pytest.mark.parametrize("setting", ["Original", "GAN", "CGN", "Original+CGN"])
def test_legacy_jitter_reaches_the_classifiers_data(monkeypatch, setting):
    seen = []
    update = classify.CnnRecipe.build

    def build(recipe, seed):
        network = update(recipe, seed)
        network.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].min().item()))
        return network

    monkeypatch.setattr(classify.CnnRecipe, "build", build)
    params = smoke(jitter_form="legacy")
    generate.reader(params)  # readers and CGN first: they are not what is asked about
    mnist.cgn(params)
    seen.clear()
    mnist.predictions(params, setting, "test")
    assert seen and min(seen) >= 0


def test_jitter_as_meant_leaves_the_classifiers_data_alone():
    images = mnist.datasets(smoke()).train.images[:5]
    assert classify._as_seen(images, smoke(jitter_form="before"), 0) is images
    legacy = classify._as_seen(images, smoke(jitter_form="legacy"), 0)
    assert torch.equal(legacy, jittered(images, "legacy", rng(0, "classifier-jitter", 0)))
