"""How far each direction of scenes9's generator may be followed until images lose their class.

``python -m cgnlib.pipelines.genint_scenes9.range_search`` prints the ranges that stand in
:mod:`cgnlib.generators.intervention_ranges`. The published ranges of BigGAN-deep-256 were chosen by
eye; here the shipped readers decide. No data of any split is looked at, only generated images.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from cgnlib.generators.ganspace import Directions, directions_of
from cgnlib.generators.intervention_ranges import Ranges
from cgnlib.generators.interventions import Drawn, edited_images
from cgnlib.networks.biggan import BigGan, truncated_noise
from cgnlib.networks.shipped import shipped
from cgnlib.params import ImagenetParams
from cgnlib.pipelines.imagenet.nets import log_probabilities, readers
from cgnlib.rng import rng
from cgnlib.training import progress


@dataclass(frozen=True)
class RangeSearch:
    """How ranges are found.

    Attributes:
        images: noises that are moved, the nine classes in turn.
        step: between positions looked at.
        furthest: position where the search begins.
        kept: share of the readers' agreement on unedited images that must be left.
        seed: of the noises.
    """

    images: int = 36
    step: float = 0.5
    furthest: float = 6.0
    kept: float = 0.95
    seed: int = 0


def class_agreement(images: Tensor, labels: Tensor) -> float:
    """Share of the readers of shape, texture and background that name an image's class, averaged
    over images (B, H, W, 3) uint8."""
    found = readers(ImagenetParams())
    unit = images.permute(0, 3, 1, 2).float().div(127.5).sub(1)
    with torch.no_grad():
        told = log_probabilities(found, unit).argmax(2)  # (B, 3)
    return (told == labels[:, None]).float().mean().item()


def moved(generator: BigGan, search: RangeSearch, made: Directions, component: int, to: float):
    """Images (B, H, W, 3) uint8 of the search's noises at one position, and their classes."""
    labels = torch.arange(search.images) % generator.layout.classes
    z = truncated_noise(search.images, generator.layout.z, 1.0, rng(search.seed, "range-search"))
    which = torch.full_like(labels, component)
    drawn = Drawn(labels, labels, z, which, torch.full((search.images,), to))
    return edited_images(generator, made, drawn, 1.0), labels


def measured_range(
    generator: BigGan, search: RangeSearch, made: Directions, component: int, least: float
) -> tuple[float, float]:
    """The furthest position on either side at which agreement is above ``least``, and one step
    where it is nowhere: looked for from the far end, where most directions hold."""
    ends = []
    for side in (-1, 1):
        position = search.furthest
        while position > search.step:
            if class_agreement(*moved(generator, search, made, component, side * position)) > least:
                break
            position -= search.step
        ends.append(side * position)
    return ends[0], ends[1]


def measured_ranges(search: RangeSearch, components: range | None = None) -> Ranges:
    """The range of each direction of the shipped generator."""
    generator = shipped("generator")
    made = directions_of(generator)
    plain = moved(generator, search, made, -1, 0.0)  # no direction: the noise as it is
    agreed = class_agreement(*plain)
    found = []
    for component in components or range(len(made)):
        least = search.kept * agreed
        found.append(measured_range(generator, search, made, component, least))
        progress(f"direction {component}: {found[-1]} (unedited: {agreed:.3f} agree)")
    return tuple(found)


if __name__ == "__main__":
    print(measured_ranges(RangeSearch()))
