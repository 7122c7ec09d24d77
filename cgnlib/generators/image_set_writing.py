"""Sets of generated images written as a folder: resumable, and by several machines at once.

The layout is in :mod:`cgnlib.data.generated_folder`; what the images are, and which columns
their labels have, comes from the set.
"""

import contextlib
import fcntl
import io
import json
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from PIL import Image

from cgnlib.data.generated_folder import MANIFEST, image_name, read_manifest, write_table
from cgnlib.errors import UserError
from cgnlib.store import write_atomic
from cgnlib.training import progress

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


class ImageGroups(Protocol):
    """Images that are made in groups of ``batch``; ``columns`` names what is known of each."""

    batch: int
    columns: tuple[str, ...]

    def rows(self, indices: list[int]) -> list[tuple]:
        """The values of the columns of images ``indices``, without making them."""
        ...

    def pixels(self, number: int) -> np.ndarray:
        """Images ``number * batch`` and on, always ``batch`` of them: (batch, H, W, 3) uint8."""
        ...


@dataclass(frozen=True)
class Written:
    """How a set is written: ``count`` images as ``jpg`` (of ``quality``, 1 to 95) or ``png``; a
    larger set contains the smaller one. ``what`` names the images in progress lines."""

    count: int
    extension: str
    quality: int
    what: str


class _Set:
    """The folder of one set: what it holds, what it should, and its manifest."""

    def __init__(
        self, groups: ImageGroups, form: Written, folder: Path, made_by: Mapping[str, Any]
    ):
        self.groups, self.form, self.folder = groups, form, Path(folder)
        self.made_by = json.loads(json.dumps(made_by))  # tuples become lists

    def name(self, index: int) -> str:
        return image_name(index, self.form.extension)

    def present(self) -> set[str]:
        """Names of the finished images; temporary files of killed runs do not count."""
        found = (self.folder / "images").glob(f"*/[0-9]*.{self.form.extension}")
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
        indices = [i for i in range(self.form.count) if self.name(i) in there]
        told = self.groups.rows(indices)
        rows = [(self.name(i), *row) for i, row in zip(indices, told, strict=True)]
        count = self.form.count
        manifest = {"count": count, "written": len(rows), "made_by": self.made_by}
        write_table(self.folder, self.groups.columns, rows)
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

    def __init__(self, total: int, what: str):
        self.total, self.what, self.done, self.said = total, what, 0, time.perf_counter()

    def tick(self, count: int) -> None:
        self.done += count
        if time.perf_counter() - self.said > 5:
            progress(f"{self.what}: {self.done} of {self.total} written")
            self.said = time.perf_counter()


def write_image_set(
    groups: ImageGroups,
    form: Written,
    folder: Path,
    made_by: Mapping[str, Any],
    shard: tuple[int, int] = (0, 1),
) -> dict[str, Any]:
    """Make the images of one shard that ``folder`` does not hold yet, and describe the folder.

    Shards may run at once on one file system; the last to end finds the set complete. Shard i of n
    takes every n-th group, so it writes the bytes an unsharded run would.

    Args:
        made_by: everything that shapes the images but their count, kept in the manifest.
        shard: (i, n), part i of n, counted from 0.

    Returns:
        The manifest: ``count`` asked for, ``written`` so far (by all shards), ``made_by``.

    Raises:
        UserError: the folder holds images made otherwise; a full disk.
    """
    images = _Set(groups, form, folder, made_by)
    images.open()
    _make_missing(images, shard)
    return images.close()


def _make_missing(images: _Set, shard: tuple[int, int]) -> None:
    groups, form, there = images.groups, images.form, images.present()
    missing: dict[int, list[int]] = {}  # group to its images
    for index in range(form.count):
        number = index // groups.batch
        if number % shard[1] == shard[0] and images.name(index) not in there:
            missing.setdefault(number, []).append(index)
    clock = _Clock(sum(map(len, missing.values())), form.what)
    pending = list[Future]()
    with ThreadPoolExecutor(_WRITERS) as pool:
        for number, indices in missing.items():
            pixels = groups.pixels(number)
            for future in pending:
                future.result()  # raises what writing raised
            clock.tick(len(pending))
            pending = [
                pool.submit(
                    _write_image,
                    images.folder / images.name(index),
                    np.ascontiguousarray(pixels[index % groups.batch]),
                    form.quality,
                )
                for index in indices
            ]
        for future in pending:
            future.result()
