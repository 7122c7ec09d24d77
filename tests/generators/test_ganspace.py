"""Directions of a generator: exact by one SVD, found again by sampling, and edits along them."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cgnlib.errors import UserError
from cgnlib.generators import ganspace
from cgnlib.generators.ganspace import Directions, edit
from cgnlib.networks.biggan import SCENES9, BigGan, truncated_noise
from cgnlib.rng import rng

SMALL = replace(SCENES9, z=24, width=2, classes=3)


def generator_of(layout=SMALL, seed=0, decay=0.9):
    """A small generator in evaluation mode whose directions differ in strength, as a trained one's
    do: each singular value of the first layer's noise columns is ``decay`` times the one before."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = BigGan(layout)
        layer = model.generator.gen_z
        with torch.no_grad():
            left, values, right = torch.linalg.svd(
                layer.weight_orig[:, : layout.z], full_matrices=False
            )
            values = values[0] * decay ** torch.arange(layout.z)
            layer.weight_orig[:, : layout.z] = left * values @ right
            for _ in range(30):  # power iteration
                model(torch.zeros(1, layout.z), torch.zeros(1, dtype=torch.int64))
    return model.eval()


def three(seed=0):
    """Three orthonormal directions in noise of length 5 and a mean."""
    basis = torch.linalg.qr(torch.randn(5, 5, generator=rng(seed, "basis")))[0]
    return Directions(basis[:3], torch.randn(5, generator=rng(seed, "mean")), torch.ones(3))


def test_an_edit_by_hand():
    """z - ((z - mean) . v) v + delta v with v = (0.6, 0.8)."""
    directions = Directions(
        torch.tensor([[1.0, 0.0], [0.6, 0.8]]), torch.tensor([1.0, 0.0]), torch.ones(2)
    )
    z = torch.tensor([[2.0, 1.0]])  # position 0.6 + 0.8 = 1.4
    moved = edit(z, directions, 1, 3.0)
    assert moved.tolist() == [pytest.approx([2 + 1.6 * 0.6, 1 + 1.6 * 0.8])]
    assert edit(z, directions, 0, -2.0).tolist() == [[-1.0, 1.0]]


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 1000),
    component=st.integers(0, 2),
    delta=st.floats(-15, 15),
)
def test_an_edit_sets_one_position_and_no_other(seed, component, delta):
    directions, z = three(seed), torch.randn(4, 5, generator=rng(seed, "z"))
    moved = edit(z, directions, component, delta)
    before = (z - directions.mean) @ directions.vectors.T
    after = (moved - directions.mean) @ directions.vectors.T
    expected = before.clone()
    expected[:, component] = delta
    torch.testing.assert_close(after, expected, atol=1e-4, rtol=1e-4)
    twice = edit(moved, directions, component, delta)
    torch.testing.assert_close(twice, moved, atol=1e-4, rtol=1e-4)


def test_every_row_may_have_its_own_edit():
    directions, z = three(), torch.randn(3, 5, generator=rng(0, "z"))
    which, delta = torch.tensor([2, 0, 2]), torch.tensor([1.0, -4.0, 0.5])
    moved = edit(z, directions, which, delta)
    for row in range(3):
        alone = edit(z[row : row + 1], directions, int(which[row]), float(delta[row]))
        torch.testing.assert_close(moved[row : row + 1], alone)


def test_directions_by_hand():
    """Columns (3, 4) x 0 and 2 x (0, 1): the second moves the output by 5, the first by 2; its
    largest effect is made positive."""
    weight = torch.tensor([[9.0, 0.0, 3.0], [9.0, 0.0, 4.0], [9.0, -2.0, 0.0]])
    made = ganspace.exact_directions(weight, slice(1, 3), 2)
    torch.testing.assert_close(made.scales, torch.tensor([5.0, 2.0]))
    torch.testing.assert_close(made.vectors, torch.tensor([[0.0, 1.0], [-1.0, 0.0]]))
    assert made.mean.tolist() == [0.0, 0.0] and len(made) == 2


