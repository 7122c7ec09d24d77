"""Counterfactual images of an ImageNet CGN: which ones there are, and their making in memory.

Every image has a random stream of its own, and images are always made in the same groups, so that
any subset, any shard and any resumed run gives the same bytes. Source: CGN, section 4.2 and
appendix; published code (catalogue A7).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from cgnlib.errors import UserError
from cgnlib.generators.imagenet_cgn import FACTORS, ImagenetCgn, Parts
from cgnlib.generators.sampling import to_bytes
from cgnlib.networks.biggan import truncated_noise
from cgnlib.rng import rng

MODES = ("random", "best_classes", "same_class")
FORMATS = ("jpg", "png")


@dataclass(frozen=True)
class CounterfactualImageSettings:
    """What shapes a set of counterfactual images.

    Attributes:
        cf_images: images in the whole set; a larger one contains the smaller one.
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

    cf_images: int
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


def _stream(seed: int, index: int) -> torch.Generator:
    return rng(seed, "counterfactual-image", index)


def _picks(
    settings: CounterfactualImageSettings, choices: list[Tensor], generator: torch.Generator
) -> list[int]:
    places = torch.rand(len(FACTORS), generator=generator, dtype=torch.float64).tolist()
    if settings.cf_mode == "same_class":
        places = places[:1] * len(FACTORS)
    return [int(c[int(place * len(c))]) for c, place in zip(choices, places, strict=True)]


def image_labels(
    settings: CounterfactualImageSettings, classes: int, seed: int, indices: Iterable[int]
) -> Tensor:
    """(N, 3) classes of shape, texture and background of images ``indices``."""
    choices = settings.choices(classes)
    drawn = [_picks(settings, choices, _stream(seed, index)) for index in indices]
    return torch.tensor(drawn, dtype=torch.int64).view(-1, len(FACTORS))


def draw_images(
    settings: CounterfactualImageSettings,
    classes: int,
    latent: int,
    seed: int,
    indices: Iterable[int],
) -> tuple[Tensor, Tensor]:
    """Labels (N, 3) and noise (3, N, Z) of images ``indices``, each from a stream of its own.

    Args:
        classes: how many the CGN has.
        latent: Z.

    Raises:
        UserError: a list names a class that the CGN does not have.
    """
    choices, labels, noise = settings.choices(classes), [], []
    for index in indices:
        generator = _stream(seed, index)
        labels.append(_picks(settings, choices, generator))
        noise.append(truncated_noise(len(FACTORS), latent, settings.cf_truncation, generator))
    u = torch.stack(noise, 1)
    return torch.tensor(labels), u[:1].expand_as(u) if settings.cf_shared_noise else u


def whole_group(
    model: ImagenetCgn, settings: CounterfactualImageSettings, seed: int, number: int
) -> CounterfactualBatch:
    """Images ``number * cf_batch`` and on, always ``cf_batch`` of them, whatever ``cf_images``: a
    batch of another size might differ in the last bits."""
    first = number * settings.cf_batch
    index = torch.arange(first, first + settings.cf_batch)
    labels, noise = draw_images(settings, model.classes, model.latent, seed, index.tolist())
    noise = noise.to(model.device)
    u = noise[0] if settings.cf_shared_noise else tuple(noise)
    with model.sampling():
        made = model(u, *labels.T.to(model.device), truncation=settings.cf_truncation)
    return CounterfactualBatch(index, labels, made)


def counterfactual_batches(
    model: ImagenetCgn, settings: CounterfactualImageSettings, seed: int
) -> Iterator[CounterfactualBatch]:
    """The images of the set in order, without writing them: for scores of images in memory."""
    for number in range(-(-settings.cf_images // settings.cf_batch)):
        made = whole_group(model, settings, seed, number)
        keep = min(settings.cf_batch, settings.cf_images - number * settings.cf_batch)
        parts = Parts(*(part[:keep] for part in vars(made.parts).values()))
        yield CounterfactualBatch(made.index[:keep], made.labels[:keep], parts)


def image_bytes(composites: Tensor, min_max: bool) -> Tensor:
    """Composites (B, 3, H, W) in [-1, 1] as (B, H, W, 3) uint8 on the CPU; with ``min_max`` each
    image's own range becomes 0 to 255."""
    if min_max:
        low, high = (f(composites, dim=(1, 2, 3), keepdim=True) for f in (torch.amin, torch.amax))
        composites = 2 * (composites - low) / (high - low).clamp_min(1e-5) - 1
    return to_bytes(composites)
