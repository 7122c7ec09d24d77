"""What the notebooks of the ImageNet-scale family call: recipes that join the library's rooms."""

from cgnlib.pipelines.imagenet.generate import (
    CfSet,
    counterfactuals,
    image_settings,
    set_folder,
    write_set,
)
from cgnlib.pipelines.imagenet.measure import (
    Composites,
    PartScores,
    Quality,
    composites,
    curve,
    inception,
    quality,
)
from cgnlib.pipelines.imagenet.pictures import (
    counterfactual_triples,
    failures,
    interpolations,
    mechanisms,
    real_scenes,
)
from cgnlib.pipelines.imagenet.train_cgn import (
    TrainedImagenetCgn,
    ablation,
    cgn,
    class_names,
    sheet_classes,
    start,
)

__all__ = [
    "CfSet",
    "Composites",
    "PartScores",
    "Quality",
    "TrainedImagenetCgn",
    "ablation",
    "cgn",
    "class_names",
    "composites",
    "counterfactual_triples",
    "counterfactuals",
    "curve",
    "failures",
    "image_settings",
    "inception",
    "interpolations",
    "mechanisms",
    "quality",
    "real_scenes",
    "set_folder",
    "sheet_classes",
    "start",
    "write_set",
]
