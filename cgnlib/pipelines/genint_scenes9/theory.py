"""Is a classifier better where real images are likelier? Strengths and choices (GENINT-8, -9)."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch
from torch import nn

from cgnlib import store
from cgnlib.classifiers.augment import AugmentedBatches
from cgnlib.classifiers.erm import Erm, Schedule
from cgnlib.classifiers.genint_network import genint_network
from cgnlib.errors import UserError
from cgnlib.evaluation.causal_bound import EffectBound, bound_of_images
from cgnlib.evaluation.objectnet import any_ranks
from cgnlib.evaluation.predict import predict
from cgnlib.evaluation.rates import Rate, rate
from cgnlib.evaluation.setting_correlation import FEWEST, SettingCorrelation, setting_correlations
from cgnlib.evaluation.topk import ranks
from cgnlib.generators.intervention_ranges import even_ranges
from cgnlib.generators.intervention_strengths import STRENGTHS, TRUNCATION
from cgnlib.generators.interventions import InterventionSettings, observational
from cgnlib.params.genint_theory import GenintTheoryParams
from cgnlib.pipelines.arrays import Arrays, kept_arrays
from cgnlib.pipelines.genint_scenes9.asked_sets import AskedSet, asked_set
from cgnlib.pipelines.genint_scenes9.generator import generator, intervention_settings
from cgnlib.pipelines.genint_scenes9.images import Kind, identity_of, loaded
from cgnlib.pipelines.genint_scenes9.likelihood import Likelihood, likelihood, real_images
from cgnlib.pipelines.genint_scenes9.training_sets import augmented
from cgnlib.pipelines.kept_networks import Training, kept_network
from cgnlib.training import EpochIndex

STRENGTH_VERSION = 1
STRENGTH_ANSWERS_VERSION = 1
REAL = "validation"  # the real images behind log P(x|z), as a set of their own
_BATCH = 256


@dataclass(frozen=True)
class TrainedStrength:
    """A classifier trained on generated images of one strength alone, in evaluation mode, with its
    artefact and its log."""

    model: nn.Module
    artefact: store.Artefact
    history: list[dict]


@dataclass(frozen=True)
class Tightness:
    """What the strengths come to, each in the order of ``bound_strengths``.

    Attributes:
        likelihood: strength to log P(x|z).
        correct: set to strength to (M,) bool.
        bounds: ``bound_width`` and ``relative_bound_width`` to strength to the bound on
            P(y|do(x)) of the true class of every real image; relative to the image under itself.
        correlations: set to ``pearson`` and ``spearman`` of log P(x|z) with accuracy, and
            ``spearman_width`` of the relative width; none with fewer than three strengths.
        artefacts: strength to those behind its numbers.
    """

    likelihood: dict[str, Likelihood]
    correct: dict[str, dict[str, np.ndarray]]
    bounds: dict[str, dict[str, EffectBound]]
    correlations: dict[str, dict[str, SettingCorrelation]]
    artefacts: dict[str, tuple[store.Artefact, ...]]

    def rate(self, name: str, strength: str) -> Rate:
        """Accuracy of a strength's classifier on a set."""
        return rate(self.correct[name][strength])


def strength_params(params: GenintTheoryParams, strength: str) -> tuple[GenintTheoryParams, Kind]:
    """The parameters whose generated set has this strength, and which of the sets it is.

    Raises:
        UserError: an unknown strength.
    """
    if strength not in STRENGTHS:
        raise UserError(f"no strength {strength!r}: choose one of {', '.join(STRENGTHS)}")
    one, count = STRENGTHS[strength], params.bound_images
    if not one.directions:
        changes = {"obs_truncation": TRUNCATION, "obs_per_class": count}
        return params.model_copy(update=changes), "observational"
    changes = {
        "int_truncation": TRUNCATION,
        "int_components": params.bound_components,
        "int_scale_percent": params.bound_reach_percent,
        "int_ranges": "even",
        "int_limit": one.reach,
        "int_edits": one.directions,
        "int_steps": one.steps,
        "int_per_class": count,
    }
    return params.model_copy(update=changes), "interventional"


def strength_settings(params: GenintTheoryParams, strength: str) -> InterventionSettings:
    """How the images of a strength are drawn; errors as :func:`strength_params`."""
    changed, kind = strength_params(params, strength)
    if kind == "observational":
        return observational(changed.obs_truncation, changed.gen_batch)
    return intervention_settings(changed)


@lru_cache(maxsize=4)
def strength_classifier(params: GenintTheoryParams, strength: str) -> TrainedStrength:
    """Train or load the classifier of one strength.

    Raises:
        UserError: an unknown strength; diverged training.
    """
    schedule = Schedule("adamw", params.bound_lr, params.bound_updates)
    names = ("seed", "threads", "device", "bound_network", "bound_updates", "bound_batch")
    key = {name: getattr(params, name) for name in (*names, "bound_lr", "crop_least_area")}
    key["data"] = identity_of(*strength_params(params, strength))

    def build() -> nn.Module:
        classes = generator(params).layout.classes
        return genint_network(params.bound_network, classes, params.seed, "strength")

    training = Training(
        lambda network: Erm(network, schedule, device=params.device),
        lambda: _batches(params, strength),
        schedule.steps,
        500,
        f"classifier of {strength} interventions",
    )
    made = kept_network("genint_strength", STRENGTH_VERSION, key, build, training, params.device)
    network, history, artefact = made
    return TrainedStrength(network, artefact, history)


