"""Which notebooks a report consists of, in which order, and what became of each."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path

from cgnlib.errors import UserError
from cgnlib.families import Family, chosen, datasets_at, parameter_file, scales
from cgnlib.parameter_reading import load_params
from cgnlib.params import Params
from cgnlib.paths import results_root
from cgnlib.report import publication
from cgnlib.report.request import notebook_path, repeated_hash
from cgnlib.report.seeds import seeds_of

SUMMARY = "summary"


@dataclass(frozen=True)
class Job:
    """One notebook executed with one parameter file and seed, ``position`` (1-based) among
    ``total``; ``repeats`` when the seed is not the file's."""

    notebook: str
    dataset: str
    scale: str
    needs: str | None
    position: int
    total: int
    seed: int = 0
    repeats: bool = False

    @property
    def params(self) -> str:
        """The preset, relative to ``params/``, without suffix."""
        return f"{self.scale}/{self.dataset}"

    @property
    def label(self) -> str:
        """Position as shown in progress lines."""
        return f"{self.position}/{self.total}"

    @property
    def name(self) -> str:
        """What Snakemake calls it: ``odr_colored_mnist``, ``odr_colored_mnist_seed1``."""
        return f"{self.notebook}_{self.dataset}" + (f"_seed{self.seed}" if self.repeats else "")

    @property
    def words(self) -> list[str]:
        """Arguments of ``python -m cgnlib`` that run it."""
        seed = ["-p", "seed", str(self.seed)] if self.repeats else []
        return ["run", self.notebook, self.params, *seed, "--label", self.label]

    @property
    def stamp(self) -> Path:
        """The file that tells Snakemake that it is up to date (see :func:`stamp`)."""
        seed = self.seed if self.repeats else None
        return stamp(self.scale, self.dataset, self.notebook, seed)

    @property
    def needed(self) -> Path | None:
        """The stamp of the job whose artefacts it starts from."""
        return replace(self, notebook=self.needs).stamp if self.needs else None

    @cached_property
    def threads(self) -> int:
        """Threads that the parameter file asks for."""
        return _file(self.scale, self.dataset).threads

    @cached_property
    def target(self) -> Path:
        """Where its results are published."""
        params = _file(self.scale, self.dataset)
        return _target(self.scale, self.dataset, self.notebook, self.seed, params)


@lru_cache(maxsize=64)
def _read(path: Path, changed_ns: int) -> Params:
    return load_params(path)


def _file(scale: str, dataset: str) -> Params:
    path = parameter_file(scale, dataset)
    return _read(path, path.stat().st_mtime_ns)


def _target(scale: str, dataset: str, notebook: str, seed: int, params: Params) -> Path:
    """Where ``notebook`` with this seed is published; ``params`` are the file's."""
    folder = results_root() / scale / dataset
    if seed == params.seed:
        return folder / notebook
    return folder / f"{notebook}@{repeated_hash(notebook_path(notebook), params, seed)}"


def parameter_files(scale: str, family_name: str = "mnist") -> list[Path]:
    """The parameter files of a report.

    Raises:
        UserError: unknown family or scale, a scale without a parameter file of some dataset.
    """
    files = [parameter_file(scale, dataset) for dataset in datasets_at(scale, family_name)]
    for path in files:
        if not path.is_file():
            raise UserError(f"no parameter file {path}: SCALE must be one of {', '.join(scales())}")
    return files


def _order(scale: str, families: Sequence[Family]) -> list[tuple[str, tuple[str, str | None]]]:
    """(dataset, step) of one seed: the last step of every family, which takes longest, last."""
    early = [
        (dataset, step)
        for family in families
        for dataset in family.datasets_at(scale)
        for step in family.steps[:-1]
    ]
    late = [
        (dataset, family.steps[-1]) for family in families for dataset in family.datasets_at(scale)
    ]
    return early + late


def jobs(scale: str, family_name: str = "mnist", seeds: Sequence[int] = ()) -> list[Job]:
    """The jobs of a report in the order in which they run; the summary, always last, is not among
    them but counts in ``total``.

    Everything with the file's own seed comes first, then the repetitions, seed by seed; within one
    seed every dataset's first accuracies come before the ablations, which take longest.

    Args:
        seeds: by default those of the scale (:mod:`cgnlib.report.seeds`), else the file's.

    Raises:
        UserError: see :func:`parameter_files`; a bad parameter file, or seeds without the file's.
    """
    usual = {path.stem: _file(scale, path.stem) for path in parameter_files(scale, family_name)}
    listed = {dataset: seeds_of(scale, params, seeds) for dataset, params in usual.items()}
    order = _order(scale, chosen(family_name))
    rounds = len(next(iter(listed.values())))
    planned = [(number, one) for number in range(rounds) for one in order]
    return [
        Job(
            notebook,
            dataset,
            scale,
            needs,
            position,
            len(planned) + 1,
            listed[dataset][number],
            number > 0,
        )
        for position, (number, (dataset, (notebook, needs))) in enumerate(planned, 1)
    ]


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
    folder, params = results_root() / scale / dataset, _file(scale, dataset)
    for notebook in notebooks:
        expected = {
            _target(scale, dataset, notebook, seed, params): seed
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


def stamp(scale: str, dataset: str, notebook: str, seed: int | None = None) -> Path:
    """The file that tells Snakemake that a job is up to date.

    Not the published ``done``: Snakemake deletes a rule's outputs before it starts the rule and
    when it fails, and an earlier good result must survive both. ``seed`` is that of a repetition.
    """
    name = notebook if seed is None else f"{notebook}-seed{seed}"
    return results_root() / ".stamps" / scale / dataset / name


def prune_stamps(scale: str, family_name: str = "mnist", seeds: Sequence[int] = ()) -> None:
    """Remove stamps of jobs whose result is gone, has failed or was interrupted since."""
    for job in jobs(scale, family_name, seeds):
        if job.stamp.exists() and state_of(job.target, scale, job.dataset).state != "done":
            job.stamp.unlink(missing_ok=True)
