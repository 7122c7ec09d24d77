"""What the evaluation classifiers read in scenes9 images: texture, background and silhouette."""

from dataclasses import dataclass

import torch
from torch import Tensor

from cgnlib.classifiers.scene_classifiers import as_silhouettes
from cgnlib.networks.saliency import SmallSaliency
from cgnlib.networks.scene_cnn import SceneCnn
from cgnlib.networks.shipped import shipped

_BATCH = 180


@dataclass(frozen=True)
class Readers:
    """The three frozen networks: ``classifier`` reads texture and background in an image,
    ``silhouette`` the shape in the mask that ``saliency`` sees there."""

    saliency: SmallSaliency
    classifier: SceneCnn
    silhouette: SceneCnn

    @torch.no_grad()
    def masks(self, images: Tensor) -> Tensor:
        """Saliency (N, 1, H, W) in [0, 1] of images (N, 3, H, W) in [-1, 1]."""
        return torch.cat([self.saliency(part) for part in images.split(_BATCH)])

    @torch.no_grad()
    def read(self, images: Tensor, masks: Tensor | None = None) -> dict[str, Tensor]:
        """Labels read in images (N, 3, H, W) in [-1, 1]: ``shape``, ``texture``, ``background``,
        (N,) each.

        Args:
            masks: silhouettes (N, 1, H, W) to read instead of the images' saliency.
        """
        masks = self.masks(images) if masks is None else masks
        rows = [self.classifier(part) for part in images.split(_BATCH)]
        rows = [
            {**row, **self.silhouette(as_silhouettes(part))}
            for row, part in zip(rows, masks.split(_BATCH), strict=True)
        ]
        return {
            name: torch.cat([row[name].argmax(1) for row in rows])
            for name in ("shape", "texture", "background")
        }


def shipped_readers() -> Readers:
    """The readers that come with the package.

    Raises:
        UserError: see :func:`cgnlib.networks.shipped.shipped`.
    """
    return Readers(*(shipped(name) for name in ("saliency", "classifier", "silhouette")))
