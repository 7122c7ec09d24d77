"""The discriminator of 64 px images."""

import copy

import pytest
import torch

from cgnlib.generators.image_discriminator import ImageDiscriminator
from cgnlib.generators.losses import r1_penalty
from cgnlib.rng import rng


@pytest.fixture
def network():
    torch.manual_seed(0)
    return ImageDiscriminator(9, widths=(8, 16, 32))


@pytest.fixture
def images():
    return torch.rand(6, 3, 32, 32, generator=rng(0, "images")) * 2 - 1


def test_count():
    network = ImageDiscriminator(9)
    assert sum(parameter.numel() for parameter in network.parameters()) == 2_761_665


def test_each_logit_belongs_to_one_image_and_its_label(network, images):
    network.eval()
    labels = torch.arange(6)
    logits = network(images, labels)
    assert logits.shape == (6,)
    torch.testing.assert_close(network(images[2:3], labels[2:3]), logits[2:3])
    assert (network(images, (labels + 1) % 9) - logits).abs().min() > 1e-4


def test_the_score_is_linear_plus_projection(network, images):
    network.eval()
    labels, seen = torch.arange(6), []
    network.score.register_forward_hook(lambda *call: seen.append(call[1][0]))
    logits = network(images, labels)
    projection = (seen[0] * network.embedding.weight[labels]).sum(1)
    torch.testing.assert_close(logits, network.score(seen[0]).squeeze(1) + projection)


def test_spectral_norms_are_one(network, images):
    for _ in range(200):
        network(images[:1], torch.zeros(1, dtype=torch.int64))
    network.eval()
    weights = [m.weight.flatten(1) for m in network.modules() if hasattr(m, "parametrizations")]
    assert len(weights) == 5
    for weight in weights:
        assert torch.linalg.matrix_norm(weight, 2).item() == pytest.approx(1, abs=0.02)


def test_the_r1_penalty_reaches_every_weight_of_the_trunk(network, images):
    images.requires_grad_()
    r1_penalty(network(images, torch.arange(6)), images).backward()
    for name, parameter in network.named_parameters():
        if not name.endswith("bias"):
            assert parameter.grad.abs().sum() > 0, name


def test_it_can_be_copied_after_a_forward(network, images):
    labels = torch.arange(6)
    network(images, labels).sum().backward()
    twin = copy.deepcopy(network)
    assert torch.equal(twin(images, labels), network(images, labels))
