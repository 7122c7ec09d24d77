"""Extensions of the second reproduction: SSIM loss and colour jitter, each with its control."""

from dataclasses import dataclass

import numpy as np

from cgnlib import store
from cgnlib.errors import UserError
from cgnlib.parameter_reading import nearest_name
from cgnlib.params import RELEASED_ROW, MnistParams
from cgnlib.pipelines.mnist.classify import predictions
from cgnlib.pipelines.mnist.generate import TrainedCgn, cgn
from cgnlib.training import progress

RELEASED = "released"  # the row of `cgn_weights`: there when those are given, never trained
# Name of a row in `extension_rows` to its published name and what it changes.
EXTENSIONS = {
    RELEASED: (RELEASED_ROW, {}),
    "retrained": ("retrained", {}),
    "ssim": ("retrained + SSIM", {"weight_ssim": 1.0, "ssim_form": "gradient"}),
    "ssim_detached": (
        "retrained + SSIM without gradient",
        {"weight_ssim": 1.0, "ssim_form": "detached"},
    ),
    "jitter": ("retrained + jitter", {"jitter_form": "before"}),
    "jitter_legacy": ("retrained + jitter (legacy)", {"jitter_form": "legacy"}),
}
# The experiment(s) of each row; the retrained CGN is the baseline of both.
EXPERIMENTS = {
    RELEASED: ("EXT-5", "EXT-6"),
    "retrained": ("EXT-5", "EXT-6"),
    "ssim": ("EXT-5",),
    "ssim_detached": ("EXT-5",),
    "jitter": ("EXT-6",),
    "jitter_legacy": ("EXT-6",),
}


@dataclass(frozen=True)
class Extension:
    """One row: its published name, experiments and parameters, its CGN, and the per-example test
    predictions of a classifier trained on that CGN's counterfactuals only."""

    setting: str
    experiments: tuple[str, ...]
    params: MnistParams
    cgn: TrainedCgn
    predictions: dict[str, np.ndarray]
    artefacts: list[store.Artefact]


def extension_settings(experiment: str) -> list[str]:
    """Published names of the rows of ``experiment`` (EXT-5 or EXT-6)."""
    return [EXTENSIONS[name][0] for name, of in EXPERIMENTS.items() if experiment in of]


def trained_extensions(experiment: str) -> list[str]:
    """:func:`extension_settings` but for the released weights."""
    return [name for name in extension_settings(experiment) if name != RELEASED_ROW]


def extension_names(params: MnistParams) -> list[str]:
    """The rows that ``extension_rows`` names, and that of ``cgn_weights`` where those are given, in
    the order of :data:`EXTENSIONS`.

    Raises:
        UserError: a name that is no row, or released weights without a file.
    """
    asked = [name.strip() for name in params.extension_rows.split(",") if name.strip()]
    for name in asked:
        if name not in EXTENSIONS:
            raise UserError(
                f"extension_rows: {name!r} is no row{nearest_name(name, EXTENSIONS)}; "
                f"choose among {', '.join(EXTENSIONS)}"
            )
    if RELEASED in asked and not params.cgn_weights:
        raise UserError(
            f"extension_rows: {RELEASED!r} needs cgn_weights: give a file, or the hash that "
            "`python -m cgnlib import-weights FILE --as mnist-cgn` prints"
        )
    if params.cgn_weights:
        asked.append(RELEASED)
    return [name for name in EXTENSIONS if name in asked]


def extended(params: MnistParams, name: str) -> MnistParams:
    """``params`` with what the row ``name`` changes, at ``extension_cgn_steps`` updates of the CGN
    and ``extension_classifier_steps`` of the classifier. Only the row of the released weights takes
    the CGN from ``cgn_weights``; its classifier is trained as those of the others are."""
    budget = {
        "cgn_steps": params.extension_cgn_steps,
        "cgn_weights": params.cgn_weights if name == RELEASED else "",
        "classifier_steps": params.extension_classifier_steps or params.classifier_steps,
    }
    short = params.model_copy(update=budget)
    return short.model_copy(update=EXTENSIONS[name][1])


def changed_weights(rows: list[Extension]) -> dict[str, tuple[int, int]]:
    """Row to (weights of its CGN that differ from those of the retrained one, weights in all);
    empty where nothing was retrained. SSIM without gradient must change none. Released weights
    have another architecture and are left out."""
    plain = next((row for row in rows if row.setting == EXTENSIONS["retrained"][0]), None)
    found = {}
    for row in (one for one in rows if plain and not one.cgn.imported):
        pairs = zip(plain.cgn.model.parameters(), row.cgn.model.parameters(), strict=True)
        differing = [((mine != other).sum().item(), mine.numel()) for mine, other in pairs]
        found[row.setting] = tuple(map(sum, zip(*differing, strict=True)))
    return found


def extension_rows(params: MnistParams) -> list[Extension]:
    """Train or load every row of :func:`extension_names` (experiments EXT-5 and EXT-6).

    Raises:
        UserError: a name that is no row, or weights that cannot be read.
    """
    rows, names = [], extension_names(params)
    for position, name in enumerate(names, 1):
        setting = EXTENSIONS[name][0]
        progress(f"extension {position} of {len(names)}: {setting}")
        changed = extended(params, name)
        trained = cgn(changed)
        arrays, predicted = predictions(changed, "CGN", "test")
        artefacts = [trained.artefact, predicted]
        rows.append(Extension(setting, EXPERIMENTS[name], changed, trained, arrays, artefacts))
    return rows
