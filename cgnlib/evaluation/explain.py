"""Where a classifier looks: GradCAM and LIME, and how much of it lies on the digit.

Scores are per image, from arrays; the two libraries are imported when first used, because loading
them takes longer than most scores.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from cgnlib.errors import UserError
from cgnlib.rng import seed_for

THRESHOLD = 0.5  # a heat map's pixel above it counts as looked at (R1, Fig. 4)


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    """Evaluation mode inside, every module's own mode and no stray gradients after."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        model.zero_grad(set_to_none=True)
        for module, training in modes:
            module.training = training


def grad_cam(
    model: nn.Module, layer: nn.Module, images: Tensor, batch: int = 250, device: str = "cpu"
) -> tuple[np.ndarray, np.ndarray]:
    """GradCAM of the predicted class, by pytorch-grad-cam.

    The map is the rectified sum of the layer's channels, each weighted by the mean gradient of the
    class's logit; it is scaled to [0, 1] image by image and enlarged bilinearly to the image.

    Args:
        layer: the module of ``model`` whose output (B, C, h, w) is read.
        images: (N, 3, H, W) in [-1, 1].

    Returns:
        Maps (N, H, W) float32 in [0, 1], all 0 where no channel speaks for the class, and the
        predicted classes (N,) int64.
    """
    from pytorch_grad_cam import GradCAM

    maps, predicted = [], []
    with _evaluating(model), torch.enable_grad():
        cam = GradCAM(model.to(device), [layer])
        try:
            for part in images.split(batch):
                # Weights may be frozen: without a gradient at the images there would be none at all
                part = part.to(device).clone(memory_format=torch.channels_last).requires_grad_()
                maps.append(cam(part, None))
                predicted.append(cam.outputs.argmax(1).cpu().numpy())
        finally:
            cam.activations_and_grads.release()  # not `with`: its exit swallows an IndexError
    return np.concatenate(maps), np.concatenate(predicted)


