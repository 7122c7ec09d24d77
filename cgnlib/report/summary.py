"""The summary page: what was claimed, published and measured, from records only."""

from collections.abc import Sequence
from statistics import fmean
from typing import TYPE_CHECKING, Any

from cgnlib.report import jobs, published, tables, verdicts
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
        self.scale, self.datasets = scale, jobs.family(family).datasets
        self.runs: list[FinishedRun] = finished_runs(scale, presets_only=True)
        self.records: list[Record] = read_records(scale, presets_only=True)
        self.verdicts: list[Verdict] = [
            verdicts.judge(rule.claim, dataset, self.records, notes=self._notes(rule, dataset))
            for rule in verdicts.claims()
            for dataset in self.datasets
        ]

    def _notes(self, rule: verdicts.Claim, dataset: str) -> list[str]:
        compared = any(condition.kind == "reaches_published" for condition in rule.conditions)
        return [tables.OTHER_TEXTURES_NOTE] if compared and self.textures(dataset) else []

    def textures(self, dataset: str) -> str:
        """``other textures`` where published values belong to other textures, else nothing."""
        made = {
            run.params.get("textures") for run in self.runs if run.folder.parent.name == dataset
        }
        return tables.OTHER_TEXTURES if dataset == "wildlife_mnist" and made != {"dtd"} else ""

    def finished(self, notebook: str, dataset: str) -> bool:
        """Whether a run of this notebook on this dataset counts."""
        return any(
            run.notebook == notebook and run.folder.parent.name == dataset for run in self.runs
        )


def verdict_matrix(summary: Summary) -> "Styler":
    """Claim by dataset."""
    import pandas as pd

    rows = []
    for rule in verdicts.claims():
        row = {"Claim": rule.claim, "Statement": rule.statement}
        for found in summary.verdicts:
            if found.claim == rule.claim:
                seeds = f" ({verdicts.strength(found)})" if found.seeds else ""
                row[found.dataset] = MARKS[found.verdict] + seeds
        rows.append(row)
    return tables.styled(pd.DataFrame(rows), f"Verdicts at scale {summary.scale}")


def headline(summary: Summary, dataset: str) -> "Styler":
    """ODR-1 on one dataset: published | reproductions | this run."""
    import pandas as pd

    rows = tables.comparison_rows(
        summary.records, "ODR-1", dataset, "test_accuracy", mark=summary.textures(dataset)
    )
    return tables.styled(pd.DataFrame(rows), f"Test accuracy in %, {dataset}")


def _ours(summary: Summary, experiment: published.Experiment, dataset: str) -> str:
    if not experiment.page:
        return f"{tables.MISSING}: not part of this version"
    if not summary.finished(experiment.page, dataset):
        return f"{tables.MISSING}: {experiment.page} not run at this scale"
    if experiment.headline is None:
        return f"pictures on the {experiment.page} page"
    setting, metric = experiment.headline
    found = [
        r
        for r in summary.records
        if (r.experiment, r.dataset, r.setting, r.metric)
        == (experiment.id, dataset, setting, metric)
    ]
    if not found:
        return f"{tables.MISSING}: not measured"
    return tables.number(fmean(record.value for record in found), found[0].unit)


def _theirs(experiment: published.Experiment, dataset: str, source: str, mark: str) -> str:
    if experiment.headline is None:
        return tables.NOT_AVAILABLE
    setting, metric = experiment.headline
    rows = [
        row
        for row in published.rows(experiment.id, dataset, metric, source)
        if row.setting in (setting, f"{setting} (retrained)")
        and row.table != "stored runs"
        or row.setting == setting
        and row.table == "stored runs"
        and experiment.id == "EXT-2"
    ]
    if not rows:
        return tables.NOT_AVAILABLE
    units = {"%": "", "share": ""}
    shown = ", ".join(row.text + units.get(row.unit, f" {row.unit}") for row in rows)
    return f"{shown} ({mark})" if mark else shown


def _link(summary: Summary, page: str, dataset: str) -> str:
    """A link that works in the built book, where the summary lies above the datasets' folders."""
    if not page or not summary.finished(page, dataset):
        return tables.NOT_AVAILABLE
    return f'<a href="{dataset}/{page}.html">{page}</a>'


def experiment_rows(summary: Summary, dataset: str) -> list[dict[str, str]]:
    """Every MNIST experiment that applies to ``dataset``, measured or MISSING."""
    judged = {
        found.experiment: found.verdict for found in summary.verdicts if found.dataset == dataset
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
                    name: _theirs(experiment, dataset, source, summary.textures(dataset))
                    for source, name in (("P", "Paper"), ("R1", "Reprod. 1"), ("R2", "Reprod. 2"))
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


def timings(summary: Summary) -> "Styler":
    """Training times (IBR-3) of everything that was trained, in seconds."""
    import pandas as pd

    rows: list[dict[str, Any]] = []
    found: Sequence[Record] = [r for r in summary.records if r.metric == "training_time"]
    for record in found:
        rows.append(
            {
                "Dataset": record.dataset,
                "Trained": record.setting,
                "Time": tables.number(record.value, record.unit),
                "Seed": record.seed,
                "Device": record.device,
                "Artefact": ", ".join(record.artefacts),
            }
        )
    if not rows:
        rows = [{"Dataset": f"{tables.MISSING}: nothing was run at this scale"}]
    return tables.styled(pd.DataFrame(rows), f"Training times at scale {summary.scale}")


def show_verdicts(summary: Summary) -> None:
    """Display each verdict with its reasons."""
    for found in summary.verdicts:
        verdicts.show(found)
