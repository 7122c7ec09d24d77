"""The ImageNet CGN: what trains, what is frozen, what is computed, and the published file."""

import pytest
import torch

from cgnlib.errors import UserError
from cgnlib.generators.imagenet_cgn import load_cgn
from cgnlib.networks.biggan import truncated_noise
from cgnlib.rng import rng


def _inputs(cgn, count=3):
    u = truncated_noise(count, cgn.latent, 0.5, rng(0, "noise"))
    return u, torch.arange(count), torch.arange(count) + 1, torch.arange(count) + 2


def test_composition_by_hand(tiny_cgn):
    cgn = tiny_cgn().eval()
    u, *labels = _inputs(cgn)
    parts = cgn(u, *labels, truncation=0.5)
    assert torch.equal(parts.premask, cgn.f_shape(u, labels[0], 0.5))
    assert torch.equal(parts.mask, cgn.u2net(parts.premask).clamp(1e-4, 0.9999))
    assert torch.equal(parts.foreground, cgn.f_text(u, labels[1], 0.5))
    assert torch.equal(parts.background, cgn.f_bg(u, labels[2], 0.5))
    expected = parts.mask * parts.foreground + (1 - parts.mask) * parts.background
    assert torch.allclose(parts.composite, expected, atol=1e-6)


def test_one_noise_or_one_per_mechanism(tiny_cgn):
    cgn = tiny_cgn().eval()
    u, *labels = _inputs(cgn)
    shared, same = (cgn(v, *labels, truncation=1.0) for v in (u, (u, u, u)))
    other = cgn((u, -u, u), *labels, truncation=1.0)
    assert torch.equal(shared.composite, same.composite)
    assert torch.equal(other.mask, shared.mask)
    assert not torch.equal(other.foreground, shared.foreground)


def test_a_pass_runs_neither_the_frozen_generator_nor_the_background_saliency(tiny_cgn):
    cgn = tiny_cgn()
    u, *labels = _inputs(cgn)
    cgn(u, *labels, truncation=1.0)
    assert cgn.biggan_GT.calls == 0 and cgn.u2net.calls == 1
    assert cgn.f_shape.calls == cgn.f_text.calls == cgn.f_bg.calls == 1


def test_mechanisms_train_and_the_rest_stays_frozen(tiny_cgn):
    cgn = tiny_cgn().train()
    assert cgn.f_shape.training and cgn.f_text.training and cgn.f_bg.training
    assert not cgn.biggan_GT.training and not cgn.u2net.training
    before = {name: value.clone() for name, value in cgn.state_dict().items()}
    u, *labels = _inputs(cgn)
    cgn(u, *labels, truncation=1.0).composite.sum().backward()
    moved = {n for n, v in cgn.state_dict().items() if not torch.equal(v, before[n])}
    # power iteration of the copies, and nothing else: no statistics, nothing frozen
    assert moved and all(n.startswith(("f_shape.", "f_text.", "f_bg.")) for n in moved)
    assert all(n.endswith(("weight_u", "weight_v")) for n in moved)
    with_gradient = {n.split(".")[0] for n, p in cgn.named_parameters() if p.grad is not None}
    assert with_gradient == {"f_shape", "f_text", "f_bg"}


def test_sampling_changes_nothing_and_is_put_back(tiny_cgn):
    cgn = tiny_cgn()
    before = {name: value.clone() for name, value in cgn.state_dict().items()}
    u, *labels = _inputs(cgn)
    with cgn.sampling():
        assert not cgn(u, *labels, truncation=1.0).composite.requires_grad
    assert cgn.f_text.training and not cgn.u2net.training
    assert all(torch.equal(v, before[n]) for n, v in cgn.state_dict().items())


def test_mechanisms_start_as_copies_of_the_generator(tiny_cgn):
    cgn = tiny_cgn().eval()
    generator = cgn.biggan_GT
    u, labels, *_ = _inputs(cgn)
    assert torch.equal(cgn.f_shape(u, labels, 1.0), cgn.biggan_GT(u, labels, 1.0))
    own, copied = generator.last.weight_orig, cgn.f_bg.last.weight_orig
    assert own is not copied and copied.requires_grad and not own.requires_grad


@pytest.mark.parametrize("factor", ["shape", "texture", "background"])
def test_interpolation_moves_one_factor(tiny_cgn, factor):
    cgn = tiny_cgn().eval()
    u, start, end = truncated_noise(1, 4, 0.3, rng(0, "u"))[0], (0, 1, 2), 4
    parts = cgn.interpolate(factor, u, start, end, midpoints=2, truncation=0.3)
    place = ("shape", "texture", "background").index(factor)
    pieces = (parts.mask, parts.foreground, parts.background)
    for number, piece in enumerate(pieces):
        still = all(torch.equal(piece[0], step) for step in piece)
        assert still == (number != place)
    assert len(parts.composite) == 4
    labels = torch.tensor([start, [end if i == place else y for i, y in enumerate(start)]])
    ends = cgn(u.expand(2, -1), *labels.T, truncation=0.3)
    assert torch.allclose(parts.composite[[0, -1]], ends.composite, atol=1e-5)


def test_interpolation_of_the_noise_too(tiny_cgn):
    cgn = tiny_cgn().eval()
    u0, u1 = truncated_noise(2, 4, 1.0, rng(0, "u"))
    parts = cgn.interpolate("texture", u0, (0, 0, 0), 0, 1, truncation=1.0, u1=u1)
    expected = cgn.f_text((u0 + u1)[None] / 2, torch.tensor([0]), 1.0)
    assert torch.allclose(parts.foreground[1:2], expected, atol=1e-5)
    with pytest.raises(UserError, match="no factor 'colour'"):
        cgn.interpolate("colour", u0, (0, 0, 0), 1, truncation=1.0)


def test_a_published_file_is_read(tiny_cgn, tmp_path):
    saved, loaded = tiny_cgn(), tiny_cgn()
    with torch.no_grad():
        for number, parameter in enumerate(saved.parameters()):
            parameter += 0.01 * number
    prefixes = {name.split(".")[0] for name in saved.state_dict()}
    assert prefixes == {"biggan_GT", "f_shape", "f_text", "f_bg", "u2net"}
    torch.save(saved.state_dict(), tmp_path / "cgn.pth")
    assert not load_cgn(tmp_path / "cgn.pth", loaded).training
    u, *labels = _inputs(saved)
    made = [cgn.eval()(u, *labels, truncation=1.0).composite for cgn in (saved, loaded)]
    assert torch.equal(*made)


def _without(state):
    del state["f_text.first.bias"]


def _extra(state):
    state["f_paint.weight"] = torch.zeros(1)


def _misshaped(state):
    state["u2net.conv.weight"] = torch.zeros(1, 3, 5, 5)


def _broken(state):
    state["f_bg.last.bias"] = torch.full((3,), float("nan"))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_without, "'f_text.first.bias' is missing"),
        (_extra, "unknown key 'f_paint.weight'"),
        (_misshaped, r"'u2net.conv.weight' has shape \(1, 3, 5, 5\), wanted is \(1, 3, 3"),
        (_broken, "'f_bg.last.bias' holds numbers that are not finite"),
    ],
)
def test_a_file_of_another_layout_is_refused(tiny_cgn, tmp_path, damage, message):
    cgn = tiny_cgn()
    state = dict(cgn.state_dict())
    damage(state)
    torch.save(state, tmp_path / "cgn.pth")
    with pytest.raises(UserError, match=message):
        load_cgn(tmp_path / "cgn.pth", cgn)
