"""Counterfactual images of an ImageNet CGN: which ones there are, and their making in memory.

Every image has a random stream of its own, and images are always made in the same groups, so that
any subset, any shard and any resumed run gives the same bytes. Source: CGN, section 4.2 and
appendix; published code (catalogue A7).
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from cgnlib.errors import UserError
from cgnlib.generators.imagenet_cgn import FACTORS, ImagenetCgn, Parts, truncated_noise
from cgnlib.generators.sampling import to_bytes
from cgnlib.rng import rng

MODES = ("random", "best_classes", "same_class")
FORMATS = ("jpg", "png")


@dataclass(frozen=True)
class CounterfactualImageSettings:
    """What shapes a set of counterfactual images.

    Attributes:
        cf_count: images in the whole set; a larger one contains the smaller one.
        cf_mode: ``random`` (three independent uniform classes), ``best_classes`` (each factor from
            its own list) or ``same_class`` (one class for all three: class-consistent composites).
        cf_truncation: of the noise and of the stored batch statistics, in (0, 1].
        cf_shared_noise: one u for the three mechanisms (the published code), else one each (D8).
        cf_min_max: stretch every image to its own range (the published code), else [-1, 1] is
            0 to 255.
        cf_format: ``jpg`` or ``png``.
        cf_quality: of JPEG, 1 to 95.
        cf_batch: images made at once; images do not depend on it but for the last bits.
        cf_shape_classes, cf_texture_classes, cf_background_classes: the lists of ``best_classes``.
    """

    cf_count: int
    cf_mode: str
    cf_truncation: float
    cf_shared_noise: bool
    cf_min_max: bool
    cf_format: str
    cf_quality: int
    cf_batch: int
    cf_shape_classes: tuple[int, ...] = ()
    cf_texture_classes: tuple[int, ...] = ()
    cf_background_classes: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        for name, allowed in (("cf_mode", MODES), ("cf_format", FORMATS)):
            if getattr(self, name) not in allowed:
                choices = ", ".join(allowed)
                raise UserError(f"{name} is {getattr(self, name)!r}: choose one of {choices}")
        for factor in FACTORS:
            if self.cf_mode == "best_classes" and not self._list(factor):
                raise UserError(f"cf_{factor}_classes is empty: best_classes draws from it")

    @classmethod
    def names(cls) -> list[str]:
        """Parameter names, in order."""
        return [field.name for field in fields(cls)]

    def _list(self, factor: str) -> tuple[int, ...]:
        return getattr(self, f"cf_{factor}_classes")

    def choices(self, classes: int) -> list[Tensor]:
        """The classes each factor is drawn from, of ``classes`` there are.

        Raises:
            UserError: a class that the CGN does not have.
        """
        if self.cf_mode != "best_classes":
            return [torch.arange(classes)] * len(FACTORS)
        for factor in FACTORS:
            for number in self._list(factor):
                if not 0 <= number < classes:
                    raise UserError(
                        f"cf_{factor}_classes names class {number}: they run from 0 to "
                        f"{classes - 1}"
                    )
        return [torch.tensor(self._list(factor)) for factor in FACTORS]


@dataclass(frozen=True)
class CounterfactualBatch:
    """Images ``index`` (B,) with their ``labels`` (B, 3) of shape, texture and background (on the
    CPU) and the ``parts`` they are made of."""

    index: Tensor
    labels: Tensor
    parts: Parts


def draw_image(
    settings: CounterfactualImageSettings, choices: list[Tensor], latent: int, seed: int, index: int
) -> tuple[Tensor, Tensor]:
    """Labels (3,) and noise (3, Z) of image ``index``, from a stream of its own."""
    generator = rng(seed, "counterfactual-image", index)
    picks = [int(torch.randint(len(c), (), generator=generator)) for c in choices]
    if settings.cf_mode == "same_class":
        picks = picks[:1] * len(FACTORS)
    labels = torch.stack([c[pick] for c, pick in zip(choices, picks, strict=True)])
    noise = truncated_noise(len(FACTORS), latent, settings.cf_truncation, generator)
    return labels, noise[:1].expand(len(FACTORS), -1) if settings.cf_shared_noise else noise


def whole_group(
    model: ImagenetCgn, settings: CounterfactualImageSettings, seed: int, number: int
) -> CounterfactualBatch:
    """Images ``number * cf_batch`` and on, always ``cf_batch`` of them, whatever ``cf_count``: a
    batch of another size might differ in the last bits."""
    choices = settings.choices(model.classes)
    first = number * settings.cf_batch
    index = torch.arange(first, first + settings.cf_batch)
    drawn = [draw_image(settings, choices, model.latent, seed, i) for i in index.tolist()]
    labels = torch.stack([label for label, _ in drawn])
    noise = torch.stack([u for _, u in drawn], 1).to(model.device)  # (3, B, Z)
    u = noise[0] if settings.cf_shared_noise else tuple(noise)
    with model.sampling():
        made = model(u, *labels.T.to(model.device), truncation=settings.cf_truncation)
    return CounterfactualBatch(index, labels, made)


def counterfactual_batches(
    model: ImagenetCgn, settings: CounterfactualImageSettings, seed: int
) -> Iterator[CounterfactualBatch]:
    """The images of the set in order, without writing them: for scores of images in memory."""
    for number in range(-(-settings.cf_count // settings.cf_batch)):
        made = whole_group(model, settings, seed, number)
        keep = min(settings.cf_batch, settings.cf_count - number * settings.cf_batch)
        parts = Parts(*(part[:keep] for part in vars(made.parts).values()))
        yield CounterfactualBatch(made.index[:keep], made.labels[:keep], parts)


def image_bytes(composites: Tensor, min_max: bool) -> Tensor:
    """Composites (B, 3, H, W) in [-1, 1] as (B, H, W, 3) uint8 on the CPU; with ``min_max`` each
    image's own range becomes 0 to 255."""
    if min_max:
        low, high = (f(composites, dim=(1, 2, 3), keepdim=True) for f in (torch.amin, torch.amax))
        composites = 2 * (composites - low) / (high - low).clamp_min(1e-5) - 1
    return to_bytes(composites)
