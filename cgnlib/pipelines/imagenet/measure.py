"""Measuring an ImageNet CGN: what its parts show, how its images are read, how they score.

Everything is measured on images that are a function of the seed alone, so that two CGNs, or one
before and after its training, are compared image by image.
"""

from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from cgnlib.evaluation.inception_score import InceptionScore, inception_curve
from cgnlib.evaluation.saliency_scores import mask_entropy, mask_iou, texture_leak
from cgnlib.evaluation.scores import mask_mean
from cgnlib.generators.imagenet_cgn import ImagenetCgn
from cgnlib.networks.biggan import truncated_noise
from cgnlib.params import ImagenetParams
from cgnlib.pipelines.imagenet.nets import log_probabilities, readers, score_network
from cgnlib.pipelines.imagenet.train_cgn import ablation, cgn, start
from cgnlib.rng import rng

FIRST_IMAGES = 2000  # of the first reproduction's inception score
Noise = tuple[Tensor, ...]  # (B, Z) of shape, texture and background


@dataclass(frozen=True)
class Drawn:
    """Images to make: labels (N, 3) of shape, texture and background, the noise and the truncation
    that it has. The noise is (N, Z), one u for all mechanisms, or (N, 3, Z), one for each."""

    labels: Tensor
    noise: Tensor
    truncation: float

    def __len__(self) -> int:
        return len(self.labels)

    def asked(self, rows: Tensor | slice, device: torch.device) -> tuple[Tensor, Noise]:
        """Labels (B, 3) and noise of some images."""
        labels, noise = self.labels[rows].to(device), self.noise[rows].to(device)
        return labels, (noise,) * 3 if noise.ndim == 2 else noise.unbind(1)


@dataclass(frozen=True)
class PartScores:
    """Per image (N,), in [0, 1]: ``mask_mean``; ``mask_entropy`` of a pixel in bits; ``mask_iou``
    of the mask with the saliency of the pseudo ground truth; ``texture_leak``, the mean saliency of
    the foreground; ``object_residue``, that of the background."""

    mask_mean: np.ndarray
    mask_entropy: np.ndarray
    mask_iou: np.ndarray
    texture_leak: np.ndarray
    object_residue: np.ndarray


@dataclass(frozen=True)
class Quality:
    """Counterfactuals with three different labels (HQC-2).

    ``labels`` (N, 3); ``log_probabilities`` (N, 3, K) of the readers of shape, texture and
    background, None where nobody can read them; ``parts``; ``drawn`` makes the images again.
    """

    labels: np.ndarray
    log_probabilities: np.ndarray | None
    parts: PartScores
    drawn: Drawn

    @property
    def images(self) -> int:
        """Number of images."""
        return len(self.labels)


@dataclass(frozen=True)
class Composites:
    """Class-consistent composites (IBR-1): ``labels`` (N,), ``logits`` (N, K) of the score network,
    those of the pseudo ground truth with the same noise and label, ``parts``, and what they were
    made from."""

    labels: np.ndarray
    logits: np.ndarray
    truth_logits: np.ndarray
    parts: PartScores
    drawn: Drawn


def different_labels(params: ImagenetParams, model: ImagenetCgn) -> Drawn:
    """``quality_images`` images with three different labels each, drawn at random; like the
    training set's they share one u or, without ``cf_shared_noise``, have one for each mechanism."""
    count, generator = params.quality_images, rng(params.seed, "quality")
    labels = torch.stack(
        [torch.randperm(model.classes, generator=generator)[:3] for _ in range(count)]
    )
    if params.cf_shared_noise:
        noise = truncated_noise(count, model.latent, params.cf_truncation, generator)
    else:
        noise = truncated_noise(3 * count, model.latent, params.cf_truncation, generator)
        noise = noise.view(count, 3, -1)
    return Drawn(labels, noise, params.cf_truncation)


def equal_labels(params: ImagenetParams, model: ImagenetCgn) -> Drawn:
    """``score_images`` images with one class and one u for all mechanisms, as in training, drawn at
    random."""
    count, generator = params.score_images, rng(params.seed, "score")
    labels = torch.randint(model.classes, (count, 1), generator=generator).expand(-1, 3)
    noise = truncated_noise(count, model.latent, params.score_truncation, generator)
    return Drawn(labels.contiguous(), noise, params.score_truncation)


