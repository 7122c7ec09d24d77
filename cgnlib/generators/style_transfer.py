"""Interventional appearance put on real images: neural style transfer with Gram matrices.

The content is a training image, the style an interventional image of any class. Source: GenInt,
section 4.3 (GENINT-3); Gatys et al. 2016.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from cgnlib.errors import UserError
from cgnlib.networks.features import Features
from cgnlib.rng import rng


@dataclass(frozen=True)
class TransferSettings:
    """How an image gets its style.

    Attributes:
        style_weight: of the mean squared difference of Gram matrices, summed over layers.
        content_weight: of the mean squared difference of maps.
        closures_low, closures_high: evaluations of the loss, drawn per batch, both included.
        iterations: L-BFGS iterations per call; the curvature lives on between calls.
        lr: L-BFGS step size.
        line_search: strong Wolfe, else steps of ``lr`` as published; a search that has begun ends,
            so the loss may be evaluated somewhat more often than asked.
        batch: images optimised at once, by one L-BFGS.
        work_px: side at which they are optimised; 0: their own.
    """

    style_weight: float = 1e6
    content_weight: float = 0.1
    closures_low: int = 20
    closures_high: int = 70
    iterations: int = 10
    lr: float = 1.0
    line_search: bool = False
    batch: int = 8
    work_px: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.closures_low <= self.closures_high:
            raise UserError(
                f"transfer: {self.closures_low} to {self.closures_high} closures: the first must "
                "be at least 1 and at most the second"
            )


class StyleFeatures:
    """What style and content are compared by.

    Args:
        network: frozen maps of its taps, (B, C, H, W) each.
        style: positions among the taps whose Gram matrices are the style.
        content: the position whose map is the content.
        prepare: images (B, 3, H, W) in [0, 1] to what the network takes.
    """

    def __init__(
        self,
        network: Features,
        style: Sequence[int],
        content: int,
        prepare: Callable[[Tensor], Tensor],
    ):
        self.network, self.style, self.content = network, tuple(style), content
        self.prepare = prepare

    def __call__(self, images: Tensor) -> tuple[list[Tensor], Tensor]:
        """Gram matrices (B, C, C) of the style's layers and the content's map."""
        images = self.prepare(images).contiguous(memory_format=torch.channels_last)
        maps = self.network(images)
        return [gram(maps[place]) for place in self.style], maps[self.content]


def gram(maps: Tensor) -> Tensor:
    """Gram matrices (B, C, C) of maps (B, C, H, W), divided by C H W."""
    rows = maps.flatten(2)
    return rows @ rows.mT / rows[0].numel()


def transfer_loss(
    grams: Sequence[Tensor],
    content: Tensor,
    wanted_grams: Sequence[Tensor],
    wanted_content: Tensor,
    settings: TransferSettings,
) -> Tensor:
    """``style_weight * sum of MSE(Gram) + content_weight * MSE(content)`` (GENINT-3)."""
    style = sum(F.mse_loss(a, b) for a, b in zip(grams, wanted_grams, strict=True))
    return settings.style_weight * style + settings.content_weight * F.mse_loss(
        content, wanted_content
    )


def draw_closures(settings: TransferSettings, seed: int, group: int) -> int:
    """Evaluations of the loss for one batch."""
    generator = rng(seed, "transfer-closures", group)
    low, high = settings.closures_low, settings.closures_high
    return int(torch.randint(low, high + 1, (1,), generator=generator))


def _resized(images: Tensor, side: int) -> Tensor:
    if images.shape[-1] == side:
        return images
    return F.interpolate(images, (side, side), mode="bilinear", antialias=True)


def _descend(
    image: Tensor, loss_of: Callable[[Tensor], Tensor], settings: TransferSettings, closures: int
) -> None:
    """Change ``image`` (a leaf) by L-BFGS until its loss was evaluated ``closures`` times."""
    optimiser = torch.optim.LBFGS(
        [image],
        lr=settings.lr,
        max_iter=settings.iterations,
        line_search_fn="strong_wolfe" if settings.line_search else None,
    )
    done = 0

    def closure() -> Tensor:
        nonlocal done
        done += 1
        with torch.no_grad():
            image.clamp_(0, 1)
        optimiser.zero_grad()
        loss = loss_of(image)
        loss.backward()
        return loss

    while done < closures:
        left = min(settings.iterations, closures - done)
        optimiser.param_groups[0].update(max_iter=left, max_eval=closures - done)
        optimiser.step(closure)


def transfer(
    content: Tensor,
    style: Tensor,
    features: StyleFeatures,
    settings: TransferSettings,
    closures: int,
) -> Tensor:
    """The content images with the look of the style images, starting from the content.

    Without line search the loss is evaluated exactly ``closures`` times, each time followed by a
    step.

    Args:
        content, style: (B, 3, H, W) in [0, 1].

    Returns:
        (B, 3, H, W) in [0, 1].

    Raises:
        UserError: the optimisation left the finite numbers.
    """
    side = content.shape[-1]
    work = [_resized(images, settings.work_px or side) for images in (content, style)]
    with torch.no_grad():
        aims = features(work[1])[0], features(work[0])[1]
    image = work[0].contiguous().clone().requires_grad_(True)
    _descend(image, lambda x: transfer_loss(*features(x), *aims, settings), settings, closures)
    made = image.detach()
    if not torch.isfinite(made).all():
        raise UserError("style transfer left the finite numbers: lower transfer_lr")
    return _resized(made.clamp_(0, 1), side).clamp_(0, 1)
