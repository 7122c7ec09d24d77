"""What a classifier trains on: batches of real images, generated images or both, and for how
long."""

from collections.abc import Callable

import torch
from torch import Tensor

from cgnlib.classifiers.erm import Schedule
from cgnlib.data.biased_mnist import LabelledImages
from cgnlib.generators.counterfactuals import Counterfactuals
from cgnlib.generators.gan import GanImages
from cgnlib.params import MnistParams
from cgnlib.pipelines.mnist.gan_baseline import gan_count
from cgnlib.training import EpochIndex

Batches = Callable[[int], tuple[Tensor, Tensor]]
Generated = Counterfactuals | GanImages


def real_batches(images: LabelledImages, batch: int, seed: int) -> Batches:
    """Step to real images and their classes, epoch by epoch."""
    index = EpochIndex(len(images), batch, seed, "classifier-real")
    return lambda step: (images.images[index(step)], images.shape[index(step)])


def made_batches(fakes: Generated, batch: int, seed: int, factor: int = 0) -> Batches:
    """Step to generated images and one of their labels: the shape's unless ``factor`` names another
    column (of shape, foreground, background)."""
    index = EpochIndex(len(fakes), batch, seed, "classifier-counterfactual")

    def batches(step: int) -> tuple[Tensor, Tensor]:
        images, labels = fakes.batch(index(step))
        return images, labels[:, factor]

    return batches


def real_share(params: MnistParams, real_images: int, made: int | None = None) -> float:
    """Share of real images in a batch of Original+CGN (or +GAN, with ``made`` images);
    ``real_frac`` 0 stands for the published concatenation of both sets."""
    made = params.cf_images if made is None else made
    return params.real_frac or real_images / (real_images + made)


def mixed_batches(real: LabelledImages, fakes: Generated, params: MnistParams) -> Batches:
    """Step to real and generated images together. Each step's number of real images
    follows the share exactly in the long run."""
    share, batch = real_share(params, len(real), len(fakes)), params.classifier_batch
    shown = EpochIndex(len(real), 1, params.seed, "classifier-real")
    made = EpochIndex(len(fakes), 1, params.seed, "classifier-counterfactual")

    def span(step: int) -> tuple[int, int]:
        return int(step * batch * share), int((step + 1) * batch * share)

    def batches(step: int) -> tuple[Tensor, Tensor]:
        first, last = span(step)
        rows = shown.slice(first, last)
        images, labels = fakes.batch(made.slice(step * batch - first, (step + 1) * batch - last))
        images = images.contiguous(memory_format=torch.channels_last)
        return torch.cat([real.images[rows], images]), torch.cat([real.shape[rows], labels[:, 0]])

    return batches


def epoch_images(params: MnistParams, setting: str, real_images: int) -> int:
    """Number of images in one epoch of a row."""
    count = real_images if setting.startswith("Original") else 0
    if setting.endswith("GAN"):
        return count + gan_count(params)
    return count + params.cf_images if setting.endswith("CGN") else count


def classifier_schedule(params: MnistParams, images: int) -> Schedule:
    """Optimiser, step sizes and number of updates that every row shares, for a row whose epoch has
    ``images`` images."""
    epoch_steps = -(-images // params.classifier_batch)
    steps = params.classifier_steps or params.classifier_epochs * epoch_steps
    decayed = epoch_steps if params.classifier_decay == "epochs" else 0
    return Schedule(params.classifier_optimiser, params.classifier_lr, steps, decayed)
