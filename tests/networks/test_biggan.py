"""BigGAN: the package's own images, its traps avoided, and files that fit or are named."""

import copy
import json

import pytest
import safetensors.torch
import scipy.stats
import torch
import torch.nn.functional as F
from pytorch_pretrained_biggan import BigGAN

from cgnlib.errors import UserError
from cgnlib.networks import biggan
from cgnlib.networks.biggan import DEEP_256, SCENES9, BigGan, Layout
from cgnlib.rng import rng
from cgnlib.training import Ema

TINY = Layout(
    z=8,
    width=8,
    classes=3,
    blocks=((True, 16, 8), (False, 8, 4), (True, 4, 2), (False, 2, 1)),
    attention=2,
)
PUBLISHED_BLOCKS = (
    "F 16 16, T 16 16, F 16 16, T 16 8, F 8 8, T 8 8, F 8 8, T 8 4, F 4 4, T 4 2, F 2 2, T 2 1"
)


def model_of(layout=TINY, seed=0):
    """A generator in evaluation mode, every layer of which matters to the image."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = BigGan(layout)
        for module in model.modules():
            if hasattr(module, "running_means"):
                torch.nn.init.normal_(module.running_means, 0.0, 0.3)
                torch.nn.init.uniform_(module.running_vars, 0.5, 1.5)
            if hasattr(module, "gamma"):
                torch.nn.init.constant_(module.gamma, 0.7)
        with torch.no_grad():
            for _ in range(20):  # power iteration: fresh vectors say nothing about the weights
                model(torch.zeros(1, layout.z), torch.zeros(1, dtype=torch.int64))
    return model.eval()


def noise(count=4, layout=TINY, seed=1):
    return biggan.truncated_noise(count, layout.z, 1.0, rng(seed, "noise"))


def labels(count=4, layout=TINY):
    return torch.arange(count) % layout.classes


def package_twin(model):
    twin = BigGAN(model.layout.config())
    twin.load_state_dict(model.state_dict())  # strict: the same names and shapes
    return twin.train(model.training)


def count_by_hand(layout):
    """Parameters as the paper's blocks have them."""
    condition, width = 2 * layout.z, layout.width
    total = layout.classes * layout.z + (condition + 1) * 256 * width
    for index, (_, start, end) in enumerate(layout.blocks):
        start, end, inside = start * width, end * width, start * width // 4
        total += 2 * condition * (start + 3 * inside)  # scale and offset of four norms
        total += (start + 1) * inside + 2 * (9 * inside + 1) * inside + (inside + 1) * end
        if index == layout.attention:
            total += 2 * start * start // 8 + 2 * start * start // 2 + 1
    return total + 2 * width + (9 * width + 1) * width


@pytest.mark.parametrize("layout", [TINY, SCENES9])
def test_counts_are_those_of_the_blocks(layout):
    found = sum(parameter.numel() for parameter in BigGan(layout).parameters())
    assert found == count_by_hand(layout)


def test_published_layouts():
    blocks = [block.split() for block in PUBLISHED_BLOCKS.split(", ")]
    assert DEEP_256.blocks == tuple((up == "T", int(a), int(b)) for up, a, b in blocks)
    assert (DEEP_256.side, SCENES9.side, TINY.side) == (256, 64, 16)
    assert count_by_hand(DEEP_256) == 55_880_833  # "~55.9M"
    assert count_by_hand(SCENES9) == 2_040_657
    for layout in (DEEP_256, SCENES9):
        assert Layout.from_config(json.loads(layout.config().to_json_string())) == layout


@pytest.mark.parametrize("truncation", [0.5, 1.0])
def test_images_are_the_packages(truncation):
    model = model_of()
    one_hot = F.one_hot(labels(), 3).float()
    expected = package_twin(model)(noise(), one_hot, truncation)
    assert expected.shape == (4, 3, 16, 16) and expected.std() > 0.05
    torch.testing.assert_close(model(noise(), one_hot, truncation), expected)
    torch.testing.assert_close(model(noise(), labels(), truncation), expected)


def test_a_training_step_is_the_packages():
    model = model_of().train()
    twin = package_twin(model)
    model(noise(), labels()).square().sum().backward()
    twin(noise(), F.one_hot(labels(), 3).float(), 1.0).square().sum().backward()
    for (name, mine), theirs in zip(model.named_parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, theirs.grad, atol=1e-4, rtol=1e-3, msg=name)
    for (name, mine), theirs in zip(model.named_buffers(), twin.buffers(), strict=True):
        torch.testing.assert_close(mine, theirs, msg=name)  # one power iteration each


def test_the_last_convolution_computes_three_channels():
    model, seen = model_of(), []
    model.generator.conv_to_rgb.register_forward_hook(lambda *call: seen.append(call[-1].shape))
    model(noise(), labels())
    assert seen == [(4, 3, 16, 16)]
    assert model.generator.conv_to_rgb.weight_orig.shape == (8, 8, 3, 3)


