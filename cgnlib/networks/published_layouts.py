"""Keys and shapes of the published checkpoints that users may import.

The MNIST networks are written out; those of ImageNet are what our networks hold, which carry the
published key names. Sources: the CGN's released checkpoints, the GAN and the classifier of the
first reproduction, pytorch-pretrained-biggan, U²-Net.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from cgnlib.errors import UserError

Layout = dict[str, tuple[int, ...]]


def _linear(name: str, outputs: int, inputs: int) -> Layout:
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def _conv(name: str, shape: tuple[int, ...], bias: int = 0) -> Layout:
    return {f"{name}.weight": shape, **({f"{name}.bias": (bias,)} if bias else {})}


def _norm(name: str, channels: int) -> Layout:
    names = ("weight", "bias", "running_mean", "running_var")
    sizes = {f"{name}.{part}": (channels,) for part in names}
    return {**sizes, f"{name}.num_batches_tracked": ()}


def _texture(name: str) -> Layout:
    return {
        **_linear(f"{name}.0", 4096, 42),
        **_conv(f"{name}.3", (64, 64, 3, 3)),
        **_norm(f"{name}.4", 64),
        **_conv(f"{name}.7", (32, 64, 3, 3)),
        **_norm(f"{name}.8", 32),
        **_conv(f"{name}.10", (3, 32, 3, 3), bias=3),
        **_norm(f"{name}.11", 3),
    }


def _mnist_cgn() -> Layout:
    return {
        "label_emb.weight": (10, 10),
        **_linear("f_shape.0", 4096, 42),
        **_conv("f_shape.4", (32, 64, 3, 3)),
        **_norm("f_shape.5", 32),
        **_conv("f_shape.9", (1, 32, 3, 3)),
        **_norm("f_shape.10", 1),
        **_texture("f_text1"),  # the object
        **_texture("f_text2"),  # the background
    }


def _mnist_gan() -> Layout:
    return {
        "label_emb.weight": (10, 10),
        **_conv("model.0", (42, 256, 4, 4)),
        **_norm("model.1", 256),
        **_conv("model.3", (256, 128, 4, 4)),
        **_norm("model.4", 128),
        **_conv("model.6", (128, 64, 4, 4)),
        **_norm("model.7", 64),
        **_conv("model.9", (64, 3, 4, 4)),
    }


def _mnist_classifier() -> Layout:
    return {
        **_norm("model.0", 3),
        **_conv("model.1", (32, 3, 5, 5), bias=32),
        **_conv("model.4", (32, 32, 3, 3), bias=32),
        **_conv("model.6", (64, 32, 3, 3), bias=64),
        **_conv("model.8", (64, 64, 3, 3), bias=64),
        **_linear("cls.0", 10, 64),
    }


def _shapes(make: Callable[[], Any]) -> Layout:
    """Of a network that is built without its numbers."""
    import torch  # here, so that the command line knows the names without it

    with torch.device("meta"):
        return {name: tuple(value.shape) for name, value in make().state_dict().items()}


def _biggan() -> Layout:
    from cgnlib.networks.biggan import DEEP_256, BigGan

    return _shapes(lambda: BigGan(DEEP_256))


def _u2net(size: str) -> Layout:
    from cgnlib.networks.u2net import U2Net

    return _shapes(lambda: U2Net(size))


def _imagenet_cgn() -> Layout:
    """Five networks in one file, each under its prefix."""
    generator, found = _biggan(), {}
    for prefix in ("biggan_GT", "f_shape", "f_text", "f_bg"):
        found |= {f"{prefix}.{name}": shape for name, shape in generator.items()}
    return found | {f"u2net.{name}": shape for name, shape in _u2net("full").items()}


_LAYOUTS = {
    "mnist-cgn": _mnist_cgn,
    "mnist-gan": _mnist_gan,
    "mnist-classifier": _mnist_classifier,
    "imagenet-cgn": _imagenet_cgn,
    "biggan": _biggan,
    "u2net": lambda: _u2net("full"),
    "u2netp": lambda: _u2net("small"),
}
NAMES = tuple(_LAYOUTS)


@lru_cache(maxsize=8)
def layout(name: str) -> Layout:
    """Key to shape of the checkpoints called ``name``, one of :data:`NAMES`.

    Raises:
        UserError: an unknown name.
    """
    if name not in _LAYOUTS:
        raise UserError(f"no layout {name!r}: choose one of {', '.join(NAMES)}")
    return _LAYOUTS[name]()
