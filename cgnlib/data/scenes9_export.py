"""Write scenes as a folder that torchvision's ImageFolder, or any other program, can read."""

import csv
import io
import json
import os
import shutil
from pathlib import Path

from PIL import Image
from torch import Tensor

from cgnlib.data.scenes9 import CLASSES, PLAIN, RENDERER_VERSION, SIDE, SceneSet
from cgnlib.data.scenes9_textures import OUTSIDE_TEXTURES
from cgnlib.errors import UserError

_TEXTURE_NAMES = (*CLASSES, *(texture.name for texture in OUTSIDE_TEXTURES))


def write_image_folder(scene_set: SceneSet, folder: Path, masks: Path | None = None) -> Path:
    """Write ``<folder>/<shape's class>/<number>.png``, ``labels.csv`` and ``manifest.json``.

    ``labels.csv`` has one row per image, in the set's order: file, shape, texture, background by
    name (``none`` for -1). ``masks`` is another new folder for the masks, grey PNG files of the
    same names. A folder appears whole or not at all. ImageFolder numbers classes alphabetically,
    not in the order of ``CLASSES``.

    Raises:
        UserError: when a folder exists, or the disk refuses.
    """
    rows = [
        (f"{CLASSES[shape]}/{i:06d}.png", CLASSES[shape], _name(texture), _name(background))
        for i, (shape, texture, background) in enumerate(
            zip(
                scene_set.shape.tolist(),
                scene_set.texture.tolist(),
                scene_set.background.tolist(),
                strict=True,
            )
        )
    ]
    files = [row[0] for row in rows]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        [("file", "shape", "texture", "background"), *rows]
    )
    manifest = {
        "dataset": "scenes9",
        "identity": scene_set.identity,
        "renderer": RENDERER_VERSION,
        "images": len(scene_set),
        "side_px": SIDE,
        "classes": list(CLASSES),
    }
    more = {"labels.csv": text.getvalue(), "manifest.json": json.dumps(manifest, indent=1)}
    if masks is not None:
        _write_folder(Path(masks), files, scene_set.masks[:, 0], {})
    return _write_folder(Path(folder), files, scene_set.images.permute(0, 2, 3, 1), more)


def _name(label: int) -> str:
    return "none" if label == PLAIN else _TEXTURE_NAMES[label]


def _write_folder(folder: Path, files: list[str], images: Tensor, more: dict[str, str]) -> Path:
    """Write PNG files and texts into a hidden folder, then rename it."""
    if folder.exists():
        raise UserError(f"{folder} exists: choose another folder or delete it")
    partial = folder.with_name(f".{folder.name}.partial-{os.getpid()}")
    try:
        for parent in sorted({Path(name).parent for name in files}):
            (partial / parent).mkdir(parents=True)
        for name, image in zip(files, images.contiguous().numpy(), strict=True):
            Image.fromarray(image).save(partial / name, compress_level=1)
        for name, text in more.items():
            (partial / name).write_text(text)
        os.replace(partial, folder)
    except OSError as error:
        raise UserError(
            f"cannot write {folder}: {error.strerror or error}; free space and run again"
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder
