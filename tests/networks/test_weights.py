"""Published checkpoints: every key and shape is checked, nothing is executed, nothing is lost."""

import io
import json

import pytest
import safetensors.torch
import torch
from torch import nn

from cgnlib.__main__ import main
from cgnlib.classifiers.cnn import MnistCnn
from cgnlib.errors import UserError
from cgnlib.generators.mnist_cgn import MnistCgn
from cgnlib.networks import published_layouts, weights
from cgnlib.networks.published_layouts import layout as layout_of

# The published layouts, written out once more: name to shape, as a reader of the papers has them.
NORM = ("weight", "bias", "running_mean", "running_var")
PUBLISHED = {
    "mnist-cgn": [
        ("label_emb.weight", 10, 10),
        ("f_shape.0.weight", 4096, 42),
        ("f_shape.0.bias", 4096),
        ("f_shape.4.weight", 32, 64, 3, 3),
        ("f_shape.9.weight", 1, 32, 3, 3),
        *((f"f_shape.5.{part}", 32) for part in NORM),
        *((f"f_shape.10.{part}", 1) for part in NORM),
        ("f_shape.5.num_batches_tracked",),
        ("f_shape.10.num_batches_tracked",),
        *(
            (f"{mechanism}.{name}", *shape)
            for mechanism in ("f_text1", "f_text2")
            for name, *shape in (
                ("0.weight", 4096, 42),
                ("0.bias", 4096),
                ("3.weight", 64, 64, 3, 3),
                ("7.weight", 32, 64, 3, 3),
                ("10.weight", 3, 32, 3, 3),
                ("10.bias", 3),
                *((f"4.{part}", 64) for part in NORM),
                *((f"8.{part}", 32) for part in NORM),
                *((f"11.{part}", 3) for part in NORM),
                *((f"{index}.num_batches_tracked",) for index in (4, 8, 11)),
            )
        ),
    ],
    "mnist-gan": [
        ("label_emb.weight", 10, 10),
        ("model.0.weight", 42, 256, 4, 4),
        ("model.3.weight", 256, 128, 4, 4),
        ("model.6.weight", 128, 64, 4, 4),
        ("model.9.weight", 64, 3, 4, 4),
        *((f"model.1.{part}", 256) for part in NORM),
        *((f"model.4.{part}", 128) for part in NORM),
        *((f"model.7.{part}", 64) for part in NORM),
        *((f"model.{index}.num_batches_tracked",) for index in (1, 4, 7)),
    ],
    "mnist-classifier": [
        *((f"model.0.{part}", 3) for part in NORM),
        ("model.0.num_batches_tracked",),
        ("model.1.weight", 32, 3, 5, 5),
        ("model.1.bias", 32),
        ("model.4.weight", 32, 32, 3, 3),
        ("model.4.bias", 32),
        ("model.6.weight", 64, 32, 3, 3),
        ("model.6.bias", 64),
        ("model.8.weight", 64, 64, 3, 3),
        ("model.8.bias", 64),
        ("cls.0.weight", 10, 64),
        ("cls.0.bias", 10),
    ],
}


def checkpoint(layout, seed=0):
    """A state dict in exactly that layout, with values at which every layer matters."""
    generator = torch.Generator().manual_seed(seed)
    state = {}
    for name, *shape in PUBLISHED[layout]:
        if name.endswith("num_batches_tracked"):
            state[name] = torch.tensor(7)
        elif name.endswith("running_var"):
            state[name] = 0.5 + torch.rand(shape, generator=generator)
        else:
            state[name] = 0.2 * torch.randn(shape, generator=generator)
    return state


def saved(path, state):
    torch.save(state, path)
    return path


@pytest.fixture
def good(tmp_path):
    return saved(tmp_path / "cgn.pth", checkpoint("mnist-cgn"))


@pytest.mark.parametrize("layout", PUBLISHED)
def test_the_layouts_are_the_published_ones(layout):
    assert layout_of(layout) == {name: tuple(shape) for name, *shape in PUBLISHED[layout]}


def test_the_imagenet_checkpoints_are_made_of_the_networks_parts():
    generator, saliency = layout_of("biggan"), layout_of("u2net")
    whole = layout_of("imagenet-cgn")
    assert len(whole) == 4 * len(generator) + len(saliency)
    assert whole["f_text.embeddings.weight"] == generator["embeddings.weight"] == (128, 1000)
    assert whole["u2net.outconv.weight"] == (1, 6, 1, 1)
    assert set(PUBLISHED) | {"biggan", "u2net", "u2netp", "imagenet-cgn"} == set(
        published_layouts.NAMES
    )


