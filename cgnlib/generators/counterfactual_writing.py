"""Counterfactual images written as a folder: resumable, and by several machines at once."""

import contextlib
import fcntl
import io
import json
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from cgnlib.data.counterfactual_folder import MANIFEST, image_name, read_manifest, write_labels
from cgnlib.errors import UserError
from cgnlib.generators.counterfactual_images import (
    CounterfactualImageSettings,
    image_bytes,
    image_labels,
    whole_group,
)
from cgnlib.generators.imagenet_cgn import ImagenetCgn
from cgnlib.store import write_atomic
from cgnlib.training import progress

FORMAT = 1  # rises when the images of unchanged settings change
_WRITERS = 4  # threads that encode and write while the next group is made


def parse_shard(text: str) -> tuple[int, int]:
    """``i/n`` as two numbers: part i of n, counted from 0.

    Raises:
        UserError: anything else.
    """
    part, slash, parts = text.partition("/")
    if slash and part.isdecimal() and parts.isdecimal() and int(part) < int(parts):
        return int(part), int(parts)
    raise UserError(f"shard {text!r}: write i/n with i from 0 to n - 1, such as 0/4")


class _Set:
    """The folder of one set: what it holds, what it should, and its manifest."""

    def __init__(
        self, model: ImagenetCgn, settings: CounterfactualImageSettings, folder: Path, made_by: dict
    ):
        self.model, self.settings, self.folder = model, settings, Path(folder)
        self.made_by = made_by

    def name(self, index: int) -> str:
        return image_name(index, self.settings.cf_format)

    def present(self) -> set[str]:
        """Names of the finished images; temporary files of killed runs do not count."""
        found = (self.folder / "images").glob(f"*/[0-9]*.{self.settings.cf_format}")
        return {f"images/{path.parent.name}/{path.name}" for path in found}

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """One shard at a time looks at the whole folder and describes it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with open(self.folder / ".lock", "w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield

    def open(self) -> None:
        """Claim the folder for this set.

        Raises:
            UserError: it holds images of other settings, seed or source.
        """
        with self.locked():
            before = read_manifest(self.folder)
            if before is None:
                self._describe()
                return
            for name, value in self.made_by.items():
                if before["made_by"].get(name) != value:
                    raise UserError(
                        f"{self.folder} holds images made with {name} = "
                        f"{before['made_by'].get(name)!r}, not {value!r}: choose another folder"
                    )

    def close(self) -> dict[str, Any]:
        """Write labels and manifest of what is there now."""
        with self.locked():
            return self._describe()

    def _describe(self) -> dict[str, Any]:
        there = self.present()
        indices = [i for i in range(self.settings.cf_images) if self.name(i) in there]
        labels = image_labels(self.settings, self.model.classes, self.made_by["seed"], indices)
        rows = [(self.name(i), *y) for i, y in zip(indices, labels.tolist(), strict=True)]
        count = self.settings.cf_images
        manifest = {"count": count, "written": len(rows), "made_by": self.made_by}
        write_labels(self.folder, rows)
        write_atomic(self.folder / MANIFEST, json.dumps(manifest, indent=1).encode())
        if len(rows) == count:
            for leftover in (self.folder / "images").glob("*/.*"):
                leftover.unlink(missing_ok=True)
        return manifest


def _write_image(path: Path, pixels: np.ndarray, quality: int) -> None:
    buffer = io.BytesIO()
    kind = "JPEG" if path.suffix == ".jpg" else "PNG"
    Image.fromarray(pixels).save(buffer, kind, **({"quality": quality} if kind == "JPEG" else {}))
    write_atomic(path, buffer.getvalue())


class _Clock:
    """Says at most every five seconds how far the writing is."""

    def __init__(self, total: int):
        self.total, self.done, self.said = total, 0, time.perf_counter()

    def tick(self, count: int) -> None:
        self.done += count
        if time.perf_counter() - self.said > 5:
            progress(f"counterfactual images: {self.done} of {self.total} written")
            self.said = time.perf_counter()


def write_counterfactuals(
    model: ImagenetCgn,
    settings: CounterfactualImageSettings,
    folder: Path,
    seed: int,
    *,
    source: str,
    shard: tuple[int, int] = (0, 1),
) -> dict[str, Any]:
    """Make the images of one shard that ``folder`` does not hold yet, and describe the folder.

    Shards may run at once on one file system; the last to end finds the set complete. Shard i of n
    takes every n-th group of ``cf_batch`` images, so it writes the bytes an unsharded run would.
    The layout is in :mod:`cgnlib.data.counterfactual_folder`.

    Args:
        source: hash of the CGN's weights, kept in the manifest.
        shard: (i, n), part i of n, counted from 0.

    Returns:
        The manifest: ``count`` asked for, ``written`` so far (by all shards), ``made_by``.

    Raises:
        UserError: the folder holds images of other settings, seed or source; a full disk.
    """
    kept = {name: value for name, value in asdict(settings).items() if name != "cf_images"}
    made_by = {**kept, "seed": seed, "source": source, "classes": model.classes, "format": FORMAT}
    images = _Set(model, settings, folder, json.loads(json.dumps(made_by)))  # tuples become lists
    images.open()
    _make_missing(images, seed, shard)
    return images.close()


def _make_missing(images: _Set, seed: int, shard: tuple[int, int]) -> None:
    settings, there = images.settings, images.present()
    missing: dict[int, list[int]] = {}  # group to its images
    for index in range(settings.cf_images):
        number = index // settings.cf_batch
        if number % shard[1] == shard[0] and images.name(index) not in there:
            missing.setdefault(number, []).append(index)
    clock, pending = _Clock(sum(map(len, missing.values()))), list[Future]()
    with ThreadPoolExecutor(_WRITERS) as pool:
        for number, indices in missing.items():
            made = whole_group(images.model, settings, seed, number)
            pixels = image_bytes(made.parts.composite, settings.cf_min_max).numpy()
            for future in pending:
                future.result()  # raises what writing raised
            clock.tick(len(pending))
            pending = [
                pool.submit(
                    _write_image,
                    images.folder / images.name(index),
                    np.ascontiguousarray(pixels[index % settings.cf_batch]),
                    settings.cf_quality,
                )
                for index in indices
            ]
        for future in pending:
            future.result()
