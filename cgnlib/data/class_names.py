"""Class names to indices: ImageNet's thousand by torchvision's table, or any list of names."""

import difflib
from collections.abc import Iterable, Sequence
from functools import lru_cache

from cgnlib.errors import UserError

# What the CGN paper (figure 24) calls classes that torchvision names otherwise. All are names of
# the same WordNet synset, but for "diving", which is the scuba diver.
SYNONYMS = {
    "busby": "bearskin",
    "diving": "scuba diver",
    "hyena dog": "African hunting dog",
    "katamaran": "catamaran",
    "offshore rig": "drilling platform",
    "panda": "giant panda",
    "pirate ship": "pirate",
    "race car": "racer",
    "sand bank": "sandbar",
    "sand viper": "horned viper",
    "spike": "ear",
    "upright piano": "upright",
}


@lru_cache(maxsize=1)
def imagenet_classes() -> tuple[str, ...]:
    """The 1,000 class names in the order of the labels (torchvision's table)."""
    from torchvision.models import ResNet50_Weights

    return tuple(ResNet50_Weights.IMAGENET1K_V1.meta["categories"])


def class_index(name: str, names: Sequence[str] | None = None) -> int:
    """Index of a class by its name, in any case.

    Args:
        names: the class list (default: ImageNet's, which also knows :data:`SYNONYMS`).

    Raises:
        UserError: an unknown name; says which names are nearest.
    """
    table = imagenet_classes() if names is None else names
    wanted = name.strip().lower()
    if names is None:
        wanted = SYNONYMS.get(wanted, wanted).lower()
    lower = [known.lower() for known in table]
    if wanted in lower:
        return lower.index(wanted)
    near = [table[lower.index(known)] for known in difflib.get_close_matches(wanted, lower, 3, 0.5)]
    advice = f"nearest are {', '.join(near)}" if near else f"names look like {table[0]!r}"
    raise UserError(f"no class called {name.strip()!r} among {len(table)}: {advice}")


def class_triples(
    triples: Iterable[str], names: Sequence[str] | None = None
) -> list[tuple[int, int, int]]:
    """Indices of ``shape/texture/background`` triples given by class names, such as
    ``school bus/panda/geyser``.

    Raises:
        UserError: a triple without three names, or an unknown name.
    """
    found = []
    for triple in triples:
        parts = triple.split("/")
        if len(parts) != 3:
            raise UserError(f"{triple!r} is no triple: write shape/texture/background")
        found.append(tuple(class_index(part, names) for part in parts))
    return found
