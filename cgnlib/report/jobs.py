"""Which notebooks a report consists of, in which order, and what became of each."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

from cgnlib.errors import UserError
from cgnlib.paths import project_root, results_root
from cgnlib.report import publication

SUMMARY = "summary"
KNOWN_FAMILIES = ("mnist", "scenes9", "genint", "all")


@dataclass(frozen=True)
class Family:
    """Datasets and notebooks that belong together. ``steps`` lists the notebooks in the order in
    which they run, each with the notebook whose artefacts it starts from."""

    datasets: tuple[str, ...]
    steps: tuple[tuple[str, str | None], ...]


FAMILIES = {
    "mnist": Family(
        datasets=("colored_mnist", "double_colored_mnist", "wildlife_mnist"),
        steps=(("hqc", None), ("odr", "hqc"), ("extensions", "odr"), ("ibr", None)),
    ),
}
READING_ORDER = ("hqc", "ibr", "odr", "extensions")  # of the pages in the book


@dataclass(frozen=True)
class Job:
    """One notebook executed with one parameter file, ``position`` (1-based) among ``total``."""

    notebook: str
    dataset: str
    scale: str
    needs: str | None
    position: int
    total: int

    @property
    def params(self) -> str:
        """The preset, relative to ``params/``, without suffix."""
        return f"{self.scale}/{self.dataset}"

    @property
    def label(self) -> str:
        """Position as shown in progress lines."""
        return f"{self.position}/{self.total}"

    @cached_property
    def threads(self) -> int:
        """Threads that the parameter file asks for."""
        from cgnlib.parameter_reading import load_params

        return load_params(project_root() / "params" / f"{self.params}.yaml").threads


def family(name: str) -> Family:
    """The family called ``name``.

    Raises:
        UserError: unknown, or known but not part of this version.
    """
    if name in FAMILIES:
        return FAMILIES[name]
    if name in KNOWN_FAMILIES:
        raise UserError(f"FAMILY={name} is not available yet: only mnist exists for now")
    raise UserError(f"FAMILY={name} is unknown: only mnist exists for now")


def scales() -> list[str]:
    """Scales that have parameter files."""
    folder = project_root() / "params"
    return sorted({path.parent.name for path in folder.glob("*/*.yaml")})


def jobs(scale: str, family_name: str = "mnist") -> list[Job]:
    """The jobs of a report in the order in which they run; the summary, always last, is not among
    them but counts in ``total``.

    Every dataset's first accuracies come before the ablations, which take longest.

    Raises:
        UserError: unknown family or scale, or a scale without a parameter file of some dataset.
    """
    chosen = family(family_name)
    for dataset in chosen.datasets:
        path = project_root() / "params" / scale / f"{dataset}.yaml"
        if not path.is_file():
            raise UserError(f"no parameter file {path}: SCALE must be one of {', '.join(scales())}")
    last = chosen.steps[-1]
    order = [(dataset, step) for dataset in chosen.datasets for step in chosen.steps[:-1]]
    order += [(dataset, last) for dataset in chosen.datasets]
    return [
        Job(notebook, dataset, scale, needs, position, len(order) + 1)
        for position, (dataset, (notebook, needs)) in enumerate(order, 1)
    ]


@dataclass(frozen=True)
class State:
    """What became of one run: done, running, failed or missing."""

    scale: str
    dataset: str  # empty for the summary
    notebook: str  # with @hash for a run with other parameters
    state: str
    finished_at: str = ""
    seconds: float | None = None
    reason: str = ""
    earlier_result: bool = False  # a result of an earlier run stands while this one runs or failed
    folder: str = ""


def state_of(target: Path, scale: str, dataset: str) -> State:
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
    return State(
        scale=scale,
        dataset=dataset,
        notebook=target.name,
        state=state,
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


def status(scale: str | None = None, family_name: str = "mnist") -> list[State]:
    """The state of every run, per scale, dataset and notebook, in the book's order.

    Raises:
        UserError: unknown family, or a scale without parameter files.
    """
    chosen = family(family_name)
    if scale is not None and scale not in scales():
        raise UserError(f"no scale {scale!r}: one of {', '.join(scales())}")
    rows = []
    for name in [scale] if scale else scales():
        root = results_root() / name
        present = [
            d for d in chosen.datasets if (project_root() / "params" / name / f"{d}.yaml").is_file()
        ]
        for dataset in present:
            for notebook in READING_ORDER:
                targets = [root / dataset / notebook, *_found(root / dataset, notebook)]
                rows += [state_of(target, name, dataset) for target in targets]
        if present:
            rows.append(state_of(root / SUMMARY, name, ""))
    return rows


def status_table(rows: list[State]) -> str:
    """``rows`` as aligned text."""
    cells = [("scale", "dataset", "notebook", "state", "finished (UTC)", "note")]
    for row in rows:
        note = row.reason
        if row.earlier_result:
            note = "; ".join(filter(None, [note, "an earlier result is kept"]))
        finished = row.finished_at.removesuffix("+00:00").replace("T", " ")
        cells.append((row.scale, row.dataset or "(all)", row.notebook, row.state, finished, note))
    widths = [max(len(line[column]) for line in cells) for column in range(5)]
    lines = [
        "  ".join(
            (*(text.ljust(width) for text, width in zip(line, widths, strict=False)), line[5])
        ).rstrip()
        for line in cells
    ]
    return "\n".join(lines)


def as_dicts(rows: list[State]) -> list[dict]:
    """``rows`` for JSON."""
    return [asdict(row) for row in rows]


def stamp(scale: str, dataset: str, notebook: str) -> Path:
    """The file that tells Snakemake that a job is up to date.

    Not the published ``done``: Snakemake deletes a rule's outputs before it starts the rule and
    when it fails, and an earlier good result must survive both.
    """
    return results_root() / ".stamps" / scale / dataset / notebook


def prune_stamps(scale: str, family_name: str = "mnist") -> None:
    """Remove stamps of jobs whose result is gone, has failed or was interrupted since."""
    for job in jobs(scale, family_name):
        target = results_root() / scale / job.dataset / job.notebook
        if state_of(target, scale, job.dataset).state != "done":
            stamp(scale, job.dataset, job.notebook).unlink(missing_ok=True)
