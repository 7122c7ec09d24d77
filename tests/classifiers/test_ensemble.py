"""The ensemble's loss, gradient, batch norm and schedules."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cgnlib.classifiers.augment import Standardise
from cgnlib.classifiers.ensemble import (
    HEADS,
    EnsembleBatch,
    EnsembleMethod,
    EnsembleSettings,
    InvariantEnsemble,
    View,
    combine,
    ensemble_batches,
)
from cgnlib.classifiers.erm import Erm
from cgnlib.classifiers.sgd import PUBLISHED, SgdSchedule
from cgnlib.errors import UserError
from cgnlib.rng import rng

SCHEDULE = SgdSchedule(lr=0.05, epochs=10, milestones=(4, 8), epoch_steps=3)


class _Trunk(nn.Sequential):
    def __init__(self):
        super().__init__(
            nn.Conv2d(3, 6, 3, padding=1),
            nn.BatchNorm2d(6),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(1),
            nn.Flatten(),
        )


def network(classes=4, dtype=torch.float32):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = InvariantEnsemble(_Trunk(), 6, classes).to(dtype)
        made.trunk[1].running_mean.normal_()
        made.trunk[1].running_var.uniform_(0.5, 2)
    return made


def batch(real=5, counterfactual=7, classes=4, dtype=torch.float32):
    draw = rng(0, "ensemble")

    def labels(count):
        return torch.randint(classes, (count,), generator=draw)

    return EnsembleBatch(
        torch.randn(real, 3, 8, 8, generator=draw, dtype=dtype),
        labels(real),
        torch.randn(counterfactual, 3, 8, 8, generator=draw, dtype=dtype),
        *(labels(counterfactual) for _ in range(3)),
    )


def two_backward_passes(model, given, frozen):
    """The published update: one backward pass per batch, gradients added."""
    model.train()
    if frozen:
        model.trunk[1].eval()
    logits = model(given.real)
    mean = (logits["shape"] + logits["texture"] + logits["background"]) / 3
    real = F.cross_entropy(mean, given.label)
    real.backward()
    logits = model(given.counterfactual)
    losses = [F.cross_entropy(logits[head], getattr(given, head)) for head in HEADS]
    sum(losses).backward()
    return [loss.item() for loss in (real, *losses)]


@pytest.mark.parametrize("frozen", [True, False])
def test_one_pass_has_the_gradient_of_two(frozen):
    ours, theirs = network(dtype=torch.float64), network(dtype=torch.float64)
    given = batch(dtype=torch.float64)
    plain = SgdSchedule(lr=0.0, epochs=1, milestones=(), epoch_steps=1)
    method = EnsembleMethod(EnsembleSettings(plain, frozen), ours)
    told = method.update(given)
    losses = two_backward_passes(theirs, given, frozen)
    named = [told[f"loss_{name}"].item() for name in ("real", *HEADS)]
    assert named == pytest.approx(losses, abs=1e-12)
    assert told["loss"].item() == pytest.approx(sum(losses), abs=1e-12)
    for (name, a), b in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        assert torch.allclose(a.grad, b.grad, atol=1e-12), name
    for name, value in theirs.state_dict().items():
        assert torch.allclose(value, ours.state_dict()[name], atol=1e-12), name


def test_the_heads_learn_their_own_label_by_hand():
    # Features are zero, so logits are the biases: all losses and gradients follow by hand.
    model = network(classes=2)
    for head in HEADS:
        nn.init.zeros_(model.heads[head].bias)
        nn.init.zeros_(model.heads[head].weight)
    zero, one = torch.zeros(1, dtype=torch.int64), torch.ones(1, dtype=torch.int64)
    given = EnsembleBatch(torch.zeros(1, 3, 8, 8), zero, torch.zeros(1, 3, 8, 8), zero, one, one)
    plain = SgdSchedule(lr=1.0, epochs=1, milestones=(), epoch_steps=1, weight_decay=0.0)
    told = EnsembleMethod(EnsembleSettings(plain), model).update(given)
    assert told["loss"].item() == pytest.approx(4 * 0.693147, abs=1e-5)
    # real: (1/2 - 1) / 3 per head on class 0; counterfactual: -1/2 on the head's own class
    assert model.heads["shape"].bias.tolist() == pytest.approx([1 / 6 + 1 / 2, -1 / 6 - 1 / 2])
    assert model.heads["texture"].bias.tolist() == pytest.approx([1 / 6 - 1 / 2, 1 / 2 - 1 / 6])


def test_frozen_statistics_stay_and_others_follow():
    for frozen in (True, False):
        model = network()
        before = model.trunk[1].running_mean.clone()
        EnsembleMethod(EnsembleSettings(SCHEDULE, frozen), model).update(batch())
        assert torch.equal(before, model.trunk[1].running_mean) == frozen
        assert model.trunk[1].weight.grad is not None  # its scale learns either way


@pytest.mark.parametrize("bf16", [False, True])
def test_it_learns(bf16):
    model = network()
    method = EnsembleMethod(EnsembleSettings(SCHEDULE, bf16=bf16), model)
    given = batch(8, 8)
    colour = {head: torch.arange(8) % 4 for head in HEADS}
    images = F.one_hot(torch.arange(8) % 4, 4)[:, :3, None, None] * 2.0 + given.real * 0.1
    given = EnsembleBatch(images, torch.arange(8) % 4, images, **colour)
    rows = [method.update(given) for _ in range(60)]
    assert rows[-1]["loss"] < 0.5 * rows[0]["loss"] and rows[-1]["loss"].dtype == torch.float32


def test_a_resumed_training_continues_bit_for_bit():
    method = EnsembleMethod(EnsembleSettings(SCHEDULE), network())
    for _ in range(13):
        method.update(batch())
    state = copy.deepcopy(method.state_dict())
    other = EnsembleMethod(EnsembleSettings(SCHEDULE), network())
    other.load_state_dict(state)
    for _ in range(2):
        method.update(batch())
        other.update(batch())
    for name, value in method.network.state_dict().items():
        assert torch.equal(value, other.network.state_dict()[name]), name
    assert other.optimiser.param_groups[0]["lr"] == pytest.approx(0.005)


def test_step_sizes_fall_after_the_milestones():
    method = EnsembleMethod(EnsembleSettings(SCHEDULE), network())
    rates = []
    for _ in range(SCHEDULE.steps):
        rates.append(method.optimiser.param_groups[0]["lr"])
        method.update(batch(2, 2))
    # epochs of three updates; the fifth (index 4) and the ninth (index 8) start smaller
    assert rates == pytest.approx([0.05] * 12 + [0.005] * 12 + [0.0005] * 6)


def test_published_settings():
    paper, code = PUBLISHED["paper"], PUBLISHED["code"]
    assert (paper.lr, paper.epochs, paper.milestones) == (0.1, 70, (30, 60))
    assert (code.lr, code.epochs, code.milestones, code.real_batch) == (0.001, 45, (15, 30), 32)
    schedule = paper.schedule(epoch_steps=1000)
    assert schedule.steps == 70_000
    assert (schedule.gamma, schedule.momentum, schedule.weight_decay) == (0.1, 0.9, 1e-4)


def test_the_plain_baseline_trains_with_the_same_schedule():
    model = nn.Sequential(_Trunk(), nn.Linear(6, 4))
    method = Erm(model, SCHEDULE)
    given = batch()
    losses = [method.update((given.real, given.label))["loss"].item() for _ in range(30)]
    assert losses[-1] < losses[0]
    assert method.optimiser.param_groups[0]["lr"] == pytest.approx(0.0005)


def test_views_average_logits():
    logits = {"shape": torch.tensor([3.0, 0]), "texture": torch.tensor([1.0, 2])}
    logits["background"] = torch.tensor([2.0, 7])
    assert combine(logits, "mean").tolist() == [2, 3]
    assert combine(logits, "shape_texture").tolist() == [2, 1]
    assert combine(logits, "background").tolist() == [2, 7]
    model, images = network().eval(), batch().real
    assert torch.equal(View(model, "mean")(images), model.mean_logits(images))
    with pytest.raises(UserError, match="'colour'.*shape"):
        View(model, "colour")


def test_images_are_standardised_before_the_trunk():
    seen = []

    class Seen(nn.Module):
        def forward(self, images):
            seen.append(images)
            return images.mean((2, 3))

    model = InvariantEnsemble(Seen(), 3, 2, Standardise((0.5, 0.5, 0.5), (0.25, 0.25, 0.25)))
    model(torch.full((2, 3, 4, 4), 0.5))
    assert torch.allclose(seen[0], torch.full((2, 3, 4, 4), 1.0))
    assert seen[0].is_contiguous(memory_format=torch.channels_last)


def test_batches_are_joined_in_the_methods_order():
    given = batch()
    made = ensemble_batches(lambda step: given[:2], lambda step: given[2:])(0)
    assert isinstance(made, EnsembleBatch)
    assert all(a is b for a, b in zip(made, given, strict=True))
