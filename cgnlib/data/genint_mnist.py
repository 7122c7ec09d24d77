"""MNIST with two background colours per class, and the tests that tell colour from digit.

Source: GENINT-1 (Generative Interventions, Table 5 and its code). A colour sets some of the three
channels to a constant over the whole image; in the others the grey digit survives. Every class has
a colour in each of two sets, so that the colour gives the class away in training. The *causal* test
draws the colour by a rule that knows no class: two channels with replacement, each set to full or
to the middle with probability one half.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import torch
import torch.nn.functional as F
from torch import Tensor

from cgnlib.data.digits import DATA_SEED, Digits, load_digits
from cgnlib.errors import UserError
from cgnlib.params import GenintMnistParams
from cgnlib.rng import rng

SIDE = 32
FULL, MIDDLE, FREE = 1.0, 0.5, 0.0  # of a channel; a free one shows the digit
# Background of each class in RGB, channels free of a constant at 0.
SET_1 = "110 011 101 100 010 001 mm0 0mm m0m 0m0"
SET_2 = "00m m00 0m0 01m m01 1m0 m10 0m1 10m 010"
_LEVELS = {"1": FULL, "m": MIDDLE, "0": FREE}
_FORMAT = 1  # rises when the same inputs give other images


def _colours(text: str) -> Tensor:
    return torch.tensor([[_LEVELS[channel] for channel in colour] for colour in text.split()])


COLOURS = torch.stack([_colours(SET_1), _colours(SET_2)])  # (2, 10, 3) in [0, 1]


def rule_backgrounds() -> tuple[Tensor, Tensor]:
    """Every background of the causal rule, (K, 3) in [0, 1], and its probability (K,), float64.

    Two channels are drawn with replacement and set one after the other, so that of a channel drawn
    twice the later value stands.
    """
    chances: dict[tuple[float, ...], float] = {}
    draws = list(product(range(3), range(3), (FULL, MIDDLE), (FULL, MIDDLE)))
    for first, second, early, late in draws:
        background = [FREE] * 3
        background[first] = early
        background[second] = late
        chances[tuple(background)] = chances.get(tuple(background), 0.0) + 1 / len(draws)
    order = sorted(chances, reverse=True)
    return torch.tensor(order), torch.tensor([chances[one] for one in order], dtype=torch.float64)


def paint(grey: Tensor, backgrounds: Tensor) -> Tensor:
    """Digits on coloured backgrounds.

    Args:
        grey: (B, 1, H, W) in [0, 1].
        backgrounds: (B, 3) in [0, 1]; 0 leaves the digit in that channel.

    Returns:
        (B, 3, H, W) in [-1, 1], every image stretched to its own range, as the published code
        stores it.
    """
    constant = backgrounds[:, :, None, None]
    images = torch.where(constant > FREE, constant, grey)
    low, high = images.amin((1, 2, 3), keepdim=True), images.amax((1, 2, 3), keepdim=True)
    return (images - low) / (high - low).clamp_min(1e-6) * 2 - 1


@dataclass(frozen=True)
class ColouredDigits:
    """Images that are painted when they are asked for.

    ``grey`` (D, 1, 32, 32) float32 in [0, 1]; for each of N images: ``digit`` (N,) its source digit
    within the split, ``labels`` (N,), ``backgrounds`` (N, 3), ``probability`` (N,) float64, its
    weight among the images of its digit (they sum to 1). ``identity`` names all of it.
    """

    grey: Tensor
    digit: Tensor
    labels: Tensor
    backgrounds: Tensor
    probability: Tensor
    identity: str

    def __len__(self) -> int:
        return len(self.digit)

    def batch(self, index: Tensor) -> tuple[Tensor, Tensor]:
        """Images (B, 3, 32, 32) in [-1, 1] and labels (B,)."""
        return paint(self.grey[self.digit[index]], self.backgrounds[index]), self.labels[index]

    def split(self, batch: int) -> Iterator[Tensor]:
        """All images in order, (B, 3, 32, 32) in [-1, 1]."""
        return (self.batch(index)[0] for index in torch.arange(len(self)).split(batch))

    def part(self, index: Tensor) -> "ColouredDigits":
        """The images ``index`` only."""
        named = hashlib.sha256(index.numpy().tobytes()).hexdigest()[:16]
        return ColouredDigits(
            self.grey,
            self.digit[index],
            self.labels[index],
            self.backgrounds[index],
            self.probability[index],
            f"{self.identity}/{named}",
        )


def _grey(digits: Digits) -> Tensor:
    """28x28 bytes to 32x32 in [0, 1], bilinear; the source does not say how it resizes."""
    grey = digits.images[:, None].float() / 255
    return F.interpolate(grey, size=(SIDE, SIDE), mode="bilinear", align_corners=False)


def _made(
    digits: Digits, digit: Tensor, backgrounds: Tensor, probability: Tensor, name: str
) -> ColouredDigits:
    parts = (f"genint-mnist-{_FORMAT}", digits.identity, name)
    identity = hashlib.sha256("|".join(parts).encode()).hexdigest()
    labels = digits.labels[digit]
    return ColouredDigits(_grey(digits), digit, labels, backgrounds, probability, identity)


def by_class(digits: Digits, form: str, batch: int = 128) -> ColouredDigits:
    """Digits on the colours of their class: what is trained on, and the confounded test.

    Args:
        form: ``both``, each digit once in the colour of each set (all of set 1 first), with
            probability 1/2; or ``alternate``: sets 1 and 2 by turns, ``batch`` digits each.

    Raises:
        UserError: another form.
    """
    every = torch.arange(len(digits))
    if form == "both":
        digit, chosen = every.repeat(2), torch.arange(2).repeat_interleave(len(every))
    elif form == "alternate":
        digit, chosen = every, every // batch % 2
    else:
        raise UserError(f"colours {form!r} are unknown: choose 'both' or 'alternate'")
    backgrounds = COLOURS[chosen, digits.labels[digit]]
    share = torch.full((len(digit),), len(every) / len(digit), dtype=torch.float64)
    return _made(digits, digit, backgrounds, share, f"class {form} {batch}")


def causal(digits: Digits, form: str, batch: int = 128) -> ColouredDigits:
    """Digits on the backgrounds of the causal rule.

    Args:
        form: ``exact``, each digit on every background, weighted by its probability; or
            ``per_batch``, as coded: one background drawn for each ``batch`` digits, the same draws
            for every run.

    Raises:
        UserError: another form.
    """
    every = torch.arange(len(digits))
    choices, chances = rule_backgrounds()
    if form == "exact":
        digit = every.repeat_interleave(len(choices))
        drawn = torch.arange(len(choices)).repeat(len(every))
        return _made(digits, digit, choices[drawn], chances[drawn], "causal exact")
    if form != "per_batch":
        raise UserError(f"test form {form!r} is unknown: choose 'exact' or 'per_batch'")
    batches = -(-len(every) // batch)
    stream = rng(DATA_SEED, "causal-background")
    drawn = torch.multinomial(chances, batches, replacement=True, generator=stream)
    ones = torch.ones(len(every), dtype=torch.float64)
    return _made(digits, every, choices[drawn[every // batch]], ones, f"causal batch {batch}")


def colour_sets(images: ColouredDigits) -> Tensor:
    """(N,) int64, 0 or 1: the set that the colour of each image of :func:`by_class` is from."""
    return (images.backgrounds != COLOURS[0, images.labels]).any(1).long()


def build(params: GenintMnistParams) -> dict[str, ColouredDigits]:
    """``train``, and of validation and test digits the ``confounded`` and the ``causal`` set:
    ``test_causal``, ``validation_confounded``, ...

    Raises:
        UserError: absent or damaged digits.
    """
    digits = load_digits(params.digits, params.digits_dir, "mnist")
    batch, exact = params.colour_batch, params.test_form == "exact"
    found = {"train": by_class(digits["train"], params.train_colours, batch)}
    for split in ("validation", "test"):
        form = "both" if exact else "alternate"
        found[f"{split}_confounded"] = by_class(digits[split], form, batch)
        found[f"{split}_causal"] = causal(digits[split], params.test_form, batch)
    return found
