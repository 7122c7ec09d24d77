"""Which latents are edited, along which directions and how far: designs of the GenInt experiments.

GENINT-8 compares interventions from none to strong, GENINT-10 edits every exemplar along every
direction. Both are latents x directions x scales within a class. Scales are drawn, one in each of
``steps`` equal parts of the range: the paper gives their number and range only, so this is proposed.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from cgnlib.errors import UserError
from cgnlib.generators.ganspace import Directions, edit
from cgnlib.networks.biggan import BigGan, truncated_noise
from cgnlib.rng import rng

NONE = -1  # component of a latent that is not edited


@dataclass(frozen=True)
class EditDesign:
    """The edits of one class.

    Attributes:
        latents: noise vectors drawn.
        directions: distinct ones along which each is edited; 0: none is edited.
        steps: scales per latent and direction.
        reach: largest scale, in both senses, in units of the latent.
        truncation: of the noise, in (0, 1].
    """

    latents: int
    directions: int
    steps: int
    reach: float
    truncation: float

    @property
    def images(self) -> int:
        """Images of one class."""
        return self.latents * max(1, self.directions * self.steps)


# GENINT-8 (figure 5): 2,000 images a class each, truncation 0.5, the 20 leading directions.
STRENGTHS = {
    "none": EditDesign(2000, 0, 0, 0.0, 0.5),
    "weak": EditDesign(50, 4, 10, 5.0, 0.5),
    "medium": EditDesign(500, 2, 2, 7.0, 0.5),
    "strong": EditDesign(1000, 2, 1, 9.0, 0.5),
}


@dataclass(frozen=True)
class EditedLatents:
    """Latents as the generator gets them, class by class, all edits of an exemplar in a row.

    ``z`` (N, Z) float32; ``labels`` (N,), ``exemplar`` (N,), the latent within its class, and
    ``component`` (N,), the direction edited or -1, int64; ``delta`` (N,) float32, its scale.
    """

    z: Tensor
    labels: Tensor
    exemplar: Tensor
    component: Tensor
    delta: Tensor

    def __len__(self) -> int:
        return len(self.labels)


def resized(design: EditDesign, images: int) -> EditDesign:
    """The same design with as many latents as make ``images`` images of a class, at least one."""
    each = max(1, design.directions * design.steps)
    latents = max(1, round(images / each))
    return replace(design, latents=latents)


def draw_edits(
    design: EditDesign, directions: Directions, classes: int, seed: int, name: str
) -> EditedLatents:
    """The latents of every class from 0 to ``classes`` - 1; each class has a stream of its own.

    Args:
        directions: the latent directions, as many as may be edited.
        name: of the stream.

    Raises:
        UserError: more directions per latent than there are.
    """
    known = len(directions.vectors)
    if design.directions > known:
        raise UserError(
            f"{name}: {design.directions} directions per latent, but only {known} are known: ask "
            "for fewer"
        )
    return _joined([_one_class(design, directions, label, seed, name) for label in range(classes)])


def _one_class(
    design: EditDesign, directions: Directions, label: int, seed: int, name: str
) -> EditedLatents:
    known, size = directions.vectors.shape
    generator = rng(seed, name, label)
    z = truncated_noise(design.latents, size, design.truncation, generator)
    exemplar, each = torch.arange(design.latents), max(1, design.directions * design.steps)
    if design.directions:
        order = torch.rand(design.latents, known, generator=generator).argsort(1)
        component = order[:, : design.directions, None].expand(-1, -1, design.steps)
        place = torch.rand(component.shape, generator=generator) + torch.arange(design.steps)
        component = component.reshape(-1)
        delta = (design.reach * (2 * place / design.steps - 1)).reshape(-1)
        z = edit(z.repeat_interleave(each, 0), directions, component, delta)
    else:
        component, delta = torch.full((design.latents,), NONE), torch.zeros(design.latents)
    labels = torch.full((len(z),), label)
    return EditedLatents(z, labels, exemplar.repeat_interleave(each), component, delta)


def _joined(parts: list[EditedLatents]) -> EditedLatents:
    names = ("z", "labels", "exemplar", "component", "delta")
    return EditedLatents(*(torch.cat([getattr(part, name) for part in parts]) for name in names))


@torch.no_grad()
def edited_images(
    generator: BigGan, edits: EditedLatents, truncation: float, batch: int = 100
) -> Tensor:
    """Images (N, 3, H, W) uint8 on the CPU, rounded as everywhere (D37).

    Args:
        generator: in evaluation mode, on any device.
        truncation: of the stored batch statistics.
    """
    device = generator.embeddings.weight.device
    side = generator.layout.side
    images = torch.empty(len(edits), 3, side, side, dtype=torch.uint8)
    for start in range(0, len(edits), batch):
        part = slice(start, start + batch)
        made = generator(edits.z[part].to(device), edits.labels[part].to(device), truncation)
        images[part] = made.add(1).mul_(127.5).round_().clamp_(0, 255).to(torch.uint8).cpu()
    return images