def _batches(drawn: Drawn, model: ImagenetCgn, size: int):
    for first in range(0, len(drawn), size):
        yield drawn.asked(slice(first, first + size), model.device)


def _scores(model: ImagenetCgn, parts, truth: Tensor) -> dict[str, np.ndarray]:
    """:class:`PartScores` of one batch; ``truth`` are the pseudo ground-truth images."""
    seen = [model.saliency(image) for image in (truth, parts.foreground, parts.background)]
    masks, wanted, front, back = (one.cpu().numpy() for one in (parts.mask, *seen))
    return {
        "mask_mean": mask_mean(masks),
        "mask_entropy": mask_entropy(masks),
        "mask_iou": mask_iou(masks, wanted),
        "texture_leak": texture_leak(front),
        "object_residue": texture_leak(back),
    }


def _joined(rows: list[dict[str, np.ndarray]]) -> PartScores:
    names = [field.name for field in fields(PartScores)]
    return PartScores(*(np.concatenate([row[name] for row in rows]) for name in names))


def quality_of(params: ImagenetParams, model: ImagenetCgn) -> Quality:
    """What one CGN's counterfactuals with three different labels are like."""
    drawn, found = different_labels(params, model), readers(params)
    rows, read = [], []
    with model.sampling():
        for labels, noise in _batches(drawn, model, params.cf_batch):
            parts = model(noise, *labels.T, truncation=drawn.truncation)
            truth = model.biggan_GT(noise[0], labels[:, 0], drawn.truncation)  # as the shape
            rows.append(_scores(model, parts, truth))
            if found is not None:
                read.append(log_probabilities(found, parts.composite).numpy())
    told = np.concatenate(read) if read else None
    return Quality(drawn.labels.numpy(), told, _joined(rows), drawn)


@lru_cache(maxsize=2)
def quality(params: ImagenetParams) -> tuple[Quality, Quality]:
    """Quality at initialisation, where every mechanism is the frozen generator, and after training,
    on the same labels and noise."""
    return quality_of(params, start(params)), quality_of(params, cgn(params).model)


def composites_of(params: ImagenetParams, model: ImagenetCgn) -> Composites:
    """What one CGN's class-consistent composites are like."""
    drawn, score = equal_labels(params, model), score_network(params)
    rows, logits, truths = [], [], []
    with model.sampling():
        for labels, noise in _batches(drawn, model, params.cf_batch):
            parts = model(noise, *labels.T, truncation=drawn.truncation)
            truth = model.biggan_GT(noise[0], labels[:, 0], drawn.truncation)  # as the shape
            rows.append(_scores(model, parts, truth))
            for kept, images in ((logits, parts.composite), (truths, truth)):
                kept.append(score(images).float().cpu().numpy())
    told = np.concatenate(logits), np.concatenate(truths)
    return Composites(drawn.labels[:, 0].numpy(), *told, _joined(rows), drawn)


@lru_cache(maxsize=8)
def composites(params: ImagenetParams, dropped: str = "") -> Composites:
    """Class-consistent composites of the CGN, or of one row of the loss ablation."""
    trained = ablation(params, dropped) if dropped else cgn(params)
    return composites_of(params, trained.model)


def inception(params: ImagenetParams, logits: np.ndarray) -> InceptionScore:
    """Inception score of ``logits`` (N, K) in ``score_splits`` splits."""
    return inception_curve(logits, [len(logits)], params.score_splits)[0]


def first_inception(logits: np.ndarray) -> InceptionScore:
    """Inception score of the first 2,000 of ``logits`` (N, K) in two splits, the first
    reproduction's way (D18); it can be compared where other sources take more images."""
    return inception_curve(logits, [FIRST_IMAGES], 2)[0]


def curve(params: ImagenetParams, logits: np.ndarray) -> list[InceptionScore]:
    """Inception score over ``score_counts`` (HQC-8)."""
    return inception_curve(logits, params.counts(), params.score_splits)
