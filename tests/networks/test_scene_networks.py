"""The small networks of scenes9: sizes, interfaces, files."""

import pytest
import torch

from cgnlib.errors import UserError
from cgnlib.networks.saliency import SmallSaliency, load_small_saliency
from cgnlib.networks.scene_cnn import SceneCnn, load_scene_cnn
from cgnlib.rng import rng

HEADS = {"shape": 9, "texture": 9, "background": 9}


def count(network):
    return sum(parameter.numel() for parameter in network.parameters())


def test_counts():
    assert count(SmallSaliency()) == 386_625
    assert count(SceneCnn({"shape": 9})) == 295_161
    assert count(SceneCnn(HEADS)) == 295_161 + 2 * 1_161


@pytest.mark.parametrize("size", [(64, 64), (37, 50), (128, 96)])
def test_a_mask_has_the_size_of_its_image(size):
    mask = SmallSaliency().eval()(torch.zeros(2, 3, *size))
    assert mask.shape == (2, 1, *size)
    assert mask.min() >= 0 and mask.max() <= 1


def test_a_mask_reads_far_and_near():
    """Every pixel within 20 of the centre moves the centre's saliency: context at 64 px."""
    torch.manual_seed(0)
    network = SmallSaliency().eval()
    images = torch.randn(1, 3, 64, 64, requires_grad=True)
    (gradient,) = torch.autograd.grad(network(images)[0, 0, 32, 32], images)
    assert gradient[0, :, 12:53, 12:53].abs().sum(0).min() > 0


def test_logits_are_the_mask_before_the_sigmoid():
    network, images = SmallSaliency().eval(), torch.rand(2, 3, 16, 16, generator=rng(0, "images"))
    torch.testing.assert_close(network(images), network.logits(images).sigmoid())


def test_stages_shrink_and_widen():
    network = SceneCnn(HEADS).eval()
    images = torch.rand(2, 3, 64, 64, generator=rng(0, "images"))
    maps = network.stages(images)
    assert [tuple(m.shape[1:]) for m in maps] == [
        (16, 64, 64),
        (32, 32, 32),
        (64, 16, 16),
        (128, 8, 8),
    ]
    assert all((m >= 0).all() for m in maps)
    logits = network(images)
    assert list(logits) == list(HEADS)
    expected = network.heads["texture"](maps[3].mean((2, 3)))
    torch.testing.assert_close(logits["texture"], expected)
    assert network(images[:, :, :37, :50])["shape"].shape == (2, 9)


def test_heads_and_widths_are_free():
    network = SceneCnn({"digit": 10, "colour": 3}, widths=(4, 8))
    logits = network(torch.zeros(3, 3, 8, 8))
    assert {name: tuple(value.shape) for name, value in logits.items()} == {
        "digit": (3, 10),
        "colour": (3, 3),
    }


def test_files_load_and_others_are_named(tmp_path):
    images = torch.rand(2, 3, 16, 16, generator=rng(0, "images"))
    saliency, path = SmallSaliency(), tmp_path / "saliency.pt"
    torch.save(saliency.state_dict(), path)
    assert torch.equal(load_small_saliency(path)(images), saliency.eval()(images))
    with pytest.raises(UserError, match=r"saliency\.pt: unknown key 'down\.0"):
        load_scene_cnn(path, HEADS)
    cnn, path = SceneCnn(HEADS), tmp_path / "cnn.pt"
    torch.save(cnn.state_dict(), path)
    found = load_scene_cnn(path, HEADS)(images)
    assert torch.equal(found["shape"], cnn.eval()(images)["shape"])
    with pytest.raises(UserError, match=r"'heads\.shape\.weight' has shape \(9, 128\), wanted is"):
        load_scene_cnn(path, {**HEADS, "shape": 10})
