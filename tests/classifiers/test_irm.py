"""IRM: the penalty by hand and against autograd, its rising weight, resume."""

import copy
import math

import pytest
import torch
import torch.nn.functional as F

from cgnlib.classifiers.cnn import MnistCnn
from cgnlib.classifiers.erm import Schedule
from cgnlib.classifiers.irm import Irm, irm_penalty, multiplier_gradients
from resuming import assert_resumes


def test_penalty_by_hand():
    """Two classes, logits (log 3, 0): softmax (3/4, 1/4), so the expected logit is 3/4 log 3. The
    true logit is log 3 in the first environment and 0 in the second."""
    logits = torch.tensor([[[math.log(3), 0.0]], [[math.log(3), 0.0]]])
    labels = torch.tensor([[0], [1]])
    expected = [-math.log(3) / 4, 3 * math.log(3) / 4]
    assert multiplier_gradients(logits, labels).tolist() == pytest.approx(expected)
    assert irm_penalty(logits, labels).item() == pytest.approx(10 / 32 * math.log(3) ** 2)


def test_the_analytic_penalty_is_that_of_autograd_and_so_is_its_gradient():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(3, 5, 10, generator=generator, dtype=torch.float64, requires_grad=True)
    labels = torch.randint(10, (3, 5), generator=generator)
    scale = torch.ones((), dtype=torch.float64, requires_grad=True)
    total = 0.0
    for own, true in zip(logits, labels, strict=True):
        loss = F.cross_entropy(scale * own, true)
        (slope,) = torch.autograd.grad(loss, scale, create_graph=True)
        total = total + slope.square() / 3
    have = irm_penalty(logits, labels)
    assert torch.allclose(have, total)
    (ours,), (theirs,) = (torch.autograd.grad(value, logits) for value in (have, total))
    assert torch.allclose(ours, theirs)


def _irm(weight=100.0, steps=5, **more):
    torch.manual_seed(0)
    return Irm(MnistCnn(), Schedule("adam", 1e-3, steps, 1), environments=2, weight=weight, **more)


def _batch(step=0):
    generator = torch.Generator().manual_seed(step)
    return torch.rand(8, 3, 32, 32, generator=generator) * 2 - 1, torch.arange(8)


def test_the_weight_rises_linearly_from_zero_to_its_final_value():
    method = _irm(weight=100.0, steps=5)
    seen = [method.update(_batch(step))["penalty_weight"] for step in range(5)]
    assert seen == pytest.approx([0.0, 25.0, 50.0, 75.0, 100.0])
    assert _irm(steps=1).update(_batch())["penalty_weight"] == 0.0


@pytest.mark.parametrize("steps_done", [0, 4])
def test_the_gradient_is_that_of_the_stated_loss(steps_done):
    method = _irm(weight=100.0, steps=5)
    method.steps_done = steps_done
    network, (images, labels) = copy.deepcopy(method.network), _batch()
    logits = network(images)
    weight = 25.0 * steps_done
    penalty = irm_penalty(logits.unflatten(0, (2, -1)), labels.unflatten(0, (2, -1)))
    ((F.cross_entropy(logits, labels) + weight * penalty) / max(1.0, weight)).backward()
    method.update((images, labels))
    for have, want in zip(method.network.parameters(), network.parameters(), strict=True):
        assert torch.allclose(have.grad, want.grad, atol=1e-6)


def test_resume_gives_the_same_bits():
    rest = assert_resumes(_irm, _batch, lambda method: method.network.state_dict())
    assert rest.optimiser.param_groups[0]["lr"] == pytest.approx(1e-3)  # constant
