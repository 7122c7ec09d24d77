"""What the notebook of GENINT-2 to GENINT-13 calls: train-or-load recipes of scenes9 and ImageNet.

``sources`` names every set there is to learn from; rows, sets and directions follow the parameters.
"""

from cgnlib.pipelines.genint_scenes9.classify import TrainedRow, classifier, variations
from cgnlib.pipelines.genint_scenes9.explain import Shown, heat_maps, looked_at, shown_images
from cgnlib.pipelines.genint_scenes9.generator import (
    class_names,
    direction_agreement,
    direction_pictures,
)
from cgnlib.pipelines.genint_scenes9.images import loaded, set_count, transfer_pictures
from cgnlib.pipelines.genint_scenes9.likelihood import Likelihood, nearest_pictures
from cgnlib.pipelines.genint_scenes9.nuisance import (
    controls,
    reading_correlations,
    setting,
    told_over_chance,
)
from cgnlib.pipelines.genint_scenes9.nuisance_reader import Reader, reader
from cgnlib.pipelines.genint_scenes9.robustness import (
    Answers,
    answers,
    corruption_answers,
    corruption_scores,
    difference,
    missing_corruptions,
    scores,
)
from cgnlib.pipelines.genint_scenes9.side_by_side import SIDE_ROWS, Budget, budgets
from cgnlib.pipelines.genint_scenes9.sources import sources
from cgnlib.pipelines.genint_scenes9.theory import (
    Tightness,
    choices,
    strength_settings,
    tightness,
)
from cgnlib.pipelines.genint_scenes9.training_sets import class_count, is_rendered

__all__ = [
    "SIDE_ROWS",
    "Answers",
    "Budget",
    "Likelihood",
    "Reader",
    "Shown",
    "Tightness",
    "TrainedRow",
    "answers",
    "budgets",
    "choices",
    "class_count",
    "class_names",
    "classifier",
    "controls",
    "corruption_answers",
    "corruption_scores",
    "difference",
    "direction_agreement",
    "direction_pictures",
    "heat_maps",
    "is_rendered",
    "loaded",
    "looked_at",
    "missing_corruptions",
    "nearest_pictures",
    "reader",
    "reading_correlations",
    "scores",
    "set_count",
    "setting",
    "shown_images",
    "sources",
    "strength_settings",
    "tightness",
    "told_over_chance",
    "transfer_pictures",
    "variations",
]
