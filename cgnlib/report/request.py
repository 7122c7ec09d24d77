"""Requests: one validated job, before anything is started."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cgnlib import parameter_reading as rules
from cgnlib.errors import UserError
from cgnlib.families import chosen, family_of_notebook
from cgnlib.params import Params, params_hash
from cgnlib.paths import project_root, results_root

SUMMARY = "summary"


@dataclass(frozen=True)
class Request:
    """One validated job: what to execute, what to inject, where its results go."""

    notebook: Path
    values: dict[str, Any]
    target: Path
    title: str  # dataset or scale, with the seed or @hash when parameters differ from the preset
    command: str
    params_hash: str | None  # what `done` must name; None for the summary
    label: str = ""
    timeout: int | None = None

    @property
    def page(self) -> str:
        """File name of the executed notebook."""
        return self.notebook.name


def notebook_path(name: str) -> Path:
    """The notebook called ``name`` (``odr``), or the one at that path.

    Raises:
        UserError: when there is none.
    """
    for path in (Path(name), project_root() / "book" / f"{name}.ipynb"):
        if path.is_file():
            return path.resolve()
    known = sorted(p.stem for p in (project_root() / "book").glob("*.ipynb"))
    raise UserError(f"no notebook {name!r}: give a path or one of {', '.join(known) or '(none)'}")


def params_path(name: str) -> Path:
    """The parameter file at a path, or the preset called ``embedded/colored_mnist``.

    Raises:
        UserError: when there is none.
    """
    for path in (Path(name), project_root() / "params" / f"{name}.yaml"):
        if path.is_file():
            return path.resolve()
    folder = project_root() / "params"
    known = sorted(str(p.relative_to(folder).with_suffix("")) for p in folder.glob("*/*.yaml"))
    raise UserError(
        f"no parameter file {name!r}: give a path or one of {', '.join(known) or '(none)'}"
    )


def shown(path: Path) -> str:
    """``path`` relative to the project where it lies in it."""
    root = project_root()
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def _injected(notebook: Path, values: Mapping[str, Any], listed: Mapping[str, Any]) -> Params:
    """The parameters as the notebook will see them: its listed ones, defaults for the others."""
    return rules.make_params({name: values[name] for name in listed}, shown(notebook))


def repeated_hash(notebook: Path, params: Params, seed: int) -> str:
    """The hash in the folder name of ``notebook`` run with another seed than its file's."""
    listed = rules.listed_parameters(notebook)
    return params_hash(_injected(notebook, {**params.model_dump(), "seed": seed}, listed))


def prepare(
    notebook: str,
    params: str,
    overrides: Mapping[str, Any],
    label: str = "",
    timeout: int | None = None,
) -> Request:
    """Validate one job before anything is started.

    The folder ``<notebook>/`` belongs to the preset ``params/<scale>/<dataset>.yaml``; any other
    values go to ``<notebook>@<params hash>/``, so that no run hides another.

    Raises:
        UserError: unknown notebook, file or parameter; a value of the wrong type or out of range;
            an override that the notebook does not use.
    """
    source = notebook_path(notebook)
    words = ["python", "-m", "cgnlib", "run", source.stem]
    if source.stem == SUMMARY:
        return _prepare_summary(source, params, overrides, words, label, timeout)
    path = params_path(params)
    listed = rules.listed_parameters(source)
    loaded = rules.load_params(path, dict(overrides))
    _check(source, loaded, listed, overrides)
    seen = _injected(source, loaded.model_dump(), listed)
    suffix, name = _named(seen, _usual(source, loaded, listed, overrides))
    return Request(
        notebook=source,
        values={name: getattr(loaded, name) for name in listed},
        target=results_root() / loaded.scale / loaded.dataset / f"{source.stem}{suffix}",
        title=f"{loaded.dataset}{name}",
        command=_command(words, path, overrides),
        params_hash=params_hash(seen),
        label=label,
        timeout=timeout,
    )


def _named(seen: Params, usual: Params | None) -> tuple[str, str]:
    """What the folder and the title of a run add to its notebook and dataset; nothing for the
    ``usual`` parameters, the seed in the title of its repetitions."""
    if usual == seen:
        return "", ""
    suffix = f"@{params_hash(seen)}"
    repeated = usual is not None and usual.model_copy(update={"seed": seen.seed}) == seen
    return suffix, f" seed {seen.seed}" if repeated else f" {suffix}"


def _check(
    source: Path, loaded: Params, listed: Mapping[str, Any], overrides: Mapping[str, Any]
) -> None:
    for option in overrides:
        if option not in listed:
            raise UserError(f"{shown(source)} does not use {option!r}; it uses {', '.join(listed)}")
    family = family_of_notebook(source.stem)
    if family and loaded.dataset not in family.datasets:
        raise UserError(
            f"{shown(source)} is not for {loaded.dataset}: it takes {', '.join(family.datasets)}"
        )


def _usual(
    source: Path, loaded: Params, listed: Mapping[str, Any], overrides: Mapping[str, Any]
) -> Params | None:
    """The parameters of the run that has the plain folder: the preset's; where there is no preset,
    those of the file given, without overrides."""
    preset = project_root() / "params" / loaded.scale / f"{loaded.dataset}.yaml"
    if preset.is_file():
        return _injected(source, rules.load_params(preset, {}).model_dump(), listed)
    return None if overrides else _injected(source, loaded.model_dump(), listed)


def _command(words: list[str], path: Path, overrides: Mapping[str, Any]) -> str:
    """The command that repeats the run."""
    presets = project_root() / "params"
    known = path.is_relative_to(presets)
    given = str(path.relative_to(presets).with_suffix("")) if known else shown(path)
    changed = [part for name, value in overrides.items() for part in ("-p", name, str(value))]
    return shlex.join([*words, given, *changed])


def _prepare_summary(
    source: Path,
    scale: str,
    overrides: Mapping[str, Any],
    words: list[str],
    label: str,
    timeout: int | None,
) -> Request:
    """The summary reads records only; it takes a scale where others take a parameter file."""
    listed = rules.listed_parameters(source)
    for name, value in overrides.items():
        if name not in listed or name == "scale":
            raise UserError(f"the summary takes no -p {name}; give the scale in place of PARAMS")
        if name == "family":
            chosen(str(value))
        words += ["-p", name, str(value)]
    words.insert(5, scale)
    scales = sorted(p.name for p in (project_root() / "params").iterdir() if p.is_dir())
    if scale not in scales:
        raise UserError(f"no scale {scale!r}: one of {', '.join(scales)}")
    return Request(
        notebook=source,
        values={**({"scale": scale} if "scale" in listed else {}), **overrides},
        target=results_root() / scale / SUMMARY,
        title=f"{scale} scale",
        command=shlex.join(words),
        params_hash=None,
        label=label,
        timeout=timeout,
    )
