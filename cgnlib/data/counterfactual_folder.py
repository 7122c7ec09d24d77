"""The folder of a set of counterfactual images: generated images with three labels each.

The layout is in :mod:`cgnlib.data.generated_folder`; the columns are shape, texture and background
(class indices).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from cgnlib.data.generated_folder import Columns, read_generated_folder

COLUMNS: Columns = {"shape": int, "texture": int, "background": int}


@dataclass(frozen=True)
class CounterfactualFolder:
    """A complete set: image files, labels (N, 3) int64 of shape, texture and background, and the
    manifest."""

    files: tuple[Path, ...]
    labels: Tensor
    manifest: Mapping[str, Any]

    def __len__(self) -> int:
        return len(self.files)


def read_counterfactual_folder(folder: Path) -> CounterfactualFolder:
    """The set in ``folder``.

    Raises:
        UserError: no set, one that is not complete, a bad row, or a file that is gone.
    """
    what, belongs = "counterfactual images", "a file and three class indices"
    found = read_generated_folder(folder, COLUMNS, what, belongs)
    labels = torch.stack([found.known[name] for name in COLUMNS], 1)
    return CounterfactualFolder(found.files, labels, found.manifest)
