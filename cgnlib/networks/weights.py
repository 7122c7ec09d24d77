"""Published checkpoints: a strict reading, and their place among the artefacts.

A checkpoint becomes ``runs/weights/<hash>/`` only when every key and shape is the published one
(:mod:`cgnlib.networks.published_layouts`) and every number finite.
"""

import hashlib
import io
import json
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

import safetensors
import safetensors.torch
import torch
import yaml
from torch import Tensor

from cgnlib import store
from cgnlib.errors import UserError
from cgnlib.networks.published_layouts import layout
from cgnlib.paths import runs_root

KIND = "weights"
VERSION = 1
FILE = "weights.safetensors"


def read_checkpoint(path: Path) -> dict[str, Tensor]:
    """The plain state dict in a safetensors or PyTorch file, on the CPU, without any ``module.``
    prefix. Nothing in the file is executed; where the format allows, tensors stay on disk until
    they are read.

    Raises:
        UserError: absent or damaged file, a pickled module, or anything but names to tensors.
    """
    return _parse(path)


def _bytes(path: Path) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}; give the path of a checkpoint file") from None


def _bytes_at_eight(path: Path) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(9)[8:]
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}; give the path of a checkpoint file") from None


def _parse(path: Path, data: bytes | None = None) -> dict[str, Tensor]:
    """From ``data``, the file's bytes, or straight from the file."""
    is_safetensors = (data[8:9] if data else _bytes_at_eight(path)) == b"{"  # length, then JSON
    try:
        if is_safetensors:
            state = safetensors.torch.load(data) if data else safetensors.torch.load_file(path)
        else:
            source, mapped = (io.BytesIO(data), False) if data else (path, is_zipfile(path))
            state = torch.load(source, weights_only=True, map_location="cpu", mmap=mapped)
    except pickle.UnpicklingError as error:
        if "Unsupported global" in str(error) or "Unsupported class" in str(error):
            raise UserError(
                f"{path} holds pickled objects, not a state dict, and is not loaded: save "
                "model.state_dict() where it was made"
            ) from None
        raise UserError(_damaged(path)) from None
    except (RuntimeError, EOFError, ValueError, KeyError, OSError, safetensors.SafetensorError):
        raise UserError(_damaged(path)) from None
    return _plain(path, state)


def _damaged(path: Path) -> str:
    return f"{path} is damaged or no checkpoint (PyTorch or safetensors): get it again"


def _plain(path: Path, state: Any) -> dict[str, Tensor]:
    if not isinstance(state, Mapping) or not state:
        raise UserError(f"{path} holds {type(state).__name__}, not a state dict of named tensors")
    for name, value in state.items():
        if not isinstance(value, Tensor):
            raise UserError(
                f"{path}: {name!r} is {type(value).__name__}, not a tensor: give a plain state dict"
            )
    if all(str(name).startswith("module.") for name in state):  # saved from a parallel wrapper
        state = {name.removeprefix("module."): value for name, value in state.items()}
    return dict(state)


def check_layout(state: Mapping[str, Tensor], name: str, where: str) -> None:
    """Compare every key and shape with the published layout called ``name``.

    Raises:
        UserError: names the first unknown, missing or mis-shaped key, or one with a number that is
            not finite.
    """
    wanted = layout(name)
    for key in state:
        if key not in wanted:
            raise UserError(f"{where}: unknown key {key!r}: not a checkpoint of kind {name}")
    for key, shape in wanted.items():
        if key not in state:
            raise UserError(f"{where}: key {key!r} is missing: not a whole {name} checkpoint")
        found = tuple(state[key].shape)
        if found != shape:
            raise UserError(f"{where}: {key!r} has shape {found}, published is {shape}")
        if state[key].is_floating_point() == key.endswith("num_batches_tracked"):
            raise UserError(f"{where}: {key!r} has type {state[key].dtype}, which does not fit")
        if not torch.isfinite(state[key]).all():
            raise UserError(f"{where}: {key!r} holds numbers that are not finite")


def import_weights(path: Path, name: str) -> store.Artefact:
    """Check a published checkpoint and keep it as ``runs/weights/<hash>/``.

    The hash covers layout and bytes, so importing twice gives the same artefact. Its provenance
    says which file it came from (``source_file``) and that file's SHA-256 (``source_sha256``).

    Args:
        name: one of :data:`cgnlib.networks.published_layouts.NAMES`.

    Raises:
        UserError: see :func:`read_checkpoint` and :func:`check_layout`.
    """
    layout(name)  # an unknown name, before the file is read
    data = _bytes(path)
    state = _parse(path, data)
    check_layout(state, name, str(path))
    sha256 = hashlib.sha256(data).hexdigest()

    def make(folder: Path) -> dict[str, str]:
        kept = {
            name: (value.float() if value.is_floating_point() else value.long()).contiguous()
            for name, value in state.items()
        }
        store.write_atomic(folder / FILE, safetensors.torch.save(kept))
        return {"source_file": str(Path(path).resolve()), "source_sha256": sha256}

    key = {"as": name, "sha256": sha256}
    return store.train_or_load(KIND, VERSION, key, make, lambda folder: None)[1]


def imported(reference: str, name: str) -> store.Artefact:
    """The artefact of a checkpoint file, which is imported, or of one imported earlier.

    Args:
        reference: path of a file, or the hash under ``runs/weights/``.

    Raises:
        UserError: neither, another layout, or a damaged file.
    """
    if Path(reference).is_file():
        return import_weights(Path(reference), name)
    return _earlier(reference.removeprefix(f"{KIND}/"), name)


def imported_weights(reference: str, name: str) -> tuple[dict[str, Tensor], store.Artefact]:
    """State dict and artefact of a checkpoint; see :func:`imported`."""
    artefact = imported(reference, name)
    state = safetensors.torch.load((artefact.folder / FILE).read_bytes())
    return state, artefact


def _earlier(identity: str, name: str) -> store.Artefact:
    """The artefact of that hash, through the store, which checks its files."""
    folder = runs_root() / KIND / identity
    if "/" in identity or not (folder / store.DONE).is_file():
        raise UserError(
            f"no weights {identity!r}: give the path of a checkpoint, or the hash that "
            f"`python -m cgnlib import-weights FILE --as {name}` prints"
        )
    try:
        kept = yaml.safe_load((folder / "params.yaml").read_text())
        key = {"as": kept["as"], "sha256": kept["sha256"]}
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise UserError(f"{folder} is damaged: delete it and import the file again") from error
    if key["as"] != name:
        raise UserError(f"weights {identity} are {key['as']}, not {name}")

    def make(_folder: Path) -> dict[str, str]:
        raise UserError(f"{folder} is damaged: delete it and import the file again")

    return store.train_or_load(KIND, VERSION, key, make, lambda found: None)[1]


def as_text(artefact: store.Artefact) -> str:
    """One line for people: the artefact, its file and that file's SHA-256."""
    made = artefact.provenance
    return f"{artefact}: {Path(made['source_file']).name}, SHA-256 {made['source_sha256']}"


def as_json(artefact: store.Artefact) -> str:
    """The same for programs."""
    made = artefact.provenance
    return json.dumps(
        {
            "artefact": str(artefact),
            "folder": str(artefact.folder),
            "source_file": made["source_file"],
            "source_sha256": made["source_sha256"],
        },
        indent=1,
    )