def test_counts_are_the_published_ones():
    sizes = {
        layout: sum(
            torch.Size(shape).numel()
            for name, shape in names.items()
            if not name.endswith(("num_batches_tracked", "running_mean", "running_var"))
        )
        for layout, names in ((layout, layout_of(layout)) for layout in PUBLISHED)
    }
    assert len(layout_of("mnist-cgn")) == 57
    assert sizes == {"mnist-cgn": 659_992, "mnist-gan": 831_460, "mnist-classifier": 67_760}


@pytest.mark.parametrize(
    ("layout", "network"), [("mnist-cgn", MnistCgn), ("mnist-classifier", MnistCnn)]
)
def test_our_networks_have_those_names(layout, network):
    state = network().state_dict()
    assert {name: tuple(value.shape) for name, value in state.items()} == layout_of(layout)


class PlainCgn(nn.Module):
    """The published layers one by one, without any of our shortcuts and without the shuffler."""

    def __init__(self):
        super().__init__()
        up = lambda: nn.Upsample(scale_factor=2, mode="nearest")  # noqa: E731
        self.label_emb = nn.Embedding(10, 10)
        self.f_shape = nn.Sequential(
            nn.Linear(42, 4096),
            nn.Unflatten(1, (64, 8, 8)),
            nn.InstanceNorm2d(64),
            up(),
            nn.Conv2d(64, 32, 3, padding=1, bias=False),
            nn.BatchNorm2d(32),
            nn.LeakyReLU(0.2),
            nn.InstanceNorm2d(32),
            up(),
            nn.Conv2d(32, 1, 3, padding=1, bias=False),
            nn.BatchNorm2d(1),
            nn.LeakyReLU(0.2),
            nn.InstanceNorm2d(1),
        )
        self.f_text1, self.f_text2 = (
            nn.Sequential(
                nn.Linear(42, 4096),
                nn.Unflatten(1, (64, 8, 8)),
                up(),
                nn.Conv2d(64, 64, 3, padding=1, bias=False),
                nn.BatchNorm2d(64),
                nn.LeakyReLU(0.2),
                up(),
                nn.Conv2d(64, 32, 3, padding=1, bias=False),
                nn.BatchNorm2d(32),
                nn.LeakyReLU(0.2),
                nn.Conv2d(32, 3, 3, padding=1),
                nn.BatchNorm2d(3),
                nn.Tanh(),
            )
            for _ in range(2)
        )

    def forward(self, u, labels):
        codes = [torch.cat([a, self.label_emb(b)], 1) for a, b in zip(u, labels, strict=True)]
        mask = self.f_shape(codes[0]).clamp(0.0001, 0.9999)
        return mask, self.f_text1(codes[1]), self.f_text2(codes[2])


def test_the_same_weights_make_the_same_images_as_plain_layers(good, workplace):
    state, _ = weights.imported_weights(str(good), "mnist-cgn")
    plain, ours = PlainCgn().eval(), MnistCgn(shuffle=False).eval()
    plain.load_state_dict(checkpoint("mnist-cgn"))
    ours.load_state_dict(state)
    generator = torch.Generator().manual_seed(1)
    u = torch.randn(3, 6, 32, generator=generator)
    labels = torch.randint(10, (3, 6), generator=generator)
    with torch.no_grad():
        mask, front, back = plain(u, labels)
        made = ours(tuple(u), tuple(labels))
    assert 0.1 < mask.mean() < 0.9 and front.std() > 0.05  # a flat picture would prove nothing
    torch.testing.assert_close(made.mask, mask, atol=2e-5, rtol=1e-4)
    torch.testing.assert_close(made.foreground, front, atol=2e-5, rtol=1e-4)
    torch.testing.assert_close(made.background, back, atol=2e-5, rtol=1e-4)
    torch.testing.assert_close(made.image, mask * front + (1 - mask) * back, atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("layout", PUBLISHED)
def test_importing_keeps_every_number_and_says_where_it_came_from(layout, tmp_path, workplace):
    state = checkpoint(layout)
    path = saved(tmp_path / "released.pth", state)
    made = weights.import_weights(path, layout)
    assert made.folder == workplace / "runs" / "weights" / made.hash
    assert made.provenance["source_file"] == str(path)
    assert made.provenance["source_sha256"] == weights.store.file_sha256(path)
    found, again = weights.imported_weights(made.hash, layout)
    assert again == made
    assert set(found) == set(state)
    assert all(torch.equal(found[name], state[name]) for name in state)


def test_a_parallel_wrapper_and_safetensors_make_no_difference(tmp_path, workplace):
    state = checkpoint("mnist-classifier")
    wrapped = saved(tmp_path / "p.pth", {f"module.{name}": v for name, v in state.items()})
    other = tmp_path / "s.safetensors"
    other.write_bytes(safetensors.torch.save(state))
    for path in (wrapped, other):
        found, _ = weights.imported_weights(str(path), "mnist-classifier")
        assert all(torch.equal(found[name], state[name]) for name in state)


def test_the_file_decides_the_hash_not_its_name(good, tmp_path, workplace):
    copy = tmp_path / "renamed.pth"
    copy.write_bytes(good.read_bytes())
    first, second = (weights.import_weights(path, "mnist-cgn") for path in (good, copy))
    assert first.hash == second.hash
    other = saved(tmp_path / "other.pth", checkpoint("mnist-cgn", seed=1))
    assert weights.import_weights(other, "mnist-cgn").hash != first.hash


def _without(state):
    del state["f_text2.11.bias"]


def _with_more(state):
    state["f_shape.12.weight"] = torch.zeros(1)


def _misshapen(state):
    state["f_shape.0.weight"] = torch.zeros(4096, 22)


def _not_finite(state):
    state["f_text1.10.bias"][1] = torch.nan


def _nested(state):
    state["optimizer"] = {"lr": 0.1}


def _whole_numbers(state):
    state["f_text1.10.bias"] = torch.zeros(3, dtype=torch.int64)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_without, "key 'f_text2.11.bias' is missing"),
        (_with_more, "unknown key 'f_shape.12.weight'"),
        (_misshapen, r"'f_shape.0.weight' has shape \(4096, 22\), published is \(4096, 42\)"),
        (_not_finite, "'f_text1.10.bias' holds numbers that are not finite"),
        (_nested, "'optimizer' is dict, not a tensor"),
        (_whole_numbers, "'f_text1.10.bias' has type torch.int64"),
    ],
)
def test_what_does_not_fit_is_named_and_nothing_is_kept(change, message, tmp_path, workplace):
    state = checkpoint("mnist-cgn")
    change(state)
    with pytest.raises(UserError, match=message):
        weights.import_weights(saved(tmp_path / "bad.pth", state), "mnist-cgn")
    assert not list((workplace / "runs").rglob("done"))


