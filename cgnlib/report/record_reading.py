"""Reading finished runs and their records, strictly."""

import json
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from cgnlib.errors import UserError
from cgnlib.paths import results_root
from cgnlib.report.record_model import (
    DONE,
    INTERACTIVE,
    RECORDS,
    VERDICTS,
    FinishedRun,
    Record,
    Verdict,
    first_error,
)


def read_lines(path: Path) -> list[Record]:
    """The records of one file.

    Raises:
        UserError: a line that is not a record, with the file and the line's number.
    """
    records = []
    try:
        lines = path.read_text().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read ({error}); run that notebook again") from None
    for number, line in enumerate(lines, start=1):
        try:
            records.append(Record.model_validate_json(line))
        except ValidationError as error:
            raise UserError(
                f"{path} line {number}: not a record ({first_error(error)}); "
                "run that notebook again"
            ) from None
    return records


def read_run(folder: Path) -> FinishedRun:
    """A finished run's folder, read strictly.

    Raises:
        UserError: damaged ``done``, records or verdicts, or fewer records than were written.
    """
    try:
        done = json.loads((folder / DONE).read_text())
        stored = json.loads((folder / VERDICTS).read_text())
        verdicts = [Verdict(**verdict) for verdict in stored]
        run = FinishedRun(
            folder=folder,
            notebook=done["notebook"],
            recipe=done["recipe"],
            finished_at=done["finished_at"],
            overridden="@" in folder.name,
            params=done.get("params", {}),
            records=read_lines(folder / RECORDS),
            verdicts=verdicts,
        )
        expected = int(done["records"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"{folder}: damaged run ({type(error).__name__}: "
            f"{str(error).splitlines()[0]}); run that notebook again"
        ) from None
    if len(run.records) != expected:
        raise UserError(
            f"{folder / RECORDS}: {len(run.records)} records, but {expected} were "
            "written; run that notebook again"
        )
    return run


def _run_folders(scale: str | None, dataset: str | None, root: Path) -> Iterator[Path]:
    for done in sorted(root.glob(f"{scale or '*'}/{dataset or '*'}/*/{DONE}")):
        parts = done.relative_to(root).parts
        if parts[0] != INTERACTIVE and not any(part.startswith(".") for part in parts):
            yield done.parent


def finished_runs(
    scale: str | None = None,
    dataset: str | None = None,
    *,
    presets_only: bool = False,
    root: Path | None = None,
) -> list[FinishedRun]:
    """Every finished run under results/ (or another ``root`` of that layout), oldest first;
    interactive and staging folders are skipped.

    With ``presets_only``, runs with overrides count only if nothing but the seed differs from the
    run of the parameter file beside them: these are the repetitions of one recipe.
    """
    runs = [read_run(folder) for folder in _run_folders(scale, dataset, root or results_root())]
    if presets_only:
        recipes = {
            (run.folder.parent, run.notebook, run.recipe) for run in runs if not run.overridden
        }
        runs = [run for run in runs if (run.folder.parent, run.notebook, run.recipe) in recipes]
    return sorted(runs, key=lambda run: run.finished_at)


def intact_runs(
    scale: str | None = None, dataset: str | None = None
) -> tuple[list[FinishedRun], list[str]]:
    """Finished runs in the order of their folders, and a complaint for each damaged one."""
    runs, complaints = [], []
    for folder in _run_folders(scale, dataset, results_root()):
        try:
            runs.append(read_run(folder))
        except UserError as error:
            complaints.append(str(error))
    return runs, complaints


def read_records(
    scale: str | None = None,
    dataset: str | None = None,
    experiment: str | None = None,
    *,
    presets_only: bool = False,
    root: Path | None = None,
) -> list[Record]:
    """Merged records of finished runs, one per :attr:`Record.key` (the later run's when two agree).

    Raises:
        UserError: a damaged file; see :func:`read_run`.
    """
    merged: dict[tuple, Record] = {}
    for run in finished_runs(scale, dataset, presets_only=presets_only, root=root):
        for record in run.records:
            if experiment in (None, record.experiment):
                merged[record.key] = record
    order = sorted(merged, key=lambda key: (key[2], key[1], key[0]))  # stable: page order within
    return [merged[key] for key in order]
