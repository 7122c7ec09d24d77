"""Interventional images: a class and a noise, moved along random directions.

Images are always made in the same groups, so that any subset, any shard and any resumed run gives
the same bytes. Without edits the same noises give the observational images. Source: GenInt, section
4.2 (GENINT-2).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from cgnlib.errors import UserError
from cgnlib.generators.ganspace import Directions, edit
from cgnlib.generators.intervention_draws import (
    COLUMNS,
    NO_COMPONENT,
    Drawn,
    InterventionSettings,
    draw_interventions,
    intervention_rows,
    observational,
)
from cgnlib.generators.intervention_ranges import Ranges
from cgnlib.generators.sampling import to_bytes
from cgnlib.networks.biggan import BigGan, truncated_noise
from cgnlib.rng import rng

__all__ = [
    "COLUMNS",
    "NO_COMPONENT",
    "Drawn",
    "InterventionGroups",
    "InterventionSet",
    "InterventionSettings",
    "direction_sheet",
    "draw_interventions",
    "edited_images",
    "gathered_images",
    "interventional_images",
    "observational",
    "observational_images",
]


@dataclass(frozen=True)
class InterventionSet:
    """Images (N, 3, H, W) uint8 with their ``labels`` (N,) int64, the ``component`` (N,) int64 that
    was edited (-1: none), its new position ``delta`` (N,) float32, and the number (N,) int64 of the
    class's ``noise``. Classes take turns, so any start of the set is balanced."""

    images: Tensor
    labels: Tensor
    component: Tensor
    delta: Tensor
    noise: Tensor

    def __len__(self) -> int:
        return len(self.labels)


@torch.no_grad()
def edited_images(
    generator: BigGan, directions: Directions | None, drawn: Drawn, truncation: float
) -> Tensor:
    """(B, H, W, 3) uint8 on the CPU: what the generator makes of the edited noise, value by 255 and
    rounded (D37: by 256 and cut off, as published, pure white became 0)."""
    device = next(generator.parameters()).device
    z, labels = drawn.z.to(device), drawn.labels.to(device)
    moved = drawn.component != NO_COMPONENT
    if moved.any():
        if directions is None:
            raise UserError("interventions need directions: give those of the generator")
        which = drawn.component.clamp_min(0).to(device)
        edited = edit(z, directions, which, drawn.delta.to(device))
        z = torch.where(moved.to(device)[:, None], edited, z)
    return to_bytes(generator(z, labels, truncation))


class InterventionGroups:
    """The images of a set, group by group, as the writer of image folders asks for them.

    Args:
        classes: the generator's, by default all; they take turns.

    Raises:
        UserError: fewer directions than the settings need, or a class that does not exist.
    """

    columns = tuple(COLUMNS)

    def __init__(
        self,
        generator: BigGan,
        directions: Directions | None,
        settings: InterventionSettings,
        seed: int,
        classes: Sequence[int] | None = None,
    ):
        self.generator, self.directions, self.settings = generator, directions, settings
        self.seed, self.batch = seed, settings.batch
        count = generator.layout.classes
        self.classes = list(range(count) if classes is None else classes)
        for label in self.classes:
            if not 0 <= label < count:
                raise UserError(f"class {label}: the generator's run from 0 to {count - 1}")
        if settings.edits and len(directions or ()) < settings.components:
            raise UserError(
                f"{settings.components} directions asked for, {len(directions or ())} are given"
            )

    def drawn(self, indices: Iterable[int]) -> Drawn:
        """What images ``indices`` are made of."""
        latent = self.generator.layout.z
        return draw_interventions(self.settings, self.classes, latent, self.seed, indices)

    def rows(self, indices: Iterable[int]) -> list[tuple]:
        """Per image the values of :data:`COLUMNS`."""
        told = intervention_rows(self.settings, self.classes, self.seed, indices)
        return [(label, which, f"{delta:.9g}", number) for label, which, delta, number in told]

    def group(self, number: int) -> tuple[Drawn, Tensor]:
        """Images ``number * batch`` and on, always ``batch`` of them: a batch of another size might
        differ in the last bits. (B, H, W, 3) uint8."""
        first = number * self.batch
        drawn = self.drawn(range(first, first + self.batch))
        truncation = self.settings.truncation
        return drawn, edited_images(self.generator, self.directions, drawn, truncation)

    def pixels(self, number: int) -> np.ndarray:
        """The images of one group, (B, H, W, 3) uint8."""
        return self.group(number)[1].numpy()


def gathered_images(groups: InterventionGroups, count: int) -> InterventionSet:
    """The first ``count`` images, in memory; a larger set contains the smaller one."""
    drawn, images = [], []
    for number in range(-(-count // groups.batch)):
        what, pixels = groups.group(number)
        drawn.append(what)
        images.append(pixels.permute(0, 3, 1, 2).contiguous())
    labels, noise, _, component, delta = (
        torch.cat(part)[:count] for part in zip(*drawn, strict=True)
    )
    return InterventionSet(torch.cat(images)[:count], labels, component, delta, noise)


def interventional_images(
    generator: BigGan,
    directions: Directions | None,
    settings: InterventionSettings,
    per_class: int,
    seed: int,
    classes: Sequence[int] | None = None,
) -> InterventionSet:
    """``per_class`` images of each class, in memory; a larger set contains the smaller one.

    Args:
        directions: those of the generator; None for :func:`observational` settings.
        classes: by default all of the generator's.

    Raises:
        UserError: see :class:`InterventionGroups`.
    """
    groups = InterventionGroups(generator, directions, settings, seed, classes)
    return gathered_images(groups, per_class * len(groups.classes))


def observational_images(
    generator: BigGan,
    truncation: float,
    per_class: int,
    seed: int,
    classes: Sequence[int] | None = None,
    batch: int = 50,
) -> InterventionSet:
    """Plain samples: image ``n`` of a class shows its noise ``n``, which the interventional set of
    the same seed edits."""
    settings = observational(truncation, batch)
    return interventional_images(generator, None, settings, per_class, seed, classes)


def direction_sheet(
    generator: BigGan,
    directions: Directions,
    components: Sequence[int],
    ranges: Ranges,
    classes: Sequence[int],
    seed: int,
    steps: int = 5,
    truncation: float = 1.0,
) -> Tensor:
    """(K, C, S, H, W, 3) uint8: each direction on several classes, one noise for all, from the low
    to the high end of the direction's range in ``steps`` (GenInt, figures 2 and 17)."""
    z = truncated_noise(1, generator.layout.z, truncation, rng(seed, "direction-sheet"))
    labels = torch.tensor(classes).repeat_interleave(steps)
    sheets = []
    for component in components:
        deltas = torch.linspace(*ranges[component], steps).repeat(len(classes))
        which = torch.full_like(labels, component)
        drawn = Drawn(labels, labels, z.expand(len(labels), -1), which, deltas)
        made = edited_images(generator, directions, drawn, truncation)
        sheets.append(made.unflatten(0, (len(classes), steps)))
    return torch.stack(sheets)
