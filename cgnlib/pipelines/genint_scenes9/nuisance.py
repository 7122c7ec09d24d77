"""Do nuisances tell the class? Read in images of every kind, and known (GENINT-10, claim GI-1).

The published measure reads nuisances with a network, whose mistakes may depend on the class. On
scenes9 two controls say what the numbers are worth: the true positions of real images, since their
latents are known and independent of the class; and texture and place as read by the shipped
classifier, the nuisances that do tell the class of a real image.
"""

import numpy as np
import torch

from cgnlib.classifiers.nuisance import read_scales
from cgnlib.classifiers.supervised import channels_last
from cgnlib.data.scenes9 import original_uniforms
from cgnlib.errors import UserError
from cgnlib.evaluation.nuisance_correlation import (
    LabelTraining,
    OverChance,
    class_order,
    over_chance,
)
from cgnlib.evaluation.rates import Rate
from cgnlib.generators.ganspace import directions_of
from cgnlib.networks.shipped import shipped, shipped_record
from cgnlib.params.genint_theory import GenintTheoryParams
from cgnlib.pipelines.arrays import Arrays, kept_arrays
from cgnlib.pipelines.genint_scenes9.generator import generator
from cgnlib.pipelines.genint_scenes9.nuisance_images import (
    KindImages,
    chosen,
    kind_identity,
    kind_images,
)
from cgnlib.pipelines.genint_scenes9.nuisance_reader import reader
from cgnlib.pipelines.genint_scenes9.training_sets import class_count, is_rendered
from cgnlib.pipelines.imagenet.nets import generator_identity
from cgnlib.store import Artefact

NUISANCES_VERSION = 1
OVER_CHANCE_VERSION = 1
READ, TRUE, FACTORS = "read", "true positions", "texture and place"  # what stands for nuisances
_INSIDE = 1e-6  # uniforms stay this far from 0 and 1, where the Gaussian has no end
_BATCH = 200


def controls(params: GenintTheoryParams) -> list[tuple[str, str]]:
    """(kind, nuisances) of the controls: none on ImageNet, where nothing is known."""
    if not is_rendered(params):
        return []
    read = [(kind, FACTORS) for kind in ("plain", "genint", "cgn") if kind in params.kinds()]
    return [("plain", TRUE), *read]


def setting(kind: str, what: str = READ) -> str:
    """What tables call the nuisances ``what`` of images of a kind."""
    return kind if what == READ else f"{kind}, {what}"


def nuisances(params: GenintTheoryParams, kind: str, what: str = READ) -> tuple[Arrays, Artefact]:
    """``values`` (N, K) float32 and ``label`` (N,) int64 of the images of a kind.

    Args:
        what: ``read``: positions along the directions, as the reader sees them;
            ``true positions``: those that the renderer's latent has (plain scenes9 alone);
            ``texture and place``: log-odds of both, as the shipped classifier reads them.

    Raises:
        UserError: an unknown kind; what is not known of it.
    """
    if (kind, what) not in controls(params) and what != READ:
        raise UserError(f"{what} of {kind} images are not known")
    key = {"images": kind_identity(params, kind), "what": what}
    key |= {"device": params.device, "threads": params.threads, **_what_key(params, what)}

    def make() -> Arrays:
        images = kind_images(params, kind)
        values = _VALUES[what](params, images)
        return {"values": values.numpy(), "label": images.label.numpy()}

    return kept_arrays("nuisances", NUISANCES_VERSION, key, make)


def _what_key(params: GenintTheoryParams, what: str) -> dict:
    if what == READ:
        return {"reader": reader(params).artefact.hash}
    if what == FACTORS:
        return {"classifier": shipped_record("classifier")["sha256"]}
    names = ("nuisance_directions", "train_images", "seed")
    return {name: getattr(params, name) for name in names} | {
        "generator": generator_identity(params)
    }


def _read(params: GenintTheoryParams, images: KindImages) -> torch.Tensor:
    return read_scales(reader(params).model, images.images.split(_BATCH), params.device)


@torch.no_grad()
def _factors(params: GenintTheoryParams, images: KindImages) -> torch.Tensor:
    network, rows = shipped("classifier"), []
    for part in images.images.split(_BATCH):
        told = network(channels_last(part))
        rows.append(torch.cat([told["texture"], told["background"]], 1))
    return torch.cat(rows)


def _true(params: GenintTheoryParams, images: KindImages) -> torch.Tensor:
    """Of the noise that the generator would make the same scene from."""
    uniforms = original_uniforms(params.train_images, params.seed, "train")
    uniforms = uniforms[chosen(params, params.train_images)].double()
    z = torch.zeros(len(uniforms), generator(params).layout.z)
    known = torch.special.ndtri(uniforms.clamp(_INSIDE, 1 - _INSIDE)).float()
    width = min(known.shape[1], z.shape[1])
    z[:, :width] = known[:, :width]
    found = directions_of(generator(params), params.nuisance_directions)
    return (z - found.mean.cpu()) @ found.vectors.cpu().T


_VALUES = {READ: _read, TRUE: _true, FACTORS: _factors}


def reading_correlations(params: GenintTheoryParams) -> np.ndarray:
    """Pearson correlation (K,) of the read with the true position of plain images along every
    direction; 0 where either never changes.

    Raises:
        UserError: images of ImageNet, whose truth is not known.
    """
    read, true = (nuisances(params, "plain", what)[0]["values"] for what in (READ, TRUE))
    read, true = (values - values.mean(0) for values in (read, true))
    scale = np.sqrt((read**2).sum(0) * (true**2).sum(0))
    return np.where(scale > 0, (read * true).sum(0) / np.maximum(scale, 1e-12), 0.0)


def told_over_chance(
    params: GenintTheoryParams, kind: str, what: str = READ
) -> tuple[list[OverChance], Artefact]:
    """How much nuisances tell of the class, for every number of classes in
    ``nuisance_categories`` that there is.

    Raises:
        UserError: see :func:`nuisances`; too few images of a class.
    """
    found, artefact = nuisances(params, kind, what)
    classes = class_count(params)
    counts = [count for count in params.categories() if count <= classes]
    names = ("seed", "threads", "label_updates", "label_batch", "label_lr", "label_hidden")
    key = {name: getattr(params, name) for name in names}
    key |= {"nuisances": artefact.hash, "categories": counts, "classes": classes}

    def make() -> Arrays:
        training = LabelTraining(
            params.label_updates, params.label_batch, params.label_lr, params.label_hidden
        )
        values, label = (torch.from_numpy(found[name]) for name in ("values", "label"))
        order = class_order(classes, params.seed)
        made = [over_chance(values, label, order[:n], training, params.seed) for n in counts]
        shares = [[one.rate.numerator, one.rate.denominator] for one in made]
        return {"categories": np.array(counts), "hits": np.array(shares).reshape(-1, 2)}

    arrays, kept = kept_arrays("nuisance_over_chance", OVER_CHANCE_VERSION, key, make)
    rows = zip(arrays["hits"].tolist(), arrays["categories"].tolist(), strict=True)
    return [OverChance(Rate(*hits), count) for hits, count in rows], kept
