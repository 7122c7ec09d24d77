"""The classifiers of the GenInt tables by name: the small one of scenes9, or a ResNet."""

from pathlib import Path

import torch
from torch import Tensor, nn

from cgnlib.classifiers.augment import Standardise
from cgnlib.classifiers.baseline import Baseline, resnet_of
from cgnlib.errors import UserError
from cgnlib.networks import resnet
from cgnlib.networks.scene_cnn import SceneCnn
from cgnlib.rng import seed_for

SCENE_CNN = "scene_cnn"
_HEAD = "class"


class SceneClassifier(nn.Module):
    """:class:`cgnlib.networks.scene_cnn.SceneCnn` with one head, as a plain classifier."""

    def __init__(self, classes: int):
        super().__init__()
        self.network = SceneCnn({_HEAD: classes})

    def forward(self, images: Tensor) -> Tensor:
        """Logits (B, classes) of images (B, 3, H, W) in [-1, 1]."""
        return self.network(images)[_HEAD]

    def features(self, images: Tensor) -> Tensor:
        """What the head reads, (B, 128)."""
        return self.network.features(images)


def genint_network(
    kind: str,
    classes: int,
    seed: int,
    *names: str | int,
    standardise: Standardise | None = None,
    weights: Path | str = "",
) -> SceneClassifier | Baseline:
    """An untrained classifier, or one with torchvision's weights.

    Args:
        kind: ``scene_cnn``, or a ResNet of :data:`cgnlib.networks.resnet.WIDTHS`.
        seed, names: of the first weights.
        standardise: pixel statistics that a ResNet expects; None: images in [-1, 1].
        weights: torchvision's file for a ResNet; empty for fresh weights.

    Raises:
        UserError: another kind, or a file that does not fit.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_for(seed, "genint weights", *names))
        if kind != SCENE_CNN:
            return Baseline(resnet.classifier(kind, classes, weights), standardise)
        if weights:
            raise UserError(f"no published weights fit {SCENE_CNN}: leave them empty")
        return SceneClassifier(classes)


def cam_layer(model: SceneClassifier | Baseline, stage: int) -> nn.Module:
    """What GradCAM reads: the output of one of the four stages; no source states the layer. At
    64 px stage 3 of ``scene_cnn`` has 16x16 cells and stage 4 has 8x8, of a ResNet 4x4 and 2x2.

    Raises:
        UserError: a stage other than 1 to 4.
    """
    if stage not in (1, 2, 3, 4):
        raise UserError(f"classifiers have stages 1 to 4, not {stage}")
    if isinstance(model, Baseline):
        return getattr(resnet_of(model), f"layer{stage}")[-1]
    return model.network.blocks[stage - 1]
