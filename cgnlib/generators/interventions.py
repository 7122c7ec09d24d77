"""Interventional images: a class and a noise, moved along random directions.

Every noise has random streams of its own, and images are always made in the same groups, so that
any subset, any shard and any resumed run gives the same bytes. Without edits the same noises give
the observational images. Source: GenInt, section 4.2 (GENINT-2).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from cgnlib.errors import UserError
from cgnlib.generators.ganspace import Directions, edit
from cgnlib.generators.intervention_ranges import Ranges
from cgnlib.generators.sampling import to_bytes
from cgnlib.networks.biggan import BigGan, truncated_noise
from cgnlib.rng import rng

NO_COMPONENT = -1  # of an image that was not edited
COLUMNS = ("label", "component", "delta", "noise")  # what is known of each image


@dataclass(frozen=True)
class InterventionSettings:
    """Which images a set is made of.

    Attributes:
        truncation: t, of the noise and of the stored batch statistics, in (0, 1].
        scale_percent: s, of the ranges.
        components: k, the leading directions that an edit may take.
        edits: different directions that each noise is moved along, one image each; 0: none, the
            image is that of the noise itself.
        steps: images per noise and direction; the range is cut into as many equal parts, and each
            gives one uniform draw.
        ranges: (low, high) position per direction at 100 %.
        without: directions that are never taken (GENINT-10).
        batch: images made at once; images do not depend on it but for the last bits.
    """

    truncation: float = 1.0
    scale_percent: float = 100.0
    components: int = 60
    edits: int = 5
    steps: int = 1
    ranges: Ranges = ()
    without: tuple[int, ...] = ()
    batch: int = 50

    def __post_init__(self) -> None:
        if not 0 < self.truncation <= 1:
            raise UserError(f"truncation {self.truncation}: choose one above 0 and at most 1")
        if min(self.scale_percent, self.steps, self.batch) <= 0 or self.edits < 0:
            raise UserError(
                "interventions: scale_percent, steps and batch must be above 0, edits at least 0"
            )
        if self.edits > len(self.allowed()):
            raise UserError(
                f"{self.edits} different directions per noise asked for, there are "
                f"{len(self.allowed())}: lower edits or raise components"
            )
        if self.edits and len(self.ranges) < self.components:
            raise UserError(
                f"{self.components} directions need a range each: {len(self.ranges)} are given"
            )
        for component, (low, high) in enumerate(self.ranges):
            if low >= high:
                raise UserError(f"range of direction {component}: {low} must lie below {high}")

    def allowed(self) -> list[int]:
        """The directions that an edit may take."""
        return [one for one in range(self.components) if one not in self.without]

    @property
    def per_noise(self) -> int:
        """Images of one noise."""
        return max(1, self.edits * self.steps)


def observational(truncation: float, batch: int = 50) -> InterventionSettings:
    """Settings of plain samples at ``truncation``."""
    return InterventionSettings(truncation=truncation, components=0, edits=0, batch=batch)


class Drawn(NamedTuple):
    """What images are made of: ``labels`` (N,) int64, ``noise`` (N,) int64 number of the class's
    noise, ``z`` (N, Z) before the edit, ``component`` (N,) int64 and ``delta`` (N,) float32 of the
    edit (-1 and 0 without one)."""

    labels: Tensor
    noise: Tensor
    z: Tensor
    component: Tensor
    delta: Tensor

    def rows(self) -> list[tuple]:
        """Per image the values of :data:`COLUMNS`."""
        return list(
            zip(
                self.labels.tolist(),
                self.component.tolist(),
                (f"{value:.6g}" for value in self.delta.tolist()),
                self.noise.tolist(),
                strict=True,
            )
        )


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


def _edits(
    settings: InterventionSettings, seed: int, label: int, number: int
) -> list[tuple[int, float]]:
    """(direction, new position) of the images of one noise."""
    generator = rng(seed, "edits", label, number)
    allowed = settings.allowed()
    picked = torch.randperm(len(allowed), generator=generator)[: settings.edits].tolist()
    places = torch.rand(settings.edits, settings.steps, generator=generator, dtype=torch.float64)
    made = []
    for place, row in zip(picked, places.tolist(), strict=True):
        component = allowed[place]
        low, high = (limit * settings.scale_percent / 100 for limit in settings.ranges[component])
        part = (high - low) / settings.steps
        made += [(component, low + (step + share) * part) for step, share in enumerate(row)]
    return made or [(NO_COMPONENT, 0.0)]


def draw_interventions(
    settings: InterventionSettings,
    classes: Sequence[int],
    latent: int,
    seed: int,
    indices: Iterable[int],
) -> Drawn:
    """What images ``indices`` are made of; noise ``n`` of a class is the same in every set of a
    seed, up to the truncation.

    Args:
        classes: they take turns.
        latent: Z.
    """
    known: dict[tuple[int, int], tuple[Tensor, list[tuple[int, float]]]] = {}
    labels, numbers, noise, edits = [], [], [], []
    for index in indices:
        place, label = divmod(index, len(classes))
        label, (number, image) = classes[label], divmod(place, settings.per_noise)
        if (label, number) not in known:
            stream = rng(seed, "exemplar", label, number)
            z = truncated_noise(1, latent, settings.truncation, stream)
            known[label, number] = z, _edits(settings, seed, label, number)
        z, made = known[label, number]
        labels.append(label)
        numbers.append(number)
        noise.append(z)
        edits.append(made[image])
    components, deltas = zip(*edits, strict=True) if edits else ((), ())
    return Drawn(
        torch.tensor(labels, dtype=torch.int64),
        torch.tensor(numbers, dtype=torch.int64),
        torch.cat(noise) if noise else torch.empty(0, latent),
        torch.tensor(components, dtype=torch.int64),
        torch.tensor(deltas, dtype=torch.float32),
    )


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

    columns = COLUMNS

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
        return self.drawn(indices).rows()

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
    count = per_class * len(groups.classes)
    drawn, images = [], []
    for number in range(-(-count // groups.batch)):
        what, pixels = groups.group(number)
        drawn.append(what)
        images.append(pixels.permute(0, 3, 1, 2).contiguous())
    labels, noise, _, component, delta = (
        torch.cat(part)[:count] for part in zip(*drawn, strict=True)
    )
    return InterventionSet(torch.cat(images)[:count], labels, component, delta, noise)


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