def test_statistics_between_rows_lean_to_the_nearer_one():
    norm = model_of().generator.bn
    norm.running_means[:] = torch.arange(51.0)[:, None]
    norm.running_vars[:] = 2 * torch.arange(51.0)[:, None]
    mean, variance = norm.stored(0.125)  # row 6.25; swapped weights would give 6.75
    assert torch.allclose(mean, torch.tensor(6.25)) and torch.allclose(variance, torch.tensor(12.5))
    for row in range(1, 51):
        assert torch.allclose(norm.stored(row / 50)[0], torch.tensor(float(row)))
    with torch.no_grad():
        norm.weight.fill_(3.0)
        norm.bias.fill_(1.0)
    image = norm(torch.full((1, 8, 2, 2), 9.785533905932738), 0.125)  # 6.25 + sqrt(12.5)
    torch.testing.assert_close(image, torch.full((1, 8, 2, 2), 4.0), atol=1e-3, rtol=0)


def test_no_memory_is_left_uninitialised():
    models = []
    for _ in range(2):
        torch.manual_seed(3)
        models.append(BigGan(TINY).state_dict())
    assert all(torch.equal(models[0][name], models[1][name]) for name in models[0])
    assert models[0]["generator.bn.weight"].tolist() == [1.0] * 8
    assert models[0]["generator.bn.bias"].tolist() == [0.0] * 8


def test_mixed_labels_mix_the_embeddings():
    model = model_of()
    mixed = model.condition(noise(1), torch.tensor([[0.25, 0.0, 0.75]]))[0, 8:]
    rows = model.embeddings.weight.T
    torch.testing.assert_close(mixed, 0.25 * rows[0] + 0.75 * rows[2])


def test_copies_at_any_time_with_their_power_iteration():
    model = BigGan(TINY).train()
    before = biggan.copy_of(model)
    model(noise(), labels()).sum().backward()
    assert not torch.equal(
        before.generator.gen_z.weight_u, model.generator.gen_z.weight_u
    )  # a step of the power iteration was taken
    after = biggan.copy_of(model.requires_grad_(False))
    assert after.training and not any(p.requires_grad for p in after.parameters())
    assert {name: value.tolist() for name, value in after.state_dict().items()} == {
        name: value.tolist() for name, value in model.state_dict().items()
    }
    addresses = {p.data_ptr() for p in model.parameters()}
    assert not addresses & {p.data_ptr() for p in after.parameters()}
    assert torch.equal(after(noise(), labels()), model(noise(), labels()))
    within = copy.deepcopy(torch.nn.ModuleDict({"f_shape": model}))["f_shape"]
    assert torch.equal(within(noise(), labels()), model(noise(), labels()))


def test_a_moving_average_follows_the_power_iteration():
    model = BigGan(TINY).train()
    model(noise(), labels()).sum().backward()
    ema = Ema(model, 0.9)
    with torch.no_grad():
        model.embeddings.weight += 1
    model(noise(), labels())
    ema.update()
    assert torch.equal(ema.average.generator.gen_z.weight_u, model.generator.gen_z.weight_u)
    assert torch.equal(ema.average.embeddings.weight, model.embeddings.weight)  # first: weight 1


def test_batch_statistics_leave_nothing_behind():
    model = model_of()
    stored = model(noise(), labels())
    kept = copy.deepcopy(model.state_dict())
    with biggan.batch_statistics(model):
        own = model(noise(), labels())
    assert not torch.allclose(stored, own, atol=1e-2)
    assert torch.equal(model(noise(), labels()), stored)
    assert all(torch.equal(kept[name], value) for name, value in model.state_dict().items())


def test_batch_statistics_are_those_of_the_batch():
    model = model_of()
    x = 5 * torch.randn(16, 8, 4, 4, generator=rng(0, "x")) + 3
    with biggan.batch_statistics(model):
        out = model.generator.bn(x, 1.0)
    torch.testing.assert_close(out.mean((0, 2, 3)), torch.zeros(8), atol=1e-5, rtol=0)
    torch.testing.assert_close(out.var((0, 2, 3)), torch.ones(8), atol=1e-2, rtol=0)


