"""Training the CGN of the ImageNet-scale family, or taking the published one."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
from torch import Tensor

from cgnlib import store
from cgnlib.data.class_names import imagenet_classes
from cgnlib.data.scenes9 import CLASSES
from cgnlib.generators.imagenet_cgn import TRAINABLE, ImagenetCgn, load_cgn
from cgnlib.generators.imagenet_sampling import OVER_TRAINING_CLASSES, sheet
from cgnlib.generators.imagenet_settings import ImagenetCgnSettings
from cgnlib.generators.imagenet_training import ImagenetCgnMethod
from cgnlib.networks.weights import FILE, read_checkpoint
from cgnlib.params import ImagenetParams
from cgnlib.pipelines.imagenet.nets import (
    empty_networks,
    feature_nets,
    frozen_generator,
    identities,
    published_cgn,
    saliency_net,
)
from cgnlib.training import fit, read_metrics

CGN_VERSION = 1
SHEET_TRUNCATION = 0.5  # of the published pictures (HQC-3)


@dataclass(frozen=True)
class TrainedImagenetCgn:
    """A trained CGN (eval mode), its artefact, its log and its sheets.

    With published weights there is no log, and one sheet that belongs to no step.

    ``history``: rows with ``step``, ``loss_*`` and ``mask_mean``. ``sheets``: per kept step the
    parts at fixed noise, one image per class of :func:`sheet_classes`, arrays (S, C, H, W, .)
    uint8 by name, with ``steps`` (S,).
    """

    model: ImagenetCgn
    artefact: store.Artefact
    history: list[dict]
    sheets: dict[str, np.ndarray]

    @property
    def imported(self) -> str:
        """SHA-256 of the published weights; empty when they were trained."""
        return self.artefact.provenance.get("source_sha256", "")

    @property
    def origin(self) -> str:
        """Where the weights come from, for the page."""
        if not self.imported:
            return f"CGN {self.artefact}: {self.history[-1]['step']:,} updates, last checkpoint"
        return f"CGN {self.artefact}: published weights, SHA-256\n{self.imported}"


def class_names(params: ImagenetParams) -> tuple[str, ...]:
    """Names of the classes of ``params``, in the order of the labels."""
    return CLASSES if params.dataset == "scenes9" else imagenet_classes()


def sheet_classes(params: ImagenetParams) -> tuple[int, ...]:
    """Classes of the sheets over training: all nine, or the published five."""
    return tuple(range(9)) if params.dataset == "scenes9" else OVER_TRAINING_CLASSES


def cgn_settings(params: ImagenetParams, dropped: str = "none") -> ImagenetCgnSettings:
    """How the CGN of ``params`` is trained, with one group of losses dropped."""
    names = [name for name in ImagenetCgnSettings.names() if name != "dropped"]
    return ImagenetCgnSettings(**{name: getattr(params, name) for name in names}, dropped=dropped)


def cgn_key(params: ImagenetParams, dropped: str = "none") -> dict:
    """What a CGN depends on."""
    return {
        "seed": params.seed,
        "threads": params.threads,
        "device": params.device,
        "layout": params.biggan,
        "saliency_net": params.saliency,
        "feature_net": params.features,
        **identities(params),
        **asdict(cgn_settings(params, dropped)),
        "updates": params.cgn_updates,
        "sheets": params.sheets,
    }


def start(params: ImagenetParams) -> ImagenetCgn:
    """The CGN before its training, in evaluation mode: three copies of the frozen generator.

    Raises:
        UserError: weights that are absent, unknown or of another layout.
    """
    model = ImagenetCgn(frozen_generator(params), saliency_net(params))
    return model.to(params.device, memory_format=torch.channels_last).eval()


def _save_sheet(model: ImagenetCgn, params: ImagenetParams, folder: Path, step: int) -> None:
    made = sheet(model, sheet_classes(params), params.seed, SHEET_TRUNCATION)
    store.write_atomic(folder / f"sheet-{step:07d}.safetensors", safetensors.torch.save(made))


def _load_sheets(folder: Path) -> dict[str, np.ndarray]:
    files = sorted(folder.glob("sheet-*.safetensors"))
    parts = [safetensors.torch.load(path.read_bytes()) for path in files]
    sheets = {name: torch.stack([part[name] for part in parts]).numpy() for name in parts[0]}
    return {**sheets, "steps": np.array([int(path.stem.split("-")[1]) for path in files])}


def _mechanisms(model: ImagenetCgn) -> dict[str, Tensor]:
    return {
        name: value.contiguous()
        for name, value in model.state_dict().items()
        if name.startswith(TRAINABLE)
    }


def training_method(
    params: ImagenetParams, dropped: str = "none", accelerator: Any = None
) -> ImagenetCgnMethod:
    """What trains the CGN of ``params``, before its first update.

    Args:
        dropped: group of losses that is left out.
        accelerator: an ``accelerate.Accelerator`` whose processes share each update; its device is
            the process's own, which it made the current one, so that ``cuda`` means it everywhere.

    Raises:
        UserError: see :func:`start`; updates that the processes cannot share.
    """
    settings = cgn_settings(params, dropped)
    perceptual, texture = feature_nets(
        params, settings.perceptual_weights, settings.texture_weights
    )
    return ImagenetCgnMethod(
        settings,
        start(params),
        perceptual or texture,
        params.seed,
        accelerator.device if accelerator else params.device,
        texture_features=texture,
        accelerator=accelerator,
    )


def train(params: ImagenetParams, dropped: str, folder: Path, accelerator: Any = None) -> None:
    """Train the CGN in ``folder``, the log, the checkpoints, the sheets and the weights included;
    arguments and errors as :func:`training_method`, and a training that diverges."""
    method = training_method(params, dropped, accelerator)

    def watch(step: int) -> dict[str, float]:
        _save_sheet(method.model, params, folder, step)
        return {}

    without = "" if dropped == "none" else f" without {dropped}"
    fit(
        method,
        lambda step: None,
        params.cgn_updates,
        folder,
        label=f"CGN{without} on {params.dataset}",
        log_every=10,
        checkpoint_every=params.checkpoint_every_updates,
        observe_every=-(-params.cgn_updates // params.sheets),
        observe=watch,
    )
    store.write_atomic(folder / FILE, safetensors.torch.save(_mechanisms(method.model)))


@lru_cache(maxsize=2)
def cgn(params: ImagenetParams, dropped: str = "none") -> TrainedImagenetCgn:
    """Train or load the CGN of ``params``, without one group of losses of
    :data:`cgnlib.generators.imagenet_settings.DROPPED_GROUPS`, or take the published weights that
    ``cgn_weights`` names.

    Raises:
        UserError: diverged training, a damaged artefact, missing weights.
    """
    if params.cgn_weights and dropped == "none":
        return _released(params)
    return trained(params, dropped, lambda folder: train(params, dropped, folder))


def trained(
    params: ImagenetParams,
    dropped: str,
    make: Callable[[Path], Mapping[str, Any] | None],
) -> TrainedImagenetCgn:
    """The CGN that ``make`` trains in the folder it is given, where that was not done before;
    errors as :func:`cgn`."""

    def load(folder: Path) -> tuple[ImagenetCgn, list[dict], dict[str, np.ndarray]]:
        model = start(params)
        model.load_state_dict({**model.state_dict(), **read_checkpoint(folder / FILE)})
        return model, read_metrics(folder), _load_sheets(folder)

    (model, history, sheets), artefact = store.train_or_load(
        "imagenet_cgn", CGN_VERSION, cgn_key(params, dropped), make, load
    )
    return TrainedImagenetCgn(model, artefact, history, sheets)


def _released(params: ImagenetParams) -> TrainedImagenetCgn:
    """The published ``cgn.pth``, which holds all five networks, strictly read."""
    artefact = published_cgn(params.cgn_weights)
    model = load_cgn(artefact.folder / FILE, ImagenetCgn(*empty_networks(params)))
    model = model.to(params.device, memory_format=torch.channels_last).eval()
    made = sheet(model, sheet_classes(params), params.seed, SHEET_TRUNCATION)
    sheets = {name: images[None].numpy() for name, images in made.items()}
    return TrainedImagenetCgn(model, artefact, [], {**sheets, "steps": np.empty(0, dtype=int)})


def ablation(params: ImagenetParams, dropped: str) -> TrainedImagenetCgn:
    """The CGN of one row of the loss ablation (IBR-1), the control ``none`` included: all of them
    train for ``ibr_updates``."""
    return cgn(as_ablation(params), dropped)


def as_ablation(params: ImagenetParams) -> ImagenetParams:
    """``params`` with the budget of the loss ablation's rows."""
    return params.model_copy(update={"cgn_updates": params.ibr_updates})
