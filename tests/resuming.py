"""Training interrupted half way and resumed."""

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

STEPS = 4


def assert_resumes(
    method: Callable[[], Any],
    batch: Callable[[int], Any],
    weights: Callable[[Any], dict[str, Tensor]],
) -> Any:
    """A second method that takes over the state half way ends with the same bits; it is returned.

    Args:
        method: makes a fresh method, the same each time.
        batch: of a step.
        weights: of a method, by name.
    """
    whole, first, rest = method(), method(), method()
    for step in range(STEPS):
        whole.update(batch(step))
    for step in range(STEPS // 2):
        first.update(batch(step))
    rest.load_state_dict(copy.deepcopy(first.state_dict()))
    for step in range(STEPS // 2, STEPS):
        rest.update(batch(step))
    resumed = weights(rest)
    for name, value in weights(whole).items():
        assert torch.equal(value, resumed[name]), name
    return rest
