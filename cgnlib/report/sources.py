"""The list of datasets and weight files, present or not, as ``python -m cgnlib data`` prints it."""

from typing import Any

from cgnlib.data import registry
from cgnlib.paths import data_root


def rows() -> list[dict[str, Any]]:
    """One row per resource, for JSON."""
    return [
        {
            "name": r.name,
            "kind": r.kind,
            "present": registry.present(r),
            "path": str(data_root() / r.path) if r.path else "",
            "source": r.source,
            "licence": r.licence,
            "layout": r.layout,
            "sha256": r.sha256,
            "needed_for": r.needed_for,
        }
        for r in registry.resources()
    ]


def text() -> str:
    """The same for people."""
    lines = []
    for row in rows():
        state = "present" if row["present"] else "absent"
        lines.append(f"{row['name']} ({row['kind']}): {state}")
        for name in ("path", "source", "licence", "layout", "needed_for"):
            if row[name]:
                lines.append(f"    {name.replace('_', ' ')}: {row[name]}")
    return "\n".join(lines)
