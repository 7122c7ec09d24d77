"""The published classifier and its training step."""

import copy

import pytest
import torch

from cgnlib.classifiers.cnn import MnistCnn
from cgnlib.classifiers.erm import Erm, Schedule


def test_published_size_layout_and_names():
    network = MnistCnn()
    assert sum(parameter.numel() for parameter in network.parameters()) == 67_760
    shapes = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    assert shapes["model.1.weight"] == (32, 3, 5, 5)
    assert shapes["model.4.weight"] == (32, 32, 3, 3)
    assert shapes["model.6.weight"] == (64, 32, 3, 3)
    assert shapes["model.8.weight"] == (64, 64, 3, 3)
    assert shapes["cls.0.weight"] == (10, 64)
    assert network.features(torch.randn(2, 3, 32, 32)).shape == (2, 64)


@pytest.mark.parametrize("training", [True, False])
def test_fused_first_layers_are_the_same_function(training):
    torch.manual_seed(0)
    fused = MnistCnn().double().train(training)
    torch.nn.init.normal_(fused.model[0].weight)
    torch.nn.init.normal_(fused.model[0].bias)
    plain = copy.deepcopy(fused)
    images = torch.randn(6, 3, 32, 32, dtype=torch.float64)
    target = torch.randn(6, 10, dtype=torch.float64)
    have, want = fused(images), plain.cls(plain.model(images).flatten(1))
    assert torch.allclose(have, want, atol=1e-12)
    (have * target).sum().backward()
    (want * target).sum().backward()
    for (name, a), b in zip(fused.named_parameters(), plain.parameters(), strict=True):
        assert torch.allclose(a.grad, b.grad, atol=1e-10), name
    for name, value in plain.state_dict().items():
        assert torch.allclose(value, fused.state_dict()[name]), name


def _learn(schedule, steps=30, **more):
    torch.manual_seed(0)
    method = Erm(MnistCnn(2), schedule, **more)
    labels = torch.arange(16) % 2
    images = torch.randn(16, 3, 32, 32) * 0.1 + (labels * 2.0 - 1)[:, None, None, None]
    return method, [method.update((images, labels)) for _ in range(steps)]


@pytest.mark.parametrize("bf16", [False, True])
def test_it_learns(bf16):
    _, rows = _learn(Schedule("adamw", 6e-3, 30), bf16=bf16)
    assert rows[-1]["loss"] < 0.1 * rows[0]["loss"]
    assert rows[-1]["train_accuracy"] == 100.0


def test_adadelta_decays_by_epoch():
    method, _ = _learn(Schedule("adadelta", 1.0, 6, epoch_steps=2), steps=5)
    assert method.optimiser.param_groups[0]["lr"] == pytest.approx(0.7**2)


def test_adadelta_without_epochs_is_constant_then_falls_to_zero():
    method = Erm(MnistCnn(2), Schedule("adadelta", 2.0, 8))
    seen = []
    for _ in range(8):
        seen.append(method.optimiser.param_groups[0]["lr"])
        method.update((torch.randn(2, 3, 32, 32), torch.tensor([0, 1])))
    assert seen[:5] == [2.0] * 5
    assert seen[6] == pytest.approx(1.0)  # half way down the cosine
    assert method.optimiser.param_groups[0]["lr"] == pytest.approx(0.0, abs=1e-12)


def test_he_weights_keep_the_size_of_activations():
    torch.manual_seed(0)
    images = torch.randn(64, 3, 32, 32)
    spread = {}
    for init in ("default", "he"):
        features = MnistCnn(init=init).eval().model[:-1](images)
        spread[init] = features.std().item()
    assert 0.3 < spread["he"] < 3.0 and spread["default"] < 0.1 * spread["he"]


def test_one_cycle_peaks_at_lr_and_ends_low():
    torch.manual_seed(0)
    method = Erm(MnistCnn(2), Schedule("adamw", 6e-3, 20))
    seen = [method.optimiser.param_groups[0]["lr"]]
    for _ in range(20):
        method.update((torch.randn(2, 3, 32, 32), torch.tensor([0, 1])))
        seen.append(method.optimiser.param_groups[0]["lr"])
    assert seen[0] == pytest.approx(6e-4)
    assert seen[4] == max(seen) == pytest.approx(6e-3)
    assert seen[-1] == pytest.approx(0.0, abs=1e-12)


def test_one_step_is_a_schedule_too():
    method = Erm(MnistCnn(2), Schedule("adamw", 6e-3, 1))
    method.update((torch.randn(2, 3, 32, 32), torch.tensor([0, 1])))
    assert method.optimiser.param_groups[0]["lr"] == pytest.approx(6e-3)


def test_state_round_trip():
    method, _ = _learn(Schedule("adamw", 6e-3, 30), steps=3)
    other = Erm(MnistCnn(2), Schedule("adamw", 6e-3, 30))
    other.load_state_dict(copy.deepcopy(method.state_dict()))
    batch = (torch.ones(4, 3, 32, 32), torch.tensor([0, 1, 0, 1]))
    method.update(batch)
    other.update(batch)
    for name, value in method.network.state_dict().items():
        assert torch.equal(value, other.network.state_dict()[name]), name
