"""Which counterfactual images there are does not depend on how many, or on who makes them."""

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cgnlib.errors import UserError
from cgnlib.generators.counterfactual_images import (
    CounterfactualImageSettings,
    counterfactual_batches,
    draw_images,
    image_bytes,
    image_labels,
)

SETTINGS = {
    "cf_images": 10,
    "cf_mode": "random",
    "cf_truncation": 0.5,
    "cf_shared_noise": True,
    "cf_min_max": False,
    "cf_format": "png",
    "cf_quality": 90,
    "cf_batch": 4,
}
LISTS = {"cf_shape_classes": (1, 2), "cf_texture_classes": (0,), "cf_background_classes": (3, 4)}


def _settings(**changes):
    return CounterfactualImageSettings(**{**SETTINGS, **changes})


def _draws(chosen, count, seed=0, classes=5):
    return draw_images(chosen, classes, 6, seed, range(count))


def test_random_mode_draws_three_independent_uniform_classes():
    labels, _ = _draws(_settings(), 3000)
    for factor in labels.T:
        assert (torch.bincount(factor, minlength=5) / 3000 - 0.2).abs().max() < 0.03
    for one, other in ((0, 1), (0, 2), (1, 2)):
        together = (labels[:, one] == labels[:, other]).float().mean().item()
        assert together == pytest.approx(0.2, abs=0.03)


def test_best_classes_come_from_each_factors_list():
    labels, _ = _draws(_settings(cf_mode="best_classes", **LISTS), 100)
    assert [set(factor.tolist()) for factor in labels.T] == [{1, 2}, {0}, {3, 4}]


def test_same_class_for_all_mechanisms():
    labels, _ = _draws(_settings(cf_mode="same_class"), 100)
    assert torch.equal(labels, labels[:, :1].expand(-1, 3)) and len(labels[:, 0].unique()) == 5


def test_one_noise_or_three():
    labels, shared = _draws(_settings(), 50)
    same, apart = _draws(_settings(cf_shared_noise=False), 50)
    assert torch.equal(labels, same)
    assert torch.equal(shared, shared[:1].expand(3, -1, -1))
    assert torch.equal(apart[0], shared[0]) and not torch.equal(apart[1], apart[0])
    assert apart.abs().max() <= 1.0  # truncation 0.5 of a normal cut at 2
    assert apart[0].unique().numel() == 300


def test_labels_alone_are_the_same_labels():
    for mode in ("random", "same_class", "best_classes"):
        chosen = _settings(cf_mode=mode, **LISTS)
        labels, _ = _draws(chosen, 20)
        assert torch.equal(image_labels(chosen, 5, 0, range(4, 20)), labels[4:])


def test_images_of_different_seeds_differ():
    assert not torch.equal(_draws(_settings(), 3, seed=0)[1], _draws(_settings(), 3, seed=1)[1])


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(few=st.integers(1, 10), more=st.integers(1, 13))
def test_a_larger_set_contains_the_smaller(tiny_cgn, few, more):
    cgn = tiny_cgn()
    small, large = (_composites(cgn, _settings(cf_images=n)) for n in (few, few + more))
    assert len(small[0]) == few and len(large[0]) == few + more
    assert all(torch.equal(a, b[:few]) for a, b in zip(small, large, strict=True))


def _composites(cgn, chosen):
    batches = list(counterfactual_batches(cgn, chosen, seed=3))
    assert torch.equal(torch.cat([b.index for b in batches]), torch.arange(chosen.cf_images))
    return (
        torch.cat([b.parts.composite for b in batches]),
        torch.cat([b.labels for b in batches]),
    )


def test_batches_are_what_the_model_makes_of_the_draws(tiny_cgn):
    cgn, chosen = tiny_cgn(), _settings(cf_shared_noise=False)
    composites, labels = _composites(cgn, chosen)
    expected, noise = draw_images(chosen, 5, cgn.latent, 3, range(10))
    assert torch.equal(labels, expected)
    with cgn.sampling():
        whole = cgn(tuple(noise), *labels.T, truncation=0.5).composite
    assert torch.allclose(composites, whole, atol=1e-5)
    assert cgn.biggan_GT.calls == 0 and cgn.training


def test_pixels():
    image = torch.tensor([-1.0, 0.0, 1.0, 0.5]).view(1, 1, 2, 2).expand(1, 3, 2, 2)
    assert image_bytes(image, False)[0, ..., 0].tolist() == [[0, 128], [255, 191]]
    # the image's own range, -0.5 to 0.5, becomes 0 to 255; another image's does not matter
    two = torch.cat([image / 2, image / 2])
    two[0, :, 0, 0] = -0.25
    made = image_bytes(two, True)
    assert made[1, ..., 2].tolist() == [[0, 128], [255, 191]]
    assert made[0, ..., 2].tolist() == [[0, 85], [255, 170]]
    assert image_bytes(torch.zeros(1, 3, 2, 2), True).unique().tolist() == [0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cf_mode": "best"}, "cf_mode is 'best': choose one of random, best_classes, same_class"),
        ({"cf_format": "gif"}, "cf_format is 'gif': choose one of jpg, png"),
        ({**LISTS, "cf_mode": "best_classes", "cf_texture_classes": ()}, "cf_texture_classes is e"),
    ],
)
def test_settings_that_cannot_be(changes, message):
    with pytest.raises(UserError, match=message):
        _settings(**changes)


def test_a_class_that_is_not_there():
    chosen = _settings(cf_mode="best_classes", **LISTS)
    with pytest.raises(
        UserError, match="cf_background_classes names class 4: they run from 0 to 3"
    ):
        chosen.choices(4)