def test_standing_statistics_give_the_images_of_the_batch_to_each_alone():
    model = model_of().train()
    z, y = noise(64), labels(64)
    biggan.write_standing_statistics(model, [(z, y)])
    assert model.training
    model.eval()
    with biggan.batch_statistics(model):
        batch = model(z, y)
    torch.testing.assert_close(model(z, y), batch, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(model(z[:1], y[:1]), batch[:1], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(model(z, y, 0.13), batch, atol=1e-4, rtol=1e-4)


def test_standing_statistics_of_several_batches_are_those_of_all():
    model = model_of()
    z, y = noise(48), labels(48)
    seen = []
    hook = model.generator.gen_z.register_forward_hook(lambda *call: seen.append(call[-1]))
    biggan.write_standing_statistics(model, zip(z.split(16), y.split(16), strict=True))
    hook.remove()
    first = torch.cat(seen).view(-1, 128)  # channels last: what the first norm saw
    norm = model.generator.layers[0].bn_0
    torch.testing.assert_close(norm.running_means[17], first.mean(0), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(
        norm.running_vars[50], first.var(0, correction=0), atol=1e-5, rtol=1e-5
    )


@pytest.mark.parametrize("own", [False, True])
def test_half_precision_is_close(own):
    model = model_of()
    with biggan.batch_statistics(model, own):
        expected = model(noise(16), labels(16))
        with torch.autocast("cpu", torch.bfloat16):
            images = model(noise(16), labels(16))
    assert images.dtype == torch.bfloat16
    assert (images.float() - expected).abs().mean() < 0.02 < expected.std()
    images.float().square().mean().backward()
    assert all(torch.isfinite(parameter.grad).all() for parameter in model.parameters())


def test_standing_statistics_need_a_batch():
    model = model_of()
    kept = model.generator.bn.running_means.clone()
    with pytest.raises(UserError, match="at least one batch"):
        biggan.write_standing_statistics(model, [])
    assert torch.equal(model.generator.bn.running_means, kept)


def test_truncated_noise_is_a_truncated_normal():
    draws = biggan.truncated_noise(4000, 5, 1.0, rng(0, "z"))
    assert draws.shape == (4000, 5) and draws.dtype == torch.float32
    assert draws.abs().max() <= 2
    fit = scipy.stats.kstest(draws.flatten().numpy(), scipy.stats.truncnorm(-2, 2).cdf)
    assert fit.pvalue > 0.01
    torch.testing.assert_close(biggan.truncated_noise(4000, 5, 0.5, rng(0, "z")), 0.5 * draws)
    assert not torch.equal(biggan.truncated_noise(4000, 5, 1.0, rng(1, "z")), draws)


@pytest.mark.parametrize("truncation", [0.0, -0.1, 1.01])
def test_truncation_out_of_range(truncation):
    with pytest.raises(UserError, match="above 0 and at most 1"):
        model_of()(noise(), labels(), truncation)


@pytest.mark.parametrize(
    ("blocks", "attention", "message"),
    [
        (((True, 8, 1),), 0, "first must take width 16"),
        (((True, 16, 2),), 0, "last must give 1"),
        (((True, 16, 8), (True, 4, 1)), 0, "each the width"),
        (((True, 16, 1),), 1, "no block of that index"),
    ],
)
def test_layouts_that_cannot_be(blocks, attention, message):
    with pytest.raises(UserError, match=message):
        Layout(z=8, width=8, classes=3, blocks=blocks, attention=attention)


def _saved(path, state, how):
    if how == "safetensors":
        safetensors.torch.save_file({k: v.contiguous() for k, v in state.items()}, path)
    else:
        torch.save(state, path, _use_new_zipfile_serialization=how == "zip")
    return path


@pytest.mark.parametrize("how", ["zip", "legacy", "safetensors"])
def test_files_of_every_kind_load_exactly(how, tmp_path):
    model = model_of()
    path = _saved(tmp_path / "biggan-tiny-pytorch_model.bin", model.state_dict(), how)
    drawn = torch.random.get_rng_state()
    loaded = biggan.load_biggan(path, TINY)
    assert torch.equal(torch.random.get_rng_state(), drawn)
    assert not loaded.training
    assert torch.equal(loaded(noise(), labels()), model(noise(), labels()))
    with pytest.raises(UserError, match=r"no config\.json beside it"):
        biggan.load_biggan(path)
    (tmp_path / "biggan-tiny-config.json").write_text(TINY.config().to_json_string())
    assert biggan.load_biggan(path).layout == TINY


def test_a_published_folder_loads(tmp_path):
    _saved(tmp_path / "pytorch_model.bin", model_of().state_dict(), "zip")
    (tmp_path / "config.json").write_text(TINY.config().to_json_string())
    assert biggan.load_biggan(tmp_path).layout == TINY
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(UserError, match=r"config\.json is no BigGAN config: KeyError\('z_dim'\)"):
        biggan.load_biggan(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.pop("generator.layers.1.bn_2.scale.weight_u"), "bn_2.scale.weight_u.*missing"),
        (lambda s: s.update(extra=torch.zeros(1)), "unknown key 'extra'"),
        (
            lambda s: s.update({"embeddings.weight": torch.zeros(8, 4)}),
            r"'embeddings.weight' has shape \(8, 4\), wanted is \(8, 3\)",
        ),
        (lambda s: s["generator.bn.bias"].fill_(float("nan")), "'generator.bn.bias'.*not finite"),
    ],
)
def test_the_first_key_that_does_not_fit_is_named(change, message, tmp_path):
    state = dict(model_of().state_dict())
    change(state)
    path = _saved(tmp_path / "broken.bin", state, "zip")
    with pytest.raises(UserError, match=rf"broken\.bin: .*{message}"):
        biggan.load_biggan(path, TINY)
