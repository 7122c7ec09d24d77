"""The beta-VAE of a variant and what its latents tell, on a tiny budget."""

import numpy as np
import pytest

from cgnlib import mnist
from cgnlib.pipelines.mnist.latent_space import Latents
from presets import smoke


def test_latents_of_unseen_digits(fresh_workplace):
    params = smoke("colored_mnist")
    trained = mnist.vae(params)
    assert trained.artefact.kind == "vae" and trained.history[-1]["step"] == 57
    found = mnist.latents(params)
    assert found.means.shape == (400 * params.test_colourings, 2)
    readings = mnist.latent_readings(found)
    assert len(readings) == 6
    correct, digits = readings["both latents", "colour"]
    assert len(correct) == len(digits) == 200 and (digits % 2 == 1).all()


def test_an_axis_of_its_own_is_recognised():
    stream = np.random.default_rng(0)
    digit, colour = stream.integers(10, size=(2, 2000))
    means = np.stack([digit, colour], 1) + 0.01 * stream.standard_normal((2000, 2))
    found = mnist.latent_readings(Latents(means, digit, colour, np.arange(2000)))
    share = {key: correct.mean() for key, (correct, _) in found.items()}
    assert share["first latent", "digit"] == share["second latent", "colour"] == 1
    assert share["both latents", "digit"] > 0.9  # ten known points per pair, fifteen are asked
    assert share["first latent", "colour"] == pytest.approx(0.1, abs=0.05)
    assert share["second latent", "digit"] == pytest.approx(0.1, abs=0.05)
