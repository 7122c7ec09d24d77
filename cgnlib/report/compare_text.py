"""A comparison as text, Markdown, HTML or JSON."""

import html
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from cgnlib.report.compare import Comparison, Number, NumberKey, Pair
from cgnlib.report.markdown import markdown_table

NUMBER_HEADS = ("Number", "A", "B", "B - A", "Intervals")
Table = tuple[Sequence[str], list[list[str]]]  # heads and rows

_FORMS = {"%": ".2f", "share": ".3f"}
_STYLE = (
    "body{font-family:sans-serif;margin:2em;max-width:70em}table{border-collapse:collapse}"
    "th,td{text-align:left;padding:.25em .8em;border-bottom:1px solid #ccc;vertical-align:top}"
)


def named(key: NumberKey) -> str:
    """``ODR-1, CGN, test accuracy``."""
    return ", ".join(part.replace("_", " ") for part in key if part)


def shown(number: Number) -> str:
    """The value with its unit and interval."""
    digits = _FORMS.get(number.unit, ".4g")
    unit = number.unit if number.unit != "share" else ""
    text = f"{number.value:{digits}} {unit}".rstrip()
    if number.low is None or number.high is None:
        return text
    return f"{text} [{number.low:{digits}}, {number.high:{digits}}]"


def _difference(pair: Pair) -> str:
    return f"{pair.difference:+{_FORMS.get(pair.first.unit, '.4g')}}"


def overlap_word(overlap: bool | None) -> str:
    """``overlap``, ``apart`` or, without intervals, ``none``."""
    return {True: "overlap", False: "apart", None: "none"}[overlap]


def value_text(value: Any) -> str:
    """A parameter's value; empty text is called so."""
    return "empty" if value == "" else str(value)


def tables(made: Comparison) -> dict[str, Table]:
    """Heading to table: identity, parameters, numbers, and what only one side has."""
    first, second = made.first, made.second
    sides: Table = (
        ("", "A", "B"),
        [["name", first.name, second.name]]
        + [
            [name, first.identity.get(name, ""), second.identity.get(name, "")]
            for name in dict.fromkeys([*first.identity, *second.identity])
        ],
    )
    params: Table = (
        ("Parameter", "A", "B"),
        [[name, value_text(a), value_text(b)] for name, a, b in made.params],
    )
    numbers: Table = (
        NUMBER_HEADS,
        [
            [
                named(pair.key),
                shown(pair.first),
                shown(pair.second),
                _difference(pair),
                overlap_word(pair.overlap),
            ]
            for pair in made.pairs
        ],
    )
    lonely: Table = (
        ("Only in", "Number", "Value"),
        [["A", named(key), shown(first.numbers[key])] for key in made.only_first]
        + [["B", named(key), shown(second.numbers[key])] for key in made.only_second],
    )
    return {
        "What is compared": sides,
        "Parameters that differ": params,
        "Numbers": numbers,
        "Numbers in one of them only": lonely,
    }


def as_text(made: Comparison) -> str:
    """Aligned columns."""
    lines = []
    for title, (heads, rows) in tables(made).items():
        lines += ["", title, "-" * len(title)]
        if not rows:
            lines.append("none")
            continue
        cells = [list(heads), *rows]
        widths = [max(len(row[column]) for row in cells) for column in range(len(heads))]
        lines += [
            "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
            for row in cells
        ]
    return "\n".join(lines[1:])


def as_markdown(made: Comparison) -> str:
    """One pipe table under each heading."""
    parts = [f"# {made.first.name} and {made.second.name}"]
    for title, (heads, rows) in tables(made).items():
        parts += [f"## {title}", markdown_table(heads, rows) if rows else "None."]
    return "\n\n".join(parts) + "\n"


def as_html(made: Comparison) -> str:
    """One file that needs nothing else."""

    def row(cells: Sequence[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    title = html.escape(f"{made.first.name} and {made.second.name}")
    parts = [f"<h1>{title}</h1>"]
    for heading, (heads, rows) in tables(made).items():
        parts.append(f"<h2>{html.escape(heading)}</h2>")
        body = "\n".join(row(cells, "td") for cells in rows)
        parts.append(f"<table>{row(heads, 'th')}\n{body}</table>" if rows else "<p>None.</p>")
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head>\n<body>\n" + "\n".join(parts) + "\n</body></html>\n"
    )


def as_json(made: Comparison) -> str:
    """Everything, for programs."""

    def lonely(keys: Sequence[NumberKey], numbers: dict[NumberKey, Number]) -> list[dict]:
        return [{"key": key, **asdict(numbers[key])} for key in keys]

    return json.dumps(
        {
            "a": {"name": made.first.name, **made.first.identity},
            "b": {"name": made.second.name, **made.second.identity},
            "params": [{"name": name, "a": a, "b": b} for name, a, b in made.params],
            "numbers": [
                {
                    "key": pair.key,
                    "a": asdict(pair.first),
                    "b": asdict(pair.second),
                    "difference": pair.difference,
                    "overlap": pair.overlap,
                }
                for pair in made.pairs
            ],
            "only_a": lonely(made.only_first, made.first.numbers),
            "only_b": lonely(made.only_second, made.second.numbers),
        },
        indent=1,
    )
