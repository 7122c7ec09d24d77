"""The reproducibility checklist: one linked row per item, then every command and parameter."""

from collections.abc import Sequence

from cgnlib.datasets import TITLES
from cgnlib.report import published
from cgnlib.report.checklist_items import ITEMS
from cgnlib.report.evidence import Evidence
from cgnlib.report.hyperparameters import sections
from cgnlib.report.markdown import markdown_table

COMMAND_HEADS = ("Page", "Experiments", "Tables and figures", "Command")


def rows(evidence: Evidence) -> list[tuple[str, str]]:
    """Item and what stands in its row."""
    return [(title, describe(evidence)) for title, describe in ITEMS]


def commands(evidence: Evidence) -> list[list[str]]:
    """Page, dataset, tables of the sources that it answers, command."""
    found = []
    pages = [
        (notebook, dataset)
        for family in evidence.families
        for notebook in family.reading_order
        for dataset in family.datasets_at(evidence.scale)
    ]
    for notebook, dataset in pages:
        own = [one for one in published.published().experiments if one.page == notebook]
        ids = [one.id for one in own if dataset in one.datasets]
        tables = _sources(ids, dataset)
        command = f"`python -m cgnlib run {notebook} {evidence.scale}/{dataset}`"
        found.append([evidence.link(notebook, dataset), ", ".join(ids), tables, command])
    return found


def _sources(experiments: Sequence[str], dataset: str) -> str:
    """Source and table of every published row behind these experiments."""
    found: dict[str, None] = {}
    for experiment in experiments:
        rows = [row for row in published.rows(experiment) if row.source != "M"]
        own = [row for row in rows if row.dataset in (dataset, "mnist", "all")]
        for row in own or rows:
            found[f"{row.source} {row.table}" + ("" if own else f" ({row.dataset})")] = None
    return "; ".join(found) or "pictures only"


def page(evidence: Evidence) -> str:
    """The page as Markdown."""
    parts = [
        "# Reproducibility checklist",
        "Made when the book was built, from records, provenance and parameters of the runs at "
        f"scale `{evidence.scale}`; what is absent is said to be MISSING.",
        markdown_table(("Item", "Where it stands"), rows(evidence)),
        "## Commands",
        markdown_table(
            ("Page", "Experiments", "Tables and figures", "Command"), commands(evidence)
        ),
        "## Hyper-parameters",
        *sections(evidence.scale, {TITLES[d]: one for d, one in evidence.presets.items()}),
    ]
    return "\n\n".join(parts) + "\n"
