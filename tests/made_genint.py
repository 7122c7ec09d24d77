"""Parameters of GenInt for tests of its theory: at a few seconds' size."""

from typing import Any

from cgnlib.params import GenintParams

_TINY = {
    "dataset": "genint_scenes9",
    "scale": "smoke",
    "biggan": "tiny",
    "biggan_weights": "random",
    "int_components": 4,
    "int_edits": 2,
    "int_per_class": 6,
    "obs_per_class": 6,
    "sheet_directions": 1,
    "gen_batch": 18,
    "train_images": 45,
    "crop_least_area": 0.4,
    "test_images": 18,
    "genint_rows": "ImageNet only,Stylized,Mixup,AutoAug,GAN augmentation,GenInt",
    "corruptions": "none",
    "bound_strengths": "none,medium,strong",
    "bound_images": 8,
    "bound_components": 4,
    "bound_reach_percent": 100.0,
    "bound_updates": 3,
    "bound_lr": 0.004,
    "bound_batch": 8,
    "bound_compared": 3,
    "bound_real": 2,
    "bound_test_sets": "original,second_test",
    "choice_images": 2,
    "choice_truncations": "0.5,1",
    "choice_components": "1,6",
    "choice_scales": "50",
    "nuisance_kinds": "plain,mixup,stylised,autoaugment,gan,genint,cgn",
    "nuisance_directions": 3,
    "nuisance_exemplars": 2,
    "nuisance_scales": 2,
    "nuisance_reach": 3.0,
    "nuisance_updates": 3,
    "nuisance_batch": 8,
    "nuisance_lr": 0.004,
    "nuisance_truncation": 0.3,
    "nuisance_images": 45,
    "nuisance_categories": "2,9",
    "label_updates": 3,
    "label_batch": 16,
    "label_lr": 0.001,
    "label_hidden": 8,
    "cam_images": 4,
    "cam_sets": "original",
}


def tiny_genint(**changes: Any) -> GenintParams:
    """The parameters, with changes."""
    return GenintParams(**_TINY | changes)
