"""Records that are part of the project, of the scales ``full`` and ``paper``: what pages of other
scales show where they did not run a study themselves.

Read from ``results/`` in the project's root, whatever ``CGN_RESULTS`` says: a run elsewhere does
not change what was committed.
"""

from collections.abc import Sequence

from cgnlib.params import Params
from cgnlib.paths import project_root
from cgnlib.report.record_model import FinishedRun, Record
from cgnlib.report.record_reading import finished_runs, read_records
from cgnlib.report.statistics import ENOUGH_SEEDS, seeds_in_words

FULL, PAPER = "full", "paper"


def full_records(experiment: str, dataset: str) -> list[Record]:
    """The committed records of one experiment on one dataset: the run of the full scale's parameter
    file and its repetitions with other seeds. Nothing where none was committed.

    Raises:
        UserError: a damaged file.
    """
    root = project_root() / "results"
    return read_records(FULL, dataset, experiment, presets_only=True, root=root)


def every_full_run() -> list[FinishedRun]:
    """Every committed run of the full scale, whatever its parameters, oldest first.

    Raises:
        UserError: a damaged file.
    """
    return finished_runs(FULL, root=project_root() / "results")


def full_runs(experiment: str, dataset: str) -> list[FinishedRun]:
    """The committed runs behind :func:`full_records`, which know their parameters, oldest first."""
    found = finished_runs(FULL, dataset, presets_only=True, root=project_root() / "results")
    return [run for run in found if any(r.experiment == experiment for r in run.records)]


def records_of(experiment: str, dataset: str, scale: str = FULL) -> list[Record]:
    """Committed records for pages that do not run ``experiment`` themselves. At another scale than
    the full one those of every run, whatever its parameters: see :func:`by_run`."""
    if scale == FULL:
        return full_records(experiment, dataset)
    return read_records(scale, dataset, experiment, root=project_root() / "results")


def by_run(records: Sequence[Record]) -> dict[str, list[Record]]:
    """Records by the hash of the parameters of their run: what runs of different parameters
    measured is not averaged."""
    found: dict[str, list[Record]] = {}
    for record in records:
        found.setdefault(record.params_hash, []).append(record)
    return found


def beside(experiment: str, params: Params) -> list[Record]:
    """The full scale's records to show beside a run of ``params``: none on its own pages."""
    return [] if params.scale == FULL else full_records(experiment, params.dataset)


def scale_name(records: Sequence[Record]) -> str:
    """What a caption or legend calls records of the full scale and their intervals: ``full scale,
    mean of 3 seeds, 95 % t interval``."""
    seeds = len({record.seed for record in records})
    if seeds >= ENOUGH_SEEDS:
        return f"full scale, mean of {seeds} seeds, 95 % t interval"
    return f"full scale, {'one seed' if seeds == 1 else f'mean of {seeds} seeds'}, 95 % interval"


def own_or_full(
    records: Sequence[Record], experiment: str, params: Params, reason: str
) -> tuple[list[Record], str]:
    """The records that a figure of ``experiment`` shows, and what a caption calls them: this run's,
    else the committed ones of the full scale, else none.

    Args:
        records: of this run.
        reason: why this run has none.
    """
    own = [r for r in records if (r.experiment, r.dataset) == (experiment, params.dataset)]
    if own:
        return own, "this run (one seed)"
    full = beside(experiment, params)
    if not full:
        return [], f"MISSING: {reason}"
    seeds = len({record.seed for record in full})
    return full, f"records of the full scale ({seeds_in_words(seeds)})"
