"""The summary page: what was claimed, published and measured, from records only."""

from typing import TYPE_CHECKING

from cgnlib.datasets import STAND_INS
from cgnlib.families import datasets_at
from cgnlib.report import (
    committed,
    cost_tables,
    differences,
    judgements,
    published,
    tables,
    verdicts,
)
from cgnlib.report.numbers import in_short
from cgnlib.report.records import FinishedRun, Record, Verdict, finished_runs, read_records

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler

MARKS = {
    "supported": "✓ supported",
    "partly": "~ partly",
    "not supported": "✗ not supported",
    "not run": f"{tables.MISSING}: not run",
}


class Summary:
    """Everything finished at one scale: runs of the parameter files, and their repetitions.

    Runs with other overrides than the seed are left out; they stand beside their page.
    """

    def __init__(self, scale: str, family: str = "mnist") -> None:
        self.scale, self.datasets = scale, datasets_at(scale, family)
        self.runs: list[FinishedRun] = finished_runs(scale, presets_only=True)
        self.records: list[Record] = read_records(scale, presets_only=True)
        asked = [(r, d) for r in verdicts.claims() for d in self.datasets if d in r.datasets]
        notes = [self._notes(rule, dataset) for rule, dataset in asked]
        self.verdicts: list[Verdict] = [
            verdicts.judge(rule.claim, dataset, self.records, notes=told)
            for (rule, dataset), told in zip(asked, notes, strict=True)
        ]
        self.judgements: list[judgements.Judgement] = [
            judgements.shown(found, scale, told)
            for found, told in zip(self.verdicts, notes, strict=True)
        ]

    @property
    def own(self) -> list[Record]:
        """The records of this family's datasets."""
        return [record for record in self.records if record.dataset in self.datasets]

    def _notes(self, rule: verdicts.Claim, dataset: str) -> list[str]:
        compared = any(condition.kind == "reaches_published" for condition in rule.conditions)
        if not compared or self.mark(dataset) != tables.OTHER_TEXTURES:
            return []
        return [tables.OTHER_TEXTURES_NOTE]

    def mark(self, dataset: str) -> str:
        """``other textures`` where published values belong to other textures, ``another dataset``
        where to another dataset, else nothing."""
        if dataset in STAND_INS:
            return tables.OTHER_DATASET
        made = {
            run.params.get("textures") for run in self.runs if run.folder.parent.name == dataset
        }
        return tables.OTHER_TEXTURES if dataset == "wildlife_mnist" and made != {"dtd"} else ""

    def asked(self, experiment: str) -> list[str]:
        """The datasets that ``experiment`` is about."""
        known = published.published().experiments
        about = {d for one in known if one.id == experiment for d in one.datasets}
        return [dataset for dataset in self.datasets if dataset in about]

    def full(self, experiment: str, dataset: str) -> list[Record]:
        """What the full scale has beside this one."""
        if self.scale == committed.FULL:
            return []
        return committed.full_records(experiment, dataset)

    def finished(self, notebook: str, dataset: str) -> bool:
        """Whether a run of this notebook on this dataset counts."""
        return any(
            run.notebook == notebook and run.folder.parent.name == dataset for run in self.runs
        )


def or_say_none(found: list, experiments: str, summary: Summary) -> list:
    """``found`` as it is; where it is empty, a line says that no dataset of the family has these
    experiments, so that no heading stands above nothing."""
    if not found:
        print(f"{experiments}: not about {' or '.join(summary.datasets)}")
    return found


def verdict_matrix(summary: Summary) -> "Styler":
    """Claim by dataset; ``full scale`` where only its committed records answer the claim."""
    import pandas as pd

    rows = []
    for rule in verdicts.claims():
        own = [one for one in summary.judgements if one.verdict.claim == rule.claim]
        row = {"Claim": rule.claim, "Statement": rule.statement}
        row |= dict.fromkeys(summary.datasets, tables.NOT_AVAILABLE)
        for one in own:
            found, said = one.verdict, [one.source] if one.source else []
            said += [verdicts.strength(found)] if found.seeds else []
            row[found.dataset] = MARKS[found.verdict] + (f" ({', '.join(said)})" if said else "")
        if own:
            rows.append(row)
    return tables.styled(pd.DataFrame(rows), f"Verdicts at scale {summary.scale}")


def headline(summary: Summary, dataset: str) -> "Styler":
    """ODR-1 on one dataset: published | reproductions | this run."""
    import pandas as pd

    rows = tables.comparison_rows(
        summary.records,
        "ODR-1",
        dataset,
        "test_accuracy",
        mark=summary.mark(dataset),
        full=summary.full("ODR-1", dataset),
    )
    return tables.styled(pd.DataFrame(rows), f"Test accuracy in %, {dataset}")


