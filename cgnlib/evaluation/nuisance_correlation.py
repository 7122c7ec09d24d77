"""How much nuisances tell about the class (GenInt, figures 3 and 15; GENINT-10, claim GI-1).

A small network is trained to name the class of an image from its nuisances alone and is asked about
other images. Accuracy over chance is 1 where nuisances and class are independent.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from cgnlib.classifiers.erm import Schedule
from cgnlib.classifiers.nuisance import LabelMethod, LabelMlp
from cgnlib.errors import UserError
from cgnlib.evaluation.rates import Rate, rate
from cgnlib.rng import rng
from cgnlib.training import EpochIndex

HELD_OUT = 5  # one of so many images is asked about, the rest train (80/20 as for the regressor)


@dataclass(frozen=True)
class OverChance:
    """How often the class is told from nuisances, among ``categories`` equally frequent ones."""

    rate: Rate
    categories: int

    @property
    def ratio(self) -> float:
        """Accuracy over chance, 0 to ``categories``; 1: nuisances say nothing."""
        return self.rate.share * self.categories

    @property
    def interval(self) -> tuple[float, float]:
        """95 % Wilson interval of the ratio; images count as independent."""
        low, high = self.rate.interval
        return low * self.categories / 100, high * self.categories / 100


@dataclass(frozen=True)
class LabelTraining:
    """How the small network is trained: ``updates`` of ``batch`` images by AdamW, one cycle up to
    ``lr``; ``hidden`` wide."""

    updates: int
    batch: int = 128
    lr: float = 1e-3
    hidden: int = 512


def class_order(classes: int, seed: int) -> np.ndarray:
    """The order in which classes join as there are more categories, (classes,) int64: the larger
    choice holds the smaller one."""
    return torch.randperm(classes, generator=rng(seed, "nuisance categories")).numpy()


def over_chance(
    nuisances: Tensor, labels: Tensor, chosen: np.ndarray, training: LabelTraining, seed: int
) -> OverChance:
    """Train on four fifths of the images of the chosen classes, ask about the rest.

    Classes are thinned to one size first, so that chance is 1 / categories.

    Args:
        nuisances: (N, K) float32.
        labels: (N,) int64.
        chosen: (C,) the classes, at least two.
        seed: of the split, the weights and the batches.

    Raises:
        UserError: fewer than two classes, or a class of fewer than five images.
    """
    if len(chosen) < 2:
        raise UserError(f"nuisances of {len(chosen)} classes: choose at least two to tell apart")
    train, test = _split(labels, chosen, seed)
    names = {int(label): place for place, label in enumerate(chosen)}
    places = torch.tensor([names.get(int(label), -1) for label in labels])
    network = LabelMlp(nuisances[train], len(chosen), seed, training.hidden)
    method = LabelMethod(network, Schedule("adamw", training.lr, training.updates))
    index = EpochIndex(len(train), training.batch, seed, "nuisance labels")
    for step in range(training.updates):
        rows = train[index(step)]
        method.update((nuisances[rows], places[rows]))
    with torch.no_grad():
        told = method.sampler()(nuisances[test]).argmax(1)
    return OverChance(rate((told == places[test]).numpy()), len(chosen))


def _split(labels: Tensor, chosen: np.ndarray, seed: int) -> tuple[Tensor, Tensor]:
    """Positions to train on and to ask about, equally many of each class in both."""
    own = [(labels == int(label)).nonzero()[:, 0] for label in chosen]
    count = min(len(rows) for rows in own)
    if count < HELD_OUT:
        raise UserError(
            f"nuisances: a class of {count} images is too small; give at least {HELD_OUT} of each"
        )
    asked = count // HELD_OUT
    train, test = [], []
    for label, rows in zip(chosen, own, strict=True):
        order = torch.randperm(len(rows), generator=rng(seed, "nuisance split", int(label)))
        rows = rows[order[:count]]
        test.append(rows[:asked])
        train.append(rows[asked:])
    return torch.cat(train), torch.cat(test)
