"""An update of the ImageNet CGN: summed gradients, switched losses, frozen nets, resume."""

from types import SimpleNamespace

import pytest
import torch

from cgnlib.errors import UserError
from cgnlib.generators import imagenet_training
from cgnlib.generators.imagenet_training import ImagenetCgnMethod
from cgnlib.training import fit

MECHANISMS = ("f_shape", "f_text", "f_bg")


@pytest.fixture
def method(tiny_cgn, tiny_features, cgn_settings):
    """(spectral, accelerator, settings) to a fresh method over stand-ins."""

    def build(spectral=True, accelerator=None, **changes):
        return ImagenetCgnMethod(
            cgn_settings(**changes), tiny_cgn(spectral), tiny_features, 0, accelerator=accelerator
        )

    return build


def _gradients(method):
    return {
        name: parameter.grad.clone()
        for name, parameter in method.model.named_parameters()
        if parameter.grad is not None
    }


def _assert_close(ours, theirs):
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        scale = value.abs().max().item()
        assert torch.allclose(value, theirs[name], rtol=1e-3, atol=1e-4 * scale), name


@pytest.mark.parametrize("source", ["gt", "composite"])
@pytest.mark.parametrize("form", [(4, 2), (8, 1)])
def test_accumulated_gradients_are_the_published_sum_over_single_images(method, form, source):
    # without spectral norm, whose power iteration moves with every forward pass
    singles = method(spectral=False, cgn_batch=1, cgn_accumulate=8, patch_source=source)
    batched = method(spectral=False, cgn_batch=form[0], cgn_accumulate=form[1], patch_source=source)
    means = singles.backward(0), batched.backward(0)
    _assert_close(_gradients(singles), _gradients(batched))
    for name, value in means[0].items():
        assert value.item() == pytest.approx(means[1][name].item(), rel=1e-3), name


def test_the_sum_is_not_a_mean(method):
    half, whole = (method(spectral=False, cgn_batch=4, cgn_accumulate=n) for n in (1, 2))
    u, labels, ranks = whole.draw(0)
    half.draw = lambda step: (u[:4], labels[:4], ranks[:4])
    half.backward(0)
    half.draw = lambda step: (u[4:], labels[4:], ranks[4:])
    half.backward(0)  # adds to the gradients of the first four
    whole.backward(0)
    _assert_close(_gradients(half), _gradients(whole))


def test_the_total_is_the_weighted_sum_of_the_published_losses(method):
    one = method(spectral=False, cgn_batch=2, cgn_accumulate=1)
    u, labels, ranks = one.draw(0)
    model, truncation = one.model, 1.0
    target = model.biggan_GT(u, labels, truncation)
    parts = model(u, labels, labels, labels, truncation=truncation)
    values = one.backward(0)
    l1 = (parts.composite - target).abs().mean().item()
    assert values["loss_l1"].item() == pytest.approx(l1, rel=1e-5)
    saliency = model.u2net(parts.background).mean().item()
    assert values["loss_background"].item() == pytest.approx(saliency, rel=1e-5)
    assert values["mask_mean"].item() == pytest.approx(parts.mask.mean().item(), rel=1e-5)
    by_hand = torch.autograd.grad(
        2 * 2000 * model.u2net(parts.background).mean(), model.f_bg.last.bias
    )[0]
    alone = method(
        spectral=False, cgn_batch=2, cgn_accumulate=1, weight_l1=0.0, weight_binary=0.0,
        weight_mask=0.0, texture_w2=0.0, texture_w3=0.0,
        **{f"perceptual_w{layer}": 0.0 for layer in (1, 2, 3, 4)},
    )  # fmt: skip
    assert set(alone.backward(0)) == {"loss_background", "mask_mean"}
    assert torch.allclose(alone.model.f_bg.last.bias.grad, by_hand, rtol=1e-4)


@pytest.mark.parametrize(
    ("dropped", "gone"),
    [
        ("none", set()),
        ("shape", {"binary", "mask"}),
        ("text", {"texture"}),
        ("bg", {"background"}),
        ("rec", {"l1", "perceptual"}),
    ],
)
def test_a_dropped_group_is_neither_computed_nor_returned(method, dropped, gone):
    everything = {"l1", "perceptual", "binary", "mask", "texture", "background"}
    made = method(dropped=dropped)
    values = made.update()
    assert set(values) == {f"loss_{name}" for name in everything - gone} | {"mask_mean"}
    # two small batches: premask always, background where its loss is wanted
    assert made.model.u2net.calls == (2 if dropped == "bg" else 4)


def test_the_frozen_generator_rests_when_nothing_looks_at_it(method):
    needed = method(dropped="rec", patch_source="gt")
    spared = method(dropped="rec", patch_source="composite")
    needed.update(), spared.update()
    assert needed.model.biggan_GT.calls == 2 and spared.model.biggan_GT.calls == 0


def test_targets_are_seen_without_gradient(method, tiny_features):
    made = method(cgn_accumulate=1)
    made.update()
    # per style loss: the target without gradient, then what is made with it
    assert tiny_features.with_gradient == [False, True, False, True]


def test_gradients_flow_through_the_frozen_saliency_net(method):
    off = {f"perceptual_w{layer}": 0.0 for layer in (1, 2, 3, 4)}
    made = method(**off, weight_l1=0.0, weight_mask=0.0, texture_w2=0.0, texture_w3=0.0)
    before = {n: v.clone() for n, v in made.model.state_dict().items() if "f_" not in n}
    made.backward(0)  # binary and background only: both reach a mechanism through the net
    found = {name.split(".")[0] for name in _gradients(made)}
    assert found == {"f_shape", "f_bg"}
    assert made.model.f_shape.last.weight_orig.grad.abs().max() > 0
    made.update()
    after = made.model.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())


