"""Where the object is seen: masks against the truth, heat maps against the mask, leaks."""

import numpy as np

from cgnlib.errors import UserError
from cgnlib.evaluation.explain import foreground_iou
from cgnlib.evaluation.scores import mask_mean


def mask_iou(masks: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Intersection over union of masks and true masks, (N,) in [0, 1]; two empty masks agree.

    Args:
        masks, truth: (N, 1, H, W) or (N, H, W) in [0, 1]; a pixel above 0.5 belongs to the object.

    Raises:
        UserError: shapes that differ.
    """
    return foreground_iou(_planes(masks), _planes(truth) > 0.5)


def pointing_game(maps: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Whether the heat map peaks on the object, (N,) in [0, 1] (Zhang et al., 2016; no tolerance).

    Enlarged maps have many equal peaks: the score is the share of them that lies on the object,
    which is the chance of a hit when one is picked at random. A map of one value everywhere points
    nowhere and scores 0.

    Args:
        maps: (N, H, W) or (N, 1, H, W) heat maps.
        masks: the same, above 0.5 on the object.

    Raises:
        UserError: shapes that differ.
    """
    maps, masks = _planes(maps), _planes(masks)
    if maps.shape != masks.shape:
        raise UserError(f"heat maps {maps.shape} and masks {masks.shape} differ in shape")
    highest = maps.max((1, 2), keepdims=True)
    peaks = maps == highest
    hits = (peaks & (masks > 0.5)).sum((1, 2)) / peaks.sum((1, 2))
    return np.where(highest[:, 0, 0] > maps.min((1, 2)), hits, 0.0)


def mask_entropy(masks: np.ndarray) -> np.ndarray:
    """Mean entropy of a pixel of each mask in bits, (N,) in [0, 1]: 0 for a binary mask.

    Args:
        masks: (N, 1, H, W) or (N, H, W) in [0, 1]; 0 and 1 have no entropy.
    """
    planes = _planes(masks).astype(np.float64)
    parts = [np.where(p > 0, p * np.log2(np.where(p > 0, p, 1)), 0) for p in (planes, 1 - planes)]
    return -(parts[0] + parts[1]).mean((1, 2))


def texture_leak(saliency_of_foregrounds: np.ndarray) -> np.ndarray:
    """How much object is left to see in each foreground image, (N,) in [0, 1] (D19).

    A foreground is a texture that fills the frame; where its saliency (N, 1, H, W) is high, the
    object's outline leaked into it. The mean of the same over backgrounds is the object's residue,
    the quantity of the background loss (A6).
    """
    return mask_mean(saliency_of_foregrounds)


def _planes(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values)
    return values[:, 0] if values.ndim == 4 and values.shape[1] == 1 else values
