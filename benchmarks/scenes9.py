"""Speed of the scenes9 renderer, one JSON line per measurement.

    python benchmarks/scenes9.py [NAME ...]     (default: every measurement)

Run it on an otherwise idle machine. ``--threads`` sets the CPU threads (default 2).
"""

import tempfile
from pathlib import Path

import torch
from measuring import run, say, seconds

from cgnlib.data.scenes9 import UNIFORMS, VARIANTS, recombined, render, scene_set
from cgnlib.data.scenes9_export import write_image_folder
from cgnlib.rng import rng


def rendered_images() -> None:
    """Recombined scenes in batches as training and freezing use them."""
    for batch in (8, 32, 128, 1024):
        generator = rng(0, "benchmark")
        uniforms = torch.rand(batch, UNIFORMS, generator=generator)
        labels = [torch.randint(9, (batch,), generator=generator) for _ in range(3)]
        value = seconds(lambda u=uniforms, y=labels: render(u, *y), max(5, 2048 // batch))
        say("rendered_images", batch / value, "images/s", batch=batch)


def frozen_sets() -> None:
    """Every variant, stored as bytes."""
    for variant in VARIANTS:
        value = seconds(lambda name=variant: scene_set(name, 900, 0, "test"), 3)
        say("frozen_sets", 900 / value, "images/s", variant=variant)
    value = seconds(lambda: recombined(9000, 0, "train"), 1)
    say("frozen_sets", value, "s", variant="recombined", images=9000)


def written_images() -> None:
    scenes = scene_set("original", 900, 0, "test")
    with tempfile.TemporaryDirectory() as folder:
        names = iter(range(100))
        value = seconds(lambda: write_image_folder(scenes, Path(folder) / str(next(names))), 3)
    say("written_images", len(scenes) / value, "images/s")


BENCHMARKS = {f.__name__: f for f in (rendered_images, frozen_sets, written_images)}


if __name__ == "__main__":
    run(__doc__.splitlines()[0], BENCHMARKS, list(BENCHMARKS), threads=2)
