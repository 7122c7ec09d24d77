"""The data of one run: variants that paint fresh images, and the frozen sets."""

from dataclasses import dataclass
from functools import lru_cache

from cgnlib.data.biased_mnist import BiasedMnist, LabelledImages, build, freeze
from cgnlib.params import MnistParams

DATA_FIELDS = (
    "dataset",
    "digits",
    "digits_dir",
    "textures",
    "textures_dir",
    "object_palette",
    "background_palette",
    "colour_noise_std",
    "train_correlation_prob",
    "test_colourings",
    "seed",
)


@dataclass(frozen=True)
class Datasets:
    """``variants`` draw fresh images; the three sets are frozen: ``train`` biased, ``validation``
    and ``test`` with colours independent of the labels."""

    variants: dict[str, BiasedMnist]
    train: LabelledImages
    validation: LabelledImages
    test: LabelledImages


@lru_cache(maxsize=2)
def _load(params: MnistParams) -> Datasets:
    variants = build(params)
    return Datasets(variants, **freeze(params, variants))


def datasets(params: MnistParams) -> Datasets:
    """Variants and frozen sets of ``params``.

    Raises:
        UserError: absent or damaged digits or textures, or a bad palette.
    """
    return _load(MnistParams(**{name: getattr(params, name) for name in DATA_FIELDS}))


def base_key(params: MnistParams) -> dict:
    """What every artefact of a run depends on: data, seed, threads and device."""
    return {
        "data": datasets(params).variants["train"].identity,
        "dataset": params.dataset,
        "train_correlation_prob": params.train_correlation_prob,
        "seed": params.seed,
        "threads": params.threads,
        "device": params.device,
    }
