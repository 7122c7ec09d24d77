"""Which notebooks a report consists of, and in which order."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path

from cgnlib.errors import UserError
from cgnlib.families import Family, chosen, datasets_at, parameter_file, scales
from cgnlib.parameter_reading import load_params
from cgnlib.params import Params
from cgnlib.paths import results_root
from cgnlib.report.request import notebook_path, repeated_hash
from cgnlib.report.seeds import seeds_of


@dataclass(frozen=True)
class Job:
    """One notebook executed with one parameter file and seed, ``position`` (1-based) among
    ``total``; ``reads`` names the datasets whose parameters it reads besides its own; ``repeats``
    when the seed is not the file's."""

    notebook: str
    dataset: str
    scale: str
    needs: str | None
    position: int
    total: int
    reads: tuple[str, ...] = ()
    seed: int = 0
    repeats: bool = False

    @property
    def params(self) -> str:
        """The preset, relative to ``params/``, without suffix."""
        return f"{self.scale}/{self.dataset}"

    @property
    def parameter_files(self) -> list[Path]:
        """Every parameter file that its numbers depend on."""
        return [parameter_file(self.scale, name) for name in (self.dataset, *self.reads)]

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
        return preset(self.scale, self.dataset).threads

    @cached_property
    def target(self) -> Path:
        """Where its results are published."""
        params = preset(self.scale, self.dataset)
        return target_of(self.scale, self.dataset, self.notebook, self.seed, params)


@lru_cache(maxsize=64)
def _read(path: Path, changed_ns: int) -> Params:
    return load_params(path)


def preset(scale: str, dataset: str) -> Params:
    """The parameters of a dataset at a scale, read again when the file changed."""
    path = parameter_file(scale, dataset)
    return _read(path, path.stat().st_mtime_ns)


def target_of(scale: str, dataset: str, notebook: str, seed: int, params: Params) -> Path:
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


def _order(
    scale: str, families: Sequence[Family]
) -> list[tuple[Family, str, tuple[str, str | None]]]:
    """(family, dataset, step) of one seed: the last step of every family, which takes longest,
    last."""
    early = [
        (family, dataset, step)
        for family in families
        for dataset in family.datasets_at(scale)
        for step in family.steps[:-1]
    ]
    late = [
        (family, dataset, family.steps[-1])
        for family in families
        for dataset in family.datasets_at(scale)
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
    usual = {path.stem: preset(scale, path.stem) for path in parameter_files(scale, family_name)}
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
            family.reads.get(dataset, ()),
            listed[dataset][number],
            number > 0,
        )
        for position, (number, (family, dataset, (notebook, needs))) in enumerate(planned, 1)
    ]


def stamp(scale: str, dataset: str, notebook: str, seed: int | None = None) -> Path:
    """The file that tells Snakemake that a job is up to date.

    Not the published ``done``: Snakemake deletes a rule's outputs before it starts the rule and
    when it fails, and an earlier good result must survive both. ``seed`` is that of a repetition.
    """
    name = notebook if seed is None else f"{notebook}-seed{seed}"
    return results_root() / ".stamps" / scale / dataset / name
