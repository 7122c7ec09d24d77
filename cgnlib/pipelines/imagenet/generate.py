"""Making counterfactual images with the CGN of the ImageNet family: in memory or in a folder."""

from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor

from cgnlib import store
from cgnlib.data.counterfactual_folder import CounterfactualFolder, read_counterfactual_folder
from cgnlib.generators.counterfactual_images import (
    CounterfactualImageSettings,
    counterfactual_batches,
    image_bytes,
)
from cgnlib.generators.counterfactual_writing import FORMAT, write_counterfactuals
from cgnlib.params import ImagenetParams
from cgnlib.pipelines.imagenet.train_cgn import cgn
from cgnlib.training import progress

COUNTERFACTUALS_VERSION = 1
IMAGES = "images.safetensors"


@dataclass(frozen=True)
class CfSet:
    """Counterfactual images in memory: ``images`` (N, 3, H, W) uint8; ``shape``, ``texture``,
    ``background`` (N,) int64 labels; the artefact that holds them."""

    images: Tensor
    shape: Tensor
    texture: Tensor
    background: Tensor
    artefact: store.Artefact

    def __len__(self) -> int:
        return len(self.images)


def image_settings(
    params: ImagenetParams, mode: str = "", count: int = 0, truncation: float = 0.0
) -> CounterfactualImageSettings:
    """Which counterfactual images ``params`` asks for; ``mode``, ``count`` and ``truncation``
    change what it says of the training set."""
    return CounterfactualImageSettings(
        cf_images=count or params.cf_images,
        cf_mode=mode or params.cf_mode,
        cf_truncation=truncation or params.cf_truncation,
        cf_shared_noise=params.cf_shared_noise,
        cf_min_max=params.cf_min_max,
        cf_format=params.cf_format,
        cf_quality=params.cf_quality,
        cf_batch=params.cf_batch,
        **{
            name: params.listed(name)
            for name in ("cf_shape_classes", "cf_texture_classes", "cf_background_classes")
        },
    )


def _set_key(params: ImagenetParams) -> dict:
    settings = asdict(image_settings(params))
    lists = {name: list(value) for name, value in settings.items() if isinstance(value, tuple)}
    source = cgn(params).artefact
    return {"seed": params.seed, "threads": params.threads, "device": params.device,
            **settings, **lists, "cgn": str(source), "images": FORMAT}  # fmt: skip


def counterfactuals(params: ImagenetParams) -> CfSet | CounterfactualFolder:
    """The counterfactual set of ``params``: on scenes9 in memory, on ImageNet a folder of images
    (:func:`set_folder`).

    Raises:
        UserError: a damaged artefact, a full disk; see :func:`cgn`.
    """
    if params.dataset == "scenes9":
        return _set_in_memory(params)
    write_set(params)
    return read_counterfactual_folder(set_folder(params))


@lru_cache(maxsize=2)
def _set_in_memory(params: ImagenetParams) -> CfSet:
    def make(folder: Path) -> None:
        settings, images, labels = image_settings(params), [], []
        for batch in counterfactual_batches(cgn(params).model, settings, params.seed):
            pixels = image_bytes(batch.parts.composite, settings.cf_min_max)
            images.append(pixels.permute(0, 3, 1, 2))
            labels.append(batch.labels)
        progress(f"{settings.cf_images:,} counterfactual images made")
        made = {"images": torch.cat(images).contiguous(), "labels": torch.cat(labels)}
        store.write_atomic(folder / IMAGES, safetensors.torch.save(made))

    made, artefact = store.train_or_load(
        "counterfactuals",
        COUNTERFACTUALS_VERSION,
        _set_key(params),
        make,
        lambda folder: safetensors.torch.load((folder / IMAGES).read_bytes()),
    )
    return CfSet(made["images"], *made["labels"].unbind(1), artefact)


def set_folder(params: ImagenetParams) -> Path:
    """Where the image folder of ``params`` is kept; several machines may fill it by shards."""
    return store.artefact_folder("counterfactuals", COUNTERFACTUALS_VERSION, _set_key(params))


def write_set(
    params: ImagenetParams, folder: Path | None = None, shard: tuple[int, int] = (0, 1)
) -> dict:
    """Write the counterfactual images of ``params`` that ``folder`` (by default
    :func:`set_folder`) does not hold yet, or one shard of them; returns the manifest.

    Raises:
        UserError: the folder holds another set, or the disk refuses.
    """
    trained = cgn(params)
    return write_counterfactuals(
        trained.model,
        image_settings(params),
        folder or set_folder(params),
        params.seed,
        source=str(trained.artefact),
        shard=shard,
    )
