"""The published architecture to the letter, the fused convolution, and the composer."""

import pytest
import torch
import torch.nn.functional as F

from cgnlib.generators.discriminators import (
    ConvDiscriminator,
    LinearDiscriminator,
    ProjectionDiscriminator,
)
from cgnlib.generators.mnist_cgn import MnistCgn, Shuffler, UpConv, compose, initialise


def _count(network):
    return sum(parameter.numel() for parameter in network.parameters())


def test_published_parameter_counts():
    cgn = MnistCgn()
    assert _count(cgn) == 659_992
    assert (_count(cgn.f_shape), _count(cgn.f_text1), _count(cgn.f_text2)) == (
        194_914,
        232_489,
        232_489,
    )
    assert _count(LinearDiscriminator(512)) == 2_104_421
    assert _count(ConvDiscriminator(32)) == 413_642


def test_published_state_dict_layout():
    state = MnistCgn().state_dict()
    assert len(state) == 57
    shapes = {
        "label_emb.weight": (10, 10),
        "f_shape.0.weight": (4096, 42),
        "f_shape.4.weight": (32, 64, 3, 3),
        "f_shape.9.weight": (1, 32, 3, 3),
        "f_shape.10.running_var": (1,),
        "f_text1.3.weight": (64, 64, 3, 3),
        "f_text2.7.weight": (32, 64, 3, 3),
        "f_text2.10.weight": (3, 32, 3, 3),
        "f_text2.10.bias": (3,),
        "f_text1.11.running_mean": (3,),
    }
    assert {name: tuple(state[name].shape) for name in shapes} == shapes


@pytest.mark.parametrize("bias", [True, False])
def test_fused_upsampling_is_the_same_function_and_gradient(bias):
    torch.manual_seed(0)
    layer = UpConv(5, 3, bias).double()
    x = torch.randn(2, 5, 6, 6, dtype=torch.float64, requires_grad=True)
    up = F.interpolate(x, scale_factor=2, mode="nearest")
    plain = F.conv2d(up, layer.weight, layer.bias, padding=1)
    fused = layer(x)
    assert torch.allclose(plain, fused, atol=1e-12)
    weights = torch.randn_like(plain)
    want = torch.autograd.grad((plain * weights).sum(), [x, layer.weight])
    have = torch.autograd.grad((fused * weights).sum(), [x, layer.weight])
    assert all(torch.allclose(a, b, atol=1e-12) for a, b in zip(want, have, strict=True))


@pytest.mark.parametrize("head", ["full", "subpixel"])
def test_textures_on_a_torus_shift_with_their_input(head):
    torch.manual_seed(0)
    cgn = MnistCgn(8, 4, "batch", "sigmoid", head=head, shuffle=False, torus=True).eval()
    maps = torch.randn(1, 8, 8, 8)
    painted, moved = (cgn.f_text1[2:](x) for x in (maps, maps.roll((3, 5), (2, 3))))
    assert torch.allclose(painted.roll((12, 20), (2, 3)), moved, atol=1e-5)


def test_mask_prior_lowers_the_border_and_learns():
    torch.manual_seed(0)
    cgn = MnistCgn(8, 4, "batch", "sigmoid", -1.0, mask_prior=6.0)
    torch.nn.init.zeros_(cgn.f_shape[9].weight)
    mask = cgn.mask(torch.randn(2, 8), torch.tensor([0, 1]))[0, 0]
    assert mask[0, 16].item() == pytest.approx(torch.tensor(-1.0 - 6.0).sigmoid().item(), rel=0.05)
    assert mask[15, 15].item() == pytest.approx(torch.tensor(-1.0).sigmoid().item(), rel=0.01)
    assert cgn.mask_prior.requires_grad and MnistCgn().mask_prior is None


def test_shuffler_is_a_cyclic_shift_with_named_draws():
    x = torch.arange(2 * 3 * 32 * 32.0).view(2, 3, 32, 32)
    shuffler = Shuffler()
    shuffler.generator = torch.Generator().manual_seed(3)
    shifted = shuffler(x)
    offsets = torch.randint(0, 33, (2, 2, 1), generator=torch.Generator().manual_seed(3))[..., 0]
    for image in range(2):
        down, right = offsets[0, image].item(), offsets[1, image].item()
        assert torch.equal(shifted[image], x[image].roll((-down, -right), (1, 2)))
    assert shuffler.active and torch.equal(Shuffler(active=False)(x), x)


@pytest.mark.parametrize("form", ["clamp", "sigmoid"])
def test_ranges_and_composition(form):
    torch.manual_seed(0)
    cgn = MnistCgn(
        8,
        4,
        "instance" if form == "clamp" else "batch",
        form,
        -2.0,
        head="full" if form == "clamp" else "subpixel",
    )
    labels, noise = torch.arange(10), [torch.randn(10, 8) for _ in range(3)]
    with cgn.sampling(torch.Generator().manual_seed(0)):
        made = cgn(noise, [labels] * 3)
    assert made.mask.shape == (10, 1, 32, 32)
    assert made.image.shape == (10, 3, 32, 32)
    assert made.mask.min() >= 1e-4 and made.mask.max() <= 0.9999
    assert made.foreground.abs().max() <= 1
    by_hand = made.mask * made.foreground + (1 - made.mask) * made.background
    assert torch.allclose(made.image, by_hand, atol=1e-6)


def test_compose_by_hand():
    image = compose(torch.tensor(0.25), torch.tensor(1.0), torch.tensor(-1.0))
    assert image.item() == pytest.approx(-0.5)


def test_sampling_puts_mode_and_generator_back():
    cgn = MnistCgn(8, 4)
    cgn.train()
    with cgn.sampling(torch.Generator(), shuffle=False):
        assert not cgn.training and not cgn.f_text1[-1].active
    assert cgn.training and cgn.f_text1[-1].active and cgn.f_text1[-1].generator is None


def test_initialisation_schemes():
    torch.manual_seed(0)
    cgn = MnistCgn(8, 4)
    before = cgn.label_emb.weight.clone()
    initialise(cgn, "orthogonal", 0.1)
    weight = cgn.f_shape[0].weight.detach()
    gram = weight.T @ weight
    assert torch.allclose(gram, 0.01 * torch.eye(18), atol=1e-6)
    assert cgn.f_text1[10].bias.abs().sum() == 0
    assert torch.equal(cgn.label_emb.weight, before)
    initialise(cgn, "normal", 0.03)
    assert cgn.f_shape[0].weight.std().item() == pytest.approx(0.03, rel=0.05)


def test_projection_uses_the_label():
    torch.manual_seed(0)
    disc = ProjectionDiscriminator(4)
    torch.nn.init.normal_(disc.embedding.weight)
    images = torch.randn(2, 3, 32, 32)
    assert not torch.allclose(
        disc(images, torch.tensor([0, 1])), disc(images, torch.tensor([2, 3]))
    )
