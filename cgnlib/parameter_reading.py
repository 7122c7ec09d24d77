"""Reading parameters: from YAML files, and from the cells of a running notebook.

Both end in the same check against the model of the dataset's family (:mod:`cgnlib.families`), with
one line per complaint.
"""

import ast
import difflib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from cgnlib.errors import UserError
from cgnlib.families import model_of
from cgnlib.params import Params

DEFAULT_MARK = "# Default parameters"  # first line of a notebook's parameters cell
INJECTED_MARK = "# Parameters"  # first line of the cell papermill injects


def _looks_like_number(value: Any) -> bool:
    if not isinstance(value, str):
        return False
    try:
        float(value)
    except ValueError:
        return False
    return True


def nearest_name(name: str, valid: Mapping[str, Any] | list[str]) -> str:
    """`` (did you mean 'x'?)`` for the closest valid name, or an empty string."""
    close = difflib.get_close_matches(name, list(valid), n=1, cutoff=0.5)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _explain(
    error: ValidationError, model: type[Params], values: Mapping[str, Any], where: str
) -> str:
    """The first complaint of pydantic as one line."""
    first = error.errors()[0]
    name = str(first["loc"][0]) if first["loc"] else ""
    if first["type"] == "extra_forbidden":
        return f"{where}: unknown parameter {name!r}{nearest_name(name, model.model_fields)}"
    if not name:
        return f"{where}: {first['msg'].removeprefix('Value error, ')}"
    value = values[name]
    hint = ""
    if _looks_like_number(value):
        hint = "; YAML reads this spelling as text: write 1.0e-3 or 0.001, without quotes"
    return f"{where}: {name} = {value!r} is wrong: {first['msg']}{hint}"


def make_params(values: Mapping[str, Any], where: str) -> Params:
    """Validate ``values`` by the model of the family that their ``dataset`` belongs to.

    Raises:
        UserError: unknown name (with the nearest valid one), wrong type, value out of range.
    """
    model = model_of(values.get("dataset"), where)
    try:
        return model(**values)
    except ValidationError as error:
        raise UserError(_explain(error, model, values, where)) from None


def read_parameter_file(path: Path) -> dict[str, Any]:
    """The flat mapping in a YAML parameter file.

    Raises:
        UserError: missing file, broken YAML, a repeated name, or anything but a flat mapping.
    """
    try:
        text = Path(path).read_text()
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}; see params/ for the files there are") from None
    try:
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        at = f" line {line + 1}" if line is not None else ""
        raise UserError(f"{path}{at}: not valid YAML: {getattr(error, 'problem', error)}") from None
    if not isinstance(values, dict):
        raise UserError(f"{path}: expected lines of the form 'name: value'")
    names = [key.value for key, _ in tree.value]
    for name in names:
        if names.count(name) > 1:
            raise UserError(f"{path}: {name} is given {names.count(name)} times")
    return values


def load_params(path: Path, overrides: Mapping[str, Any] | None = None) -> Params:
    """The parameters of a YAML file, with ``overrides`` laid over them.

    Raises:
        UserError: see :func:`read_parameter_file` and :func:`make_params`.
    """
    values = read_parameter_file(path)
    make_params(values, str(path))
    return make_params({**values, **(overrides or {})}, f"{path} with overrides")


def _assigned_names(source: str) -> list[str]:
    """Names assigned at the top level of a cell, in order."""
    names: list[str] = []
    for node in ast.parse(source).body:
        targets = getattr(node, "targets", [getattr(node, "target", None)])
        names += [target.id for target in targets if isinstance(target, ast.Name)]
    return names


def listed_parameters(notebook: Path) -> dict[str, Any]:
    """Name to default value of the parameters cell of a notebook (the cell tagged ``parameters``).

    Raises:
        UserError: when the notebook cannot be read or has no such cell.
    """
    try:
        cells = json.loads(Path(notebook).read_text())["cells"]
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"{notebook}: not a readable notebook ({error})") from None
    for cell in cells:
        if "parameters" in cell.get("metadata", {}).get("tags", []):
            body = ast.parse("".join(cell["source"])).body
            return {
                node.target.id: ast.literal_eval(node.value)
                for node in body
                if isinstance(node, ast.AnnAssign)
            }
    raise UserError(f"{notebook}: no cell tagged 'parameters'")


def _parameter_names(history: list[str], namespace: Mapping[str, Any]) -> list[str]:
    """Names listed by the last default cell run; a stray name there or in the injected cell is an
    error: one that the model of the ``dataset`` in the namespace does not have. Cells are
    recognised by their first line, so that a kernel in which everything ran twice, or in which
    only some cells were run again, gives the same answer."""
    starts = [i for i, source in enumerate(history) if source.lstrip().startswith(DEFAULT_MARK)]
    if not starts:
        raise UserError(
            "no parameters cell was run before read_params: run the notebook from its top"
        )
    listed = _assigned_names(history[starts[-1]])
    dataset = namespace.get("dataset") if "dataset" in listed else None
    valid = model_of(dataset, "the parameters cell").model_fields
    injected = [
        source for source in history[starts[-1] + 1 :] if source.lstrip().startswith(INJECTED_MARK)
    ]
    for source, cell in [(history[starts[-1]], "default"), *((s, "injected") for s in injected)]:
        for name in _assigned_names(source):
            if name not in valid:
                hint = nearest_name(name, valid)
                raise UserError(f"the {cell} parameters cell: unknown parameter {name!r}{hint}")
    return listed


def read_params(namespace: Mapping[str, Any]) -> Params:
    """The typed parameters of the notebook that calls ``read_params(globals())``.

    Names come from the sources of the default and injected parameters cells, values from the
    namespace. A valid name that the notebook does not list is left alone: one parameter file serves
    every notebook of its family. Also pins the number of threads, which is part of every result.

    Raises:
        UserError: unknown name (with the nearest valid one), wrong type, value out of range.
    """
    if "In" not in namespace:
        raise UserError("read_params works in a notebook; in a script use cgnlib.load_params(path)")
    names = _parameter_names(list(namespace["In"]), namespace)
    params = make_params({name: namespace[name] for name in names}, "the parameters cell")
    use_threads(params.threads)
    return params


def use_threads(threads: int) -> None:
    """Pin torch's CPU threads; one and two threads differ in the last bits of a training."""
    import torch  # here, so that checking a parameter file does not load torch

    torch.set_num_threads(threads)
