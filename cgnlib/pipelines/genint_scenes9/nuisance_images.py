"""The images whose nuisances are read (GENINT-10): what every method trains on, not cropped.

``plain``, ``mixup``, ``stylised`` and ``autoaugment`` start from the real training images; ``gan``,
``genint`` and ``cgn`` are the generated images alone.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from cgnlib.classifiers.augment import RandomCrop, StoredImages
from cgnlib.classifiers.auto_augment import AutoAugmentCrop
from cgnlib.classifiers.mixup import MixedBatches
from cgnlib.data.image_folders import Centre, ImageFiles
from cgnlib.errors import UserError
from cgnlib.params.genint_theory import NUISANCE_KINDS, GenintTheoryParams
from cgnlib.pipelines.genint_scenes9.counterfactual_sets import (
    counterfactual_identity,
    counterfactuals,
)
from cgnlib.pipelines.genint_scenes9.images import identity_of, loaded
from cgnlib.pipelines.genint_scenes9.training_sets import (
    PX,
    Images,
    class_count,
    own_sources,
    source_of,
)
from cgnlib.rng import rng

_BATCH = 100
_GENERATED = {"gan": "observational", "genint": "interventional"}


@dataclass(frozen=True)
class KindImages:
    """``images`` (N, 3, H, W) in [-1, 1], or what ``split`` makes such batches of; ``label`` (N,)
    int64; ``identity`` for artefact keys."""

    images: Tensor | StoredImages | ImageFiles
    label: Tensor
    identity: str


def stored(images: Images) -> StoredImages | ImageFiles:
    """Images in memory or in files as they are, without augmentation."""
    return StoredImages(images) if isinstance(images, Tensor) else ImageFiles(images, Centre(PX))


def kind_identity(params: GenintTheoryParams, kind: str) -> str:
    """What names the images of a kind in artefact keys, without making them.

    Raises:
        UserError: an unknown kind.
    """
    return f"{kind} {_makers(params, kind)[0]()} first {params.nuisance_images}"


def kind_images(params: GenintTheoryParams, kind: str) -> KindImages:
    """Up to ``nuisance_images`` images of a kind, drawn at random from its set.

    Raises:
        UserError: an unknown kind, or data that are absent.
    """
    images, label = _makers(params, kind)[1]()
    return KindImages(images, label, kind_identity(params, kind))


def _makers(params: GenintTheoryParams, kind: str) -> tuple[Callable[[], str], Callable]:
    """What names a kind, and what makes its images and labels."""
    if kind not in NUISANCE_KINDS:
        raise UserError(f"no images of kind {kind!r}: choose {', '.join(NUISANCE_KINDS)}")
    if kind in _GENERATED:
        which = _GENERATED[kind]
        return lambda: identity_of(params, which), lambda: _some(params, *loaded(params, which))
    if kind == "cgn":
        # the seed chooses the images; it is part of the other names of sets, not of a folder's
        drawn = f" seed {params.seed}" if params.cgn_set else ""
        return lambda: counterfactual_identity(params) + drawn, lambda: _counterfactuals(params)
    make = {"plain": _plain, "stylised": _stylised}.get(kind, _changed)
    name = "stylised" if kind == "stylised" else "real"

    def identity() -> str:
        alpha = f" alpha {params.mixup_alpha}" if kind == "mixup" else ""
        return f"{source_of(own_sources(params), name).identity}{alpha} seed {params.seed}"

    return identity, lambda: make(params, kind)


def chosen(params: GenintTheoryParams, count: int) -> Tensor:
    """Positions of the images that are read, among ``count``, in rising order."""
    order = torch.randperm(count, generator=rng(params.seed, "nuisance images"))
    return order[: params.nuisance_images].sort().values


def _some(params: GenintTheoryParams, images: Images, labels: Tensor):
    rows = chosen(params, len(labels))
    if isinstance(images, Tensor):
        return stored(images[rows]), labels[rows]
    return stored([images[row] for row in rows.tolist()]), labels[rows]


def _plain(params: GenintTheoryParams, kind: str):
    return _some(params, *source_of(own_sources(params), "real").load())


def _stylised(params: GenintTheoryParams, kind: str):
    """The stylised images alone: in their source they follow the real ones."""
    sources = own_sources(params)
    images, labels = source_of(sources, "stylised").load()
    first = source_of(sources, "real").count
    return _some(params, images[first:], labels[first:])


def _changed(params: GenintTheoryParams, kind: str):
    """Real images under mixup, by the larger of their two labels, or under AutoAugment's policy."""
    source, labels = _plain(params, kind)
    order = torch.randperm(len(labels), generator=rng(params.seed, "nuisance", kind))
    parts = order.split(_BATCH)

    def batch(step: int) -> tuple[Tensor, Tensor]:
        stream = rng(params.seed, "nuisance", kind, step)
        images = source.draw(parts[step], stream)
        if kind == "autoaugment":
            whole = RandomCrop(images.shape[-1], (1.0, 1.0), (1.0, 1.0), flip=0.0)
            images = AutoAugmentCrop(whole)(images.add(1).mul(127.5), stream).div(127.5).sub(1)
        return images, labels[parts[step]]

    made = batch
    if kind == "mixup":
        classes = class_count(params)
        mixed = MixedBatches(batch, classes, params.mixup_alpha, params.seed, "nuisance mixup")

        def made(step: int) -> tuple[Tensor, Tensor]:
            images, shares = mixed(step)
            return images, shares.argmax(1)

    images, labels = zip(*(made(step) for step in range(len(parts))), strict=True)
    return torch.cat(images), torch.cat(labels)


def _counterfactuals(params: GenintTheoryParams):
    return _some(params, *counterfactuals(params))