def _headline(records: list[Record], experiment: published.Experiment, dataset: str) -> str:
    """The headline number among ``records``, beside that of its control, or nothing."""
    setting, metric = experiment.headline
    told = []
    for name in filter(None, (setting, experiment.control)):
        wanted = (experiment.id, dataset, name, metric)
        found = [r for r in records if (r.experiment, r.dataset, r.setting, r.metric) == wanted]
        if found:
            told.append(in_short(found) if name == setting else f"{name} {in_short(found)}")
    return "; ".join(told)


def _ours(summary: Summary, experiment: published.Experiment, dataset: str) -> str:
    if not experiment.page:
        return f"{tables.MISSING}: not part of this version"
    finished = summary.finished(experiment.page, dataset)
    if experiment.headline is None:
        if finished:
            return f"pictures on the {experiment.page} page"
        return f"{tables.MISSING}: {experiment.page} not run at this scale"
    shown = _headline(summary.records, experiment, dataset)
    if shown:
        return shown
    reason = f"{'not measured' if finished else f'{experiment.page} not run'} at this scale"
    full = _headline(summary.full(experiment.id, dataset), experiment, dataset)
    reason += f"; full scale: {full}" if full else ""
    return f"{tables.MISSING}: {reason}"


def _theirs(experiment: published.Experiment, dataset: str, source: str, mark: str) -> str:
    if experiment.headline is None:
        return tables.NOT_AVAILABLE
    setting, metric = experiment.headline
    rows = [
        row
        for row in published.rows(experiment.id, dataset, metric, source)
        if row.setting in (setting, f"{setting} (retrained)", experiment.control)
        and row.table != "stored runs"
        or row.setting == setting
        and row.table == "stored runs"
        and experiment.id == "EXT-2"
    ]
    if not rows:
        return tables.NOT_AVAILABLE
    units = {"%": "", "share": ""}
    rows.sort(key=lambda row: row.setting == experiment.control)  # stable: the control last
    shown = ", ".join(
        (f"{row.setting} " if row.setting == experiment.control else "")
        + row.text
        + units.get(row.unit, f" {row.unit}")
        for row in rows
    )
    return f"{shown} ({mark})" if mark else shown


def _link(summary: Summary, page: str, dataset: str) -> str:
    """A link that works in the built book, where the summary lies above the datasets' folders."""
    if not page or not summary.finished(page, dataset):
        return tables.NOT_AVAILABLE
    return f'<a href="{dataset}/{page}.html">{page}</a>'


def _columns(dataset: str) -> list[tuple[str, str]]:
    """Source and heading of every column of published numbers on ``dataset``."""
    asked = [one.id for one in published.published().experiments if dataset in one.datasets]
    known = {row.source for one in asked for row in published.rows(one, dataset)}
    return [(source, name) for source, name in tables.COLUMNS.items() if source in known]


def experiment_rows(summary: Summary, dataset: str) -> list[dict[str, str]]:
    """Every experiment that applies to ``dataset``, measured or MISSING."""
    judged = {
        one.verdict.experiment: one.text
        for one in summary.judgements
        if one.verdict.dataset == dataset
    }
    rows = []
    for experiment in published.published().experiments:
        if dataset not in experiment.datasets:
            continue
        shown = ", ".join(experiment.headline or ["pictures"]).replace("_", " ")
        rows.append(
            {
                "Experiment": f"{experiment.id} {experiment.title}",
                "Number": shown,
                **{
                    name: _theirs(experiment, dataset, source, summary.mark(dataset))
                    for source, name in _columns(dataset)
                },
                "This run": _ours(summary, experiment, dataset),
                "Verdict": judged.get(experiment.id, tables.NOT_AVAILABLE),
                "Page": _link(summary, experiment.page, dataset),
            }
        )
    return rows


def experiments(summary: Summary, dataset: str) -> "Styler":
    """:func:`experiment_rows` as a table."""
    import pandas as pd

    return tables.styled(
        pd.DataFrame(experiment_rows(summary, dataset)),
        f"Every experiment on {dataset}, one headline number each",
    )


def training_differences(summary: Summary, dataset: str) -> "Styler":
    """Paired differences between the training sets of ODR-1 on one dataset."""
    return differences.differences(summary.records, "ODR-1", dataset)


def timings(summary: Summary) -> "Styler":
    """Training times (IBR-3) of everything that was trained, and the time of all artefacts."""
    return cost_tables.timings(summary.own, summary.scale)


def costs(summary: Summary) -> "Styler":
    """What every part of the work took (IBR-3), beside published hours."""
    return cost_tables.parts(summary.own, summary.datasets, summary.scale)


def show_verdicts(summary: Summary) -> None:
    """Display each verdict with its reasons."""
    for one in summary.judgements:
        judgements.show(one)
