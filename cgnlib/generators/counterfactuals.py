"""Counterfactual images composed on the fly from banks of masks, foregrounds and backgrounds.

A counterfactual is a composition of independent parts. Keeping the parts (uint8) and composing a
batch when it is asked for costs the memory of some thousand images instead of a million.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from cgnlib.data.warps import random_affine, random_elastic, random_tint
from cgnlib.generators.mnist_cgn import N_CLASSES, MnistCgn
from cgnlib.generators.sampling import to_bytes
from cgnlib.rng import rng, seed_for

_BATCH = 500


@dataclass(frozen=True)
class Bank:
    """Outputs of one mechanism: ``pixels`` (N, 32, 32, C) uint8 and their ``labels`` (N,)."""

    pixels: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)


def balanced_labels(count: int, generator: torch.Generator) -> Tensor:
    """(count,) labels, every class as often as the others (up to one), in random order."""
    return (torch.arange(count) % N_CLASSES)[torch.randperm(count, generator=generator)]


def fill_bank(cgn: MnistCgn, role: str, count: int, seed: int) -> Bank:
    """Sample ``count`` outputs of the mechanism ``role`` (shape, foreground or background), each
    with its own noise, in eval mode.

    Raises:
        KeyError: for an unknown role.
    """
    make = {"shape": cgn.mask, "foreground": cgn.foreground, "background": cgn.background}[role]
    generator = rng(seed, "bank", role)
    device = next(cgn.parameters()).device
    labels = balanced_labels(count, generator)
    pixels = torch.empty(count, 32, 32, 1 if role == "shape" else 3, dtype=torch.uint8)
    with cgn.sampling(generator):
        for start in range(0, count, _BATCH):
            part = labels[start : start + _BATCH]
            noise = torch.randn(len(part), cgn.latent, generator=generator)
            made = make(noise.to(device), part.to(device))
            pixels[start : start + len(part)] = to_bytes(made, 0.0 if role == "shape" else -1.0)
    return Bank(pixels, labels)


@dataclass(frozen=True)
class Variety:
    """Augmentation of the banks: small random changes, of each entry by itself, so that classifiers
    see more shapes and colours than a CGN of few digits draws (:mod:`cgnlib.data.warps`).

    Args:
        warp: turn, scale, shear and shift each mask a little.
        elastic_px: bend each mask: standard deviation of its points' displacement in px.
        tint: shift the colour of each foreground and background: standard deviation per channel,
            colours in [0, 1].
    """

    warp: bool = False
    elastic_px: float = 0.0
    tint: float = 0.0

    def applied(self, role: str, bank: Bank, seed: int) -> Bank:
        """The bank of the mechanism ``role``, changed."""
        if role != "shape":
            tint = partial(random_tint, std=self.tint)
            return _changed(bank, tint, rng(seed, "bank", "tint", role)) if self.tint else bank
        if self.warp:
            bank = _changed(bank, random_affine, rng(seed, "bank", "warp"))
        if self.elastic_px:
            bend = partial(random_elastic, std_px=self.elastic_px)
            bank = _changed(bank, bend, rng(seed, "bank", "elastic"))
        return bank


def _changed(
    bank: Bank, change: Callable[[Tensor, torch.Generator], Tensor], generator: torch.Generator
) -> Bank:
    pixels = torch.empty_like(bank.pixels)
    for start in range(0, len(bank), _BATCH):
        part = slice(start, start + _BATCH)
        images = bank.pixels[part].permute(0, 3, 1, 2).float() / 255
        pixels[part] = to_bytes(change(images, generator), 0.0)
    return Bank(pixels, bank.labels)


AS_DRAWN = Variety()


def fill_banks(
    cgn: MnistCgn, masks: int, textures: int, seed: int, variety: Variety = AS_DRAWN
) -> dict[str, Bank]:
    """The three banks by role: ``masks`` shapes, ``textures`` foregrounds and backgrounds, with
    more ``variety`` than the mechanisms draw."""
    counts = {"shape": masks, "foreground": textures, "background": textures}
    banks = {role: fill_bank(cgn, role, count, seed) for role, count in counts.items()}
    return {role: variety.applied(role, bank, seed) for role, bank in banks.items()}


class Counterfactuals:
    """A set of ``count`` labelled counterfactual images over three banks.

    Image i takes mask i // ratio; foregrounds and backgrounds are drawn for every image anew, so
    their labels are independent of the shape label and of each other, and equal it in one image of
    ten (CGN, appendix; published code). Banks larger than ``bank_limit`` are capped: entries are
    then used more than once, in new combinations.

    Args:
        cgn: a trained CGN.
        count: number of images in the set.
        ratio: texturings per mask.
        bank_limit: most entries per bank.
        seed: of noise, labels and combinations.
        stream: name of the random stream: a held-out set differs from the training set.
        variety: random changes of the banks' entries.
    """

    def __init__(
        self,
        cgn: MnistCgn,
        count: int,
        ratio: int,
        bank_limit: int,
        seed: int,
        stream: str = "train",
        variety: Variety = AS_DRAWN,
    ):
        bank_seed = seed if stream == "train" else seed_for(seed, stream)
        masks, textures = min(-(-count // ratio), bank_limit), min(count, bank_limit)
        self._combine(fill_banks(cgn, masks, textures, bank_seed, variety), count, ratio, bank_seed)

    @classmethod
    def over(
        cls, banks: Mapping[str, Bank], count: int, ratio: int, seed: int
    ) -> "Counterfactuals":
        """A set over the beginnings of given banks (:func:`fill_banks`): sets over the same banks
        are nested, and no bank is filled twice."""
        made = cls.__new__(cls)
        made._combine(banks, count, ratio, seed)
        return made

    def _combine(self, banks: Mapping[str, Bank], count: int, ratio: int, seed: int) -> None:
        self.shape, self.foreground = banks["shape"], banks["foreground"]
        self.background = banks["background"]
        masks = min(-(-count // ratio), len(self.shape))
        textures = min(count, len(self.foreground))
        generator = rng(seed, "combinations")
        self._index = torch.stack(
            [  # (count, 3) int32
                (torch.arange(count) // ratio) % masks,
                _draws(count, textures, generator),
                _draws(count, textures, generator),
            ],
            1,
        ).int()

    def __len__(self) -> int:
        return len(self._index)

    def labels(self, index: Tensor) -> Tensor:
        """(B, 3) shape, foreground and background labels of images ``index``."""
        shape, foreground, background = self._index[index].long().unbind(1)
        return torch.stack(
            [
                self.shape.labels[shape],
                self.foreground.labels[foreground],
                self.background.labels[background],
            ],
            1,
        )

    def bytes(self, index: Tensor) -> Tensor:
        """Images ``index`` as (B, 32, 32, 3) uint8."""
        return self._blend(index).round().to(torch.uint8)

    def batch(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Images (B, 3, 32, 32) float32 in [-1, 1], channels_last, and labels (B, 3)."""
        images = self._blend(index).div_(127.5).sub_(1)
        return images.permute(0, 3, 1, 2), self.labels(index)

    def masks(self, index: Tensor) -> Tensor:
        """Masks of images ``index``, (B, 1, 32, 32) float32 in [0, 1]."""
        rows = self._index[index, 0].long()
        return (self.shape.pixels[rows].float() / 255).permute(0, 3, 1, 2)

    def _blend(self, index: Tensor) -> Tensor:
        shape, foreground, background = self._index[index].long().unbind(1)
        weight = self.shape.pixels[shape].float().div_(255)
        return torch.lerp(
            self.background.pixels[background].float(),
            self.foreground.pixels[foreground].float(),
            weight,
        )


def _draws(count: int, entries: int, generator: torch.Generator) -> Tensor:
    """Entry used by each image: a permutation while entries suffice, else uniform draws."""
    if entries >= count:
        return torch.randperm(entries, generator=generator)[:count]
    return torch.randint(entries, (count,), generator=generator)