class Evil:
    def __reduce__(self):
        return (print, ("executed",))


@pytest.mark.parametrize("form", [{}, {"_use_new_zipfile_serialization": False}])
@pytest.mark.parametrize("held", [nn.Linear(2, 2), {"a": Evil()}])
def test_pickled_objects_are_refused_and_never_run(held, form, tmp_path, capsys):
    torch.save(held, tmp_path / "module.pth", **form)
    with pytest.raises(UserError, match=r"pickled objects.*state_dict"):
        weights.read_checkpoint(tmp_path / "module.pth")
    assert "executed" not in capsys.readouterr().out


def _damaged(kind, data):
    if kind == "cut":
        return data[: len(data) // 2]
    if kind == "empty":
        return b""
    if kind == "text":
        return b"<html>404 Not Found</html>"
    return b"\x10" + bytes(7) + b'{"a": broken}'


@pytest.mark.parametrize("kind", ["cut", "empty", "text", "safetensors"])
def test_damaged_files_are_one_line(kind, good, capsys, workplace):
    good.write_bytes(_damaged(kind, good.read_bytes()))
    assert main(["import-weights", str(good), "--as", "mnist-cgn"]) == 2
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "damaged or no checkpoint" in line


def test_a_list_is_no_state_dict(tmp_path):
    with pytest.raises(UserError, match="holds list"):
        weights.read_checkpoint(saved(tmp_path / "l.pth", [torch.zeros(1)]))


def test_unknown_and_other_hashes(good, workplace):
    made = weights.import_weights(good, "mnist-cgn")
    with pytest.raises(UserError, match="are mnist-cgn, not mnist-gan"):
        weights.imported_weights(made.hash, "mnist-gan")
    for name in ("0123456789ab", "../x", "nowhere.pth"):
        with pytest.raises(UserError, match=f"no weights '{name}'"):
            weights.imported_weights(name, "mnist-cgn")
    buffer = io.BytesIO((made.folder / weights.FILE).read_bytes())
    (made.folder / weights.FILE).write_bytes(buffer.getvalue()[:-4] + b"\0\0\0\0")
    with pytest.raises(UserError, match="damaged"):
        weights.imported_weights(made.hash, "mnist-cgn")


def test_the_command_prints_artefact_and_hash(good, workplace, capsys):
    assert main(["import-weights", str(good), "--as", "mnist-cgn"]) == 0
    line = capsys.readouterr().out
    assert "weights/" in line and weights.store.file_sha256(good) in line and "cgn.pth" in line
    assert main(["import-weights", str(good), "--as", "mnist-cgn", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["source_sha256"] in line and told["artefact"] in line
    with pytest.raises(SystemExit):
        main(["import-weights", str(good), "--as", "imagenet"])
