"""Sets of real images with the look of generated ones: which there are, and their making.

Images are always made in the same groups, one L-BFGS each, so that any shard and any resumed run
gives the same bytes. Source: GenInt, section 4.3 (GENINT-3).
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from cgnlib.errors import UserError
from cgnlib.generators.sampling import to_bytes
from cgnlib.generators.style_transfer import (
    StyleFeatures,
    TransferSettings,
    draw_closures,
    transfer,
)
from cgnlib.rng import rng
from cgnlib.training import progress

# Known of each image: class and number of the content, number of the style, loss evaluations.
COLUMNS = {"label": int, "content": int, "style": int, "closures": int}


@dataclass(frozen=True)
class Pictures:
    """Images to transfer from or to.

    Attributes:
        read: positions (B,) int64 to images (B, 3, H, W) in [0, 1].
        labels: (N,) int64.
    """

    read: Callable[[Tensor], Tensor]
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)


def stored_pictures(images: Tensor, labels: Tensor) -> Pictures:
    """Images (N, 3, H, W) uint8 in memory."""
    return Pictures(lambda index: images[index].float().div_(255), labels)


@dataclass(frozen=True)
class TransferSet:
    """Images (N, 3, H, W) uint8 with the class of their content ``labels``, and the numbers of
    ``content`` and ``style``, (N,) int64."""

    images: Tensor
    labels: Tensor
    content: Tensor
    style: Tensor

    def __len__(self) -> int:
        return len(self.labels)


class TransferGroups:
    """The transferred images, group by group; image ``n`` shows content ``n`` in a style drawn at
    random from all (GENINT-3: of any class). Contents take turns when there are fewer than images.

    Args:
        device: where the transfer is computed.
    """

    columns = tuple(COLUMNS)

    def __init__(
        self,
        content: Pictures,
        style: Pictures,
        features: StyleFeatures,
        settings: TransferSettings,
        seed: int,
        device: str = "cpu",
    ):
        if not len(content) or not len(style):
            raise UserError("style transfer needs at least one content and one style image")
        self.content, self.style, self.features = content, style, features
        self.settings, self.seed, self.device = settings, seed, device
        self.batch = settings.batch

    def _style(self, index: int) -> int:
        draw = torch.randint(len(self.style), (1,), generator=rng(self.seed, "style", index))
        return int(draw)

    def rows(self, indices: Iterable[int]) -> list[tuple]:
        """Per image the values of :data:`COLUMNS`."""
        labels, closures, made = self.content.labels.tolist(), {}, []
        for index in indices:
            content, group = index % len(labels), index // self.batch
            if group not in closures:
                closures[group] = draw_closures(self.settings, self.seed, group)
            made.append((labels[content], content, self._style(index), closures[group]))
        return made

    def images(self, number: int) -> Tensor:
        """The images of one group, (batch, 3, H, W) in [0, 1]."""
        first = number * self.batch
        _, content, style, closures = zip(*self.rows(range(first, first + self.batch)), strict=True)
        read = [
            part.read(torch.tensor(index)).to(self.device)
            for part, index in ((self.content, content), (self.style, style))
        ]
        return transfer(*read, self.features, self.settings, closures[0])

    def pixels(self, number: int) -> np.ndarray:
        """The images of one group, (batch, H, W, 3) uint8."""
        return to_bytes(self.images(number), 0.0).numpy()


def transferred_images(groups: TransferGroups, count: int) -> TransferSet:
    """The first ``count`` images, in memory; a larger set contains the smaller one."""
    made, numbers = [], range(-(-count // groups.batch))
    for number in numbers:
        made.append(torch.from_numpy(groups.pixels(number)).permute(0, 3, 1, 2))
        if number % 20 == 19:
            progress(f"style transfer: {(number + 1) * groups.batch:,} of {count:,} images")
    rows = torch.tensor(groups.rows(range(count)), dtype=torch.int64).view(-1, len(COLUMNS))
    labels, content, style, _ = rows.unbind(1)
    return TransferSet(torch.cat(made)[:count].contiguous(), labels, content, style)
