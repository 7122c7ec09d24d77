"""The beta-VAE: its loss by hand, training that resumes, and the grid of quantiles."""

import math

import pytest
import torch

from cgnlib.generators.vae import BetaVae, BetaVaeMethod, beta_vae_loss, decoded_grid
from resuming import assert_resumes


def test_loss_by_hand():
    logits = torch.zeros(2, 1, 1, 2)  # every pixel one half
    images = torch.tensor([[1.0, -1.0], [0.0, 3.0]]).view(2, 1, 1, 2)  # 3 is clamped to 1
    mean = torch.tensor([[1.0, 0.0], [0.0, 0.0]])
    log_var = torch.tensor([[0.0, math.log(2)], [0.0, 0.0]])
    pixels, divergence = beta_vae_loss(logits, images, mean, log_var, beta=4.0)
    assert pixels.item() == pytest.approx(2 * math.log(2))
    # image 0: 0.5 (1) and 0.5 (2 - 1 - ln 2); image 1: 0; their mean, times beta
    assert divergence.item() == pytest.approx(4 * (0.5 + 0.5 * (1 - math.log(2))) / 2)


def _batch(step):
    generator = torch.Generator().manual_seed(step)
    return torch.rand(8, 3, 32, 32, generator=generator) * 2 - 1, torch.arange(8)


def test_resume_gives_the_same_bits():
    assert_resumes(
        lambda: BetaVaeMethod(4.0, 1e-3, 3, seed=0),
        _batch,
        lambda method: method.model.state_dict(),
    )


def test_the_divergence_rises_to_its_weight():
    logged = []
    for beta, ramp in ((4.0, 0), (4.0, 2), (2.0, 0)):
        method = BetaVaeMethod(beta, 1e-3, ramp, seed=0)
        logged.append(method.update(_batch(0))["loss_divergence"].item())
    assert logged[1] == pytest.approx(logged[2])
    assert logged[0] == pytest.approx(2 * logged[2])


def test_the_grid_runs_right_and_up():
    class Plain(BetaVae):
        def decode(self, latents):
            return latents[:, :, None, None].expand(-1, -1, 2, 2)[:, [0, 1, 1]]

    grid = decoded_grid(Plain(), side=4)
    assert grid.shape == (4, 4, 3, 2, 2) and grid.min() > 0 and grid.max() < 1
    first, second = grid[:, :, 0, 0, 0], grid[:, :, 1, 0, 0]
    assert (first.diff(dim=1) > 0).all() and (first.diff(dim=0) == 0).all()
    assert (second.diff(dim=0) < 0).all() and (second.diff(dim=1) == 0).all()
    quarter = torch.distributions.Normal(0.0, 1.0).icdf(torch.tensor(0.125)).sigmoid()
    assert first[0, 0] == pytest.approx(quarter.item())
