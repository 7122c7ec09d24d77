"""One thing that a notebook needs and a plan prices."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Item:
    """One artefact that a notebook needs; equal items are made once. ``updates`` 0: it has none."""

    kind: str
    name: str
    updates: int
    drivers: tuple[tuple[str, object], ...] = ()