def test_directions_without_effect_are_not_given():
    weight = torch.cat([torch.eye(4)[:, :3], torch.zeros(4, 2)], 1)
    assert len(ganspace.exact_directions(weight, slice(0, 5))) == 3
    for count in (4, 0):
        with pytest.raises(UserError, match="3 have an effect.*ask for 1 to 3"):
            ganspace.exact_directions(weight, slice(0, 5), count)


def test_the_weight_is_the_one_that_a_forward_uses():
    model = generator_of()
    layer = model.generator.gen_z
    state = model.state_dict()
    fresh = BigGan(SMALL)
    fresh.load_state_dict(state)
    fresh.eval()
    made = ganspace.spectral_weight(fresh.generator.gen_z)
    model(torch.zeros(1, 24), torch.zeros(1, dtype=torch.int64))
    torch.testing.assert_close(made, layer.weight.detach())


def test_a_step_along_a_direction_moves_the_output_by_its_scale_and_sign():
    model = generator_of()
    made, layer = ganspace.directions_of(model, 20), ganspace.first_layer(model, 1)
    z = truncated_noise(1, 24, 1.0, rng(0, "z"))
    effects = layer(z + made.vectors) - layer(z)  # (20, D)
    torch.testing.assert_close(effects.norm(dim=1), made.scales, atol=1e-4, rtol=1e-4)
    assert (effects.gather(1, effects.abs().argmax(1, keepdim=True)) > 0).all()
    torch.testing.assert_close(made.vectors @ made.vectors.T, torch.eye(20), atol=1e-5, rtol=0)
    assert (made.scales[:-1] > made.scales[1:]).all()


def test_sampled_pca_and_regression_converge_to_the_exact_directions():
    """The published way, on 20 leading directions of a small generator, with their signs."""
    model = generator_of()
    exact = ganspace.directions_of(model, 20)
    sampled = ganspace.sampled_directions(
        ganspace.first_layer(model, 0), 24, 20, samples=6000, seed=0, components=24, batch=400
    )
    assert ganspace.agreement(exact, sampled).min() > 0.98
    same_sign = (exact.vectors * sampled.vectors).sum(1) > 0
    assert same_sign.sum() >= 17  # two entries of nearly the same size may swap places
    torch.testing.assert_close(sampled.scales, exact.scales, rtol=0.05, atol=0)
    assert sampled.mean.abs().max() < 0.05
    few = ganspace.sampled_directions(
        ganspace.first_layer(model, 0), 24, 20, samples=100, seed=0, components=24
    )
    assert ganspace.agreement(exact, few).min() < 0.9


@pytest.mark.parametrize(("count", "components"), [(5, 4), (1, 33), (0, 4)])
def test_numbers_of_directions_that_cannot_be(count, components):
    with pytest.raises(UserError, match="each may be at most the next"):
        ganspace.sampled_directions(
            lambda z: z, 32, count, samples=100, seed=0, components=components
        )


def test_the_span_of_the_outputs_has_the_same_principal_components():
    model, numbers = generator_of(), {"samples": 600, "seed": 0, "components": 20}
    whole = ganspace.sampled_directions(ganspace.first_layer(model, 1), 24, 20, **numbers)
    spanned = ganspace.sampled_directions(ganspace.spanned_layer(model), 24, 20, **numbers)
    assert ganspace.agreement(whole, spanned)[:15].min() > 0.999
    torch.testing.assert_close(whole.scales, spanned.scales, rtol=1e-3, atol=0)


def test_directions_that_mix_keep_their_span():
    made = three()
    turn = torch.tensor([[0.6, 0.8, 0.0], [-0.8, 0.6, 0.0], [0.0, 0.0, 1.0]])
    turned = Directions(turn @ made.vectors, made.mean, made.scales)
    torch.testing.assert_close(ganspace.agreement(made, turned), torch.tensor([0.6, 0.6, 1.0]))
    torch.testing.assert_close(ganspace.span_agreement(made, turned), torch.ones(3))
    skewed = Directions(turned.vectors + 0.5 * made.vectors[:1], made.mean, made.scales)
    torch.testing.assert_close(ganspace.span_agreement(made, skewed), torch.ones(3))
    alone = [Directions(one.vectors[:1], one.mean, one.scales[:1]) for one in (made, turned)]
    torch.testing.assert_close(ganspace.span_agreement(*alone), torch.tensor([0.6]))
