"""Putting a state dict into a network: every key and every shape must fit."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, nn

from cgnlib.errors import UserError
from cgnlib.networks.weights import read_checkpoint

Network = TypeVar("Network", bound=nn.Module)


def load_network(make: Callable[[], Network], path: Path) -> Network:
    """The network that ``make`` builds with the weights in a file, in evaluation mode.

    Raises:
        UserError: see :func:`read_checkpoint` and :func:`load_state`.
    """
    state = read_checkpoint(path)
    with torch.random.fork_rng(devices=[]):  # first weights, about to be replaced
        network = make()
    load_state(network, state, str(path))
    return network.eval()


def load_state(network: nn.Module, state: Mapping[str, Tensor], where: str) -> None:
    """Copy ``state`` into ``network``.

    Batch norm's counter of batches, which nothing here reads, may be missing: files from before
    PyTorch 0.4.1 (torchvision's VGG16-BN) have none.

    Args:
        where: the file (and prefix), for the message.

    Raises:
        UserError: names the first unknown, missing or mis-shaped key, or one with a number that is
            not finite; ``network`` is then unchanged.
    """
    wanted = network.state_dict()
    for name in state:
        if name not in wanted:
            raise UserError(f"{where}: unknown key {name!r}: made for another network")
    for name, target in wanted.items():
        if name not in state:
            if name.endswith("num_batches_tracked"):
                continue
            raise UserError(f"{where}: key {name!r} is missing: not a whole checkpoint")
        _check_tensor(name, state[name], target, where)
    network.load_state_dict({**wanted, **state})


def _check_tensor(name: str, found: Tensor, target: Tensor, where: str) -> None:
    if found.shape != target.shape:
        shapes = f"{tuple(found.shape)}, wanted is {tuple(target.shape)}"
        raise UserError(f"{where}: {name!r} has shape {shapes}")
    if found.is_floating_point() != target.is_floating_point():
        raise UserError(f"{where}: {name!r} has type {found.dtype}, which does not fit")
    if not torch.isfinite(found).all():
        raise UserError(f"{where}: {name!r} holds numbers that are not finite")
