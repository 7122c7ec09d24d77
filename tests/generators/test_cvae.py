"""The conditional VAE: what each side sees, training that resumes, directions and codes by hand."""

import math

import pytest
import torch

from cgnlib.generators.cvae import (
    Cvae,
    CvaeMethod,
    build_cvae,
    decoded,
    encoded_codes,
    gaussian_grid_codes,
    interventional_codes,
    principal_directions,
    prior_codes,
)
from resuming import assert_resumes


def _batch(step):
    generator = torch.Generator().manual_seed(step)
    return torch.rand(6, 3, 32, 32, generator=generator) * 2 - 1, torch.arange(6)


def test_published_sizes():
    count = sum(parameter.numel() for parameter in Cvae().parameters())
    encoder = 3072 * 1000 + 1000 + 1000 * 4 + 4
    decoder = 7 * 1000 + 1000 + 1000 * 3072 + 3072
    assert count == encoder + decoder + 10 * 5


def test_the_decoder_sees_the_label():
    model = build_cvae(2, 8, 5, seed=0)
    mean, log_var = model.encode(_batch(0)[0])
    assert mean.shape == log_var.shape == (6, 2)
    codes = torch.zeros(2, 2)
    images = model.decode(codes, torch.tensor([3, 4]))
    assert images.shape == (2, 3, 32, 32) and not torch.allclose(images[0], images[1])


def test_the_loss_is_the_sum_over_pixels_and_latents():
    model = build_cvae(2, 8, 5, seed=0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()  # every pixel one half, posterior N(0, 1)
        model.encoder[3].bias[:2] = torch.tensor([1.0, 2.0])
    logged = CvaeMethod(model, 1e-3, seed=0).update(_batch(0))
    assert logged["loss_reconstruction"].item() == pytest.approx(3072 * math.log(2), rel=1e-5)
    assert logged["loss_divergence"].item() == pytest.approx(0.5 * (1 + 4))


def test_resume_gives_the_same_bits():
    assert_resumes(
        lambda: CvaeMethod(build_cvae(2, 8, 5, 0), 1e-3, seed=0),
        _batch,
        lambda method: method.model.state_dict(),
    )


def test_principal_directions_by_hand():
    along = torch.tensor([3.0, -4.0]) / 5
    across = torch.tensor([4.0, 3.0]) / 5
    steps = torch.tensor([-2.0, -1.0, 1.0, 2.0])
    means = torch.cat([steps[:, None] * along, 0.5 * steps[:, None] * across]) + 7
    found = principal_directions(means)
    assert found.mean.tolist() == pytest.approx([7, 7])
    # the largest entry is positive: the first direction is turned round
    assert found.vectors.flatten().tolist() == pytest.approx([-0.6, 0.8, 0.8, 0.6])
    assert found.spread.tolist() == pytest.approx([math.sqrt(10 / 7), math.sqrt(2.5 / 7)])


def test_interventions_reach_the_interval_on_both_directions():
    means = torch.randn(50, 4, generator=torch.Generator().manual_seed(1)) * torch.tensor(
        [4.0, 1, 2, 3]
    )
    found = principal_directions(means)
    codes = interventional_codes(found, side=5, interval=6.0)
    along = (codes - found.mean) @ found.vectors.T
    assert codes.shape == (25, 4)
    assert along[:5, 0].tolist() == pytest.approx([-6, -3, 0, 3, 6], abs=1e-5)
    assert along[::5, 1].tolist() == pytest.approx([-6, -3, 0, 3, 6], abs=1e-5)
    assert along[:5, 1].tolist() == pytest.approx([-6] * 5, abs=1e-5)
    rest = (codes - found.mean) - along @ found.vectors
    assert rest.abs().max() < 1e-4  # nothing moves elsewhere


def test_the_gaussian_grid_is_the_prior():
    codes = gaussian_grid_codes(77, latent=3)
    assert codes.shape == (5929, 3) and (codes[:, 2] == 0).all()
    assert codes[:, :2].mean(0).tolist() == pytest.approx([0, 0], abs=1e-5)
    assert codes[:, :2].std(0).tolist() == pytest.approx([1, 1], abs=0.02)
    low = torch.distributions.Normal(0.0, 1.0).icdf(torch.tensor(0.5 / 77))
    assert codes[0].tolist() == pytest.approx([low.item(), low.item(), 0])


def test_prior_codes():
    codes = prior_codes(4000, 2, torch.Generator().manual_seed(0))
    assert codes.mean(0).abs().max() < 0.06 and (codes.std(0) - 1).abs().max() < 0.06


def test_encoded_codes_are_draws_from_posteriors():
    mean = torch.tensor([[0.0, 5.0], [10.0, 5.0]])
    log_var = torch.log(torch.tensor([[0.04, 1.0], [0.04, 1.0]]))
    codes = encoded_codes(mean, log_var, 4000, torch.Generator().manual_seed(0))
    second = codes[:, 0] > 5
    assert second.float().mean().item() == pytest.approx(0.5, abs=0.05)
    assert codes[second, 0].mean().item() == pytest.approx(10, abs=0.02)
    assert codes[~second, 0].std().item() == pytest.approx(0.2, abs=0.02)
    assert codes[:, 1].std().item() == pytest.approx(1, abs=0.05)


def test_decoded_images_are_rounded_bytes():
    model = build_cvae(2, 8, 5, seed=0)
    codes, labels = torch.randn(7, 2), torch.arange(7)
    made = decoded(model, codes, labels)
    assert made.shape == (7, 32, 32, 3) and made.dtype == torch.uint8
    expected = (model.decode(codes, labels).sigmoid() * 255).round().permute(0, 2, 3, 1)
    assert torch.equal(made, expected.to(torch.uint8))