def foreground_iou(maps: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Overlap (intersection over union) of what is looked at with the digit, (N,) in [0, 1].

    Args:
        maps: heat maps (N, H, W) in [0, 1]; above 0.5 counts as looked at.
        masks: (N, H, W) or (N, 1, H, W), 1 on the digit.

    Raises:
        UserError: maps and masks differ in shape.
    """
    return _iou(*_looked_at(maps, masks))


def macro_iou(maps: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Mean of the overlap on the digit and the overlap on the background, (N,) in [0, 1].

    The published score (R1, Fig. 4). Most pixels are background, so most of it is background.
    Arguments and errors as :func:`foreground_iou`.
    """
    looked, truth = _looked_at(maps, masks)
    return (_iou(looked, truth) + _iou(~looked, ~truth)) / 2


def _looked_at(maps: np.ndarray, masks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    maps, masks = np.asarray(maps), np.asarray(masks)
    masks = masks[:, 0] if masks.ndim == 4 and masks.shape[1] == 1 else masks
    if maps.shape != masks.shape or maps.ndim != 3:
        raise UserError(f"heat maps {maps.shape} and masks {masks.shape}: expected (N, H, W) twice")
    return maps > THRESHOLD, masks > 0


def _iou(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Per image; two empty sets agree."""
    both = (one & other).sum((1, 2))
    either = (one | other).sum((1, 2))
    return np.where(either > 0, both / np.maximum(either, 1), 1.0)


def segments(image: Tensor, kind: str, px: int) -> np.ndarray:
    """The parts of an image that LIME shows or hides, (H, W) int64 numbered from 0 without gaps.

    LIME's own default (quickshift) finds a handful of segments in a picture of 32 pixels.

    Args:
        image: (3, H, W) in [-1, 1].
        kind: ``grid``: squares; ``slic``: superpixels that follow colours; ``quickshift``: LIME's
            default, for pictures of ImageNet's size.
        px: side of a square, or about that of a superpixel; quickshift finds its own sizes.

    Raises:
        UserError: unknown kind.
    """
    height, width = image.shape[1:]
    if kind == "grid":
        rows, columns = np.arange(height) // px, np.arange(width) // px
        return rows[:, None] * (columns[-1] + 1) + columns[None]
    if kind not in ("slic", "quickshift"):
        raise UserError(f"segments of kind {kind!r}: choose grid, slic or quickshift")
    from skimage.segmentation import quickshift, slic

    shown = _shown(image).clip(0, 1)
    if kind == "quickshift":  # LIME's settings
        found = quickshift(shown, ratio=0.2, kernel_size=4, max_dist=200)
    else:
        count = max(2, round(height * width / px**2))
        found = slic(shown, count, channel_axis=-1, start_label=0)
    return np.unique(found, return_inverse=True)[1].reshape(height, width)


def _shown(image: Tensor) -> np.ndarray:
    """(3, H, W) in [-1, 1] as (H, W, 3) float32, black 0 and white 1."""
    return (image.permute(1, 2, 0).cpu().numpy() + 1) / 2


def lime_map(
    model: nn.Module,
    image: Tensor,
    parts: np.ndarray,
    label: int,
    samples: int,
    seed: int,
    device: str = "cpu",
    batch: int = 1000,
) -> np.ndarray:
    """LIME's weight of every part for the probability of ``label``, spread evenly over its pixels.

    Args:
        image: (3, H, W) in [-1, 1]; hidden parts become black.
        parts: (H, W) part of each pixel, see :func:`segments`.
        samples: copies of the image with parts hidden at random, each with chance one half.
        seed: of the hiding.
        batch: copies in one pass of the classifier.

    Returns:
        (H, W) float32; its sum is the sum of the weights.
    """
    with _evaluating(model):
        found = _explainer(seed).explain_instance(
            _shown(image),
            partial(_probabilities, model, device, batch),
            labels=(label,),
            hide_color=0,
            top_labels=None,
            num_samples=samples,
            segmentation_fn=lambda _: parts,
        )
    weights = np.zeros(parts.max() + 1)
    for part, weight in found.local_exp[label]:
        weights[part] = weight
    return (weights / np.bincount(parts.ravel()))[parts].astype(np.float32)


@torch.no_grad()
def _probabilities(model: nn.Module, device: str, batch: int, copies: np.ndarray) -> np.ndarray:
    """Softmax (N, K) of copies (N, H, W, 3) in [0, 1]."""
    made = []
    for part in torch.from_numpy(copies).split(batch):
        pixels = part.permute(0, 3, 1, 2).to(device) * 2 - 1
        made.append(model(pixels).softmax(1).cpu())
    return torch.cat(made).numpy()


def _explainer(seed: int) -> Any:
    """LIME's explainer of images. All parts are kept: selecting among them would only fit the same
    regression twice."""
    from lime.lime_image import LimeImageExplainer

    class Explainer(LimeImageExplainer):
        """Same samples, but hidden for all copies at once and without a progress bar."""

        def data_labels(self, image, fudged_image, segments, classifier_fn, num_samples, **_):
            count = segments.max() + 1
            shown = self.random_state.randint(0, 2, num_samples * count)
            shown = shown.reshape(num_samples, count)
            shown[0] = 1  # the image itself
            copies = np.where(shown[:, segments, None] == 1, image, fudged_image)
            return shown, classifier_fn(copies)

    return Explainer(feature_selection="none", random_state=seed_for(seed, "lime") % 2**32)


def positive_share(maps: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Share of the positive weight that lies on the digit, (N,) in [0, 1].

    Weight thrown at random puts the share of the digit's pixels there, and so does, by convention,
    an explanation without any positive weight.

    Args:
        maps: (N, H, W) weight per pixel, see :func:`lime_map`.
        masks: (N, H, W) or (N, 1, H, W), 1 on the digit.
    """
    inside = np.asarray(masks).reshape(np.shape(maps)) > 0
    positive = np.maximum(maps, 0).astype(np.float64)
    total = positive.sum((1, 2))
    share = (positive * inside).sum((1, 2)) / np.where(total > 0, total, 1)
    return np.where(total > 0, share, inside.mean((1, 2)))