def _batches(params: GenintTheoryParams, strength: str) -> AugmentedBatches:
    images, labels = loaded(*strength_params(params, strength))
    index = EpochIndex(len(labels), params.bound_batch, params.seed, "strength")
    source = augmented(images, params, "standard")
    return AugmentedBatches(source, (labels,), index, params.seed, "strength")


def strength_answers(
    params: GenintTheoryParams, strength: str, name: str
) -> tuple[Arrays, store.Artefact]:
    """What the classifier of one strength answers on a set of the family, or on :data:`REAL`.

    Returns:
        ``rank`` (N,), the classes before the first correct one, and ``predicted`` (N,); on the real
        images also ``true_confidence`` (N,), the probability of the true class.

    Raises:
        UserError: an unknown set, or its files are absent.
    """
    trained = strength_classifier(params, strength)
    asked = _real_set(params) if name == REAL else asked_set(params, name)
    key = {"classifier": trained.artefact.hash, "set": name, "images": asked.identity}
    key |= {"device": params.device, "threads": params.threads}

    def make() -> Arrays:
        made = predict(trained.model, asked.source(), _BATCH, params.device)
        if asked.meant is not None:
            found = any_ranks(made.logits, asked.label, asked.meant)
        else:
            found = ranks(made.logits, asked.label)
        kept = {"rank": found.astype(np.int32), "predicted": made.predicted}
        if name == REAL:
            chances = torch.from_numpy(made.logits).softmax(1).numpy()
            true = np.take_along_axis(chances, asked.label[:, None], 1)[:, 0]
            kept["true_confidence"] = true
        return kept

    return kept_arrays("genint_strength_answers", STRENGTH_ANSWERS_VERSION, key, make)


def _real_set(params: GenintTheoryParams) -> AskedSet:
    real = real_images(params)
    return AskedSet(real.identity, lambda: real.source, real.label.numpy())


@lru_cache(maxsize=2)
def tightness(params: GenintTheoryParams) -> Tightness:
    """Likelihood, bound and accuracy of every strength (GENINT-8).

    Raises:
        UserError: see :func:`strength_answers` and
            :func:`cgnlib.pipelines.genint_scenes9.likelihood.likelihood`.
    """
    strengths, names = params.strengths(), params.bound_sets()
    found = {
        one: likelihood(params, strength_settings(params, one), params.bound_compared)
        for one in strengths
    }
    answers = {
        name: {one: strength_answers(params, one, name)[0] for one in strengths}
        for name in [REAL, *names]
    }
    correct = {
        name: {one: told["rank"] == 0 for one, told in answers[name].items()} for name in names
    }
    bounds = {"bound_width": {}, "relative_bound_width": {}}
    for one, made in found.items():
        confidence = np.minimum(answers[REAL][one]["true_confidence"], 1.0)
        bounds["bound_width"][one] = bound_of_images(made.value, confidence)
        bounds["relative_bound_width"][one] = bound_of_images(made.relative, confidence)
    artefacts = {
        one: (made.artefact, strength_classifier(params, one).artefact)
        for one, made in found.items()
    }
    widths = {one: made.width for one, made in bounds["relative_bound_width"].items()}
    return Tightness(found, correct, bounds, _correlations(found, widths, correct), artefacts)


def _correlations(
    found: dict[str, Likelihood],
    widths: dict[str, np.ndarray],
    correct: dict[str, dict[str, np.ndarray]],
) -> dict[str, dict[str, SettingCorrelation]]:
    if len(found) < FEWEST:
        return {}
    values = np.stack([one.value for one in found.values()])
    width, made = np.stack([widths[one] for one in found]), {}
    for name, answers in correct.items():
        right = np.stack(list(answers.values()))
        made[name] = setting_correlations(values, right)
        of_width = setting_correlations(width, right)
        if "spearman" in of_width:  # not where the width is the same under every strength
            made[name]["spearman_width"] = of_width["spearman"]
    return made


def choice_settings(params: GenintTheoryParams) -> dict[tuple[str, float], InterventionSettings]:
    """The choices of GENINT-9: truncation ``t``, components ``k`` and scale ``s``, each varied with
    the others as the family trains on. Directions beyond the ranges' end take the last."""
    base = intervention_settings(params)

    def changed(**values) -> InterventionSettings:
        made = {"components": base.components} | values
        count = made["components"]
        ranges = base.ranges + even_ranges(count, base.ranges[-1][1])[len(base.ranges) :]
        made |= {"edits": min(base.edits, count), "ranges": ranges[:count]}
        return replace(base, **made)

    return (
        {("t", value): changed(truncation=value) for value in params.truncations()}
        | {("k", k): changed(components=k) for k in params.choices("components")}
        | {("s", s): changed(scale_percent=float(s)) for s in params.choices("scales")}
    )


def choices(params: GenintTheoryParams) -> dict[tuple[str, float], Likelihood]:
    """log P(x|z) under ``choice_images`` images per class of every choice (GENINT-9)."""
    return {
        point: likelihood(params, settings, params.choice_images)
        for point, settings in choice_settings(params).items()
    }
