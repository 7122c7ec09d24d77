"""Pieces of Markdown that several generated pages share."""

from collections.abc import Sequence


def markdown_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A pipe table; pipes and line breaks in a cell are made harmless."""

    def line(cells: Sequence[str]) -> str:
        safe = (str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells)
        return "| " + " | ".join(safe) + " |"

    return "\n".join([line(heads), "|" + "---|" * len(heads), *map(line, rows)])
