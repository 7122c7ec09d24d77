"""The page "Runs with other parameters": each beside the run of its parameter file."""

from collections.abc import Collection, Sequence

from cgnlib.datasets import TITLES
from cgnlib.report.compare import Number, NumberKey, Pair, Side, differing, run_side
from cgnlib.report.compare_text import named, shown, value_text
from cgnlib.report.markdown import markdown_table
from cgnlib.report.record_model import FinishedRun

COLUMNS = 3  # runs beside the preset in one table, so that it fits the page
NO_PRESET = "MISSING: not run"
INTRODUCTION = """# Runs with other parameters

Each run below changes something in a parameter file; what it changes stands above its table, what
that did stands beside the numbers of the parameter file's own run. Brackets are 95 % intervals;
**bold** marks a value whose interval lies apart from that of the first column. None of these runs
enters the summary, except repetitions that change only the seed."""


def _changes(base: Side | None, side: Side) -> str:
    if base is None:
        return "the parameter file itself was not run"
    rows = differing(base.params, side.params)
    told = [f"`{name}` {value_text(b)} instead of {value_text(a)}" for name, a, b in rows]
    return ", ".join(told) or "nothing: the same parameters"


def _cell(base: Number | None, number: Number | None) -> str:
    if number is None:
        return "MISSING: not measured"
    text = shown(number)
    apart = base is not None and Pair(("", "", ""), base, number).overlap is False
    return f"**{text}**" if apart else text


def _keys(sides: Sequence[Side]) -> list[NumberKey]:
    return list(dict.fromkeys(key for side in sides for key in side.numbers))


def _table(base: Side | None, sides: Sequence[Side]) -> str:
    rows = []
    for key in _keys([*([base] if base else []), *sides]):
        here = base.numbers.get(key) if base else None
        first = NO_PRESET if base is None else _cell(None, here)
        rows.append([named(key), first, *(_cell(here, side.numbers.get(key)) for side in sides)])
    heads = ["Number", "Parameter file", *(f"@{_hash(side)}" for side in sides)]
    return markdown_table(heads, rows)


def _hash(side: Side) -> str:
    return side.name.rpartition("@")[2]


def _section(base: FinishedRun | None, runs: Sequence[FinishedRun]) -> list[str]:
    dataset, notebook = runs[0].folder.parent.name, runs[0].notebook
    lines = [f"## {notebook.upper()}, {TITLES.get(dataset, dataset)}"]
    usual, sides = run_side(base) if base else None, [run_side(run) for run in runs]
    lines.append(
        "\n".join(
            f"- {{doc}}`@{_hash(side)} </results/{side.name}>`: {_changes(usual, side)}"
            for side in sides
        )
    )
    for start in range(0, len(sides), COLUMNS):
        lines.append(_table(usual, sides[start : start + COLUMNS]))
    return lines


def page(runs: Sequence[FinishedRun], staged: Collection[str]) -> str:
    """The page as Markdown, or nothing when none of ``runs`` has other parameters.

    Args:
        runs: every finished run of one scale.
        staged: document names of the book; a run without its page there is left out.
    """
    groups: dict[tuple[str, str], list[FinishedRun]] = {}
    presets = {}
    for run in runs:
        place = (run.folder.parent.name, run.notebook)
        if run.overridden and f"results/{run_side(run).name}" in staged:
            groups.setdefault(place, []).append(run)
        elif not run.overridden:
            presets[place] = run
    if not groups:
        return ""
    lines = [INTRODUCTION]
    for place in sorted(groups, key=lambda place: ([*TITLES, place[0]].index(place[0]), place[1])):
        lines += _section(presets.get(place), groups[place])
    return "\n\n".join(lines) + "\n"
