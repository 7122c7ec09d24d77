"""The full scale's records, which are part of the project: what pages of other scales show where
they did not run a study themselves.

Read from ``results/full`` in the project's root, whatever ``CGN_RESULTS`` says: a run elsewhere
does not change what was committed.
"""

from collections.abc import Sequence

from cgnlib.params import Params
from cgnlib.paths import project_root
from cgnlib.report.record_model import Record
from cgnlib.report.record_reading import read_records

FULL = "full"


def full_records(experiment: str, dataset: str) -> list[Record]:
    """The committed records of one experiment on one dataset: the run of the full scale's parameter
    file and its repetitions with other seeds. Nothing where none was committed.

    Raises:
        UserError: a damaged file.
    """
    root = project_root() / "results"
    return read_records(FULL, dataset, experiment, presets_only=True, root=root)


def records_of(experiment: str, dataset: str, scale: str = FULL) -> list[Record]:
    """Records of another scale, for pages that do not run ``experiment`` themselves: the committed
    ones of the full scale, or those of runs at ``scale``."""
    if scale == FULL:
        return full_records(experiment, dataset)
    return read_records(scale, dataset, experiment)


def beside(experiment: str, params: Params) -> list[Record]:
    """The full scale's records to show beside a run of ``params``: none on its own pages."""
    return [] if params.scale == FULL else full_records(experiment, params.dataset)


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
    return full, f"records of the full scale ({'one seed' if seeds == 1 else f'{seeds} seeds'})"
