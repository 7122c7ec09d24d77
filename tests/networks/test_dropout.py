"""Dropout that draws from a generator of its own."""

import pytest
import torch
from torch import nn

from cgnlib.networks.dropout import Dropout, set_dropout_generator


def test_dropout_uses_its_generator():
    layer = Dropout(0.4)
    layer.generator = torch.Generator().manual_seed(0)
    out = layer(torch.ones(1000))
    assert out.unique().tolist() == pytest.approx([0.0, 1 / 0.6])
    assert out.mean().item() == pytest.approx(1.0, abs=0.1)
    layer.eval()
    assert torch.equal(layer(torch.ones(5)), torch.ones(5))


def test_every_dropout_of_a_network_is_set():
    network = nn.Sequential(nn.Linear(50, 50), Dropout(0.5), nn.Sequential(Dropout(0.5)))
    drawn = []
    for _ in range(2):
        set_dropout_generator(network, torch.Generator().manual_seed(3))
        drawn.append(network[1:](torch.ones(50)))
    assert torch.equal(*drawn) and drawn[0].unique().tolist() == [0.0, 4.0]
