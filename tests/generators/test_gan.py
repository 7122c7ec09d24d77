"""The GAN baseline: published layout, resume to the same bits, and the images it hands out."""

import pytest
import torch

from cgnlib.generators import losses
from cgnlib.generators.gan import GanImages, GanMethod, GanSettings, MnistGan, gan_sheet
from cgnlib.params import MnistParams
from resuming import assert_resumes

TINY = {"cgn_latent": 8, "gan_width": 2, "gan_disc_width": 4}
PAPER = {"gan_disc": "linear", "r1_gamma": 0.0, "ema_decay": 0.0, "disc_shift_px": 0}


def _method(**changes):
    params = MnistParams(**{**TINY, **changes})
    return GanMethod(GanSettings(**{n: getattr(params, n) for n in GanSettings.names()}), seed=0)


def _batch(step=0):
    generator = torch.Generator().manual_seed(step)
    return torch.rand(8, 3, 32, 32, generator=generator) * 2 - 1, torch.arange(8)


def test_published_layout():
    gan = MnistGan()
    shapes = {n: tuple(v.shape) for n, v in gan.state_dict().items() if n.endswith("weight")}
    assert shapes == {
        "label_emb.weight": (10, 10),
        "model.0.weight": (42, 256, 4, 4),
        "model.1.weight": (256,),
        "model.3.weight": (256, 128, 4, 4),
        "model.4.weight": (128,),
        "model.6.weight": (128, 64, 4, 4),
        "model.7.weight": (64,),
        "model.9.weight": (64, 3, 4, 4),
    }
    assert not any(name in gan.state_dict() for name in ("model.0.bias", "model.9.bias"))
    assert sum(parameter.numel() for parameter in gan.parameters()) == 831_460


def test_the_first_layer_is_a_transposed_convolution_of_one_pixel():
    gan = MnistGan(6, 2).eval()
    u, labels = torch.randn(3, 6), torch.tensor([1, 2, 3])
    code = torch.cat([u, gan.label_emb(labels)], 1)[:, :, None, None]
    made = gan(u, labels)
    assert made.shape == (3, 3, 32, 32)
    assert torch.allclose(made, gan.model(code), atol=1e-6)


def test_cross_entropy_by_hand():
    real, fake = torch.tensor([0.0]), torch.tensor([torch.log(torch.tensor(3.0))])
    # sigmoid(0) = 1/2 and sigmoid(log 3) = 3/4
    assert losses.bce_generator(fake).item() == pytest.approx(-torch.log(torch.tensor(0.75)).item())
    expected = 0.5 * (torch.log(torch.tensor(2.0)) + torch.log(torch.tensor(4.0)))
    assert losses.bce_discriminator(real, fake).item() == pytest.approx(expected.item())


@pytest.mark.parametrize(
    "changes",
    [{}, PAPER, {**PAPER, "gan_disc": "conv", "gan_adversarial": "lsgan"}],
    ids=["embedded", "published", "conv"],
)
def test_resume_gives_the_same_bits(changes):
    assert_resumes(lambda: _method(**changes), _batch, lambda method: method.sampler().state_dict())


def test_a_step_leaves_the_global_generator_alone():
    before = torch.get_rng_state()
    _method(**PAPER).update(_batch())
    assert torch.equal(before, torch.get_rng_state())


def test_images_carry_the_label_they_were_asked_for():
    gan = MnistGan(8, 2)
    made = GanImages(gan, 25, seed=3)
    assert len(made) == 25 and made.pixels.dtype == torch.uint8
    assert torch.bincount(made.labels, minlength=10).tolist() == [3] * 5 + [2] * 5
    images, labels = made.batch(torch.tensor([4, 0]))
    assert images.shape == (2, 3, 32, 32) and labels.tolist() == [
        [made.labels[4].item()],
        [made.labels[0].item()],
    ]
    wanted = made.pixels[4].permute(2, 0, 1).float() / 127.5 - 1
    assert torch.allclose(images[0], wanted, atol=1e-6)
    assert torch.equal(GanImages(gan, 25, seed=3).pixels, made.pixels)
    assert gan.training  # sampling puts the mode back


def test_a_sheet_has_a_class_per_column():
    assert gan_sheet(MnistGan(8, 2), 0, per_class=3).shape == (3, 10, 32, 32, 3)
