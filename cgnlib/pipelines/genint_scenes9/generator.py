"""The frozen generator of GenInt, its directions and the interventions that parameters ask for."""

from functools import lru_cache

import numpy as np
import torch

from cgnlib.data.class_names import imagenet_classes
from cgnlib.data.scenes9 import CLASSES
from cgnlib.generators.ganspace import (
    PUBLISHED_COMPONENTS,
    Directions,
    agreement,
    directions_of,
    sampled_directions,
    span_agreement,
    spanned_layer,
)
from cgnlib.generators.intervention_ranges import PUBLISHED, SCENES9, Ranges, even_ranges
from cgnlib.generators.interventions import InterventionSettings, direction_sheet
from cgnlib.networks.biggan import BigGan
from cgnlib.params.genint_images import GenintImageParams
from cgnlib.pipelines.arrays import Arrays, kept_arrays
from cgnlib.pipelines.imagenet.nets import frozen_generator, generator_identity

AGREEMENT_VERSION = 1
_SAMPLED_BATCH = 2000  # noise at once
COMPARED = 20  # directions whose two forms are compared
# Spread over ImageNet: goldfish, golden retriever, tabby, sports car, teapot, volcano
SHOWN_CLASSES = (1, 207, 281, 817, 849, 980)


@lru_cache(maxsize=2)
def generator(params: GenintImageParams) -> BigGan:
    """The frozen generator, in evaluation mode on its device.

    Raises:
        UserError: weights that are absent, unknown or of another layout.
    """
    model = frozen_generator(params).to(params.device, memory_format=torch.channels_last)
    return model.requires_grad_(False).eval()


@lru_cache(maxsize=2)
def directions(params: GenintImageParams) -> Directions:
    """The ``int_components`` leading directions, or as many as a sheet shows.

    Raises:
        UserError: more than have an effect.
    """
    return directions_of(generator(params), max(params.int_components, params.sheet_directions))


def ranges(params: GenintImageParams) -> Ranges:
    """(low, high) position per direction."""
    count = max(params.int_components, params.sheet_directions)
    if params.int_ranges == "even":
        return even_ranges(count, params.int_limit)
    return PUBLISHED if params.int_ranges == "published" else SCENES9


def intervention_settings(params: GenintImageParams) -> InterventionSettings:
    """The interventions of the training set."""
    return InterventionSettings(
        truncation=params.int_truncation,
        scale_percent=params.int_scale_percent,
        components=params.int_components,
        edits=params.int_edits,
        steps=params.int_steps,
        ranges=ranges(params)[: params.int_components],
        batch=params.gen_batch,
    )


def class_names(params: GenintImageParams) -> tuple[str, ...]:
    """Names of the generator's classes, in the order of the labels."""
    return imagenet_classes() if params.biggan == "deep_256" else CLASSES


def direction_pictures(params: GenintImageParams) -> dict:
    """What the sheet of directions shows (GenInt, figures 2 and 17): ``images`` (K, C, S, H, W, 3)
    uint8, ``components`` and ``ranges`` (K), ``classes`` (C) by name."""
    model, shown = generator(params), list(range(params.sheet_directions))
    chosen = SHOWN_CLASSES if params.biggan == "deep_256" else range(model.layout.classes)
    chosen = list(chosen)[: params.sheet_classes]
    limits = ranges(params)
    images = direction_sheet(
        model,
        directions(params),
        shown,
        limits,
        chosen,
        params.seed,
        params.sheet_steps,
        params.int_truncation,
    )
    return {
        "images": images.numpy(),
        "components": shown,
        "ranges": [limits[component] for component in shown],
        "classes": [class_names(params)[label] for label in chosen],
    }


def direction_agreement(params: GenintImageParams) -> Arrays:
    """The exact directions beside the published way of finding them: ``scales`` (k,) of all that
    have an effect; of the leading 20 ``cosines`` (absolute) with the sampled ones and ``span``, the
    cosines of the principal angles between what both span; ``samples``."""
    exact = directions_of(generator(params))
    latent, count = generator(params).layout.z, min(COMPARED, len(exact))
    key = {
        "seed": params.seed,
        "threads": params.threads,
        "device": params.device,
        "generator": generator_identity(params),
        "layout": params.biggan,
        "samples": params.direction_samples,
        "components": min(PUBLISHED_COMPONENTS, len(exact)),
        "batch": _SAMPLED_BATCH,
    }

    def make() -> Arrays:
        sampled = sampled_directions(
            spanned_layer(generator(params)),
            latent,
            count,
            samples=params.direction_samples,
            seed=params.seed,
            components=key["components"],
            batch=_SAMPLED_BATCH,
        )
        leading = Directions(exact.vectors[:count].cpu(), exact.mean.cpu(), exact.scales[:count])
        return {
            "scales": exact.scales.cpu().numpy(),
            "cosines": agreement(leading, sampled).numpy(),
            "span": span_agreement(leading, sampled).numpy(),
            "samples": np.array(params.direction_samples),
        }

    return kept_arrays("direction_agreement", AGREEMENT_VERSION, key, make)[0]
