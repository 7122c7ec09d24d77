"""Which interventional images there are: the noise, the direction and the position of each.

Every noise has random streams of its own, so what an image is made of does not depend on how many
there are, or on who makes them. Source: GenInt, section 4.2 (GENINT-2).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from cgnlib.errors import UserError
from cgnlib.generators.intervention_ranges import Ranges
from cgnlib.networks.biggan import truncated_noise
from cgnlib.rng import rng

NO_COMPONENT = -1  # of an image that was not edited
COLUMNS = {"label": int, "component": int, "delta": float, "noise": int}  # known of each image


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
        if min(self.scale_percent, self.batch) <= 0 or self.edits < 0:
            raise UserError(
                "interventions: scale_percent and batch must be above 0, edits at least 0"
            )
        if self.edits and self.steps < 1:
            raise UserError("interventions: steps must be above 0 where noises are edited")
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


@lru_cache(maxsize=8192)
def _edits(
    settings: InterventionSettings, seed: int, label: int, number: int
) -> tuple[tuple[int, float], ...]:
    """(direction, new position) of the images of one noise."""
    if not settings.edits:
        return ((NO_COMPONENT, 0.0),)
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
    return tuple(made)


def intervention_rows(
    settings: InterventionSettings, classes: Sequence[int], seed: int, indices: Iterable[int]
) -> Iterator[tuple[int, int, float, int]]:
    """Per image label, direction, new position and number of the noise (:data:`COLUMNS`).

    Args:
        classes: they take turns.
    """
    for index in indices:
        place, turn = divmod(index, len(classes))
        number, image = divmod(place, settings.per_noise)
        component, delta = _edits(settings, seed, classes[turn], number)[image]
        yield classes[turn], component, delta, number


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
    rows = list(intervention_rows(settings, classes, seed, indices))
    known = {
        (label, number): truncated_noise(
            1, latent, settings.truncation, rng(seed, "exemplar", label, number)
        )
        for label, number in {(row[0], row[3]) for row in rows}
    }
    labels, component, delta, number = zip(*rows, strict=True) if rows else ((),) * 4
    noise = [known[pair] for pair in zip(labels, number, strict=True)]
    return Drawn(
        torch.tensor(labels, dtype=torch.int64),
        torch.tensor(number, dtype=torch.int64),
        torch.cat([torch.empty(0, latent), *noise]),
        torch.tensor(component, dtype=torch.int64),
        torch.tensor(delta, dtype=torch.float32),
    )
