"""The generated sets of GenInt: observational, interventional and transferred images.

Those of scenes9 are kept in memory as one artefact each. Those of ImageNet are folders of images,
which several machines may fill by shards.
"""

import json
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, get_args

import safetensors.torch
import torch
from torch import Tensor

from cgnlib import store
from cgnlib.data.generated_folder import GeneratedFolder, read_generated_folder
from cgnlib.errors import UserError
from cgnlib.generators import transfer_sets
from cgnlib.generators.image_set_writing import ImageGroups, Written, write_image_set
from cgnlib.generators.interventions import (
    COLUMNS,
    InterventionGroups,
    InterventionSettings,
    gathered_images,
    observational,
)
from cgnlib.params.genint_images import GenintImageParams
from cgnlib.pipelines.genint_scenes9.generator import (
    class_names,
    directions,
    generator,
    intervention_settings,
)
from cgnlib.pipelines.genint_scenes9.transfer import (
    files_as_pictures,
    transfer_groups,
    transfer_identity,
    transfer_settings,
)
from cgnlib.pipelines.imagenet.nets import generator_identity
from cgnlib.training import progress

Kind = Literal["observational", "interventional", "transferred", "observational_1.0"]
# GAN augmentation, X_int, X_itr; plain images at truncation 1, as many as X_int (GENINT-7).
KINDS: tuple[Kind, ...] = get_args(Kind)
_WHOLE = "observational_1.0"
# Of artefacts; rise when the images of unchanged parameters change.
VERSIONS = {"observational": 1, "interventional": 1, "transferred": 1}
IMAGES = "images.safetensors"


@dataclass(frozen=True)
class GeneratedSet:
    """A set in memory: ``images`` (N, 3, H, W) uint8, ``labels`` (N,) int64 of the class, what else
    is ``known`` of each image ((N,) by name: ``component``, ``delta`` and ``noise``, or ``content``
    and ``style``), and the artefact that holds it."""

    images: Tensor
    labels: Tensor
    known: dict[str, Tensor]
    artefact: store.Artefact

    def __len__(self) -> int:
        return len(self.labels)


def artefact_kind(kind: Kind) -> str:
    """The kind of artefact that holds a set."""
    return "observational" if kind == _WHOLE else kind


def _plan(params: GenintImageParams, kind: Kind) -> InterventionSettings:
    if kind == "interventional":
        return intervention_settings(params)
    return observational(1.0 if kind == _WHOLE else params.obs_truncation, params.gen_batch)


def set_count(params: GenintImageParams, kind: Kind) -> int:
    """Images of a set."""
    if kind == "transferred":
        return params.transfer_images
    per_class = params.obs_per_class if kind == "observational" else params.int_per_class
    return per_class * len(class_names(params))


def _made_by(params: GenintImageParams, kind: Kind) -> dict:
    """Everything that shapes the images of a set but their count."""
    made_by = {"seed": params.seed, "generator": generator_identity(params)}
    if artefact_kind(kind) == "observational":
        plan = _plan(params, kind)
        made_by |= {"truncation": plan.truncation, "batch": plan.batch}
    else:
        plan = asdict(intervention_settings(params))
        made_by |= {f"int_{name}": value for name, value in plan.items()}
    if kind == "transferred":
        made_by |= {**asdict(transfer_settings(params)), **transfer_identity(params)}
        made_by["styles"] = set_count(params, "interventional")  # one is drawn among so many
    return json.loads(json.dumps(made_by))  # tuples become lists


def set_key(params: GenintImageParams, kind: Kind) -> dict:
    """What a set depends on."""
    key = {
        **_made_by(params, kind),
        "count": set_count(params, kind),
        "threads": params.threads,
        "device": params.device,
        "layout": params.biggan,
    }
    if params.biggan == "deep_256":
        key |= {"format": params.gen_format, "quality": params.gen_quality}
    return key


def _groups(params: GenintImageParams, kind: Kind) -> ImageGroups:
    if kind == "transferred":
        return transfer_groups(params, images_of(params, "interventional"))
    where = directions(params) if kind == "interventional" else None
    return InterventionGroups(generator(params), where, _plan(params, kind), params.seed)


