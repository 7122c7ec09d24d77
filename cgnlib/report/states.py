"""What became of each notebook of a report: done, running, failed or missing."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from cgnlib.errors import UserError
from cgnlib.families import chosen, parameter_file, scales
from cgnlib.paths import results_root
from cgnlib.report import jobs, publication
from cgnlib.report.request import SUMMARY
from cgnlib.report.seeds import seeds_of


@dataclass(frozen=True)
class State:
    """What became of one run: done, running, failed or missing."""

    scale: str
    dataset: str  # empty for the summary
    notebook: str  # with @hash for a run with other parameters
    state: str
    seed: int | None = None  # of the parameter file's run and its repetitions
    finished_at: str = ""
    seconds: float | None = None
    reason: str = ""
    earlier_result: bool = False  # a result of an earlier run stands while this one runs or failed
    folder: str = ""


def state_of(target: Path, scale: str, dataset: str, seed: int | None = None) -> State:
    """The state of the run published at ``target``."""
    done = publication.read_json(target / "done")
    ran = publication.read_json(target / "run.json") or {}
    failure = publication.read_failure(target)
    staging = publication.staging_folders(target)
    state, reason, finished = "missing", "", ""
    if any(publication.is_live(folder) for folder in staging):
        state = "running"
    elif staging:
        state, reason = "failed", "the process was killed before it finished"
    elif failure:
        state, reason, finished = "failed", failure.reason, failure.finished_at
    elif done is not None:
        state, finished = "done", str(done.get("finished_at", ""))
        reason = "committed records, no page" if publication.records_only(target) else ""
    return State(
        scale=scale,
        dataset=dataset,
        notebook=target.name,
        state=state,
        seed=seed,
        finished_at=finished,
        seconds=ran.get("seconds") if state == "done" else None,
        reason=reason,
        earlier_result=done is not None and state != "done",
        folder=str(target),
    )


def _found(folder: Path, notebook: str) -> Iterator[Path]:
    """Runs of ``notebook`` with other parameters, published, failed or running."""
    names = {path.name for path in folder.glob(f"{notebook}@*")}
    for path in folder.glob(f".staging-{notebook}@*"):
        names.add(path.name.removeprefix(".staging-").rpartition("-")[0])
    yield from (folder / name for name in sorted(names))


def _states(
    scale: str, dataset: str, notebooks: Sequence[str], seeds: Sequence[int]
) -> Iterator[State]:
    """The runs of one parameter file, expected or found, in the order of ``notebooks``."""
    folder, params = results_root() / scale / dataset, jobs.preset(scale, dataset)
    for notebook in notebooks:
        expected = {
            jobs.target_of(scale, dataset, notebook, seed, params): seed
            for seed in seeds_of(scale, params, seeds)
        }
        found = [target for target in _found(folder, notebook) if target not in expected]
        for target in [*expected, *found]:
            yield state_of(target, scale, dataset, expected.get(target))


def status(
    scale: str | None = None, family_name: str = "mnist", seeds: Sequence[int] = ()
) -> list[State]:
    """The state of every run, per scale, dataset, notebook and seed, in the book's order.

    Args:
        seeds: expected of every parameter file; by default those of its scale.

    Raises:
        UserError: unknown family, a scale without parameter files, a bad parameter file.
    """
    families = chosen(family_name)
    if scale is not None and scale not in scales():
        raise UserError(f"no scale {scale!r}: one of {', '.join(scales())}")
    rows = []
    for name in [scale] if scale else scales():
        present = [
            (dataset, family.reading_order)
            for family in families
            for dataset in family.datasets_at(name)
            if parameter_file(name, dataset).is_file()
        ]
        for dataset, notebooks in present:
            rows += _states(name, dataset, notebooks, seeds)
        if present:
            rows.append(state_of(results_root() / name / SUMMARY, name, ""))
    return rows


def status_table(rows: list[State]) -> str:
    """``rows`` as aligned text."""
    cells = [("scale", "dataset", "notebook", "seed", "state", "finished (UTC)", "note")]
    for row in rows:
        note = row.reason
        if row.earlier_result:
            note = "; ".join(filter(None, [note, "an earlier result is kept"]))
        finished = row.finished_at.removesuffix("+00:00").replace("T", " ")
        seed = "" if row.seed is None else str(row.seed)
        place = (row.scale, row.dataset or "(all)", row.notebook, seed)
        cells.append((*place, row.state, finished, note))
    widths = [max(len(line[column]) for line in cells) for column in range(6)]
    lines = [
        "  ".join(
            (*(text.ljust(width) for text, width in zip(line, widths, strict=False)), line[6])
        ).rstrip()
        for line in cells
    ]
    return "\n".join(lines)


def as_dicts(rows: list[State]) -> list[dict]:
    """``rows`` for JSON."""
    return [asdict(row) for row in rows]


def prune_stamps(scale: str, family_name: str = "mnist", seeds: Sequence[int] = ()) -> None:
    """Remove stamps of jobs whose result is gone, has failed or was interrupted since."""
    for job in jobs.jobs(scale, family_name, seeds):
        if job.stamp.exists() and state_of(job.target, scale, job.dataset).state != "done":
            job.stamp.unlink(missing_ok=True)
