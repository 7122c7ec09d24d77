"""Write a fixed counterfactual set to disk."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import torch

from cgnlib.errors import UserError
from cgnlib.params import MnistParams
from cgnlib.pipelines.mnist.generate import cgn, counterfactuals
from cgnlib.training import progress

_CHUNK = 5000


def export(params: MnistParams, out: Path) -> Path:
    """Write the counterfactual set of ``params`` to the new folder ``out``.

    ``images.npy`` (N, 32, 32, 3) uint8; ``labels.npy`` (N, 3) uint8, the shape, foreground and
    background label of each image (the shape label is the target); ``manifest.json`` with the
    parameters and the CGN's hash. The folder appears whole or not at all.

    Raises:
        UserError: when ``out`` exists, or the disk refuses.
    """
    out = Path(out)
    if out.exists():
        raise UserError(f"{out} exists: choose another folder or delete it")
    partial = out.with_name(f".{out.name}.partial-{os.getpid()}")
    try:
        partial.mkdir(parents=True)
        _write(params, partial)
        os.replace(partial, out)
    except OSError as error:
        raise UserError(f"cannot write {out}: {error.strerror}; free space and run again") from None
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return out


def _write(params: MnistParams, folder: Path) -> None:
    fakes = counterfactuals(params)
    images = np.lib.format.open_memmap(
        folder / "images.npy", mode="w+", dtype=np.uint8, shape=(len(fakes), 32, 32, 3)
    )
    for start in range(0, len(fakes), _CHUNK):
        index = torch.arange(start, min(start + _CHUNK, len(fakes)))
        images[start : start + len(index)] = fakes.bytes(index).numpy()
    images.flush()
    progress(f"{len(fakes):,} counterfactuals composed")
    labels = fakes.labels(torch.arange(len(fakes))).to(torch.uint8).numpy()
    np.save(folder / "labels.npy", labels)
    manifest = {
        "images": len(fakes),
        "labels": ["shape", "foreground", "background"],
        "cgn": str(cgn(params).artefact),
        "params": params.model_dump(),
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1))
