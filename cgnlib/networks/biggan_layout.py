"""Sizes of BigGAN-deep: the published 256 px generator and the 64 px one of scenes9."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytorch_pretrained_biggan.config import BigGANConfig

from cgnlib.errors import UserError


@dataclass(frozen=True)
class Layout:
    """Sizes of one BigGAN-deep.

    Attributes:
        z: length of the noise, and of the class embedding.
        width: channels of the last block; widths below are multiples of it.
        classes: labels.
        blocks: (upsamples, width in, width out) per residual block, from 16 down to 1.
        attention: index of the block that self-attention stands before.
        statistics: stored rows of batch statistics, for truncations evenly spaced over [0, 1].
        eps: added to norms and variances.
    """

    z: int
    width: int
    classes: int
    blocks: tuple[tuple[bool, int, int], ...]
    attention: int
    statistics: int = 51
    eps: float = 1e-4

    def __post_init__(self) -> None:
        ends = [16] + [out for _, _, out in self.blocks]
        if [start for _, start, _ in self.blocks] != ends[:-1] or ends[-1] != 1:
            raise UserError(
                f"BigGAN blocks {self.blocks}: the first must take width 16, each the width that "
                "the one before it gives, and the last must give 1"
            )
        if not 0 <= self.attention < len(self.blocks):
            raise UserError(f"BigGAN attention {self.attention}: no block of that index")

    @property
    def side(self) -> int:
        """Pixels along one side of an image."""
        return 4 * 2 ** sum(up for up, _, _ in self.blocks)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "Layout":
        """From the package's ``config.json``."""
        if config["z_dim"] != config["class_embed_dim"]:
            raise UserError("BigGAN config: z_dim and class_embed_dim must be equal")
        return cls(
            z=config["z_dim"],
            width=config["channel_width"],
            classes=config["num_classes"],
            blocks=tuple((bool(up), start, end) for up, start, end in config["layers"]),
            attention=config["attention_layer_position"],
            statistics=config["n_stats"],
            eps=config["eps"],
        )

    def config(self) -> BigGANConfig:
        """The same sizes as the package words them."""
        return BigGANConfig(
            output_dim=self.side,
            z_dim=self.z,
            class_embed_dim=self.z,
            channel_width=self.width,
            num_classes=self.classes,
            layers=list(self.blocks),
            attention_layer_position=self.attention,
            eps=self.eps,
            n_stats=self.statistics,
        )


_DEEP_256_WIDTHS = (16, 16, 16, 16, 8, 8, 8, 8, 4, 4, 2, 2, 1)
DEEP_256 = Layout(
    z=128,
    width=128,
    classes=1000,
    blocks=tuple(
        (index % 2 == 1, _DEEP_256_WIDTHS[index], _DEEP_256_WIDTHS[index + 1])
        for index in range(12)
    ),
    attention=8,
)
"""The published 256 px generator (catalogue A6): 55.9 million parameters."""

SCENES9 = Layout(
    z=64,
    width=32,
    classes=9,
    blocks=((True, 16, 8), (True, 8, 4), (True, 4, 2), (True, 2, 1)),
    attention=2,
)
"""The 64 px generator of scenes9: 2.04 million parameters."""


def layout_beside(path: Path) -> Layout:
    """That of the ``config.json`` beside a weights file.

    Raises:
        UserError: none there, or none of a BigGAN.
    """
    names = (path.name.replace("pytorch_model.bin", "config.json"), "config.json")
    for name in names:
        beside = path.with_name(name)
        if beside != path and beside.is_file():
            try:
                return Layout.from_config(json.loads(beside.read_text()))
            except (ValueError, KeyError, TypeError) as error:
                raise UserError(f"{beside} is no BigGAN config: {error!r}; get it again") from None
    raise UserError(f"{path}: no config.json beside it; put it there or name the layout")
