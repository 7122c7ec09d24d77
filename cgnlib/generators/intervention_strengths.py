"""Interventions from none to strong, with equally many images (GenInt, figure 5; GENINT-8).

The stronger the intervention, the more noises, and the farther each is moved along fewer
directions; all at truncation 0.5 along the 20 leading ones.
"""

from dataclasses import dataclass

TRUNCATION = 0.5


@dataclass(frozen=True)
class Strength:
    """``noises`` per class, each moved along ``directions`` of its own, ``steps`` positions on each
    within plus or minus ``reach``."""

    noises: int
    directions: int
    steps: int
    reach: float

    @property
    def images(self) -> int:
        """Images of one class, as published."""
        return self.noises * max(1, self.directions * self.steps)


STRENGTHS = {
    "none": Strength(2000, 0, 0, 0.0),
    "weak": Strength(50, 4, 10, 5.0),
    "medium": Strength(500, 2, 2, 7.0),
    "strong": Strength(1000, 2, 1, 9.0),
}
