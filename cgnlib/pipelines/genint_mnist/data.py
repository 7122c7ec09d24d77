"""The image sets of one run, and what every artefact depends on."""

from functools import lru_cache

from cgnlib.data.genint_mnist import ColouredDigits, build
from cgnlib.params import GenintMnistParams

DATA_FIELDS = ("digits", "digits_dir", "train_colours", "test_form", "colour_batch")


@lru_cache(maxsize=2)
def _load(params: GenintMnistParams) -> dict[str, ColouredDigits]:
    return build(params)


def datasets(params: GenintMnistParams) -> dict[str, ColouredDigits]:
    """The sets of ``params`` by name; no seed shapes them.

    Raises:
        UserError: absent or damaged digits.
    """
    return _load(GenintMnistParams(**{name: getattr(params, name) for name in DATA_FIELDS}))


def base_key(params: GenintMnistParams) -> dict:
    """What every artefact of a run depends on: data, seed, threads and device."""
    return {
        "data": datasets(params)["train"].identity,
        "dataset": params.dataset,
        "seed": params.seed,
        "threads": params.threads,
        "device": params.device,
    }


def repetitions(params: GenintMnistParams) -> list[GenintMnistParams]:
    """The parameters of each seed that the run repeats."""
    return [params.model_copy(update={"seed": seed}) for seed in params.seeds()]
