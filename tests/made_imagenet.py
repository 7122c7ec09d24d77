"""ImageNet's folders in their exact layouts, filled with a few tiny images."""

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from cgnlib.data.imagenet import CUE_CATEGORIES, IMAGENET_A_CLASSES, IN9_FOLDERS, IN9_VARIANTS

PX = 16


def wnids():
    """1,000 sorted made-up wnids with ImageNet's own where they are checked."""
    made = [f"n{1_440_764 + 4 * index:08d}" for index in range(1000)]
    made[285:559] = [f"n{2_124_075 + index:08d}" for index in range(559 - 285)]
    made[559:999] = [f"n{3_376_595 + index:08d}" for index in range(999 - 559)]
    made[999] = "n15075141"
    assert made == sorted(made) and len(set(made)) == 1000
    return made


def _pictures(folder: Path, count: int) -> list[Path]:
    """Different noise, as small files that every class links to."""
    folder.mkdir(parents=True)
    generator, made = np.random.default_rng(0), []
    for number in range(count):
        made.append(folder / f"{number}.jpg")
        pixels = generator.integers(0, 256, (PX, PX, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(made[-1])
    return made


def _filled(root: Path, classes: Iterable[str], names: Iterable[str], pictures: list[Path]) -> None:
    """``root/<class>/<name>``, each name another picture."""
    for place, one in enumerate(classes):
        (root / one).mkdir(parents=True)
        for number, name in enumerate(names):
            os.link(pictures[(place + number) % len(pictures)], root / one / name)


def write_imagenet(root: Path) -> None:
    """Everything that ImageNet-mini's notebooks read but weights, below the data root ``root``: one
    image for each of the thousand classes of a set, two for each of the nine of IN-9."""
    pictures, thousand = _pictures(root.parent / "pictures", 16), wnids()
    for split in ("train", "val"):
        _filled(root / "imagenet-mini" / split, thousand, ["ILSVRC2012_1.JPEG"], pictures)
        _filled(root / "stylized-imagenet" / split, thousand, ["ILSVRC2012_1.png"], pictures)
        for variant in IN9_VARIANTS:
            _filled(root / "in9" / variant / split, IN9_FOLDERS, ["a.JPEG", "b.JPEG"], pictures)
    _filled(root / "imagenet-sketch", thousand, ["sketch_0.JPEG"], pictures)
    _filled(root / "imagenet-a", thousand[::5][:IMAGENET_A_CLASSES], ["0.jpg"], pictures)
    _filled(root / "imagenet-v2", map(str, range(1000)), ["0.jpeg"], pictures)
    for place, name in enumerate(CUE_CATEGORIES):
        other = CUE_CATEGORIES[(place + 1) % 16]
        files = [f"{name}1-{name}2.png", f"{name}1-{other}2.png"]
        _filled(root / "cue-conflict", [name], files, pictures)
