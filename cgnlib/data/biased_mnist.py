"""Biased MNIST: digits painted by class, composed as mask * foreground + (1 - mask) * background.

Three variants (CGN, section 4 and code): *colored* paints grey levels on black, *double-colored*
and *wildlife* binarise the digit and paint object and background with colours or texture crops.
Every image carries its shape, foreground and background label and its true digit mask.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from cgnlib.data.digits import DATA_SEED, Digits, load_digits
from cgnlib.data.palettes import parse_palette
from cgnlib.data.textures import CropBank, TextureBank, load_textures
from cgnlib.data.warps import random_affine
from cgnlib.datasets import MNIST_DATASETS
from cgnlib.errors import UserError
from cgnlib.params import MnistParams
from cgnlib.rng import rng

SIDE = 32
INK = 0.1  # a pixel above this grey level belongs to the digit
_FORMAT = 1  # rises when the same inputs give other images
_CHUNK = 1000


@dataclass(frozen=True)
class LabelledImages:
    """Images whose three factors are known.

    ``images`` (N, 3, 32, 32) float32, nominally in [-1, 1]; ``shape``, ``foreground``,
    ``background`` (N,) int64 labels; ``masks`` (N, 1, 32, 32) uint8, 1 on the true digit; ``digit``
    (N,) int64, the source digit's index within its split.
    """

    images: Tensor
    shape: Tensor
    foreground: Tensor
    background: Tensor
    masks: Tensor
    digit: Tensor

    def __len__(self) -> int:
        return len(self.shape)


class BiasedMnist:
    """One split of one variant: how its digits become images.

    Args:
        dataset: ``colored_mnist``, ``double_colored_mnist`` or ``wildlife_mnist``.
        digits: the split's digits.
        textures: the two texture families; wildlife only.
        object_palette: ``lntl``, ``double`` or ten colours; ignored by wildlife.
        background_palette: ``double`` or ten colours; used by double-colored only.
        colour_noise_std: std of the noise added to each channel of each image's colour, colours in
            [0, 1]. Colored clamps the noisy colour to [0, 1], as its source is an 8-bit file;
            double-colored does not.
    """

    def __init__(
        self,
        dataset: str,
        digits: Digits,
        textures: TextureBank | None = None,
        object_palette: str = "lntl",
        background_palette: str = "double",
        colour_noise_std: float = 0.1414,
    ):
        if dataset not in MNIST_DATASETS:
            raise UserError(f"dataset {dataset!r} is none of {', '.join(MNIST_DATASETS)}")
        if dataset == "wildlife_mnist" and textures is None:
            raise UserError("wildlife_mnist needs textures; pass load_textures('procedural')")
        self.name = dataset
        self.digits = digits
        self.has_background = dataset != "colored_mnist"
        self.colour_noise_std = colour_noise_std
        self._palettes: dict[str, Tensor] = {}
        self._crops: dict[str, CropBank] = {}
        parts = [f"biased-mnist-{_FORMAT}", dataset, digits.identity]
        if dataset == "wildlife_mnist":
            self._crops = {
                "foreground": CropBank(textures.object),
                "background": CropBank(textures.background),
            }
            parts.append(textures.identity)
        else:
            self._palettes["foreground"] = parse_palette(object_palette, "object")
            if self.has_background:
                self._palettes["background"] = parse_palette(background_palette, "background")
            parts += [str(palette.tolist()) for palette in self._palettes.values()]
            parts.append(repr(colour_noise_std))
        self.identity = hashlib.sha256("|".join(parts).encode()).hexdigest()
        grey = _resize(digits.images, "nearest-exact" if dataset == "colored_mnist" else "nearest")
        self._ink = (grey > INK * 255).to(torch.uint8)  # (N, 1, 32, 32)
        self._grey = grey if dataset == "colored_mnist" else None  # uint8

    def __len__(self) -> int:
        return len(self.digits)

    @property
    def labels(self) -> Tensor:
        """(N,) int64 shape labels."""
        return self.digits.labels

    def masks(self, index: Tensor) -> Tensor:
        """(B, 1, 32, 32) float32: the digit's grey level in [0, 1] (colored), else 0 or 1."""
        if self._grey is not None:
            return self._grey[index].float() / 255
        return self._ink[index].float()

    def warped_masks(self, index: Tensor, generator: Generator) -> Tensor:
        """As :meth:`masks`, each digit deformed a little at random."""
        warped = random_affine(self.masks(index), generator)
        return warped if self._grey is not None else (warped > 0.5).float()

    def true_masks(self, index: Tensor) -> Tensor:
        """(B, 1, 32, 32) uint8 in {0, 1}: grey level above 0.1."""
        return self._ink[index]

    def paint_foreground(self, labels: Tensor, generator: Generator) -> Tensor:
        """Foregrounds of the given classes, (B, 3, 32, 32) in [-1, 1]; plain colours come as an
        expanded view, so do not write into it."""
        return self._paint("foreground", labels, generator)

    def paint_background(self, labels: Tensor, generator: Generator) -> Tensor:
        """Backgrounds of the given classes, (B, 3, 32, 32) in [-1, 1]; black for colored MNIST."""
        if not self.has_background:
            return torch.full((1, 1, 1, 1), -1.0).expand(len(labels), 3, SIDE, SIDE)
        return self._paint("background", labels, generator)

    def _paint(self, role: str, labels: Tensor, generator: Generator) -> Tensor:
        if self._crops:
            return self._crops[role].draw(labels, generator)
        noise = torch.randn(len(labels), 3, generator=generator) * self.colour_noise_std
        colour = self._palettes[role][labels] + noise  # (B, 3) in [0, 1]
        if self.name == "colored_mnist":
            colour = colour.clamp(0, 1)
        return (2 * colour - 1)[:, :, None, None].expand(-1, 3, SIDE, SIDE)

    def draw(
        self, index: Tensor, foreground: Tensor, background: Tensor, generator: Generator
    ) -> Tensor:
        """Freshly painted images of the digits ``index``, (B, 3, 32, 32) float32.

        Equals the foreground where the mask is 1 and the background where it is 0.
        """
        return self.paint(self.masks(index), foreground, background, generator)

    def paint(
        self, masks: Tensor, foreground: Tensor, background: Tensor, generator: Generator
    ) -> Tensor:
        """Images of masks (B, 1, 32, 32) in [0, 1], painted as :meth:`draw` does."""
        front = self.paint_foreground(foreground, generator)
        back = self.paint_background(background, generator)
        return torch.lerp(back, front, masks)

    def biased_labels(
        self, labels: Tensor, correlation: float | Tensor, generator: Generator
    ) -> tuple[Tensor, Tensor]:
        """Foreground and background labels, (B,) each: the class with probability ``correlation``
        (one for all, or one per image), else uniform over the other nine, independently (IRM's
        environments). Backgrounds of colored MNIST are all 0."""
        foreground = _perturbed(labels, correlation, generator)
        background = _perturbed(labels, correlation, generator)
        return foreground, self._known_background(background)

    def frozen(self, generator: Generator, correlation: float | Tensor = 1.0) -> LabelledImages:
        """One colouring per digit, in the digits' order: a classifier's training set."""
        index = torch.arange(len(self))
        foreground, background = self.biased_labels(self.labels, correlation, generator)
        return self._freeze(index, foreground, background, generator)

    def frozen_test(self, generator: Generator, colourings: int = 10) -> LabelledImages:
        """``colourings`` images per digit (the copies of a digit are neighbours), foreground and
        background labels uniform and independent of the class and of each other."""
        index = torch.arange(len(self)).repeat_interleave(colourings)
        foreground = torch.randint(10, index.shape, generator=generator)
        background = torch.randint(10, index.shape, generator=generator)
        return self._freeze(index, foreground, self._known_background(background), generator)

    def _known_background(self, background: Tensor) -> Tensor:
        return background if self.has_background else torch.zeros_like(background)

    def _freeze(
        self, index: Tensor, foreground: Tensor, background: Tensor, generator: Generator
    ) -> LabelledImages:
        images = torch.empty(len(index), 3, SIDE, SIDE)
        for part in _chunks(len(index)):
            images[part] = self.draw(index[part], foreground[part], background[part], generator)
        return LabelledImages(
            images, self.labels[index], foreground, background, self.true_masks(index), index
        )


