"""Random resized crop and mirroring of whole batches, and the pixel statistics networks expect."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from cgnlib.data.crops import RATIO, SCALE, draw_boxes, draw_flips
from cgnlib.errors import UserError
from cgnlib.rng import rng

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
IN9_MEAN, IN9_STD = (0.4717, 0.4499, 0.3837), (0.2600, 0.2516, 0.2575)  # experiments A9


class Standardise(nn.Module):
    """Images in [-1, 1] to zero mean and unit standard deviation per channel.

    Stands in front of a network, so that every image of the project stays in [-1, 1]. IN-9 is
    scored with constants of its own: give the network another one of these for that time.

    Args:
        mean, std: of pixels in [0, 1]. Without them images pass unchanged.
    """

    def __init__(
        self, mean: tuple[float, ...] = (0.5, 0.5, 0.5), std: tuple[float, ...] = (0.5, 0.5, 0.5)
    ):
        super().__init__()
        mean, std = torch.tensor(mean), torch.tensor(std)
        # not in the state dict: these are the images' constants, not weights
        self.register_buffer("shift", (0.5 - mean)[:, None, None] / std[:, None, None], False)
        self.register_buffer("scale", 0.5 / std[:, None, None], False)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) to the same shape."""
        return torch.addcmul(self.shift, images, self.scale)


@dataclass(frozen=True)
class RandomCrop:
    """Random resized crop to ``px`` pixels and mirroring with chance ``flip`` (A8; torchvision's
    ``RandomResizedCrop`` with antialiasing and ``RandomHorizontalFlip``)."""

    px: int
    scale: tuple[float, float] = SCALE
    ratio: tuple[float, float] = RATIO
    flip: float = 0.5

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Crop every image of a batch by itself.

        Args:
            images: (B, 3, H, W), uint8 or float.
            generator: a CPU generator, whatever device the images are on.

        Returns:
            (B, 3, px, px) float32, in the values of ``images``.
        """
        count, _, height, width = images.shape
        sizes = torch.tensor([height, width]).expand(count, 2)
        boxes = draw_boxes(sizes[:, 0], sizes[:, 1], generator, self.scale, self.ratio)
        flips = draw_flips(count, generator, self.flip)
        return crop(images, boxes.to(images.device), flips.to(images.device), self.px)


def crop(images: Tensor, boxes: Tensor, flips: Tensor, px: int) -> Tensor:
    """Each image's box, resized bilinearly with antialiasing and mirrored where asked.

    Resizing is linear and separable: one matrix per image from the left and one from the right, so
    a batch is two batched products, on any device.

    Args:
        images: (B, C, H, W).
        boxes: (B, 4) top, left, height, width.
        flips: (B,) bool.

    Returns:
        (B, C, px, px) float32.
    """
    rows = _resizing(boxes[:, 0], boxes[:, 2], images.shape[2], px)  # (B, px, H)
    columns = _resizing(boxes[:, 1], boxes[:, 3], images.shape[3], px)
    columns = torch.where(flips[:, None, None], columns.flip(1), columns)
    return rows[:, None] @ images.float() @ columns[:, None].mT


def _resizing(starts: Tensor, lengths: Tensor, size: int, px: int) -> Tensor:
    """(B, px, size): row o holds the triangle filter that makes output pixel o from the pixels
    ``starts`` to ``starts + lengths``; wider than a pixel where the image shrinks."""
    step = lengths.float()[:, None, None] / px
    reach = step.clamp(min=1)
    centre = (torch.arange(px, device=starts.device)[None, :, None] + 0.5) * step
    pixel = torch.arange(size, device=starts.device) - starts[:, None, None]  # (B, 1, size)
    weight = (1 - (pixel + 0.5 - centre).abs() / reach).clamp(min=0)
    weight = weight * ((pixel >= 0) & (pixel < lengths[:, None, None]))
    return weight / weight.sum(2, keepdim=True)


class StoredImages:
    """Images held in memory as bytes, cropped when drawn.

    Args:
        images: (N, 3, H, W) uint8, on any device.
        augment: what to do with drawn images; None: nothing.
    """

    def __init__(self, images: Tensor, augment: RandomCrop | None = None):
        if images.dtype != torch.uint8 or images.ndim != 4 or not len(images):
            raise UserError(
                f"stored images: {images.dtype} of shape {tuple(images.shape)}; "
                "expected at least one, uint8 (N, 3, H, W)"
            )
        self.images, self.augment = images, augment

    def __len__(self) -> int:
        return len(self.images)

    def draw(self, index: Tensor, generator: torch.Generator) -> Tensor:
        """Images (B, 3, px, px) float32 in [-1, 1] at the positions ``index`` (B,)."""
        images = self.images[index.to(self.images.device)]
        if self.augment:
            images = self.augment(images, generator)
        return images.float().div_(127.5).sub_(1)

    def split(self, batch: int):
        """All images in order, in [-1, 1] and not cropped, ``batch`` at a time."""
        for part in self.images.split(batch):
            yield part.float().div_(127.5).sub_(1)


class AugmentedBatches:
    """Batches of images and one or more labels as a pure function of the step.

    Args:
        source: has ``__len__`` and ``draw(index, generator)``: :class:`StoredImages` or
            :class:`cgnlib.data.image_folders.ImageFiles`.
        labels: (N,) each, in the order in which they follow the images.
        index: step to positions (B,), such as :class:`cgnlib.training.EpochIndex`.
        seed, name: of the crops.
    """

    def __init__(self, source, labels: tuple[Tensor, ...], index, seed: int, name: str):
        lengths = {len(source), *(len(label) for label in labels)}
        if len(lengths) > 1:
            raise UserError(f"{name}: images and labels differ in number: {sorted(lengths)}")
        self.source, self.labels, self.index = source, labels, index
        self.seed, self.name = seed, name

    def __call__(self, step: int) -> tuple[Tensor, ...]:
        """Images (B, 3, px, px) in [-1, 1] and the labels (B,) of batch ``step``."""
        index = self.index(step)
        images = self.source.draw(index, rng(self.seed, self.name, "crop", step))
        return images, *(label[index.to(label.device)] for label in self.labels)
