"""GAN, IRM and LNTL rows on tiny budgets: what they train on, and how their weights are chosen."""

import numpy as np
import pytest
import torch
import yaml

from cgnlib import mnist
from cgnlib.errors import UserError
from cgnlib.pipelines.mnist import batches, invariance, search
from cgnlib.pipelines.mnist.causal import mechanism_classifier
from cgnlib.pipelines.mnist.generate import variety_key
from cgnlib.report.workload import work
from cgnlib.training import read_metrics
from presets import smoke

pytestmark = pytest.mark.usefixtures("fresh_workplace")


@pytest.mark.parametrize("count", [2, 5])
@pytest.mark.parametrize("dataset", ["colored_mnist", "double_colored_mnist"])
def test_environments_share_no_digit_and_keep_their_correlation(dataset, count):
    params = smoke(dataset)
    images, rows = invariance.environment_images(params, count)
    dealt = torch.cat(rows)
    assert sorted(dealt.tolist()) == list(range(3600))
    degrees = params.environments(count)
    for own, degree in zip(rows, degrees, strict=True):
        assert abs(len(own) - 3600 / count) < 1
        share = (images.foreground[own] == images.shape[own]).float().mean().item()
        assert share == pytest.approx(degree, abs=4 * (0.1 * 0.9 / len(own)) ** 0.5)
        if degree == 1.0:
            assert share == 1.0
    if dataset == "colored_mnist":  # one factor to vary
        assert images.background.eq(0).all()
    else:  # the factors leave the class independently of each other
        off = images.foreground != images.shape
        both = off & (images.background != images.shape)
        assert 0 < both.sum() < 0.5 * off.sum()