def build(params: MnistParams) -> dict[str, BiasedMnist]:
    """The ``train``, ``validation`` and ``test`` variants that the parameters name.

    Colored MNIST tests on MNIST's test file, the other two on the tail of the training file.

    Raises:
        UserError: absent or damaged digits or textures, or a bad palette.
    """
    split = "mnist" if params.dataset == "colored_mnist" else "train_tail"
    digits = load_digits(params.digits, params.digits_dir, split)
    textures = None
    if params.dataset == "wildlife_mnist":
        textures = load_textures(params.textures, params.textures_dir)
    return {
        name: BiasedMnist(
            params.dataset,
            part,
            textures,
            params.object_palette,
            params.background_palette,
            params.colour_noise_std,
        )
        for name, part in digits.items()
    }


def freeze(params: MnistParams, variants: dict[str, BiasedMnist]) -> dict[str, LabelledImages]:
    """The classifiers' sets: ``train`` biased and painted by the run's seed; ``validation`` and
    ``test`` decorrelated, ``test_colourings`` per digit, the same for every run."""
    stream = rng(params.seed, "train-colour", params.dataset)
    frozen = {"train": variants["train"].frozen(stream, params.train_correlation_prob)}
    for name in ("validation", "test"):
        stream = rng(DATA_SEED, f"{name}-colour", params.dataset)
        frozen[name] = variants[name].frozen_test(stream, params.test_colourings)
    return frozen


def _resize(images: Tensor, mode: str) -> Tensor:
    """28x28 to 32x32, (N, 1, 32, 32) uint8. ``nearest-exact`` samples pixel centres, as PIL's
    nearest does; ``nearest`` samples corners, as the default of torch's interpolate does. The
    published data use the first for colored MNIST and the second for the other two; they repeat
    different rows."""
    return F.interpolate(images[:, None], size=(SIDE, SIDE), mode=mode)


def _perturbed(labels: Tensor, correlation: float | Tensor, generator: Generator) -> Tensor:
    kept = torch.rand(labels.shape, generator=generator) < correlation
    other = (labels + torch.randint(1, 10, labels.shape, generator=generator)) % 10
    return torch.where(kept, labels, other)


def _chunks(count: int) -> Iterator[slice]:
    return (slice(start, start + _CHUNK) for start in range(0, count, _CHUNK))
