"""Paired training: what noise stands for, what it cannot change, statistics, resume."""

import pytest
import torch

from cgnlib.data.scenes9 import UNIFORMS, render
from cgnlib.generators import paired_gan
from cgnlib.generators.paired_gan import PairedGan, PairedSettings
from cgnlib.generators.scene_opponent import SceneOpponent, hinge_discriminator
from cgnlib.networks.biggan import SCENES9, Layout, batch_statistics
from cgnlib.networks.saliency import SmallSaliency
from cgnlib.networks.scene_cnn import SceneCnn
from cgnlib.rng import rng

LAYOUT = Layout(z=64, width=8, classes=9, blocks=SCENES9.blocks, attention=2)
SETTINGS = PairedSettings(updates=4, batch=9, warmup=1, freeze_from=0.5, watched=3, watch_from=0.25)


@pytest.fixture(autouse=True)
def _few_statistics(monkeypatch):
    monkeypatch.setattr(paired_gan, "_STATISTICS", (2, 18))


@pytest.fixture(scope="module")
def readers():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return SceneCnn({"texture": 9}, widths=(4, 4, 8, 8)), SmallSaliency((4, 4, 8, 8))


def method_of(readers, settings=SETTINGS, start=None):
    return PairedGan(settings, *readers, seed=0, start=start, layout=LAYOUT)


def batch_of(step, settings=SETTINGS):
    return paired_gan.paired_batch(settings, 0, step, LAYOUT)


def train(method, first, last, settings=SETTINGS):
    return [method.update(batch_of(step, settings)) for step in range(first, last)]


def test_noise_stands_for_a_scene():
    z = torch.randn(3, 64, generator=rng(0, "z"))
    labels = torch.tensor([0, 4, 8])
    pair = paired_gan.pairs(z, labels)
    uniforms = torch.distributions.Normal(0, 1).cdf(z[:, :UNIFORMS])
    scenes = render(uniforms, labels, labels, labels)
    torch.testing.assert_close(pair.images, scenes.images, atol=1e-3, rtol=0)
    torch.testing.assert_close(pair.masks, scenes.masks, atol=1e-3, rtol=0)


def test_batches_are_balanced_and_go_on_where_the_stage_before_ended():
    batch = batch_of(1)
    assert batch.labels.bincount(minlength=9).tolist() == [1] * 9
    assert (batch.z[:, UNIFORMS:] == 0).all() and (batch.z[:, :UNIFORMS].abs() <= 2).all()
    later = paired_gan.paired_batch(PairedSettings(batch=9, before=1), 0, 0, LAYOUT)
    assert torch.equal(later.z, batch.z) and torch.equal(later.images, batch.images)
    assert not torch.equal(batch_of(2).z, batch.z)


def test_the_rest_of_the_noise_never_has_an_effect(readers):
    method = method_of(readers)
    train(method, 0, 4)
    sampler = method.sampler()
    z, labels = torch.randn(4, 64, generator=rng(0, "z")), torch.arange(4)
    other = z.clone()
    other[:, UNIFORMS:] += 1
    with torch.no_grad():
        images = sampler(z, labels)
        assert torch.equal(sampler(other, labels), images)
        other[:, UNIFORMS - 1] += 1
        assert not torch.equal(sampler(other, labels), images)


def test_losses_come_in_when_they_should(readers):
    rows = train(method_of(readers), 0, 2)
    assert set(rows[0]) == {"loss_l1"}
    assert set(rows[1]) == {"loss_l1", "loss_features", "loss_gram", "loss_mask"}
    unweighted = PairedSettings(**{**vars(SETTINGS), "weight_mask": 0.0, "watch_from": 0.0})
    assert train(method_of(readers, unweighted), 0, 1)[0]["loss_mask"] == 0


def norms(model):
    return [module for module in model.modules() if hasattr(module, "running_means")]


def test_statistics_are_stored_half_way_and_stay(readers):
    method = method_of(readers)
    train(method, 0, 2)
    assert all((norm.running_vars == 1).all() for norm in norms(method.model))
    train(method, 2, 3)
    stored = [norm.running_vars.clone() for norm in norms(method.model)]
    assert all((rows == rows[0]).all() and (rows != 1).any() for rows in stored)
    train(method, 3, 4)
    sampler = method.sampler()
    for norm, rows in zip(norms(sampler), stored, strict=True):
        assert torch.equal(norm.running_vars, rows)