def images_of(params: GenintImageParams, kind: Kind) -> GeneratedSet | GeneratedFolder:
    """One set of ``params``: of scenes9 in memory, of ImageNet a folder (:func:`set_folder`), made
    first where it does not exist.

    Raises:
        UserError: an unknown kind, absent weights or images, a damaged artefact, a full disk.
    """
    if kind not in KINDS:
        raise UserError(f"no set {kind!r}: choose one of {', '.join(KINDS)}")
    if params.biggan != "deep_256":
        return _in_memory(params, kind)
    write_set(params, kind)
    columns = transfer_sets.COLUMNS if kind == "transferred" else COLUMNS
    return read_generated_folder(set_folder(params, kind), columns, f"{kind} images")


def loaded(params: GenintImageParams, kind: Kind) -> tuple[Tensor | tuple[Path, ...], Tensor]:
    """A set as classifiers take it: images (N, 3, H, W) uint8, or paths of files, and labels (N,)
    int64; errors as :func:`images_of`."""
    found = images_of(params, kind)
    if isinstance(found, GeneratedFolder):
        return found.files, found.known["label"]
    return found.images, found.labels


@lru_cache(maxsize=6)
def _in_memory(params: GenintImageParams, kind: Kind) -> GeneratedSet:
    def make(folder: Path) -> None:
        groups, count = _groups(params, kind), set_count(params, kind)
        gather = transfer_sets.transferred_images if kind == "transferred" else gathered_images
        made = {name: value.contiguous() for name, value in vars(gather(groups, count)).items()}
        progress(f"{count:,} {kind} images made")
        store.write_atomic(folder / IMAGES, safetensors.torch.save(made))

    made, artefact = store.train_or_load(
        artefact_kind(kind),
        VERSIONS[artefact_kind(kind)],
        set_key(params, kind),
        make,
        lambda folder: safetensors.torch.load((folder / IMAGES).read_bytes()),
    )
    images, labels = made.pop("images"), made.pop("labels")
    return GeneratedSet(images, labels, made, artefact)


def set_folder(params: GenintImageParams, kind: Kind) -> Path:
    """Where the image folder of a set is kept."""
    name = artefact_kind(kind)
    return store.artefact_folder(name, VERSIONS[name], set_key(params, kind))


def write_set(
    params: GenintImageParams,
    kind: Kind,
    folder: Path | None = None,
    shard: tuple[int, int] = (0, 1),
) -> dict:
    """Write the images of a set that ``folder`` (by default :func:`set_folder`) does not hold yet,
    or one shard of them; returns the manifest.

    Raises:
        UserError: the folder holds another set, or the disk refuses.
    """
    form = Written(set_count(params, kind), params.gen_format, params.gen_quality, f"{kind} images")
    made_by = {
        **_made_by(params, kind),
        "version": VERSIONS[artefact_kind(kind)],
        "quality": params.gen_quality,
    }
    where = folder or set_folder(params, kind)
    return write_image_set(_groups(params, kind), form, where, made_by, shard)


def identity_of(params: GenintImageParams, kind: Kind) -> str:
    """What names a set in artefact keys, without making it."""
    return f"{artefact_kind(kind)}/{set_folder(params, kind).name}"


def transfer_pictures(params: GenintImageParams, count: int = 8) -> dict[str, Tensor]:
    """``content``, ``style`` and ``result`` of the first transferred images (GenInt, figure 18):
    (count, 3, H, W) in [0, 1]."""
    groups, made = _groups(params, "transferred"), images_of(params, "transferred")
    count = min(count, set_count(params, "transferred"))
    _, content, style, _ = zip(*groups.rows(range(count)), strict=True)
    if isinstance(made, GeneratedFolder):
        read = files_as_pictures(made.files, params.transfer_px, 0)
        result = read(torch.arange(count))
    else:
        result = made.images[:count].float().div(255)
    return {
        "content": groups.content.read(torch.tensor(content)),
        "style": groups.style.read(torch.tensor(style)),
        "result": result,
    }
