"""Interventions from none to strong, with equally many images (GenInt, figure 5; GENINT-8).

The stronger the intervention, the more noises, and the farther each is moved along fewer
directions; all at truncation 0.5 along the 20 leading ones.
"""

from dataclasses import dataclass

from cgnlib.errors import UserError
from cgnlib.generators.intervention_draws import InterventionSettings, observational
from cgnlib.generators.intervention_ranges import even_ranges

TRUNCATION = 0.5
IMAGES = 2000  # of each class, of every strength


@dataclass(frozen=True)
class Strength:
    """``noises`` per class, each moved along ``directions`` of its own, ``steps`` positions on each
    within plus or minus ``reach``."""

    noises: int
    directions: int
    steps: int
    reach: float


PUBLISHED = {
    "none": Strength(2000, 0, 0, 0.0),
    "weak": Strength(50, 4, 10, 5.0),
    "medium": Strength(500, 2, 2, 7.0),
    "strong": Strength(1000, 2, 1, 9.0),
}


def strength_settings(
    name: str, components: int = 20, reach_percent: float = 100.0
) -> InterventionSettings:
    """How the images of a strength are drawn; fewer of them are fewer noises.

    Args:
        name: one of :data:`PUBLISHED`.
        components: leading directions that may be taken.
        reach_percent: scale of the published reaches.

    Raises:
        UserError: an unknown strength, or fewer components than directions per noise.
    """
    if name not in PUBLISHED:
        raise UserError(f"no strength {name!r}: choose one of {', '.join(PUBLISHED)}")
    strength = PUBLISHED[name]
    if not strength.directions:
        return observational(TRUNCATION)
    return InterventionSettings(
        truncation=TRUNCATION,
        scale_percent=reach_percent,
        components=components,
        edits=strength.directions,
        steps=strength.steps,
        ranges=even_ranges(components, strength.reach),
    )
