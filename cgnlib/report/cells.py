"""What stands in one cell of a table, and how a table is styled for the book."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cgnlib.datasets import STAND_INS
from cgnlib.params import Params
from cgnlib.report import published
from cgnlib.report.numbers import interval, number
from cgnlib.report.record_model import Record
from cgnlib.report.statistics import summarise

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler

MISSING = "MISSING"
OTHER_TEXTURES = "other textures"
OTHER_DATASET = "another dataset"
OTHER_TEXTURES_NOTE = (
    "published wildlife values were measured with DTD textures, this run with procedural ones"
)
NOT_AVAILABLE = "\u2013"  # a source that has no such row
SOURCES = ("P", "R1", "R2")
FULL_SCALE = "Full scale (mean, 95 % interval)"
COLUMNS = {"P": "Paper", "R1": "Reprod. 1", "R2": "Reprod. 2", "G": "GenInt"}
NO_NEIGHBOUR = "no published neighbour"
# Rows of a stated set size, and the publication that used it for its row without one.
_SIZED = {
    "Original+CGN (5e4)": ("R1", "Original+CGN"),
    "Original+CGN (1e6)": ("R2", "Original+CGN"),
}
_VARIANT = re.compile(r" \((released|retrained)\)$")


def styled(frame: Any, caption: str = "") -> "Styler":
    """A table without index, as wide as the book at most, MISSING set in grey italics."""
    style = frame.style.hide(axis="index").set_table_styles(
        [
            {"selector": "", "props": "font-size: 0.9em; max-width: 100%;"},
            {"selector": "th", "props": "text-align: left; vertical-align: bottom;"},
            {"selector": "td", "props": "text-align: left; padding: 0.2em 0.7em 0.2em 0;"},
            {
                "selector": "caption",
                "props": "caption-side: top; text-align: left; font-weight: 600;",
            },
        ]
    )
    style = style.map(
        lambda text: "color: #6b6b6b; font-style: italic;" if str(text).startswith(MISSING) else ""
    )
    return style.set_caption(caption) if caption else style


def other_textures(params: Params) -> bool:
    """Whether published wildlife numbers belong to other textures than this run's."""
    return params.dataset == "wildlife_mnist" and params.textures != "dtd"


def published_mark(params: Params) -> str:
    """What must be said beside a published number: that it was measured with ``other textures``,
    or on ``another dataset``; nothing where it may be compared as it stands."""
    if params.dataset in STAND_INS:
        return OTHER_DATASET
    return OTHER_TEXTURES if other_textures(params) else ""


def base_setting(setting: str) -> str:
    return _VARIANT.sub("", setting)


def published_beside(rows: Sequence[published.Row], setting: str) -> list[published.Row]:
    """The published rows that stand beside ``setting``: its own, else those of the publication
    that used a set of this size."""
    own = [row for row in rows if base_setting(row.setting) == setting]
    if own or setting not in _SIZED:
        return own
    source, name = _SIZED[setting]
    return [row for row in rows if (row.source, base_setting(row.setting)) == (source, name)]


def published_cell(rows: Sequence[published.Row]) -> str:
    if not rows:
        return NOT_AVAILABLE
    parts = []
    for row in rows:
        variant = _VARIANT.search(row.setting)
        name = variant.group(1) if variant else "stored" if row.table == "stored runs" else ""
        parts.append(f"{row.text} ({name})" if name else row.text)
    return ", ".join(parts)


def own_cells(found: Sequence[Record], reason: str) -> dict[str, str]:
    if not found:
        return {"This run": f"{MISSING}: {reason}", "95 % interval": "", "n": "", "Seed": ""}
    mean = summarise(found)
    shown = number(mean.value, mean.unit) + (f" ± {mean.std:.2g}" if mean.std is not None else "")
    over = " over seeds" if mean.over == "seeds" else ""
    return {
        "This run": shown,
        "95 % interval": interval(mean) + over,
        "n": f"{found[0].n:,}",
        "Seed": ", ".join(str(seed) for seed in mean.seeds),
    }
