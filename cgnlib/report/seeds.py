"""Which seeds a report runs: those asked for, else its scale's, else its parameter file's."""

from collections.abc import Sequence

from cgnlib.errors import UserError
from cgnlib.params import Params, whole_numbers

SEEDS = {"full": (0, 1, 2)}  # of scales that ask for several; the others run their file's seed


def parse_seeds(text: str | int | None) -> tuple[int, ...]:
    """The seeds of ``SEEDS=0,1,2``; () for none, which stands for the scale's own.

    Raises:
        UserError: anything but different whole numbers.
    """
    try:
        return whole_numbers("" if text is None else str(text), "SEEDS", 0, 2**31 - 1)
    except ValueError as error:
        raise UserError(f"{error}; write SEEDS=0,1,2") from None


def seeds_of(scale: str, params: Params, seeds: Sequence[int] = ()) -> tuple[int, ...]:
    """The seeds to run of one parameter file: those asked for, else the scale's, else the file's.

    Raises:
        UserError: the file's own seed is left out: others are repetitions of that run.
    """
    chosen = tuple(seeds) or SEEDS.get(scale) or (params.seed,)
    if params.seed not in chosen:
        raise UserError(
            f"SEEDS={','.join(map(str, chosen))} leaves out {params.seed}, the seed of "
            f"params/{scale}/{params.dataset}.yaml, which the other seeds repeat: add it"
        )
    return (params.seed, *(seed for seed in chosen if seed != params.seed))
