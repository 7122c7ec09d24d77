"""A CGN step switches its losses by weight and resumes to the same bits."""

import pytest
import torch

from cgnlib.classifiers.cnn import MnistCnn
from cgnlib.generators.cgn_training import CgnMethod, CgnSettings, renew_statistics
from cgnlib.networks.features import CNN_LAYERS, Features
from cgnlib.params import MnistParams
from resuming import assert_resumes

TINY = {
    "cgn_latent": 8,
    "cgn_width": 4,
    "cgn_shape_width": 4,
    "disc_width": 4,
    "cgn_steps": 10,
}


def _settings(**changes):
    params = MnistParams(**{**TINY, **changes})
    return CgnSettings(**{name: getattr(params, name) for name in CgnSettings.names()})


def _batch(step=0):
    generator = torch.Generator().manual_seed(step)
    return torch.rand(8, 3, 32, 32, generator=generator) * 2 - 1, torch.arange(8)


PAPER = {
    "cgn_norm": "instance",
    "cgn_mask": "clamp",
    "cgn_head": "full",
    "cgn_shared_noise": True,
    "disc_shift_px": 0,
    "adversarial": "lsgan",
    "r1_gamma": 0.0,
    "ema_decay": 0.0,
    "weight_mask": 0.0,
    "weight_edge": 0.0,
    "binary_ramp_frac": 0.0,
}


@pytest.mark.parametrize(
    "changes",
    [{}, {**PAPER, "disc": "linear"}, {**PAPER, "disc": "conv"}],
    ids=["embedded", "linear", "conv"],
)
def test_resume_gives_the_same_bits(changes):
    assert_resumes(
        lambda: CgnMethod(_settings(**changes), seed=0),
        _batch,
        lambda method: method.sampler().state_dict(),
    )


@pytest.mark.parametrize(
    ("changes", "gone"),
    [
        ({"weight_binary": 0.0}, "binary"),
        ({"weight_mask": 0.0}, "mask"),
        ({"weight_edge": 0.0}, "edge"),
        ({"weight_adversarial": 0.0}, "adversarial"),
    ],
)
def test_a_weight_of_zero_switches_a_loss_off(changes, gone):
    full = CgnMethod(_settings(), 0).update(_batch())
    less = CgnMethod(_settings(**changes), 0).update(_batch())
    assert f"loss_{gone}" in full and f"loss_{gone}" not in less


def test_entropy_rises_over_the_ramp():
    method = CgnMethod(_settings(binary_ramp_frac=0.5), 0)
    mask = torch.full((1, 1, 32, 32), 0.5)
    values = []
    for done in (0, 2, 5, 9):
        method.steps_done = done
        values.append(method._mask_losses(mask)["binary"].item())
    assert values == pytest.approx([0.0, 0.4 * 0.3, 0.3, 0.3])


def test_legacy_edge_and_perceptual_terms():
    features = Features(MnistCnn().model, CNN_LAYERS, (0.0, 0.1, 0.0, 0.0))
    terms = CgnMethod(_settings(edge_form="legacy", perceptual_w2=0.1), 0, features).update(
        _batch()
    )
    assert {"loss_edge", "loss_perceptual"} <= set(terms)


def test_a_step_leaves_the_global_generator_alone():
    before = torch.get_rng_state()
    CgnMethod(_settings(**{**PAPER, "disc": "linear"}), 0).update(_batch())
    assert torch.equal(before, torch.get_rng_state())


def test_dropping_shared_noise_changes_the_draws():
    shared = CgnMethod(_settings(cgn_shared_noise=True), 0)
    seen = []
    shared.cgn.from_codes = lambda codes: seen.append(codes) or None
    shared._compose(4)
    assert torch.equal(seen[0][0], seen[0][1])
    single = CgnMethod(_settings(), 0)
    single.cgn.from_codes = lambda codes: seen.append(codes) or None
    single._compose(4)
    assert not torch.equal(seen[1][0][:, :8], seen[1][1][:, :8])


def test_batch_statistics_are_those_of_the_weights():
    method = CgnMethod(_settings(), seed=0)
    cgn = method.sampler()
    norm = cgn.f_shape[2]
    assert norm.num_batches_tracked == 10 and norm.momentum == 0.1 and not cgn.training
    before = norm.running_mean.clone()
    with torch.no_grad():
        cgn.f_shape[0].bias += 1.0  # every input of the norm rises by one
    renew_statistics(cgn, seed=0)
    assert torch.allclose(norm.running_mean, before + 1.0, atol=1e-4)
    again = method.sampler().f_shape[2]
    assert torch.equal(again.running_mean, before)


def test_without_averaging_the_network_itself_is_sampled():
    method = CgnMethod(_settings(ema_decay=0.0), seed=0)
    assert method.sampler() is method.cgn


def _trained(**changes):
    method = CgnMethod(_settings(**changes), seed=0)
    logged = [method.update(_batch(step)) for step in range(3)]
    return method.sampler().state_dict(), logged[-1]


def test_ssim_without_gradient_changes_no_bit_of_the_cgn():
    """What the second reproduction trained: the loss is logged and does nothing."""
    plain, _ = _trained()
    detached, logged = _trained(weight_ssim=1.0, ssim_form="detached")
    assert logged["loss_ssim"] > 0
    assert all(torch.equal(value, detached[name]) for name, value in plain.items())


def test_ssim_with_gradient_changes_the_cgn():
    plain, logged = _trained()
    trained, with_ssim = _trained(weight_ssim=1.0)
    assert "loss_ssim" not in logged and with_ssim["loss_ssim"] > 0
    assert not torch.equal(plain["f_text1.0.weight"], trained["f_text1.0.weight"])
