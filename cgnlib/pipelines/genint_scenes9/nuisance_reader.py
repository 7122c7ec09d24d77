"""The network that reads nuisances, trained on edited images (GENINT-10)."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from cgnlib.classifiers.augment import StoredImages
from cgnlib.classifiers.erm import Schedule
from cgnlib.classifiers.nuisance import (
    NuisanceBatches,
    NuisanceMethod,
    NuisanceRegressor,
    chance_error,
    read_scales,
)
from cgnlib.data.generated_folder import GeneratedFolder
from cgnlib.data.image_folders import ImageFiles
from cgnlib.evaluation.nuisance_correlation import HELD_OUT
from cgnlib.params.genint_theory import GenintTheoryParams
from cgnlib.pipelines.arrays import Arrays, kept_arrays
from cgnlib.pipelines.genint_scenes9.images import identity_of, images_of
from cgnlib.pipelines.genint_scenes9.nuisance_images import stored
from cgnlib.pipelines.kept_networks import Training, kept_network
from cgnlib.rng import rng
from cgnlib.store import Artefact
from cgnlib.training import EpochIndex

READER_VERSION = 1
EDITS_READ_VERSION = 1
_BATCH = 200


@dataclass(frozen=True)
class Edited:
    """Generated images moved along one direction each: ``source`` to draw from, the ``component``
    (N,) int64 and the position ``delta`` (N,), and the rows that train and that are held out."""

    source: StoredImages | ImageFiles
    component: Tensor
    delta: Tensor
    train: Tensor
    held_out: Tensor


@dataclass(frozen=True)
class Reader:
    """The network that reads nuisances, its artefact and log, and how well it reads.

    ``arrays``: ``<part>_true`` and ``<part>_read``, (M,) positions along the edited direction in
    units of the latent; part ``train`` (as many as are held out) or ``val``.
    """

    model: NuisanceRegressor
    artefact: Artefact
    history: list[dict]
    arrays: Arrays

    @property
    def errors(self) -> dict[str, float]:
        """``train_error``, ``val_error``, and ``chance_error`` of a constant answer."""
        made = {
            f"{part}_error": float(
                np.abs(self.arrays[f"{part}_true"] - self.arrays[f"{part}_read"]).mean()
            )
            for part in ("train", "val")
        }
        parts = (torch.from_numpy(self.arrays[f"{part}_true"]) for part in ("train", "val"))
        return made | {"chance_error": chance_error(*parts)}

    @property
    def counts(self) -> dict[str, int]:
        """Images behind each of the errors."""
        train, held_out = (len(self.arrays[f"{part}_true"]) for part in ("train", "val"))
        return {"train_error": train, "val_error": held_out, "chance_error": held_out}


def nuisance_params(params: GenintTheoryParams) -> GenintTheoryParams:
    """The parameters whose interventional set moves every exemplar along every direction."""
    count, scales = params.nuisance_directions, params.nuisance_scales
    return params.model_copy(
        update={
            "int_truncation": params.nuisance_truncation,
            "int_components": count,
            "int_scale_percent": 100.0,
            "int_ranges": "even",
            "int_limit": params.nuisance_reach,
            "int_edits": count,
            "int_steps": scales,
            "int_per_class": params.nuisance_exemplars * count * scales,
        }
    )


@lru_cache(maxsize=1)
def edited(params: GenintTheoryParams) -> Edited:
    """The images that the reader learns from, four fifths of them, and is asked about."""
    made = images_of(nuisance_params(params), "interventional")
    images = made.files if isinstance(made, GeneratedFolder) else made.images
    delta = made.known["delta"]
    order = torch.randperm(len(delta), generator=rng(params.seed, "nuisance split"))
    last = len(delta) - max(1, len(delta) // HELD_OUT)
    return Edited(stored(images), made.known["component"], delta, order[:last], order[last:])


@lru_cache(maxsize=2)
def reader(params: GenintTheoryParams) -> Reader:
    """Train or load the network that reads how far an image was moved along each direction.

    Raises:
        UserError: diverged training, a damaged artefact.
    """
    schedule = Schedule("adamw", params.nuisance_lr, params.nuisance_updates)
    names = ("seed", "threads", "device", "nuisance_network", "nuisance_directions")
    names += ("nuisance_reach", "nuisance_updates", "nuisance_batch", "nuisance_lr")
    key = {name: getattr(params, name) for name in names}
    key["data"] = identity_of(nuisance_params(params), "interventional")

    def build() -> NuisanceRegressor:
        kind, count = params.nuisance_network, params.nuisance_directions
        return NuisanceRegressor(kind, count, params.nuisance_reach, params.seed)

    training = Training(
        lambda network: NuisanceMethod(network, schedule, params.device),
        lambda: _batches(params),
        schedule.steps,
        500,
        "nuisance reader",
    )
    made = kept_network("nuisance_reader", READER_VERSION, key, build, training, params.device)
    network, history, artefact = made
    return Reader(network, artefact, history, _edits_read(params, network, artefact))


def _batches(params: GenintTheoryParams) -> NuisanceBatches:
    known, seed = edited(params), params.seed
    index = EpochIndex(len(known.train), params.nuisance_batch, seed, "nuisance reader")
    edits = (known.source, known.component, known.delta)
    return NuisanceBatches(*edits, lambda step: known.train[index(step)], seed)


def _edits_read(
    params: GenintTheoryParams, network: NuisanceRegressor, artefact: Artefact
) -> Arrays:
    """What the reader says of held-out edits, and of as many that it was trained on."""

    def make() -> Arrays:
        known, found = edited(params), {}
        rows = {"train": known.train[: len(known.held_out)], "val": known.held_out}
        for part, chosen in rows.items():
            stream = rng(params.seed, "nuisance edits", part)
            shown = (known.source.draw(some, stream) for some in chosen.split(_BATCH))
            scales = read_scales(network, shown, params.device)
            true, component = known.delta[chosen], known.component[chosen]
            found[f"{part}_true"] = true.numpy()
            found[f"{part}_read"] = scales.gather(1, component[:, None])[:, 0].numpy()
        return found

    key = {"reader": artefact.hash, "device": params.device, "threads": params.threads}
    return kept_arrays("nuisance_edits_read", EDITS_READ_VERSION, key, make)[0]
