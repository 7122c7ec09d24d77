"""AutoAugment's ImageNet policy after the usual random crop (a baseline of GENINT-4)."""

import torch
from torch import Generator, Tensor
from torchvision.transforms import v2

from cgnlib.classifiers.augment import RandomCrop
from cgnlib.rng import global_stream


class AutoAugmentCrop:
    """``crop``, then one of the policy's 25 pairs of operations per image, by torchvision.

    Source: Cubuk et al., *AutoAugment* (2019); the policy learned on ImageNet.
    """

    def __init__(self, crop: RandomCrop):
        self.crop = crop
        self.policy = v2.AutoAugment(v2.AutoAugmentPolicy.IMAGENET)

    def __call__(self, images: Tensor, generator: Generator) -> Tensor:
        """Images (B, 3, H, W) with values of bytes to (B, 3, px, px) float32, whole numbers in
        [0, 255]; ``generator`` decides everything."""
        cropped = self.crop(images, generator).round_().clamp_(0, 255).to(torch.uint8)
        with global_stream(generator):
            return torch.stack([self.policy(image) for image in cropped]).float()
