"""scenes9: a rendered stand-in for ImageNet-9 whose shape, texture, background and mask are known.

Nine classes, 64 px. Each evaluation set of the ImageNet experiments has its counterpart here, made
by choosing labels (:data:`VARIANTS`). Sets of one seed and split show the same objects in the same
poses, second_test aside, so their scores can be compared image by image.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from cgnlib.data.scenes9_fields import SIDE
from cgnlib.data.scenes9_render import (
    BACKGROUND,
    PLAIN,
    RENDERER_VERSION,
    UNIFORMS,
    Scenes,
    latent_to_uniforms,
    render,
)
from cgnlib.data.scenes9_shapes import CLASSES
from cgnlib.data.scenes9_textures import OUTSIDE_TEXTURES
from cgnlib.errors import UserError
from cgnlib.rng import rng

__all__ = [
    "CLASSES",
    "FACTORS",
    "PLAIN",
    "RENDERER_VERSION",
    "SIDE",
    "SPLITS",
    "UNIFORMS",
    "VARIANTS",
    "SceneSet",
    "Scenes",
    "latent_to_uniforms",
    "original_uniforms",
    "recombined",
    "render",
    "repainted",
    "scene_set",
    "set_identity",
]

SPLITS = ("train", "validation", "test")
FACTORS = ("shape", "texture", "background")
_SETS_VERSION = 1  # rises when the same arguments give other labels or uniforms
_CHUNK = 1024
Labels = tuple[Tensor, Tensor, Tensor]  # shape, texture, background


@dataclass(frozen=True)
class SceneSet:
    """Rendered scenes, kept as bytes.

    ``images`` (N, 3, 64, 64) uint8; ``masks`` (N, 1, 64, 64) uint8, 255 where the object fills the
    pixel; ``shape`` (the class to predict), ``texture``, ``background`` (N,) int64, see
    :func:`cgnlib.data.scenes9_render.render`, -1 where there is none; ``identity`` names the
    renderer's version and the arguments, for artefact keys.
    """

    images: Tensor
    masks: Tensor
    shape: Tensor
    texture: Tensor
    background: Tensor
    identity: str

    def __len__(self) -> int:
        return len(self.shape)

    def float(self, index: Tensor | slice) -> Tensor:
        """Images (B, 3, 64, 64) float32 in [-1, 1]."""
        return self.images[index].float().div_(127.5).sub_(1)

    def float_masks(self, index: Tensor | slice) -> Tensor:
        """Masks (B, 1, 64, 64) float32 in [0, 1]."""
        return self.masks[index].float().div_(255)


@dataclass(frozen=True)
class _Variant:
    """How a set differs from the original: its labels, how it is drawn, whether the places are
    other renders, and which stream of scenes it shows."""

    labels: Callable[[Tensor, Generator], Labels]
    mode: str = "full"
    other_place: bool = False
    stream: str = "scenes"


def _own(shape: Tensor, generator: Generator) -> Labels:
    return shape, shape, shape


def _any_place(shape: Tensor, generator: Generator) -> Labels:
    return shape, shape, _any(shape, generator)


def _any(shape: Tensor, generator: Generator) -> Tensor:
    return torch.randint(len(CLASSES), shape.shape, generator=generator)


def _no_place(shape: Tensor, generator: Generator) -> Labels:
    return shape, shape, torch.full_like(shape, PLAIN)


def _conflict(shape: Tensor, generator: Generator) -> Labels:
    step = torch.randint(1, len(CLASSES), shape.shape, generator=generator)
    return shape, (shape + step) % len(CLASSES), torch.full_like(shape, PLAIN)


def _outside(shape: Tensor, generator: Generator) -> Labels:
    drawn = torch.randint(len(OUTSIDE_TEXTURES), shape.shape, generator=generator)
    return shape, drawn + len(CLASSES), shape


def _outline(shape: Tensor, generator: Generator) -> Labels:
    return shape, torch.full_like(shape, PLAIN), torch.full_like(shape, PLAIN)


_VARIANTS = {
    "original": _Variant(_own),
    "mixed_same": _Variant(_own, other_place=True),
    "mixed_rand": _Variant(_any_place, other_place=True),
    "only_foreground": _Variant(_no_place, "only_foreground"),
    "no_foreground": _Variant(_own, "no_foreground"),
    "cue_conflict": _Variant(_conflict),
    "stylised": _Variant(_outside),
    "sketch": _Variant(_outline, "sketch"),
    "hard": _Variant(_any_place, "hard", other_place=True),
    "second_test": _Variant(_own, stream="second scenes"),
    "nuisance_shifted": _Variant(_any_place, "shifted", other_place=True),
}
VARIANTS = tuple(_VARIANTS)


def scene_set(variant: str, count: int, seed: int, split: str) -> SceneSet:
    """One frozen set; image ``i`` has shape ``i % 9``, so any start of the set is balanced.

    - ``original``: shape, texture and background of one class.
    - ``mixed_same``, ``mixed_rand``: the same foregrounds before another render of their own
      class's place, or of a class drawn from all nine, their own included (Xiao et al. 2020).
    - ``only_foreground`` on black, background -1; ``no_foreground``: the place alone, nothing of
      the object's outline left, masks 0 (ImageNet-9 leaves a black silhouette).
    - ``cue_conflict``: the texture of another class on plain grey, background -1 (as the stimuli
      of Geirhos et al. 2019 have no scene behind them).
    - ``stylised``: a texture from outside the nine (9 to 17) before the class's own place.
    - ``sketch``: edges and hatching on white; texture and background -1.
    - ``hard`` (the role of ImageNet-A): small, turned by up to a right angle, behind a pole, in a
      place drawn from all nine.
    - ``second_test`` (the role of ImageNet-V2): as original, a fresh draw.
    - ``nuisance_shifted`` (the role of ObjectNet): shape and texture of the class, but size,
      rotation, position, stretch and light all outside the ranges of ``original``, in a place drawn
      from all nine.

    Args:
        variant: one of :data:`VARIANTS`.
        count: images.
        seed: of the draw; splits of one seed have nothing in common.
        split: one of :data:`SPLITS`.

    Raises:
        UserError: an unknown variant or split, or no images.
    """
    _check_names(count, split, variant, VARIANTS, "variant")
    plan = _VARIANTS[variant]
    shape = torch.arange(count) % len(CLASSES)
    labels = plan.labels(shape, rng(seed, "scenes9", split, variant, "labels"))
    uniforms = torch.rand(count, UNIFORMS, generator=rng(seed, "scenes9", split, plan.stream))
    if plan.other_place:
        places = rng(seed, "scenes9", split, variant, "places")
        uniforms[:, BACKGROUND] = torch.rand(uniforms[:, BACKGROUND].shape, generator=places)
    return _frozen(uniforms, labels, plan.mode, set_identity(variant, count, seed, split))


def recombined(count: int, seed: int, split: str, free: tuple[str, ...] = FACTORS) -> SceneSet:
    """Scenes whose ``free`` labels are drawn independently; the others share one class, which is
    ``i % 9`` for image ``i``.

    ``free=("background",)`` follows the law of mixed_rand; all three (the default) makes labels
    independent of each other.

    Raises:
        UserError: an unknown factor or split, or no images.
    """
    for factor in free:
        _check_names(count, split, factor, FACTORS, "free factor")
    shared = torch.arange(count) % len(CLASSES)
    labels = tuple(
        _any(shared, rng(seed, "scenes9", split, "recombined", factor))
        if factor in free
        else shared
        for factor in FACTORS
    )
    stream = rng(seed, "scenes9", split, "recombined scenes")
    uniforms = torch.rand(count, UNIFORMS, generator=stream)
    name = "-".join(["recombined", *sorted(free)])
    return _frozen(uniforms, labels, "full", set_identity(name, count, seed, split))


def repainted(count: int, seed: int, split: str) -> SceneSet:
    """Scenes whose texture comes from outside the nine and whose place is drawn from all nine: the
    role of Stylized-ImageNet in training, where a style transfer takes away the texture of object
    and place alike and only the shape tells the class (Geirhos et al. 2019).

    Image ``i`` has shape ``i % 9``; texture 9 to 17.

    Raises:
        UserError: an unknown split, or no images.
    """
    _check_names(count, split, "repainted", ("repainted",), "set")
    shape = torch.arange(count) % len(CLASSES)
    _, texture, _ = _outside(shape, rng(seed, "scenes9", split, "repainted", "labels"))
    place = _any(shape, rng(seed, "scenes9", split, "repainted", "places"))
    uniforms = torch.rand(count, UNIFORMS, generator=rng(seed, "scenes9", split, "scenes"))
    identity = set_identity("repainted", count, seed, split)
    return _frozen(uniforms, (shape, texture, place), "full", identity)


def set_identity(name: str, count: int, seed: int, split: str) -> str:
    """What ``SceneSet.identity`` will be, without drawing anything: 16 hex digits.

    ``name`` is the variant, or ``repainted``; for recombined sets ``recombined`` and the sorted
    free factors, joined by hyphens.
    """
    key = ["scenes9", RENDERER_VERSION, _SETS_VERSION, name, count, seed, split]
    return hashlib.sha256(json.dumps(key).encode()).hexdigest()[:16]


def original_uniforms(count: int, seed: int, split: str) -> Tensor:
    """The uniforms (count, 40) that the scenes of ``original`` are drawn from, in its order."""
    return torch.rand(count, UNIFORMS, generator=rng(seed, "scenes9", split, "scenes"))


def _check_names(count: int, split: str, name: str, known: tuple[str, ...], role: str) -> None:
    if name not in known:
        raise UserError(f"scenes9: {role} {name!r} is none of {', '.join(known)}")
    if split not in SPLITS:
        raise UserError(f"scenes9: split {split!r} is none of {', '.join(SPLITS)}")
    if count < 1:
        raise UserError(f"scenes9: {count} images asked for; ask for at least 1")


def _frozen(uniforms: Tensor, labels: Labels, mode: str, identity: str) -> SceneSet:
    count = len(uniforms)
    images = torch.empty(count, 3, SIDE, SIDE, dtype=torch.uint8)
    masks = torch.empty(count, 1, SIDE, SIDE, dtype=torch.uint8)
    for start in range(0, count, _CHUNK):
        part = slice(start, start + _CHUNK)
        scenes = render(uniforms[part], *(label[part] for label in labels), mode)
        images[part] = scenes.images.add_(1).mul_(127.5).round_().to(torch.uint8)
        masks[part] = scenes.masks.mul_(255).round_().to(torch.uint8)
    return SceneSet(images, masks, *labels, identity)