def test_each_mechanism_has_its_learning_rate(method):
    rates = {"cgn_lr_shape": 1e-3, "cgn_lr_text": 3e-3, "cgn_lr_bg": 2e-3}
    made = method(**rates)
    before = {n: getattr(made.model, n).last.bias.detach().clone() for n in MECHANISMS}
    made.update()
    for name, rate in zip(MECHANISMS, rates.values(), strict=True):
        moved = (getattr(made.model, name).last.bias - before[name]).abs()
        assert moved.max().item() == pytest.approx(rate, rel=1e-2)  # Adam's first step


def test_training_lowers_what_it_is_trained_on(method):
    made = method(
        cgn_lr_shape=1e-3, cgn_lr_text=1e-2, cgn_lr_bg=1e-2, cgn_accumulate=1, dropped="rec"
    )
    log = [{name: value.item() for name, value in made.update().items()} for _ in range(40)]
    for name, factor in (("background", 0.85), ("texture", 0.5), ("binary", 0.98)):
        assert log[-1][f"loss_{name}"] < factor * log[0][f"loss_{name}"], name


def test_resume_at_mid_run_gives_the_same_bits(method, tmp_path):
    class Killed(Exception):
        pass

    def killing(step):
        if step == 5:
            raise Killed

    whole, cut, rest = (method(cgn_lr_text=1e-2, cgn_lr_shape=1e-2) for _ in range(3))
    log = fit(whole, lambda step: None, 7, tmp_path / "a", label="cgn", log_every=2)
    with pytest.raises(Killed):
        fit(cut, killing, 7, tmp_path / "b", label="cgn", log_every=2, checkpoint_every=3)
    again = fit(
        rest, lambda step: None, 7, tmp_path / "b", label="cgn", log_every=2, checkpoint_every=3
    )
    assert again == log
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, rest.model.state_dict()[name]), name


def test_bf16_keeps_the_mask_below_one(method):
    made = method(cgn_bf16=True)
    with torch.no_grad():
        made.model.u2net.norm.bias += 100  # saturate: in bfloat16 0.9999 would be 1, its log nan
    values = made.update()
    assert values["mask_mean"].item() == pytest.approx(0.9999)
    assert all(torch.isfinite(value) for value in values.values())
    assert all(torch.isfinite(p).all() for p in made.model.parameters())
    assert values["mask_mean"].dtype == torch.float32


def test_spectral_norm_is_never_computed_under_autocast(method, monkeypatch):
    seen = []
    compute = imagenet_training.SpectralNorm.compute_weight

    def watched(self, module, do_power_iteration):
        seen.append(torch.is_autocast_enabled("cpu"))
        return compute(self, module, do_power_iteration)

    monkeypatch.setattr(imagenet_training.SpectralNorm, "compute_weight", watched)
    method(cgn_bf16=True).update()
    assert seen and not any(seen)


def test_processes_share_an_update(method):
    """Two processes' gradients add up to one's; what each logs adds up to the mean."""

    def share(index):
        fake = SimpleNamespace(num_processes=2, process_index=index)
        made = method(spectral=False, accelerator=fake)
        return made, made.backward(0)

    (first, logged), (second, more) = share(0), share(1)
    whole = method(spectral=False)
    values = whole.backward(0)
    added = {n: g + _gradients(second)[n] for n, g in _gradients(first).items()}
    _assert_close(added, _gradients(whole))
    for name, value in values.items():
        assert (logged[name] + more[name]).item() == pytest.approx(value.item(), rel=1e-4)
    with pytest.raises(UserError, match="cgn_accumulate 2 is not a multiple of the 3 processes"):
        method(accelerator=SimpleNamespace(num_processes=3, process_index=0))


def test_reduced_gradients_are_what_the_optimiser_sees(method):
    class Doubling:
        num_processes, process_index = 1, 0

        def reduce(self, value, how):
            assert how == "sum"
            return 2 * value

    made = method(accelerator=Doubling())
    made.accelerator.num_processes = 2
    made.optimiser.step = lambda: None
    made.update()
    half = method(accelerator=Doubling())
    half.accelerator.num_processes = 2
    half.backward(0)
    _assert_close({n: 2 * g for n, g in _gradients(half).items()}, _gradients(made))


def test_images_depend_on_seed_and_update_alone(method):
    made = method()
    again, later = made.draw(3), made.draw(4)
    assert all(torch.equal(a, b) for a, b in zip(method().draw(3), again, strict=True))
    assert not any(torch.equal(a, b) for a, b in zip(later, again, strict=True))
    u, labels, ranks = again
    assert u.shape == (8, 4) and labels.shape == (8,) and ranks.shape == (8, 9)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dropped": "edge"}, "dropped is 'edge': choose one of none, shape, text, bg, rec"),
        ({"patch_source": "x"}, "patch_source is 'x': choose one of gt, composite"),
        ({"patch_px": 14}, "holds fewer than patch_best 20 windows"),
        ({"patch_px": 30}, "holds fewer than patch_best 20 windows"),
    ],
)
def test_settings_that_cannot_be(cgn_settings, changes, message):
    with pytest.raises(UserError, match=message):
        cgn_settings(**changes)


def test_nothing_to_train_on_and_nothing_to_compare_with(cgn_settings, tiny_cgn):
    zero = {name: 0.0 for name in cgn_settings().names() if "weight_" in name or "_w" in name}
    zero.pop("patch_work_px")
    with pytest.raises(UserError, match="nothing is left to train on"):
        cgn_settings(**zero)
    with pytest.raises(UserError, match="style losses need a feature network"):
        ImagenetCgnMethod(cgn_settings(), tiny_cgn(), None, 0)