def test_a_stage_that_ends_before_that_stores_the_average_ones(readers, monkeypatch):
    monkeypatch.setattr(paired_gan, "_STATISTICS", (1, 18))
    early = PairedSettings(**{**vars(SETTINGS), "freeze_from": 1.0})
    method = method_of(readers, early)
    train(method, 0, 2, early)
    sampler = method.sampler()
    z, labels = paired_gan._noise(18, LAYOUT, 0, "paired-statistics", 0), torch.arange(18) % 9
    with torch.no_grad(), batch_statistics(sampler):
        own = sampler(z, labels)
    with torch.no_grad():
        torch.testing.assert_close(sampler(z, labels), own, atol=0.01, rtol=0)
    assert all((norm.running_vars == 1).all() for norm in norms(method.model))


def test_resumed_training_gives_the_same_bits(readers):
    whole, first, second = (method_of(readers) for _ in range(3))
    train(whole, 0, 4)
    train(first, 0, 3)
    second.load_state_dict(first.state_dict())
    train(second, 3, 4)
    for mine, theirs in zip(
        whole.sampler().state_dict().values(), second.sampler().state_dict().values(), strict=True
    ):
        assert torch.equal(mine, theirs)


def test_a_later_stage_starts_from_the_generator_it_is_given(readers):
    first = method_of(readers)
    train(first, 0, 4)
    start = first.sampler().train()
    with torch.no_grad():
        for _ in range(60):  # let the power iteration come to rest
            start(torch.zeros(1, 64), torch.zeros(1, dtype=torch.int64))
    start.eval()
    first._write_statistics(start)
    later = PairedSettings(**{**vars(SETTINGS), "lr": 0.0, "before": 4, "freeze_from": 0.0})
    method = method_of(readers, later, start)
    rows = train(method, 0, 2, later)
    assert "loss_mask" in rows[0]
    z, labels = batch_of(9).z, batch_of(9).labels
    with torch.no_grad():
        torch.testing.assert_close(method.sampler()(z, labels), start(z, labels), atol=0.02, rtol=0)
    assert start.training is False


def test_updates_bring_images_nearer_to_their_scenes(readers):
    settings = PairedSettings(**{**vars(SETTINGS), "updates": 30, "watch_from": 1.0, "lr": 4e-3})
    method, batch = method_of(readers, settings), batch_of(0)
    rows = [method.update(batch)["loss_l1"].item() for _ in range(25)]
    assert rows[-1] < 0.6 * rows[0]


ADVERSARIAL = PairedSettings(**{**vars(SETTINGS), "weight_adversarial": 0.1})


def test_hinge_by_hand():
    real, made = torch.tensor([2.0, 0.5]), torch.tensor([-3.0, 0.0])
    assert hinge_discriminator(real, made).item() == pytest.approx((0 + 0.5) / 2 + (0 + 1) / 2)


def test_the_opponent_learns_and_only_from_its_own_loss():
    opponent = SceneOpponent(9, 1e-3, seed=0)
    pair = batch_of(0)
    made = torch.zeros_like(pair.images, requires_grad=True)
    opponent.fooling(made, pair.labels).backward()
    assert made.grad.abs().sum() > 0
    assert all(parameter.grad is None for parameter in opponent.network.parameters())
    rows = [opponent.update(pair.images, made, pair.labels).item() for _ in range(12)]
    assert rows[-1] < rows[0]


def test_adversarial_stage_resumes_with_the_same_bits(readers):
    whole, first, second = (method_of(readers, ADVERSARIAL) for _ in range(3))
    rows = train(whole, 0, 3, ADVERSARIAL)
    assert {"loss_fooling", "loss_opponent"} <= set(rows[0])
    train(first, 0, 2, ADVERSARIAL)
    second.load_state_dict(first.state_dict())
    train(second, 2, 3, ADVERSARIAL)
    pairs = zip(whole.model.parameters(), second.model.parameters(), strict=True)
    assert all(torch.equal(mine, theirs) for mine, theirs in pairs)
    plain = method_of(readers)
    train(plain, 0, 3)
    pairs = zip(whole.model.parameters(), plain.model.parameters(), strict=True)
    assert any(not torch.equal(mine, theirs) for mine, theirs in pairs)
