"""What GenInt's classifiers learn from: sets of labelled images, in memory or in files.

A set is known by its name: ``real`` and ``stylised`` are made here; ``interventional``,
``transferred``, ``observational`` (the GAN augmentation) and ``observational_1.0`` (plain images to
train on alone) come from whoever makes images.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import torch
from torch import Generator, Tensor

from cgnlib.classifiers.augment import AugmentedBatches, RandomCrop, StoredImages
from cgnlib.classifiers.auto_augment import AutoAugmentCrop
from cgnlib.classifiers.rotated_crop import RotatedCrop
from cgnlib.data import imagenet, scenes9
from cgnlib.data.image_folders import Ahead, Centre, ImageFiles, Listing, RandomBox, joined
from cgnlib.errors import UserError
from cgnlib.params.genint_classifiers import GenintClassifierParams
from cgnlib.pipelines.imagenet.data import listing_identity
from cgnlib.training import EpochIndex

RENDERED = "genint_scenes9"  # the dataset whose images are scenes9's
PX = 224  # of ImageNet's training images
_WHOLE_PX = 256  # central square that files are decoded to before batches are augmented
Images = Tensor | Sequence[Path | str]


@dataclass(frozen=True)
class ImageSource:
    """A set of labelled images, made or read when first asked for.

    Attributes:
        identity: names it in artefact keys.
        count: number of images.
        load: gives the images, (N, 3, H, W) uint8 or paths of files, and labels (N,) int64.
    """

    identity: str
    count: int
    load: Callable[[], tuple[Images, Tensor]]


Sources = Mapping[str, ImageSource]


class LazySources(Mapping):
    """Sets by name, each described when it is first asked for: to name a set may train a generator
    or read a folder of ImageNet, which a run without it should do without.

    Args:
        makers: what describes each set.
    """

    def __init__(self, makers: Mapping[str, Callable[[], ImageSource]]):
        self._makers, self._made = dict(makers), {}

    def __getitem__(self, name: str) -> ImageSource:
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._makers

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)

    def __or__(self, other: "LazySources") -> "LazySources":
        return LazySources(self._makers | other._makers)


def array_source(images: Tensor, labels: Tensor, identity: str) -> ImageSource:
    """Images (N, 3, H, W) uint8 that are already there, with labels (N,) int64."""
    return ImageSource(identity, len(images), lambda: (images, labels))


def source_of(sources: Sources, name: str) -> ImageSource:
    """The set called ``name``.

    Raises:
        UserError: nobody makes it.
    """
    if name not in sources:
        raise UserError(
            f"GenInt: there is no set {name!r} to train on: leave out the row that needs it, or "
            f"make it; there are {', '.join(sources) or 'none'}"
        )
    return sources[name]


def is_rendered(params: GenintClassifierParams) -> bool:
    """Whether the images are scenes9's."""
    return params.dataset == RENDERED


def class_count(params: GenintClassifierParams) -> int:
    """Number of classes."""
    return len(scenes9.CLASSES) if is_rendered(params) else imagenet.CLASSES


def own_sources(params: GenintClassifierParams) -> LazySources:
    """``real`` and ``stylised``: real and stylised images together.

    On ImageNet they come from its folders and those of Stylized-ImageNet. Asking for a set whose
    folders are absent is a :class:`cgnlib.errors.UserError`.
    """
    if is_rendered(params):
        drawn = (params.train_images, params.seed)
        wanted = {"real": ("original",), "stylised": ("original", params.stylised_set)}
        makers = {name: partial(_scene_source, kinds, *drawn) for name, kinds in wanted.items()}
    else:
        wanted = {"real": ("imagenet",), "stylised": ("imagenet", "stylized-imagenet")}
        makers = {name: partial(_folder_source, kinds) for name, kinds in wanted.items()}
    return LazySources(makers)


def _scene_source(kinds: tuple[str, ...], count: int, seed: int) -> ImageSource:
    identity = "+".join(scenes9.set_identity(kind, count, seed, "train") for kind in kinds)
    return ImageSource(identity, len(kinds) * count, partial(_scenes, kinds, count, seed))


@lru_cache(maxsize=4)
def _scenes(kinds: tuple[str, ...], count: int, seed: int) -> tuple[Tensor, Tensor]:
    drawn = [
        scenes9.repainted(count, seed, "train")
        if kind == "repainted"
        else scenes9.scene_set(kind, count, seed, "train")
        for kind in kinds
    ]
    return torch.cat([one.images for one in drawn]), torch.cat([one.shape for one in drawn])


@lru_cache(maxsize=4)
def _folder_listing(kinds: tuple[str, ...]) -> Listing:
    return joined(*(imagenet.imagenet("train", kind) for kind in kinds))


def _folder_source(kinds: tuple[str, ...]) -> ImageSource:
    listing = _folder_listing(kinds)
    labels = torch.from_numpy(listing.labels)
    name = "+".join(kinds)
    return ImageSource(
        listing_identity(listing, name), len(listing), lambda: (listing.paths, labels)
    )


class AugmentedFiles:
    """Files decoded to one size, their batches augmented as bytes: what
    :class:`cgnlib.classifiers.augment.StoredImages` is for images in memory."""

    def __init__(self, files: ImageFiles, augment: Callable[[Tensor, Generator], Tensor]):
        self.files, self.augment = files, augment

    def __len__(self) -> int:
        return len(self.files)

    def draw(self, index: Tensor, generator: Generator) -> Tensor:
        """Images (B, 3, px, px) float32 in [-1, 1] at the positions ``index`` (B,)."""
        whole = self.files.draw(index, generator).add_(1).mul_(127.5)
        return self.augment(whole, generator).div_(127.5).sub_(1)


def augmented(images: Images, params: GenintClassifierParams, kind: str):
    """A source of training images with the augmentation ``kind``: ``standard``, ``additional`` or
    ``autoaugment``.

    Files get the standard crop while they are decoded; for the other two they are decoded to their
    central square of 256 px first.
    """
    area = (params.crop_least_area, 1.0)
    if not isinstance(images, Tensor) and kind == "standard":
        return ImageFiles(images, Centre(PX), RandomBox(PX, area))
    px = images.shape[-1] if isinstance(images, Tensor) else PX
    augment = {
        "standard": RandomCrop(px, area),
        "additional": RotatedCrop(px, area),
        "autoaugment": AutoAugmentCrop(RandomCrop(px, area)),
    }[kind]
    if isinstance(images, Tensor):
        return StoredImages(images, augment)
    return AugmentedFiles(ImageFiles(images, Centre(_WHOLE_PX, _WHOLE_PX)), augment)


def batches_of(
    source: ImageSource,
    params: GenintClassifierParams,
    batch: int,
    kind: str,
    seed: int,
    name: str,
) -> Callable[[int], tuple[Tensor, Tensor]]:
    """Augmented images (B, 3, H, W) in [-1, 1] and labels (B,) by step; files are decoded while
    the last batch is trained on."""
    images, labels = source.load()
    drawn = augmented(images, params, kind)
    index = EpochIndex(source.count, batch, seed, name)
    made = AugmentedBatches(drawn, (labels,), index, seed, name)
    return made if isinstance(images, Tensor) else Ahead(made)
