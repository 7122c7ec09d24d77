"""Numbers of the recipes of GenInt's theory may move only when their version rises.

A few tiny steps against stored values, loose enough for another processor. After an intended change
raise the version and run
`PYTHONPATH=tests python tests/pipelines/test_genint_theory_fingerprints.py`.
"""

from pathlib import Path

import numpy as np

from cgnlib.pipelines.genint_scenes9 import likelihood, nuisance, nuisance_reader, theory
from made_genint import tiny_genint
from stored_fingerprints import assert_stored, store

STORED = Path(__file__).with_name("genint_theory_fingerprints.json")


def weight(network) -> float:
    return float(np.mean([value.abs().mean().item() for value in network.parameters()]))


def measured() -> dict[str, dict]:
    params = tiny_genint()
    settings = theory.strength_settings(params, "strong")
    found = likelihood.likelihood(params, settings, 3)
    strength = theory.strength_classifier(params, "strong")
    answers, _ = theory.strength_answers(params, "strong", theory.REAL)
    reader = nuisance_reader.reader(params)
    read, _ = nuisance.nuisances(params, "plain")
    true, _ = nuisance.nuisances(params, "plain", nuisance.TRUE)
    told, _ = nuisance.told_over_chance(params, "plain", nuisance.FACTORS)
    return {
        "genint_likelihood": {
            "version": likelihood.LIKELIHOOD_VERSION,
            "numbers": {"value": float(found.value.mean()), "ceiling": float(found.ceiling.mean())},
        },
        "genint_strength": {
            "version": theory.STRENGTH_VERSION,
            "numbers": {
                "loss": strength.history[-1]["loss"],
                "mean_weight": weight(strength.model),
            },
        },
        "genint_strength_answers": {
            "version": theory.STRENGTH_ANSWERS_VERSION,
            "numbers": {"true_confidence": float(answers["true_confidence"].mean())},
        },
        "nuisance_reader": {
            "version": nuisance_reader.READER_VERSION,
            "numbers": {
                "error": reader.history[-1]["error"],
                "mean_weight": weight(reader.model),
            },
        },
        "nuisance_edits_read": {
            "version": nuisance_reader.EDITS_READ_VERSION,
            "numbers": {"val_error": reader.errors["val_error"]},
        },
        "nuisances": {
            "version": nuisance.NUISANCES_VERSION,
            "numbers": {
                "read": float(np.abs(read["values"]).mean()),
                "true": float(np.abs(true["values"]).mean()),
            },
        },
        "nuisance_over_chance": {
            "version": nuisance.OVER_CHANCE_VERSION,
            "numbers": {str(one.categories): one.rate.numerator for one in told},
        },
    }


def test_the_numbers_are_the_stored_ones(fresh_workplace):
    assert_stored(STORED, measured())


if __name__ == "__main__":
    store(STORED, measured)