def test_a_batch_holds_the_environments_one_after_the_other():
    params = smoke(irm_batch=4, irm_two_envs="0.0,1.0")
    images, rows = invariance.environment_images(params, 2)
    shown, labels = invariance._environment_batches(params, 2)(3)
    known = [{images.images[i].numpy().tobytes() for i in own.tolist()} for own in rows]
    for place, image in enumerate(shown):
        assert image.contiguous().numpy().tobytes() in known[place // 4]
    assert len(labels) == 8


def test_gan_rows_see_gan_images_and_stop_at_their_number():
    params = smoke(gan_images=40, real_frac=0.0)
    made = mnist.gan_images(params)
    assert len(made) == 40
    assert len(mnist.gan_images(smoke(gan_images=500))) == smoke().cf_bank_images
    assert batches.real_share(params, 3600, len(made)) == 3600 / 3640
    images, labels = batches.made_batches(made, 16, 0)(0)
    pixels = {image.numpy().tobytes() for image in made.batch(torch.arange(40))[0]}
    assert all(image.numpy().tobytes() in pixels for image in images)
    assert labels.shape == (16,)


def test_sizes_are_distinct_images_and_the_same_set_is_trained_once():
    params = smoke(cf_images=100_000)
    plain = mnist.classifier(params, "Original+CGN").artefact
    assert mnist.classifier(params, "Original+CGN (1e5)").artefact == plain
    other = mnist.classifier(params, "Original+CGN (5e4)").artefact
    assert other.hash != plain.hash
    assert "cf_images: 50000" in (other.folder / "params.yaml").read_text()


def test_by_epochs_every_row_counts_its_own_images():
    params = smoke(classifier_steps=0, classifier_epochs=1, irm_batch=225)
    assert batches.epoch_images(params, "Original+GAN", 3600) == 3660
    assert batches.epoch_images(params, "CGN", 3600) == params.cf_images
    assert mnist.update_images(params, "IRM (2 envs)") == 450
    assert mnist.update_images(params, "LNTL") == params.classifier_batch
    assert mnist.irm(params, 2).history[-1]["step"] == 8  # 3,600 digits, 450 per update


def test_unknown_rows_name_the_nearest():
    with pytest.raises(UserError, match=r"did you mean 'IRM \(2 envs\)'"):
        mnist.classifier(smoke(), "IRM (2 env)")
    with pytest.raises(UserError, match=r"unknown row 'LNLT' \(did you mean 'LNTL'"):
        smoke(odr_settings="Original,LNLT")
    with pytest.raises(UserError, match="'CGN' is given 2 times"):
        smoke(odr_settings="CGN,CGN")
    with pytest.raises(UserError, match="irm_two_envs = '0.9' is wrong: give 2 numbers"):
        smoke(irm_two_envs="0.9")
    with pytest.raises(UserError, match="give 5 numbers in"):
        smoke(irm_five_envs="0.9,0.9,0.9,0.9,x")


def test_the_search_scores_the_worst_training_environment_on_unseen_digits():
    params = smoke(irm_two_envs="0.5,1.0")
    found = mnist.search_irm(params, 2)
    assert list(found.scores) == [10.0, 100.0, 1000.0, 10_000.0]
    assert [found.name(w) for w in found.scores][2] == "IRM (2 envs), weight 1e3"
    trained = mnist.irm(params, 2, 100.0)
    each = [search.biased_accuracy(params, trained, degree) for degree in (0.5, 1.0)]
    assert found.scores[100.0] == min(each)
    assert found.artefacts[100.0] == trained.artefact
    assert found.used == params.irm_weight_two
    assert found.images == 400  # validation digits, one colouring each
    (shown,) = search.validation_images(params, 0.5)
    share = (shown.foreground == shown.shape).float().mean().item()
    assert share == pytest.approx(0.5, abs=0.1)


def test_equal_scores_choose_the_smallest_weight():
    scores = {0.01: 99.0, 0.1: 99.0, 1.0: 98.0}
    assert search.Search("LNTL", scores, {}, 400, 0.1).chosen == 0.01
    assert search.Search("LNTL", {0.01: 97.0, 0.1: 99.0}, {}, 400, 0.1).chosen == 0.1


def test_the_search_runs_only_where_asked_and_only_for_rows_that_run():
    assert mnist.searches(smoke()) == []
    found = mnist.searches(smoke(search_seed=0, odr_settings="Original,LNTL"))
    assert [one.setting for one in found] == ["LNTL"]
    assert found[0].name(0.01) == "LNTL, weight 0.01"


def test_candidates_may_train_for_fewer_updates_than_their_row():
    params = smoke(search_seed=0, search_steps=2, odr_settings="LNTL")
    (found,) = mnist.searches(params)
    logs = {weight: read_metrics(one.folder) for weight, one in found.artefacts.items()}
    assert {log[-1]["step"] for log in logs.values()} == {2}
    assert mnist.lntl(params).history[-1]["step"] == params.classifier_steps > 2
    lntl = sorted(
        (item.updates, item.name)
        for notebook, item in work(params)
        if notebook == "odr" and item.kind == "lntl"
    )
    assert [updates for updates, _ in lntl] == [2, 2, 2, params.classifier_steps]
    assert lntl[-1][1] == f"LNTL, weight {params.lntl_weight:g}"


def test_black_counts_where_there_is_a_background():
    for dataset, ignored in (("colored_mnist", "true"), ("wildlife_mnist", "false")):
        folder = mnist.lntl(smoke(dataset)).artefact.folder
        assert f"ignore_black: {ignored}" in (folder / "params.yaml").read_text()


def test_sample_rows_show_their_labels():
    params = smoke()
    rows = mnist.sample_rows(params)
    assert list(rows) == ["real 1", "real 2", "GAN 1", "GAN 2", "CGN 1", "CGN 2"]
    assert all(row.shape == (10, 32, 32, 3) and row.dtype == np.uint8 for row in rows.values())
    data = mnist.datasets(params).train
    first = data.images[(data.shape == 7).nonzero()[0, 0]]
    shown = torch.from_numpy(rows["real 1"][7]).permute(2, 0, 1) / 127.5 - 1
    assert torch.allclose(shown, first.clamp(-1, 1), atol=1 / 127)


def test_every_row_starts_from_the_same_kind_of_weights():
    other = smoke(classifier_init="default")
    for train in (
        lambda p: mnist.irm(p, 2),
        mnist.lntl,
        lambda p: mnist.classifier(p, "Original"),
        lambda p: mechanism_classifier(p, "foreground"),
    ):
        assert train(smoke()).artefact.hash != train(other).artefact.hash


def test_lntl_follows_the_step_sizes_of_the_row_original():
    shared = ("optimiser", "lr", "steps", "epoch_steps", "init", "batch")
    original, lntl = (
        yaml.safe_load((mnist.classifier(smoke(), row).artefact.folder / "params.yaml").read_text())
        for row in ("Original", "LNTL")
    )
    assert [lntl[name] for name in shared] == [original[name] for name in shared]


def test_keys_name_only_the_augmentation_that_is_on():
    # artefacts of before it could be chosen keep their names
    assert variety_key(smoke()) == {"cf_warp": True}
    one, other = {"cf_elastic_px": 0.5}, {"cf_tint": 0.1}
    assert variety_key(smoke(**one)) == {"cf_warp": True, **one}
    assert variety_key(smoke(**other)) == {"cf_warp": True, **other}


def test_every_change_of_the_banks_makes_another_set():
    changes = {"cf_warp": False}, {"cf_warp": True}, {"cf_elastic_px": 0.5}, {"cf_tint": 0.1}
    trained = [mechanism_classifier(smoke(**one), "foreground") for one in changes]
    assert len({one.artefact.hash for one in trained}) == len(changes)
    weights = [one.model.cls[0].weight for one in trained]
    assert not any(torch.equal(weights[1], other) for other in (weights[0], *weights[2:]))
