"""Amount and ratio of counterfactuals (experiment ODR-2): one classifier per size and ratio.

Every classifier of the grid sees the same number of images; size and ratio only say how many of
them, and of their masks, are new. The sets are nested: all use the beginnings of the same banks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from cgnlib import store
from cgnlib.generators.counterfactuals import Bank, Counterfactuals, fill_banks
from cgnlib.params import MnistParams, whole_numbers
from cgnlib.pipelines.mnist.batches import (
    Batches,
    classifier_schedule,
    epoch_images,
    made_batches,
    mixed_batches,
    real_share,
)
from cgnlib.pipelines.mnist.classify import TrainedClassifier, predictions_of
from cgnlib.pipelines.mnist.data import base_key, datasets
from cgnlib.pipelines.mnist.generate import cgn, variety, variety_key
from cgnlib.pipelines.mnist.networks import CnnRecipe, cnn
from cgnlib.training import progress

AMOUNT_VERSION = 2


@dataclass(frozen=True)
class AmountCell:
    """One size and ratio, under its published name (``setting``): its classifier and per-example
    test predictions; ``masks`` different masks are in its set, ``shown`` images (repetitions
    counted) were trained on."""

    size: int
    ratio: int
    setting: str
    masks: int
    shown: int
    predictions: dict[str, np.ndarray]
    artefacts: list[store.Artefact]


def size_name(size: int) -> str:
    """``1e5`` for 100,000, ``5e4`` for 50,000; other sizes in full."""
    digits = str(size)
    zeros = len(digits) - 1
    return f"{digits[0]}e{zeros}" if zeros >= 3 and not digits[1:].strip("0") else digits


def setting_name(size: int, ratio: int, setting: str = "CGN") -> str:
    """The name of a cell among the published ones: ``1e5, ratio 10``."""
    return f"{size_name(size)}, ratio {ratio}" + ("" if setting == "CGN" else ", with real images")


def _grid(params: MnistParams) -> Iterator[tuple[int, int]]:
    sizes = whole_numbers(params.amount_sizes, "amount_sizes", 10, 10**8)
    ratios = whole_numbers(params.amount_ratios, "amount_ratios", 1, 1000)
    return ((size, ratio) for size in sizes for ratio in ratios)


def _bank_entries(params: MnistParams) -> tuple[int, int]:
    """Masks and textures of the banks that the whole grid shares: what its largest set needs."""
    masks = max(-(-size // ratio) for size, ratio in _grid(params))
    textures = max(size for size, _ in _grid(params))
    return min(masks, params.amount_bank_images), min(textures, params.amount_bank_images)


@lru_cache(maxsize=1)
def _banks(params: MnistParams) -> dict[str, Bank]:
    masks, textures = _bank_entries(params)
    progress(f"filling banks with {masks:,} masks, {textures:,} foregrounds and backgrounds")
    return fill_banks(cgn(params).model, masks, textures, params.seed, variety(params))


def _batches(params: MnistParams, one: MnistParams) -> Batches:
    """What the classifier of one cell trains on; ``one`` holds the cell's size and ratio."""
    fakes = Counterfactuals.over(_banks(params), one.cf_images, one.cf_ratio, params.seed)
    if params.amount_setting == "CGN":
        return made_batches(fakes, params.classifier_batch, params.seed)
    return mixed_batches(datasets(params).train, fakes, one)


def _cell(params: MnistParams, size: int, ratio: int) -> AmountCell:
    setting, real = params.amount_setting, len(datasets(params).train)
    values = {"cf_images": size, "cf_ratio": ratio, "classifier_steps": params.amount_steps}
    one = params.model_copy(update=values)
    schedule = classifier_schedule(one, epoch_images(one, setting, real))
    name = setting_name(size, ratio, setting)
    recipe = CnnRecipe(
        "amount", AMOUNT_VERSION, f"{name} on {params.dataset}", schedule, params.classifier_init
    )
    entries = _bank_entries(params)
    key = {
        **base_key(params),
        "setting": setting,
        "batch": params.classifier_batch,
        "cgn": cgn(params).artefact.hash,
        "cf_images": size,
        "cf_ratio": ratio,
        "banks": list(entries),
        **variety_key(params),
        "real_share": 0.0 if setting == "CGN" else real_share(one, real),
    }
    trained = TrainedClassifier(*cnn(recipe, params, key, lambda: _batches(params, one)))
    arrays, predicted = predictions_of(params, trained, "test")
    masks, shown = min(-(-size // ratio), entries[0]), schedule.steps * params.classifier_batch
    return AmountCell(size, ratio, name, masks, shown, arrays, [trained.artefact, predicted])


def amount_grid(params: MnistParams) -> list[AmountCell]:
    """Train or load the grid of ``amount_sizes`` by ``amount_ratios``, sizes outermost; nothing
    when ``amount_sizes`` is empty.

    Each classifier takes ``amount_steps`` updates (0: ``classifier_epochs`` epochs of its own set)
    on counterfactuals (``amount_setting`` CGN) or on these and real images (Original+CGN). Banks
    hold at most ``amount_bank_images`` entries: larger sets combine them anew.
    """
    grid, cells = list(_grid(params)), []
    for position, (size, ratio) in enumerate(grid, 1):
        progress(f"amount and ratio {position} of {len(grid)}: {setting_name(size, ratio)}")
        cells.append(_cell(params, size, ratio))
    _banks.cache_clear()  # up to a gigabyte
    return cells
