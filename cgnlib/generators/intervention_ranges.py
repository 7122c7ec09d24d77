"""How far an intervention may go along each direction: (low, high) positions, as data.

A range belongs to the directions of one generator, in their order and with their signs
(:func:`cgnlib.generators.ganspace.exact_directions`).
"""

Ranges = tuple[tuple[float, float], ...]


def _table(rows: dict[tuple[float, float], str]) -> Ranges:
    """Ranges by component from a table of ranges to lists such as ``0,2,28-30``."""
    found = {}
    for limits, text in rows.items():
        for part in text.split(","):
            first, _, last = part.partition("-")
            for component in range(int(first), int(last or first) + 1):
                found[component] = limits
    return tuple(found[component] for component in range(len(found)))


# BigGAN-deep-256, class husky (GENINT-2): chosen by eye, asymmetric
PUBLISHED: Ranges = _table(
    {
        (-3, 3): "0,2",
        (-4, 2): "1",
        (-4, 3): "3",
        (-3, 5): "4",
        (-4, 4): "5",
        (-5, 5): "6,7",
        (-6, 6): "8,9",
        (-7, 7): "10",
        (-8, 8): "11,15,28-30",
        (-8, 10): "12",
        (-10, 7): "13,22",
        (-10, 10): "14,16,17,21,23,27,33-35",
        (-5, 10): "18",
        (-10, 8): "19,26",
        (-8, 12): "20,31",
        (-12, 10): "24,39,41",
        (-7, 10): "25",
        (-10, 9): "32",
        (-12, 12): "36,38,40,43,45-47,49,50,54,58",
        (-10, 12): "37,42,59",
        (-12, 8): "44",
        (-13, 12): "48,52",
        (6, 12): "51",
        (-12, 13): "53",
        (-12, 15): "55-57",
    }
)


def even_ranges(count: int, limit: float) -> Ranges:
    """The same range, from minus to plus ``limit``, for every direction (GENINT-8, GENINT-10)."""
    return ((-float(limit), float(limit)),) * count


# The 64 px generator of scenes9: as far (at most 6) as the readers keep 95 % of their agreement on
# the class (:mod:`cgnlib.pipelines.genint_scenes9.range_search`)
SCENES9: Ranges = _table(
    {
        (-4, 6): "0",
        (-5, 6): "3",
        (-6, 5): "4",
        (-3.5, 4): "5",
        (-6, 6): "1,2,6-39",
    }
)
