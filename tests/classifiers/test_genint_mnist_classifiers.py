"""The classifiers of GENINT-1: sizes, dropout, and IRM's schedule by hand."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cgnlib.classifiers.annealed_irm import AnnealedIrm
from cgnlib.classifiers.erm import Erm, Schedule
from cgnlib.classifiers.genint_mnist_networks import GenintCnn, HalvedMlp
from cgnlib.classifiers.irm import irm_penalty
from cgnlib.networks.dropout import set_dropout_generator
from resuming import assert_resumes


def _count(network):
    return sum(parameter.numel() for parameter in network.parameters())


def test_published_sizes():
    # 3x5x5x32+32, 32x5x5x32+32, 32x5x5x64+64, 1024x256+256, 256x10+10
    assert _count(GenintCnn()) == 2432 + 25_632 + 51_264 + 262_400 + 2570
    assert GenintCnn(4, 8)(torch.zeros(2, 3, 32, 32)).shape == (2, 10)


def test_the_perceptron_sees_every_second_pixel():
    network = HalvedMlp(12)
    assert _count(network) == 768 * 12 + 12 + 12 * 12 + 12 + 12 * 10 + 10
    images = torch.randn(2, 3, 32, 32)
    other = images.clone()
    other[:, :, 1::2] += 1
    other[:, :, :, 1::2] += 1
    assert torch.equal(network(images), network(other))
    other[:, :, 0, 0] += 1
    assert not torch.equal(network(images), network(other))


def _batch(step):
    generator = torch.Generator().manual_seed(step)
    return torch.randn(8, 3, 32, 32, generator=generator), torch.arange(8)


def _erm():
    torch.manual_seed(0)
    network = GenintCnn(2, 8)
    method = Erm(network, Schedule("adam", 1e-2, 4))
    method.generator = torch.Generator().manual_seed(5)
    set_dropout_generator(network, method.generator)
    return method


def test_resume_draws_the_same_dropout():
    assert_resumes(_erm, _batch, lambda method: method.network.state_dict())


class Plain(nn.Module):
    """Logits that are parameters."""

    def __init__(self):
        super().__init__()
        self.logits = nn.Parameter(torch.randn(4, 3, generator=torch.Generator().manual_seed(0)))

    def forward(self, images):
        return self.logits


@pytest.mark.parametrize(("done", "weight"), [(0, 1.0), (2, 1.0), (3, 50.0), (9, 50.0)])
def test_the_objective_by_hand(done, weight):
    network, labels = Plain(), torch.tensor([0, 1, 2, 0])
    method = AnnealedIrm(
        network, Schedule("adam", 0.1, 10), environments=2, weight=50.0, anneal_steps=3, l2=0.25
    )
    method.steps_done = done
    total, logged = method._objective(network.logits, labels)
    penalty = irm_penalty(network.logits.view(2, 2, 3), labels.view(2, 2))
    squares = network.logits.square().sum()
    expected = F.cross_entropy(network.logits, labels) + 0.25 * squares + weight * penalty
    assert total.item() == pytest.approx((expected / weight).item())
    assert logged["penalty_weight"] == weight


def test_updates_are_counted():
    method = AnnealedIrm(
        Plain(), Schedule("adam", 0.1, 4), environments=2, weight=9.0, anneal_steps=2, l2=0.0
    )
    batch = (torch.zeros(4, 3, 32, 32), torch.tensor([0, 1, 2, 0]))
    assert [method.update(batch)["penalty_weight"] for _ in range(4)] == [1, 1, 9, 9]
