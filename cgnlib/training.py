"""The one training loop: logging, checkpoints, resume. It knows no model.

A method has ``update(batch) -> dict of numbers``, ``state_dict`` and ``load_state_dict``; its state
holds everything its next update depends on (weights, optimiser, averages, generator). Batches are a
pure function of the step, so a run killed at any moment continues to the same final bits.
"""

import copy
import ctypes
import hashlib
import io
import json
import math
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from cgnlib import store
from cgnlib.errors import UserError
from cgnlib.rng import rng


class Method(Protocol):
    """Anything :func:`fit` can train."""

    def update(self, batch: Any) -> Mapping[str, float | Tensor]: ...

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state: dict[str, Any]) -> None: ...


class Resumable:
    """A method with the state of its parts, and of its generator and count where it has them."""

    generator: torch.Generator | None = None
    steps_done: int | None = None

    def _parts(self) -> dict[str, Any]:
        raise NotImplementedError

    def state_dict(self) -> dict[str, Any]:
        """Everything the next update depends on."""
        state = {name: part.state_dict() for name, part in self._parts().items()}
        if self.generator is not None:
            state["generator"] = self.generator.get_state()
        return state if self.steps_done is None else {**state, "steps": self.steps_done}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from :meth:`state_dict`."""
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        if self.generator is not None:
            self.generator.set_state(state["generator"])
        if self.steps_done is not None:
            self.steps_done = state["steps"]


def keep_freed_memory() -> None:
    """Ask glibc not to hand freed memory back: on CPU, page faults dominate some training steps.

    Does nothing elsewhere, or where ``CGN_PLAIN_MALLOC`` is set (``benchmarks/`` compare both).
    """
    if not sys.platform.startswith("linux") or os.environ.get("CGN_PLAIN_MALLOC"):
        return
    try:
        libc = ctypes.CDLL("libc.so.6")
    except OSError:  # musl
        return
    for option, value in ((-4, 0), (-1, 2**31 - 1), (-2, 500_000_000)):
        libc.mallopt(option, value)  # M_MMAP_MAX, M_TRIM_THRESHOLD, M_TOP_PAD


keep_freed_memory()


def progress(message: str) -> None:
    """One line of progress. It goes to stderr, which the published page hides."""
    print(message, file=sys.stderr, flush=True)


class EpochIndex:
    """Indices of the examples in batch ``step``; every epoch is a new named permutation.

    Batches run across epoch ends, so no example is dropped.
    """

    def __init__(self, count: int, batch: int, seed: int, name: str):
        self.count, self.batch, self.seed, self.name = count, batch, seed, name
        self._epoch, self._order = -1, torch.empty(0, dtype=torch.int64)

    def _permutation(self, epoch: int) -> Tensor:
        if epoch != self._epoch:
            self._order = torch.randperm(self.count, generator=rng(self.seed, self.name, epoch))
            self._epoch = epoch
        return self._order

    def slice(self, first: int, last: int) -> Tensor:
        """Indices of the examples shown at positions ``first`` to ``last`` (excluded) since the
        start of training."""
        parts = []
        while first < last:
            order = self._permutation(first // self.count)
            part = order[first % self.count : first % self.count + last - first]
            parts.append(part)
            first += len(part)
        return torch.cat(parts) if parts else torch.empty(0, dtype=torch.int64)

    def __call__(self, step: int) -> Tensor:
        return self.slice(step * self.batch, (step + 1) * self.batch)


class Ema:
    """Exponential moving average of a network's weights; buffers are copied.

    The horizon, 1 / (1 - ``decay``) updates, is never longer than half of the updates so far, so
    that a short training forgets its first steps as well as a long one (power-function averaging of
    Karras et al., 2024, with exponent 1, until ``decay`` takes over).
    """

    def __init__(self, network: nn.Module, decay: float):
        self.network, self.decay = network, decay
        self.average = copy.deepcopy(network).requires_grad_(False).eval()
        self.updates = 0

    @torch.no_grad()
    def update(self) -> None:
        """Follow the network."""
        self.updates += 1
        weight = max(1 - self.decay, min(1.0, 2 / self.updates))
        ours, theirs = list(self.average.parameters()), list(self.network.parameters())
        torch._foreach_lerp_(ours, theirs, weight)
        for mine, new in zip(self.average.buffers(), self.network.buffers(), strict=True):
            mine.copy_(new)


@torch.no_grad()
def renew_batch_norm(network: nn.Module, forward: Callable[[], None], batches: int = 10) -> None:
    """Measure the running statistics of ``network`` anew over ``batches`` calls of ``forward``.

    Averaged weights do not go with the statistics of the last ones: with a long average, generated
    masks come out too thin or too fat (Izmailov et al., *Averaging Weights*, 2018, section 3.2).
    """
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    momenta, training = [norm.momentum for norm in norms], network.training
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over the batches
    network.train()
    for _ in range(batches):
        forward()
    network.train(training)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum


def _save_state(path: Path, state: Mapping[str, Any]) -> None:
    """The payload's hash stands in front of it: a flipped byte would load silently otherwise."""
    buffer = io.BytesIO()
    torch.save(dict(state), buffer)
    payload = buffer.getvalue()
    store.write_atomic(path, hashlib.sha256(payload).hexdigest().encode() + payload)


