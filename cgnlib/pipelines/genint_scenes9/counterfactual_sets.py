"""The counterfactuals of this project's CGN that stand beside GenInt's images, equally many."""

from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from cgnlib.data.counterfactual_folder import CounterfactualFolder, read_counterfactual_folder
from cgnlib.data.generated_folder import folder_identity
from cgnlib.errors import UserError
from cgnlib.families import parameter_file
from cgnlib.parameter_reading import load_params
from cgnlib.params import ImagenetParams
from cgnlib.params.genint_images import GenintImageParams
from cgnlib.pipelines import imagenet
from cgnlib.pipelines.genint_scenes9.images import set_count
from cgnlib.pipelines.genint_scenes9.training_sets import Images, ImageSource, LazySources
from cgnlib.store import Artefact

COUNTERFACTUAL = "counterfactual"  # the set's name


def cgn_params(params: GenintImageParams) -> ImagenetParams:
    """Those of the CGN of scenes9 at the same scale: its page makes the same artefacts."""
    shared = {name: getattr(params, name) for name in ("seed", "threads", "device")}
    return load_params(parameter_file(params.scale, "scenes9"), shared)


def cgn_artefact(params: GenintImageParams) -> Artefact:
    """The CGN of scenes9 itself, trained first where it was not."""
    return imagenet.cgn(cgn_params(params)).artefact


def counterfactual_identity(params: GenintImageParams) -> str:
    """What names the counterfactuals in artefact keys, without making them: a given folder by its
    contents, so that another folder of its name is another set.

    Raises:
        UserError: on ImageNet, no folder is given; a folder without a set.
    """
    if params.cgn_set:
        return f"folder {folder_identity(Path(params.cgn_set))}"
    if params.biggan == "deep_256":
        raise UserError("cgn_set is empty: give the folder of the CGN's counterfactuals")
    return f"counterfactuals/{imagenet.set_folder(cgn_params(params)).name}"


def counterfactuals(params: GenintImageParams) -> tuple[Images, Tensor]:
    """All counterfactual images, and as labels (N,) int64 the classes of their shapes.

    Raises:
        UserError: see :func:`counterfactual_identity`; a damaged folder.
    """
    counterfactual_identity(params)
    if params.cgn_set:
        made = read_counterfactual_folder(Path(params.cgn_set))
    else:
        made = imagenet.counterfactuals(cgn_params(params))
    if isinstance(made, CounterfactualFolder):
        return made.files, made.labels[:, 0]
    return made.images, made.shape


def counterfactual_sources(params: GenintImageParams) -> LazySources:
    """The set of the row CGN: the first counterfactuals, as many as there are interventional
    images. None on ImageNet without a folder."""
    if params.biggan == "deep_256" and not params.cgn_set:
        return LazySources({})
    return LazySources({COUNTERFACTUAL: partial(_described, params)})


def _described(params: GenintImageParams) -> ImageSource:
    count = set_count(params, "interventional")
    identity = f"{counterfactual_identity(params)} first {count}"
    return ImageSource(identity, count, partial(_first, params, count))


def _first(params: GenintImageParams, count: int) -> tuple[Images, Tensor]:
    images, labels = counterfactuals(params)
    if len(labels) < count:
        raise UserError(
            f"row CGN: {count:,} counterfactuals are needed, as many as interventional images, but "
            f"there are {len(labels):,}: lower int_per_class, or make more"
        )
    return images[:count], torch.as_tensor(labels[:count])
