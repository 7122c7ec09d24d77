"""Named random generators: adding a draw somewhere never moves a draw elsewhere."""

import contextlib
import hashlib
from collections.abc import Iterator

import numpy as np
import torch


def seed_for(seed: int, *names: str | int) -> int:
    """A 63-bit seed for the stream called ``names`` of the run seeded ``seed``."""
    text = "/".join(str(part) for part in (seed, *names))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def rng(seed: int, *names: str | int) -> torch.Generator:
    """A torch generator (CPU) for one named stream."""
    return torch.Generator().manual_seed(seed_for(seed, *names))


def numpy_rng(seed: int, *names: str | int) -> np.random.Generator:
    """A numpy generator for one named stream."""
    return np.random.default_rng(seed_for(seed, *names))


@contextlib.contextmanager
def global_stream(generator: torch.Generator) -> Iterator[None]:
    """Inside, torch's global stream is a function of ``generator``, for libraries that draw from
    no other; it is put back afterwards."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(torch.randint(2**62, (), generator=generator)))
        yield