def load_checkpoint(method: Method, folder: Path) -> dict[str, Any] | None:
    """Let ``method`` continue from the checkpoint in ``folder``; returns what else was kept there,
    None where there is no checkpoint.

    Raises:
        UserError: a damaged checkpoint.
    """
    path = folder / store.PARTIAL
    if not path.is_file():
        return None
    data = path.read_bytes()
    if hashlib.sha256(data[64:]).hexdigest().encode() != data[:64]:
        raise UserError(f"{path} is damaged (SHA-256 differs): delete it to start training anew")
    state = torch.load(io.BytesIO(data[64:]), weights_only=True, map_location="cpu")
    method.load_state_dict(state.pop("method"))
    return state


def _numbers(label: str, step: int, values: Mapping[str, float | Tensor]) -> dict[str, float]:
    row = {name: float(value) for name, value in values.items()}
    for name, value in row.items():
        if not math.isfinite(value):
            raise UserError(
                f"{label}: {name} is {value} at step {step}: the training diverged; "
                "lower the learning rate or the loss weights"
            )
    return row


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.1f} min"


class _Clock:
    """Says at most every five seconds how far a training is and how long it will take."""

    def __init__(self, label: str, first: int, steps: int):
        self.label, self.first, self.steps = label, first, steps
        self.start = self.said = time.perf_counter()

    def tick(self, done: int) -> None:
        now = time.perf_counter()
        if now - self.said > 5:
            left = (now - self.start) / (done - self.first) * (self.steps - done)
            progress(f"{self.label}: step {done} of {self.steps}, {_duration(left)} left")
            self.said = now


class _Log:
    """The rows logged so far and the means since the last one; kept in the checkpoint, so that a
    resumed training logs what an uninterrupted one would."""

    def __init__(self, label: str, folder: Path, method: Method):
        self.label, self.folder, self.method = label, folder, method
        self.rows: list[dict[str, float]] = []
        self.window: dict[str, tuple] = {}  # name to sum and count
        self.mark = time.perf_counter()

    def resume(self, steps: int) -> int:
        """Load the checkpoint, if any; the number of updates already done."""
        state = load_checkpoint(self.method, self.folder)
        if state is None:
            return 0
        self.rows, self.window = state["rows"], state["window"]
        progress(f"{self.label}: continuing at step {state['step']} of {steps}")
        return state["step"]

    def gather(self, values: Mapping[str, float | Tensor]) -> None:
        """Add one step's values to the sums and counts since the last row."""
        for name, value in values.items():
            total, count = self.window.get(name, (0.0, 0))
            self.window[name] = (total + value, count + 1)

    def add(self, done: int, seen: Mapping[str, float]) -> None:
        """A row: means since the row before, and what was observed."""
        means = {name: float(total) / count for name, (total, count) in self.window.items()}
        self.rows.append({"step": done, **_numbers(self.label, done, {**means, **seen})})
        self.window = {}

    def checkpoint(self, done: int) -> None:
        """Keep everything the next update depends on, and the seconds spent."""
        state = {"step": done, "rows": self.rows, "window": self.window}
        _save_state(self.folder / store.PARTIAL, {**state, "method": self.method.state_dict()})
        now = time.perf_counter()
        store.add_seconds(self.folder, now - self.mark)
        self.mark = now

    def write(self) -> list[dict[str, float]]:
        """All rows, also written to ``metrics.jsonl``."""
        text = "".join(json.dumps(row) + "\n" for row in self.rows)
        store.write_atomic(self.folder / "metrics.jsonl", text.encode())
        return self.rows


def fit(
    method: Method,
    batches: Callable[[int], Any],
    steps: int,
    folder: Path,
    *,
    label: str,
    log_every: int = 50,
    checkpoint_every: int = 500,
    observe_every: int = 0,
    observe: Callable[[int], Mapping[str, float]] | None = None,
) -> list[dict[str, float]]:
    """Train ``method`` for ``steps`` updates, continuing from the checkpoint in ``folder`` if any.

    Args:
        batches: step (0-based) to batch; must depend on the step alone.
        label: what the progress line calls this training.
        observe: called at update 0, every ``observe_every`` and the last; its numbers join the row.

    Returns:
        The log, one row per logged step (``step`` counts updates done, the values are means since
        the row before); also in ``metrics.jsonl``.

    Raises:
        UserError: a loss that is not finite, a damaged checkpoint, a full disk.
    """
    log = _Log(label, folder, method)
    first = log.resume(steps)
    if not first and observe:
        log.add(0, observe(0))
    clock = _Clock(label, first, steps)
    for done in range(first + 1, steps + 1):
        log.gather(method.update(batches(done - 1)))
        watched = observe and (done == steps or (observe_every and done % observe_every == 0))
        if watched or done == steps or done % log_every == 0:
            log.add(done, observe(done) if watched else {})
        if done % checkpoint_every == 0 and done < steps:
            log.checkpoint(done)
        clock.tick(done)
    return log.write()


def read_metrics(folder: Path) -> list[dict[str, float]]:
    """The log of a finished training."""
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
