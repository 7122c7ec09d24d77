"""Shape against texture on images that show one of each (Geirhos et al., 2019; ODR-3, D21)."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cgnlib.errors import UserError
from cgnlib.evaluation.rates import Rate, rate
from cgnlib.rng import numpy_rng


@dataclass(frozen=True)
class ShapeBias:
    """Scores over the images whose shape and texture differ.

    Attributes:
        bias: shape-correct of shape-correct or texture-correct.
        shape_accuracy, texture_accuracy: of all conflicting images.
        agreeing: images left out because shape and texture agree.
    """

    bias: Rate
    shape_accuracy: Rate
    texture_accuracy: Rate
    agreeing: int


def category_predictions(
    logits: np.ndarray, categories: Mapping[str, np.ndarray] | None = None
) -> np.ndarray:
    """The category each image is read as, (N,) int64.

    The softmax over all classes is averaged within each category, so that a category gains nothing
    from holding many classes (A9).

    Args:
        logits: (N, K).
        categories: class indices by category name; None: every class is its own category.

    Raises:
        UserError: an index without a logit.
    """
    logits = np.asarray(logits)
    if categories is None:
        return logits.argmax(1)
    last = max(int(indices.max()) for indices in categories.values())
    if last >= logits.shape[1]:
        raise UserError(f"category index {last} has no logit: the classifier has {logits.shape[1]}")
    exponent = np.exp(logits.astype(np.float64) - logits.max(1, keepdims=True))
    # the softmax's denominator is the same for all categories of an image
    means = [exponent[:, indices].mean(1) for indices in categories.values()]
    return np.stack(means, 1).argmax(1)


def shape_bias(predicted: np.ndarray, shape: np.ndarray, texture: np.ndarray) -> ShapeBias:
    """Shape bias and both accuracies.

    Args:
        predicted: (N,) categories, see :func:`category_predictions`.
        shape, texture: (N,) the categories the image was made of.

    Raises:
        UserError: shapes that differ, or no image whose shape and texture differ.
    """
    predicted, shape, texture = (np.asarray(a) for a in (predicted, shape, texture))
    if not predicted.shape == shape.shape == texture.shape:
        raise UserError(
            f"predictions {predicted.shape}, shapes {shape.shape} and textures {texture.shape} "
            "differ in number"
        )
    conflict = shape != texture
    if not conflict.any():
        raise UserError("shape bias: no image has a shape and a texture that differ")
    by_shape = (predicted == shape)[conflict]
    by_texture = (predicted == texture)[conflict]
    decided = int(by_shape.sum() + by_texture.sum())
    return ShapeBias(
        Rate(int(by_shape.sum()), decided),
        rate(by_shape),
        rate(by_texture),
        int((~conflict).sum()),
    )


def shape_bias_by_head(
    logits: Mapping[str, np.ndarray],
    shape: np.ndarray,
    texture: np.ndarray,
    categories: Mapping[str, np.ndarray] | None = None,
) -> dict[str, ShapeBias]:
    """:func:`shape_bias` of every head's logits (N, K)."""
    return {
        head: shape_bias(category_predictions(values, categories), shape, texture)
        for head, values in logits.items()
    }


def bias_difference(
    predicted: np.ndarray,
    other: np.ndarray,
    shape: np.ndarray,
    texture: np.ndarray,
    seed: int = 0,
    draws: int = 2000,
) -> tuple[float, float, float] | None:
    """Shape bias of one head less that of another on the same images, with its 95 % interval, in
    percentage points: (difference, low, high). None where one of them decides on no image.

    Images are drawn with replacement, both heads' answers together.

    Args:
        predicted, other: (N,) categories that the two heads read.
        shape, texture: as in :func:`shape_bias`.
        seed: of the draws.

    Raises:
        UserError: see :func:`shape_bias`.
    """
    biases = [shape_bias(made, shape, texture).bias for made in (predicted, other)]
    if not all(bias.denominator for bias in biases):
        return None
    conflict = np.asarray(shape) != np.asarray(texture)
    hits = np.stack(
        [np.asarray(made) == truth for made in (predicted, other) for truth in (shape, texture)], 1
    )[conflict].astype(np.float64)  # (M, 4): shape and texture of the one, then of the other
    stream, count = numpy_rng(seed, "bias difference"), len(hits)
    # how often each image is drawn, for as many draws at a time as fit in memory
    parts = [min(100, draws - start) for start in range(0, draws, 100)]
    drawn = [stream.multinomial(count, np.full(count, 1 / count), size=part) for part in parts]
    sums = np.concatenate([part @ hits for part in drawn])  # (draws, 4)
    with np.errstate(invalid="ignore"):
        gaps = sums[:, 0] / sums[:, :2].sum(1) - sums[:, 2] / sums[:, 2:].sum(1)
    low, high = np.nanquantile(gaps, [0.025, 0.975])
    return biases[0].percent - biases[1].percent, 100 * float(low), 100 * float(high)
