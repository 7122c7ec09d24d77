"""Training the CGN on several processes, one GPU each, as ``accelerate launch`` starts them.

The first process alone touches the store: it holds the artefact's lock and writes checkpoints, log,
sheets and weights. It tells the others what it is about to train; they share its updates and keep
nothing. The artefact's key is that of a training on one process, so notebooks load it. Its numbers
are those of one process that makes as many forward passes per update as each of these does, for
spectral norm's power iteration moves with every pass; but for the order in which gradients are
summed.
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from cgnlib import store
from cgnlib.errors import UserError
from cgnlib.parameter_reading import use_threads
from cgnlib.params import ImagenetParams
from cgnlib.pipelines.imagenet.train_cgn import (
    TrainedImagenetCgn,
    as_ablation,
    cgn,
    train,
    trained,
    training_method,
)
from cgnlib.training import load_checkpoint

# The first process may wait for a run that holds the lock; a launcher ends all when one fails.
_PATIENCE = timedelta(days=30)


def train_cgn(params: ImagenetParams, ablation: str = "") -> TrainedImagenetCgn | None:
    """Train or load the CGN of ``params`` with every process of this launch.

    Args:
        ablation: train this row of the loss ablation instead (``none`` is its control).

    Returns:
        The CGN; None in all processes but the first.

    Raises:
        UserError: parameters that name weights instead of a training; accelerate or the GPUs are
            absent; ``cgn_accumulate`` is no multiple of the processes; see
            :func:`cgnlib.pipelines.imagenet.cgn`.
    """
    if ablation:
        params = as_ablation(params)
    elif params.cgn_weights:
        raise UserError(
            f"cgn_weights is {params.cgn_weights!r}, so nothing is trained: give -p cgn_weights ''"
        )
    dropped = ablation or "none"
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    if processes == 1:
        use_threads(params.threads)
        return cgn(params, dropped)
    accelerator = _accelerator(params, processes)
    use_threads(params.threads)  # only now: accelerate chooses a number of its own on CPUs
    share = _lead if accelerator.is_main_process else _follow
    made = share(params, dropped, accelerator)
    accelerator.end_training()
    return made


def _accelerator(params: ImagenetParams, processes: int) -> Any:
    """An ``accelerate.Accelerator`` on the kind of device that ``params`` names."""
    try:
        from accelerate import Accelerator
        from accelerate.utils import InitProcessGroupKwargs
    except ImportError:
        raise UserError(
            "training on several processes needs accelerate: pip install -r requirements.txt"
        ) from None
    groups = InitProcessGroupKwargs(timeout=_PATIENCE)
    made = Accelerator(cpu=params.device == "cpu", kwargs_handlers=[groups])
    if made.device.type != params.device or made.num_processes != processes:
        raise UserError(
            f"device is {params.device}, but {processes} processes were started and "
            f"{made.num_processes} found one: start one per GPU, or give -p device cpu"
        )
    return made


def _told(message: dict[str, str] | None = None) -> dict[str, str] | None:
    """What the first process says, in every process; all of them must call this."""
    from accelerate.utils import broadcast_object_list

    return broadcast_object_list([message])[0]


def _checkpoint_mark(folder: Path) -> str:
    """What tells the checkpoint in ``folder`` from others: the hash that it begins with; empty
    where there is none."""
    path = folder / store.PARTIAL
    if not path.is_file():
        return ""
    with open(path, "rb") as handle:
        return handle.read(64).decode("ascii", "replace")


def _lead(params: ImagenetParams, dropped: str, accelerator: Any) -> TrainedImagenetCgn:
    """The first process: everything that a training on one process does, and a word to the others
    before it starts, or when there is nothing to train."""
    said = False

    def make(folder: Path) -> dict[str, int]:
        nonlocal said
        said = True
        _told({"folder": str(folder), "checkpoint": _checkpoint_mark(folder)})
        train(params, dropped, folder, accelerator)
        return {"processes": accelerator.num_processes}

    try:
        return trained(params, dropped, make)
    finally:
        if not said:  # finished before, or an error that this process reports
            _told()


def _follow(params: ImagenetParams, dropped: str, accelerator: Any) -> None:
    """Every other process: from the same checkpoint, its share of the same updates. The first one
    cannot write another checkpoint meanwhile: its next update waits for this process."""
    job = _told()
    if job is None:
        return
    folder = Path(job["folder"])
    if _checkpoint_mark(folder) != job["checkpoint"]:
        raise UserError(
            f"{folder}: the processes see different checkpoints; let their machines share CGN_RUNS"
        )
    method = training_method(params, dropped, accelerator)
    load_checkpoint(method, folder)
    for _ in range(method.steps_done, params.cgn_updates):
        method.update()
