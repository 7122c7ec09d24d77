"""The studies over many classifiers (ODR-2, ODR-5) on the summary page: tables and curves."""

from typing import TYPE_CHECKING

from cgnlib.report import committed, odr_tables, published, tables
from cgnlib.report.record_model import Record
from cgnlib.report.statistics import summarise
from cgnlib.report.summary import Summary

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler

STUDIES = ("ODR-2", "ODR-5")


def asked(summary: Summary) -> list[tuple[str, str]]:
    """(experiment, dataset) of the published studies about the datasets of ``summary``."""
    return [
        (experiment, dataset)
        for experiment in STUDIES
        for dataset in summary.datasets
        if published.rows(experiment, dataset)
    ]


def _own(summary: Summary, experiment: str, dataset: str) -> list[Record]:
    """What this scale has of a study."""
    return [r for r in summary.records if (r.experiment, r.dataset) == (experiment, dataset)]


def study_table(summary: Summary, experiment: str, dataset: str) -> "Styler":
    """Published | this scale | full scale for one study; a single line where neither ran it."""
    import pandas as pd

    own = _own(summary, experiment, dataset)
    full = summary.full(experiment, dataset)
    mark = summary.mark(dataset)
    rows = tables.comparison_rows(own, experiment, dataset, "test_accuracy", mark=mark, full=full)
    if not own and not full:
        rows = [{"Trained on": f"{tables.MISSING}: not run at this scale or the full one"}]
    told = _budget(summary, dataset) if experiment == "ODR-2" else ""
    return tables.styled(pd.DataFrame(rows), f"{experiment}, test accuracy in %, {dataset}{told}")


def _budget(summary: Summary, dataset: str) -> str:
    """How long the classifiers of ODR-2 trained, at this scale and the full one."""
    own = [run for run in summary.runs for r in run.records
           if (r.experiment, r.dataset) == ("ODR-2", dataset)]  # fmt: skip
    full = [] if summary.scale == committed.FULL else committed.full_runs("ODR-2", dataset)
    told = {"this scale": odr_tables.budgets(own), "full scale": odr_tables.budgets(full)}
    return "".join(f"; {name}: {text}" for name, text in told.items() if text)


def show_curves(summary: Summary) -> None:
    """Display the curves of every study that this scale or the full one ran."""
    from cgnlib.report import figures, study_figures

    for experiment, dataset in asked(summary):
        own = _own(summary, experiment, dataset)
        shown = own or summary.full(experiment, dataset)
        if not shown:
            continue
        name = f"{'this' if own else committed.FULL} scale, {summarise(shown).strength}"
        if experiment == "ODR-2":
            figure = study_figures.amounts(shown, dataset, name, summary.mark(dataset))
        else:
            figure = study_figures.environments(shown, dataset, name)
        figures.show(figure, f"{experiment} on {dataset}. Filled: {name}. Open: published.")
