"""The counterfactual images as classifiers see them: most to train on, the last tenth held out."""

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from cgnlib.classifiers.augment import RandomCrop, StoredImages
from cgnlib.data.counterfactual_folder import CounterfactualFolder
from cgnlib.data.image_folders import ImageFiles
from cgnlib.data.scenes9 import SIDE
from cgnlib.errors import UserError
from cgnlib.params import ImagenetParams
from cgnlib.pipelines.imagenet.data import ImageSet, central, random_box
from cgnlib.pipelines.imagenet.generate import counterfactuals

HELD_OUT = 10  # one of so many images is not trained on (the first reproduction: 3,923 of 38,668)


@dataclass(frozen=True)
class Fakes:
    """Counterfactual images with their three labels (``label`` is the shape's).

    Attributes:
        train: cropped and mirrored at random when drawn.
        held_out: what no classifier was trained on; they come from the same CGN.
        identity: for artefact keys.
    """

    train: ImageSet
    held_out: ImageSet
    identity: str


@lru_cache(maxsize=2)  # a folder is looked through file by file, which takes long on ImageNet
def fakes(params: ImagenetParams) -> Fakes:
    """The counterfactual set of ``params``, in two parts.

    Raises:
        UserError: fewer than two images.
    """
    found = counterfactuals(params)
    if isinstance(found, CounterfactualFolder):
        labels = found.labels
    else:
        labels = torch.stack([found.shape, found.texture, found.background], 1)
    if len(labels) < 2:
        raise UserError("cf_images is 1: one is held out, so that none is left to train on")
    last = len(labels) - max(1, len(labels) // HELD_OUT)
    if isinstance(found, CounterfactualFolder):
        train = ImageFiles(found.files[:last], central(params), random_box(params))
        rest = ImageFiles(found.files[last:], central(params))
    else:
        # a batch joins them with rendered scenes
        crop = RandomCrop(SIDE, (params.crop_least_area, 1.0))
        train, rest = StoredImages(found.images[:last], crop), StoredImages(found.images[last:])
    return Fakes(_set(train, labels[:last]), _set(rest, labels[last:]), _identity(found))


def _set(source: StoredImages | ImageFiles, labels: Tensor) -> ImageSet:
    return ImageSet(source, *labels.unbind(1), three_labels=True)


def _identity(found: object) -> str:
    """The hash of the artefact, or of the folder's manifest."""
    if isinstance(found, CounterfactualFolder):
        text = json.dumps(dict(found.manifest), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]
    return found.artefact.hash
