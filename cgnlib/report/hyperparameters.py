"""Bounds and values of every parameter, and where each value comes from."""

from collections.abc import Mapping
from typing import Any, get_args

from pydantic.fields import FieldInfo

from cgnlib.params import Params
from cgnlib.report import published
from cgnlib.report.departures import equal, published_value
from cgnlib.report.markdown import markdown_table

_SIGNS = {"ge": "\u2265", "gt": ">", "le": "\u2264", "lt": "<"}


def bounds(field: FieldInfo) -> str:
    """``≥ 0, ≤ 1`` for numbers; the choices, or what it is, for anything else."""
    limits = [
        f"{sign} {getattr(one, name):g}"
        for one in field.metadata
        for name, sign in _SIGNS.items()
        if getattr(one, name, None) is not None
    ]
    if limits:
        return ", ".join(limits)
    choices = get_args(field.annotation)
    if choices:
        return " or ".join(f"`{choice}`" for choice in choices)
    return "true or false" if field.annotation is bool else "text"


def origin(name: str, params: Mapping[str, Params]) -> str:
    """Whether the value is published, differs from what is published, or no source states it."""
    told = set()
    for one in params.values():
        stated = published_value(name, one.dataset)
        if stated is not None:
            told.add("published" if equal(getattr(one, name), stated) else "differs")
    if not told:
        return "no source states it"
    if told == {"published"}:
        return "published"
    if told == {"differs"}:
        return "chosen here"
    return "published on some datasets, chosen here on others"


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def sections(scale: str, params: Mapping[str, Params]) -> list[str]:
    """Markdown: what the columns mean, then a table per family with one row per parameter.

    Args:
        params: heading of a column to the parameters of that dataset.
    """
    stated = {name for entry in published.published().recipe for name in entry.values}
    text = (
        f"Values of `params/{scale}/`. *Published*: as the paper's code trains that network "
        "(`params/published.yaml`). *Chosen here*: another value, found on validation data and "
        "limits of time. *No source states it*: belongs to this project's data, measurements or "
        f"additions. {len(stated)} parameters have a published value."
    )
    models = dict.fromkeys(type(one) for one in params.values())
    return [text, *(_table(model, params) for model in models)]


def _table(model: type[Params], params: Mapping[str, Params]) -> str:
    """The parameters of one family."""
    own = {heading: one for heading, one in params.items() if type(one) is model}
    rows = [
        [
            f"`{name}`",
            field.description or "",
            bounds(field),
            *(_shown(getattr(one, name)) or "empty" for one in own.values()),
            origin(name, own),
        ]
        for name, field in model.model_fields.items()
        if name not in ("dataset", "scale")
    ]
    return markdown_table(("Parameter", "Meaning", "Bounds", *own, "Origin"), rows)
