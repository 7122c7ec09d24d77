"""The ImageNet CGN over the real networks, a few channels wide."""

import pytest
import torch

from cgnlib.generators.imagenet_cgn import ImagenetCgn, load_cgn
from cgnlib.generators.imagenet_training import ImagenetCgnMethod
from cgnlib.networks.biggan import BigGan, Layout, truncated_noise, write_standing_statistics
from cgnlib.networks.saliency import SmallSaliency
from cgnlib.networks.scene_cnn import SceneCnn
from cgnlib.networks.u2net import U2Net
from cgnlib.rng import rng

BLOCKS = ((True, 16, 8), (True, 8, 4), (True, 4, 2), (True, 2, 1))
LAYOUT = Layout(z=8, width=4, classes=5, blocks=BLOCKS, attention=2)  # 64 px


@pytest.fixture
def generator():
    torch.manual_seed(0)
    generator = BigGan(LAYOUT)
    noise, labels = truncated_noise(16, 8, 1.0, rng(0, "z")), torch.arange(16) % 5
    for _ in range(10):
        generator(noise, labels)
    write_standing_statistics(generator, [(noise, labels)])
    return generator


@pytest.mark.parametrize("bf16", [False, True])
def test_an_update_and_its_state(generator, cgn_settings, bf16):
    torch.manual_seed(1)
    cgn = ImagenetCgn(generator, SmallSaliency((4, 8)))
    features = SceneCnn({"texture": 5}, (4, 4, 8, 8)).eval().requires_grad_(False)
    settings = cgn_settings(
        cgn_batch=2, cgn_accumulate=2, cgn_bf16=bf16, patch_work_px=64, patch_px=10, cgn_lr_bg=1e-3
    )
    method = ImagenetCgnMethod(settings, cgn, features.stages, 0)
    before = {name: value.clone() for name, value in cgn.state_dict().items()}
    values = method.update()
    assert len(values) == 7 and all(torch.isfinite(value) for value in values.values())
    moved = {n for n, v in cgn.state_dict().items() if not torch.equal(v, before[n])}
    assert {n.split(".")[0] for n in moved} == {"f_shape", "f_text", "f_bg"}
    assert not any("running" in n for n in moved)  # statistics stay the stored ones
    # the mechanisms start as the generator: composites are its images, seen through the mask
    assert values["loss_l1"].item() < 0.05


def test_the_published_keys(generator, tmp_path):
    torch.manual_seed(1)
    cgn = ImagenetCgn(generator, U2Net("small"))
    keys = set(cgn.state_dict())
    for prefix in ("biggan_GT", "f_shape", "f_text", "f_bg"):
        assert {f"{prefix}.embeddings.weight", f"{prefix}.generator.gen_z.weight_orig"} <= keys
    assert "u2net.stage1.rebnconvin.conv_s1.weight" in keys
    torch.save(cgn.state_dict(), tmp_path / "cgn.pth")
    torch.manual_seed(2)
    other = load_cgn(tmp_path / "cgn.pth", ImagenetCgn(BigGan(LAYOUT), U2Net("small")))
    u, labels = truncated_noise(2, 8, 0.5, rng(0, "u")), torch.tensor([0, 4])
    made = [c.eval()(u, labels, labels, labels, truncation=0.5).composite for c in (cgn, other)]
    assert torch.equal(*made) and made[0].shape == (2, 3, 64, 64)
