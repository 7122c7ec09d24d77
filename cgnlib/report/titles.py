"""Titles of executed notebooks: three runs of one notebook must not share one."""

from typing import Any


def _first_heading(notebook: dict[str, Any]) -> tuple[dict[str, Any], list[str], int] | None:
    """The markdown cell with the first level-1 heading, its lines, and the heading's line."""
    for cell in notebook["cells"]:
        if cell["cell_type"] != "markdown":
            continue
        lines = "".join(cell["source"]).split("\n")
        fenced = False
        for number, line in enumerate(lines):
            fenced ^= line.lstrip().startswith("```")
            if not fenced and line.startswith("# "):
                return cell, lines, number
    return None


def title_of(notebook: dict[str, Any]) -> str:
    """Text of the first level-1 heading, or an empty string."""
    found = _first_heading(notebook)
    return found[1][found[2]].removeprefix("# ").strip() if found else ""


def add_to_title(notebook: dict[str, Any], name: str) -> None:
    """Append ``name`` to the first level-1 heading, in place; a notebook without one gets one."""
    found = _first_heading(notebook)
    if found is None:
        notebook["cells"].insert(
            0, {"cell_type": "markdown", "id": "title", "metadata": {}, "source": f"# {name}"}
        )
        return
    cell, lines, number = found
    lines[number] = f"{lines[number].rstrip()} — {name}"
    cell["source"] = "\n".join(lines)


def mark_failed(notebook: dict[str, Any], notice: str, fallback: str) -> None:
    """Begin the title with FAILED and put ``notice`` (markdown) beneath it, in place."""
    found = _first_heading(notebook)
    if found is None:
        notebook["cells"].insert(
            0,
            {
                "cell_type": "markdown",
                "id": "title",
                "metadata": {},
                "source": f"# FAILED: {fallback}\n\n{notice}\n",
            },
        )
        return
    cell, lines, number = found
    lines[number] = "# FAILED: " + lines[number].removeprefix("# ")
    lines.insert(number + 1, f"\n{notice}\n")
    cell["source"] = "\n".join(lines)
