"""Speed of the networks of the ImageNet family, one JSON line per measurement.

    python benchmarks/networks.py [NAME ...]     (default: every one)

Run it on an otherwise idle machine. ``--threads`` sets the CPU threads (default 1).
"""

from collections.abc import Callable

import torch
from measuring import run, say, seconds
from torch import nn

from cgnlib.generators.image_discriminator import ImageDiscriminator
from cgnlib.generators.losses import r1_penalty
from cgnlib.networks.biggan import SCENES9, BigGan, batch_statistics, truncated_noise
from cgnlib.networks.saliency import SmallSaliency
from cgnlib.networks.scene_cnn import SceneCnn
from cgnlib.networks.u2net import U2Net
from cgnlib.rng import rng
from cgnlib.training import keep_freed_memory

BATCH = 32


def _images(count: int = BATCH, side: int = 64) -> torch.Tensor:
    images = torch.rand(count, 3, side, side, generator=rng(0, "benchmark")) * 2 - 1
    return images.contiguous(memory_format=torch.channels_last)


def _say(name: str, action: Callable[[], object], **more) -> None:
    say(name, 1000 * seconds(action, 15), "ms", batch=BATCH, side_px=64, **more)


def _backward(network: nn.Module, forward: Callable[[], torch.Tensor]) -> Callable[[], None]:
    def step() -> None:
        network.zero_grad(set_to_none=True)
        forward().square().mean().backward()

    return step


def biggan() -> None:
    """Forward, and forward with backward, by the batch's own and by stored statistics."""
    model = BigGan(SCENES9).train()
    z = truncated_noise(BATCH, SCENES9.z, 1.0, rng(0, "benchmark"))
    labels = torch.arange(BATCH) % SCENES9.classes
    step = _backward(model, lambda: model(z, labels))
    for statistics in ("stored", "batch"):
        with batch_statistics(model, statistics == "batch"):
            with torch.no_grad():
                _say("biggan_forward", lambda: model(z, labels), statistics=statistics)
            _say("biggan_forward_backward", step, statistics=statistics)


def discriminator() -> None:
    network, labels = ImageDiscriminator(9).train(), torch.arange(BATCH) % 9
    images = _images().requires_grad_()
    step = _backward(network, lambda: network(images.detach(), labels))
    _say("discriminator_forward_backward", step)
    step = _backward(network, lambda: r1_penalty(network(images, labels), images))
    _say("discriminator_r1", step)


def saliency() -> None:
    network, images = SmallSaliency(), _images()
    _say("saliency_train_forward_backward", _backward(network, lambda: network.logits(images)))
    network.eval().requires_grad_(False)
    images.requires_grad_()
    _say("saliency_frozen_forward_backward", _backward(network, lambda: network(images)))


def scene_cnn() -> None:
    network, images = SceneCnn({"shape": 9, "texture": 9, "background": 9}), _images()
    step = _backward(network, lambda: torch.cat(list(network(images).values()), 1))
    _say("scene_cnn_train_forward_backward", step)


def u2net() -> None:
    """The small one, frozen, with the gradient of its images: what the CGN's losses need."""
    network, images = U2Net("small").eval().requires_grad_(False), _images(4, 256).requires_grad_()
    value = seconds(_backward(network, lambda: network(images)), 5, 1)
    say("u2net_small_forward_backward", 1000 * value, "ms", batch=4, side_px=256)


BENCHMARKS = {f.__name__: f for f in (biggan, discriminator, saliency, scene_cnn, u2net)}

if __name__ == "__main__":
    keep_freed_memory()  # as every training does
    run(__doc__.splitlines()[0], BENCHMARKS, list(BENCHMARKS), threads=1)
