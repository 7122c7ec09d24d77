"""The page "Discrepancies": where the sources disagree, and what a choice does to a number."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from statistics import fmean

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator

from cgnlib.errors import UserError
from cgnlib.families import known_parameters
from cgnlib.parameter_reading import nearest_name
from cgnlib.paths import project_root
from cgnlib.report.compare import differing
from cgnlib.report.compare_text import value_text
from cgnlib.report.evidence import Evidence
from cgnlib.report.judgements import FULL_SCALE
from cgnlib.report.markdown import markdown_table
from cgnlib.report.numbers import number as shown
from cgnlib.report.published import read_yaml
from cgnlib.report.record_model import FinishedRun, Record

NOT_MEASURED = "not measured at this scale"
_STRICT = ConfigDict(frozen=True, extra="forbid", strict=True)


class Rows(BaseModel):
    """Settings of one experiment, measured on one page, that differ in this point; where they do
    not, ``note`` says what they compare instead."""

    model_config = _STRICT
    experiment: str
    metric: str
    settings: list[str] = Field(min_length=2)
    note: str = ""


class Discrepancy(BaseModel):
    """One point on which sources disagree, and how this project decides it."""

    model_config = _STRICT
    id: str
    topic: str = Field(min_length=1)
    sources: str = Field(min_length=1)
    here: str = Field(min_length=1)
    parameters: list[str]
    number: list[str] = Field(
        ["ODR-1", "Original+CGN", "test_accuracy"], min_length=3, max_length=3
    )
    rows: list[Rows] = []
    page: str

    @field_validator("parameters")
    @classmethod
    def _known(cls, names: list[str]) -> list[str]:
        for name in names:
            if name not in known_parameters():
                hint = nearest_name(name, known_parameters())
                raise ValueError(f"unknown parameter {name!r}{hint}")
        return names


def load(path: Path) -> list[Discrepancy]:
    """Read the list strictly.

    Raises:
        UserError: an unknown key or parameter, an id given twice, or a broken file.
    """
    try:
        found = TypeAdapter(list[Discrepancy]).validate_python(read_yaml(path))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise UserError(f"{path}: {where}: {first['msg']}; correct that entry") from None
    names = [one.id for one in found]
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"{path}: {name} is given twice; keep one")
    return found


@lru_cache(maxsize=1)
def discrepancies() -> list[Discrepancy]:
    """``params/discrepancies.yaml`` of this project."""
    return load(project_root() / "params" / "discrepancies.yaml")


def _mean(records: Sequence[Record], key: tuple[str, str, str, str]) -> str:
    """The mean over seeds of (experiment, dataset, setting, metric), or nothing."""
    own = [r for r in records if (r.experiment, r.dataset, r.setting, r.metric) == key]
    return shown(fmean(r.value for r in own), own[0].unit) if own else ""


def _of_rows(one: Discrepancy, evidence: Evidence) -> list[str]:
    """What the page that measures both readings found, per dataset."""
    told = []
    for rows in one.rows:
        found = [text for dataset in evidence.datasets for text in _of(rows, dataset, evidence)]
        if found:
            told.append((f"{rows.note}: " if rows.note else "") + "; ".join(found))
    return told


def _of(rows: Rows, dataset: str, evidence: Evidence) -> Iterator[str]:
    """The rows set beside each other, of this scale and of the committed full scale, as far as
    either has two of them."""
    full = evidence.full_records(rows.experiment, dataset)
    for source, records in (("", evidence.records), (FULL_SCALE, full)):
        values = {
            setting: _mean(records, (rows.experiment, dataset, setting, rows.metric))
            for setting in rows.settings
        }
        found = [f"{setting} {value}" for setting, value in values.items() if value]
        if len(found) > 1:
            name = f" ({source}, {_seeds(records)})" if source else ""
            yield f"{dataset}{name}, {rows.metric.replace('_', ' ')}: {', '.join(found)}"


def _seeds(records: Sequence[Record]) -> str:
    count = len({record.seed for record in records})
    return f"{count} seed{'' if count == 1 else 's'}"


def _of_runs(one: Discrepancy, evidence: Evidence) -> list[str]:
    """Runs that change nothing but these parameters (and the seed), beside their preset's run: of
    this scale, then the committed ones of the full scale."""
    told = []
    for run, text in _changed_runs(one, evidence.all_runs):
        told.append(f"{text} ({evidence.link(run.folder.name, run.folder.parent.name)})")
    for run, text in _changed_runs(one, evidence.all_full_runs):
        told.append(f"{text} ({FULL_SCALE}, seed {run.params['seed']}, {run.folder.name})")
    return told


def _changed_runs(
    one: Discrepancy, runs: Sequence[FinishedRun]
) -> Iterator[tuple[FinishedRun, str]]:
    """Those of ``runs`` that change this point alone, each with what that did to its number."""
    experiment, setting, metric = one.number
    presets = {(r.folder.parent, r.notebook): r for r in runs if not r.overridden}
    for run in runs:
        base = presets.get((run.folder.parent, run.notebook))
        changes = _changes(one, base, run) if base and run.overridden else []
        dataset = run.folder.parent.name
        key = (experiment, dataset, setting, metric)
        values = [_mean(each.records, key) for each in (base, run)] if changes else []
        if values and all(values):
            before, after = values
            what = f"{setting}, {metric.replace('_', ' ')}"
            yield run, f"{dataset}, {', '.join(changes)}: {what} {before} to {after}"


def _changes(one: Discrepancy, base: FinishedRun, run: FinishedRun) -> list[str]:
    """What ``run`` changes, when that is only this point's parameters; the seed of a repetition
    counts where it is one of them."""
    changed = {name: (before, after) for name, before, after in differing(base.params, run.params)}
    ours = set(changed) & set(one.parameters)
    if not ours or set(changed) - ours - {"seed"}:
        return []
    return [f"{name} {value_text(a)} to {value_text(b)}" for name, (a, b) in changed.items()]


def effect(one: Discrepancy, evidence: Evidence) -> str:
    """What the choice does to a number, from records; else that it was not measured."""
    return "; ".join([*_of_rows(one, evidence), *_of_runs(one, evidence)]) or NOT_MEASURED


def page(evidence: Evidence) -> str:
    """The page as Markdown."""
    parts = [
        "# Discrepancies",
        "The paper, its code and the two reproductions do not always say or do the same. Each row "
        "is one such point: what the sources say, what this project does, "
        "the parameters that choose between the readings, and what that does to a number, taken "
        f"from the records at scale `{evidence.scale}` and from the committed records of the full "
        "scale, named as such. One seed is an indication. Where the rows of a page differ in "
        "something else than the point itself, it is said before the numbers.",
    ]
    notebooks = {name for family in evidence.families for name in family.reading_order}
    rows = []
    for one in discrepancies():
        if one.page not in notebooks:
            continue  # a point on another family of experiments
        names = ", ".join(f"`{name}`" for name in one.parameters) or "none"
        rows.append(
            (
                one.id,
                f"**{one.topic}.** {one.sources}",
                f"{one.here} Parameters: {names}.",
                f"{effect(one, evidence)}; page: {evidence.links(one.page)}",
            )
        )
    heads = ("", "What the sources say", "Here", "Measured")
    parts.append(markdown_table(heads, rows))
    return "\n\n".join(parts) + "\n"
