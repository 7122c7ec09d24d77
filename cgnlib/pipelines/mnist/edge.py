"""Edge loss and broken digits: many CGNs with and without it, digits counted by rule (HQC-7)."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from torch import nn

from cgnlib import store
from cgnlib.errors import UserError
from cgnlib.evaluation import scores
from cgnlib.evaluation.predict import predict
from cgnlib.generators.cgn_training import CgnMethod, CgnSettings
from cgnlib.generators.counterfactuals import fill_bank
from cgnlib.generators.mnist_cgn import N_CLASSES, MnistCgn
from cgnlib.params import MnistParams
from cgnlib.pipelines.mnist.data import base_key, datasets
from cgnlib.pipelines.mnist.generate import RealBatches, as_masks, feature_network, reader
from cgnlib.pipelines.mnist.measure import BORDER_PX
from cgnlib.training import fit, progress

EDGE_VERSION = 1
MASKS_PER_DIGIT = 100
WITHOUT, WITH = "original", "with edge loss"  # as published


@dataclass(frozen=True)
class EdgeRuns:
    """CGNs of one setting: ``whole`` (R, 10) says which digits of each run have whole masks."""

    setting: str
    steps: int
    whole: np.ndarray
    artefacts: list[store.Artefact]

    @property
    def counts(self) -> np.ndarray:
        """(R,) correct digits of each run, 0 to 10."""
        return self.whole.sum(1)

    def numbers(self) -> Iterator[tuple[str, float, str, int, tuple[float, float] | None, str]]:
        """(metric, value, unit, n, interval, definition) of everything a page records."""
        runs, counts = len(self.counts), self.counts
        rule = (
            f"digits with border mean below 0.1 and at least 80 % of {MASKS_PER_DIGIT} masks read "
            f"right, after {self.steps} updates"
        )
        interval = scores.t_interval(counts)
        yield (
            "correct_digits",
            counts.mean(),
            "digits",
            runs,
            interval,
            f"mean over runs of: {rule}; interval: 95 %, t, over runs",
        )
        for correct in range(N_CLASSES + 1):
            name = f"runs_{correct}_correct"
            yield name, (counts == correct).sum(), "runs", runs, None, f"runs with that many {rule}"
        yield "updates", self.steps, "updates", runs, None, "generator updates of each run"


def measure_digits(model: MnistCgn, judge: nn.Module, seed: int, device: str) -> dict:
    """``readable`` and ``border`` of each digit over its masks, and whether it is ``whole``: lists
    of ten."""
    bank = fill_bank(model, "shape", N_CLASSES * MASKS_PER_DIGIT, seed)
    masks, digits = (bank.pixels.float() / 255).permute(0, 3, 1, 2), bank.labels.numpy()
    readable = predict(judge, as_masks(masks), device=device).predicted == digits
    borders = scores.border_mean(masks.numpy(), BORDER_PX)
    own = [digits == digit for digit in range(N_CLASSES)]
    return {
        "readable": [float(readable[one].mean()) for one in own],
        "border": [float(borders[one].mean()) for one in own],
        "whole": scores.whole_digits(readable, borders, digits).tolist(),
    }


def _edge_run(
    params: MnistParams, weight: float, number: int, judge: nn.Module, judge_hash: str
) -> tuple[list, store.Artefact]:
    """Run ``number`` at this weight of the edge loss. Runs of one number share first weights, noise
    and data with and without the loss; all runs share one reader and one feature network."""
    seed = params.seed * params.edge_runs + number
    short = params.model_copy(update={"cgn_steps": params.edge_cgn_steps})
    short = short.model_copy(update={"seed": seed, "weight_edge": weight})
    settings = CgnSettings(**{name: getattr(short, name) for name in CgnSettings.names()})
    key = {
        **base_key(params),
        **asdict(settings),
        "jitter_form": params.jitter_form,
        "seed": seed,
        "features_seed": params.seed if params.perceptual_features == "classifier" else 0,
        "judge": judge_hash,
        "masks_per_digit": MASKS_PER_DIGIT,
    }

    def make(folder: Path) -> None:
        features = feature_network(params, settings.perceptual_weights)
        method = CgnMethod(settings, seed, features, params.device)
        fit(
            method,
            RealBatches(datasets(params).variants["train"], short),
            settings.cgn_steps,
            folder,
            label=f"{WITH if weight else WITHOUT}, run {number + 1} of {params.edge_runs}",
            checkpoint_every=params.checkpoint_every_steps,
        )
        made = measure_digits(method.sampler(), judge, seed, params.device)
        store.write_atomic(folder / "digits.json", json.dumps(made, indent=1).encode())

    def load(folder: Path) -> list:
        return json.loads((folder / "digits.json").read_text())["whole"]

    return store.train_or_load("edge_run", EDGE_VERSION, key, make, load)


def edge_runs(params: MnistParams) -> list[EdgeRuns]:
    """Train or load ``edge_runs`` CGNs without the edge loss and as many with ``weight_edge``, at
    ``edge_cgn_steps`` updates; empty where ``edge_runs`` is 0.

    Raises:
        UserError: ``weight_edge`` is 0, so that there is nothing to compare.
    """
    if not params.edge_runs:
        return []
    if not params.weight_edge:
        raise UserError(
            "weight_edge is 0, so edge_runs has nothing to compare: set the weight_edge to try "
            "(the first reproduction: 0.1), or edge_runs to 0"
        )
    found = []
    judge, artefact = reader(params)
    for setting, weight in ((WITHOUT, 0.0), (WITH, params.weight_edge)):
        progress(f"{params.edge_runs} CGNs {setting}, {params.edge_cgn_steps} updates each")
        runs = [
            _edge_run(params, weight, number, judge, artefact.hash)
            for number in range(params.edge_runs)
        ]
        whole, artefacts = zip(*runs, strict=True)
        found.append(EdgeRuns(setting, params.edge_cgn_steps, np.array(whole), list(artefacts)))
    return found
