"""Numbers of GenInt's bound, choice of interventions, nuisances and GradCAM as records."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from cgnlib.report.image_scores import record_image_mean, record_image_share
from cgnlib.report.records import Run

CLAIMS = {"GENINT-8": "GI-3", "GENINT-9": "GI-3", "GENINT-10": "GI-1", "GENINT-13": "GI-2"}
ALL = "all strengths"  # the setting of what compares them
READER = "nuisance reader"
MEANINGS = {
    "log_likelihood": "log P(x|z) in nats: cross-entropy of the features of a real image with "
    "those of the nearest generated one, both read as distributions, mean over real images",
    "likelihood_gap": "how far log P(x|z) lies below its ceiling, image by image: divergence "
    "from the nearest generated image, mean over real images",
    "log_likelihood_ceiling": "the largest log P(x|z) there can be: that of every real image "
    "under itself, mean over real images",
    "bound_width": "what the natural bound leaves open of P(y|do(x)): 1 - P(x|z), P(x|z) as "
    "estimated, mean over real images",
    "relative_bound_width": "the same with P(x|z) relative to that of the image under itself",
    "cam_iou": "GradCAM of the predicted class, cut at one half: intersection over union with the "
    "true mask",
    "pointing_game": "share of GradCAM maps of the predicted class that peak on the object (ties "
    "shared out)",
    "heat_on_object": "GradCAM of the predicted class: share of its heat on the object",
    "train_error": "mean |read - true| position along the edited direction, images trained on",
    "val_error": "mean |read - true| position along the edited direction, held-out images",
    "chance_error": "the same for who always answers the median position of the training images",
    "reading_correlation": "Pearson correlation of read and true position of real images along a "
    "direction, mean over directions (scenes9: the renderer's latent is known)",
}


def meaning(metric: str) -> str:
    """The definition of a metric."""
    if metric in MEANINGS:
        return MEANINGS[metric]
    kind, _, rest = metric.partition("_")
    if kind in ("pearson", "spearman"):
        what = "the relative width of the bound" if rest.startswith("width_") else "log P(x|z)"
        return (
            f"{kind.capitalize()} correlation over strengths of {what} with the accuracy on "
            f"{rest.removeprefix('width_').replace('_', ' ')} images"
        )
    if metric.startswith("over_chance_"):
        count = metric.removeprefix("over_chance_")
        return f"class told from nuisances: accuracy over chance among {count} classes"
    name = metric.removesuffix("_accuracy").replace("_", " ")
    return f"share of {name} images whose class is read"


def record_mean(
    run: Run,
    experiment: str,
    setting: str,
    metric: str,
    values: np.ndarray,
    unit: str,
    artefacts: Iterable[Any] = (),
) -> None:
    """Mean over images of values (N,) with its bootstrap interval."""
    record_image_mean(
        run,
        experiment,
        setting,
        metric,
        values,
        unit,
        meaning=meaning(metric),
        artefacts=artefacts,
        claim=CLAIMS[experiment],
    )


def record_accuracy(
    run: Run, experiment: str, setting: str, name: str, rate: Any, artefacts: Iterable[Any] = ()
) -> None:
    """Accuracy on a set called ``name`` in %.

    Args:
        rate: see :class:`cgnlib.evaluation.rates.Rate`.
    """
    metric = f"{name}_accuracy"
    record_image_share(
        run,
        experiment,
        setting,
        metric,
        rate,
        meaning=meaning(metric),
        artefacts=artefacts,
        claim=CLAIMS[experiment],
    )


def record_bound(
    run: Run, setting: str, log_likelihood: np.ndarray, ceiling: np.ndarray, bounds: Mapping
) -> None:
    """Likelihood and width of the bound of one strength (GENINT-8).

    Args:
        log_likelihood, ceiling: (N,) nats.
        bounds: ``bound_width`` and ``relative_bound_width`` to
            :class:`cgnlib.evaluation.causal_bound.EffectBound` of the same images.
    """
    record_mean(run, "GENINT-8", setting, "log_likelihood", log_likelihood, "nats")
    record_mean(run, "GENINT-8", setting, "log_likelihood_ceiling", ceiling, "nats")
    gap = np.asarray(ceiling) - np.asarray(log_likelihood)
    record_mean(run, "GENINT-8", setting, "likelihood_gap", gap, "nats")
    for metric, bound in bounds.items():
        record_mean(run, "GENINT-8", setting, metric, bound.width, "share")


def record_correlations(run: Run, name: str, found: Mapping[str, Any]) -> None:
    """Correlations over strengths of log P(x|z) (``pearson``, ``spearman``) and of the relative
    width (``spearman_width``) with the accuracy on the set ``name``; see
    :func:`cgnlib.evaluation.setting_correlation.setting_correlations`."""
    for kind, one in found.items():
        metric = f"{kind}_{name}"
        run.record(
            "GENINT-8",
            ALL,
            metric,
            one.value,
            "r",
            n=one.settings,
            interval=one.interval,
            definition=f"{meaning(metric)}; interval: 95 %, bootstrap over images alone, the "
            "strengths and the one training of each fixed",
            claim=CLAIMS["GENINT-8"],
        )


def record_choices(
    run: Run,
    found: Mapping[tuple[str, float], np.ndarray],
    ceiling: np.ndarray,
    artefacts: Iterable[Any] = (),
) -> None:
    """log P(x|z) over truncation ``t``, components ``k`` and scale ``s``, and how far it lies below
    its ceiling (N,) (GENINT-9)."""
    artefacts = list(artefacts)
    for (name, value), each in found.items():
        setting = f"{name} {value:g}"
        record_mean(run, "GENINT-9", setting, "log_likelihood", each, "nats", artefacts)
        gap = np.asarray(ceiling) - np.asarray(each)
        record_mean(run, "GENINT-9", setting, "likelihood_gap", gap, "nats", artefacts)


def record_reader(
    run: Run, errors: Mapping[str, float], counts: Mapping[str, int], artefacts: Iterable[Any] = ()
) -> None:
    """L1 errors of the network that reads nuisances (GENINT-10), in units of the latent.

    Args:
        errors: ``train_error``, ``val_error``, ``chance_error``; more where truth is known.
        counts: images behind each.
    """
    artefacts = list(artefacts)
    for metric, value in errors.items():
        run.record(
            "GENINT-10",
            READER,
            metric,
            value,
            "r" if metric.endswith("correlation") else "latent units",
            n=counts[metric],
            definition=meaning(metric),
            artefacts=artefacts,
            claim=CLAIMS["GENINT-10"],
        )


def record_over_chance(
    run: Run, setting: str, found: Iterable[Any], artefacts: Iterable[Any] = ()
) -> None:
    """How much nuisances tell of the class of one set of images, by number of classes.

    Args:
        setting: the kind of images; ``<kind>, true nuisances`` for a control.
        found: see :class:`cgnlib.evaluation.nuisance_correlation.OverChance`.
    """
    artefacts = list(artefacts)
    for one in found:
        metric = f"over_chance_{one.categories}"
        run.record(
            "GENINT-10",
            setting,
            metric,
            one.ratio,
            "times chance",
            n=one.rate.denominator,
            interval=one.interval,
            definition=f"{meaning(metric)}; held-out images; interval: 95 %, Wilson, images "
            "independent",
            artefacts=artefacts,
            claim=CLAIMS["GENINT-10"],
        )


def record_heat(
    run: Run,
    setting: str,
    name: str,
    scores: Mapping[str, np.ndarray],
    artefacts: Iterable[Any] = (),
) -> None:
    """Where a classifier looks, against true masks (GENINT-13), on the set ``name``; a setting
    called ``... minus ...`` holds differences on the same images."""
    artefacts, paired = list(artefacts), " minus " in setting
    for metric, each in scores.items():
        what = f"{'difference, ' if paired else ''}{meaning(metric)}"
        record_image_mean(
            run,
            "GENINT-13",
            setting,
            f"{metric}_{name}",
            each,
            "difference" if paired else "share",
            meaning=f"{what}; {name.replace('_', ' ')} images",
            artefacts=artefacts,
            claim=CLAIMS["GENINT-13"],
        )
