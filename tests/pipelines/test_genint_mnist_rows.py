"""GENINT-1 from data to answers, at the smallest scale."""

import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from cgnlib import genint_mnist
from cgnlib.data.genint_mnist import colour_sets
from cgnlib.errors import UserError
from cgnlib.parameter_reading import listed_parameters, read_parameter_file
from cgnlib.params import GenintMnistParams
from cgnlib.pipelines.genint_mnist import classify, generate, invariance
from presets import ROOT, smoke


def small(**changes):
    return smoke("genint_mnist", **{"repetitions": 1, "irm_restarts": 1, **changes})


def test_generated_sets_have_as_many_images_of_every_class(fresh_workplace):
    params, made = small(), {}
    for row in generate.CODES:
        made[row] = genint_mnist.generated(params, row)
        assert made[row].labels.bincount().tolist() == [params.grid_side**2] * 10
        images, labels = made[row].batch(torch.tensor([0, 159]))
        assert images.shape == (2, 3, 32, 32) and labels.tolist() == [0, 9]
        expected = made[row].pixels[[0, 159]].permute(0, 3, 1, 2) / 127.5 - 1
        assert torch.allclose(images, expected)
    pixels = [one.pixels for one in made.values()]
    assert not any(torch.equal(pixels[0], other) for other in pixels[1:])
    assert not torch.equal(pixels[1], pixels[2])
    assert genint_mnist.intervention_sheets(params, 3).shape == (10, 3, 3, 32, 32, 3)
    assert genint_mnist.observational_sheet(params, 4).shape == (10, 4, 32, 32, 3)


def test_sheets_show_what_is_trained_on(fresh_workplace):
    params = small()
    first = genint_mnist.observational_sheet(params, 4)[3]
    made = genint_mnist.generated(params, "Observational CVAE")
    assert torch.equal(first, made.pixels[made.labels == 3][:4])
    whole = genint_mnist.intervention_sheets(params, params.grid_side)[3].flatten(0, 1)
    made = genint_mnist.generated(params, "Interventional CVAE")
    assert torch.equal(whole, made.pixels[made.labels == 3])


def test_environments_have_one_colour_set_each(workplace):
    images = invariance.environments(small(irm_images=20))
    assert colour_sets(images).tolist() == [0] * 20 + [1] * 20
    assert len(invariance.environments(small(irm_images=0))) == 7200
    other = invariance.environments(small(irm_images=20, seed=1))
    assert other.identity != images.identity


def test_the_interval_matters_to_the_interventional_row_alone(fresh_workplace):
    for row in ("Observational CVAE", "Gaussian-grid CVAE", "Interventional CVAE"):
        first = genint_mnist.classifier(small(), row).artefact
        other = genint_mnist.classifier(small(interval=5.0), row).artefact
        assert (first == other) == (row != "Interventional CVAE"), row


def test_observational_latents_are_of_the_class_or_of_the_prior(fresh_workplace):
    params = small()
    trained, train = genint_mnist.cvae(params), genint_mnist.datasets(params)["train"]
    codes = generate.CODES["Observational CVAE"](params, 4)
    own = trained.means[train.labels == 4]
    reach = 6 * trained.log_vars.max().mul(0.5).exp()
    assert torch.cdist(codes, own).amin(1).max() < reach
    prior = generate.CODES["Observational CVAE"](small(observational="prior"), 4)
    assert not torch.equal(prior, codes) and prior.shape == codes.shape
    rows = ("Observational CVAE", "Interventional CVAE")
    for row in rows:
        made = [genint_mnist.classifier(small(observational=form), row).artefact
                for form in ("encoded", "prior")]  # fmt: skip
        assert (made[0] == made[1]) == (row == "Interventional CVAE")


def test_a_latent_that_tells_the_class_is_read(fresh_workplace, monkeypatch):
    params = small()
    trained, labels = genint_mnist.cvae(params), genint_mnist.datasets(params)["train"].labels
    for means, low, high in ((labels[:, None].float().expand(-1, 2), 1, 1),
                             (torch.randn(len(labels), 2), 0.05, 0.15)):  # fmt: skip
        made = replace(trained, means=means.contiguous())
        monkeypatch.setattr(generate, "cvae", lambda params, made=made: made)
        correct, digits = genint_mnist.class_from_latent(params)
        assert low <= correct.mean() <= high
    assert (digits % 2 == 1).all() and len(digits) == 3600


def test_updates_by_epochs(workplace):
    params = small(classifier_steps=0, classifier_epochs=2, classifier_batch=64)
    assert classify.updates(params, "Original") == 2 * 113  # 7,200 images
    assert classify.updates(params, "CGN") == 2 * 3  # 160
    assert classify.updates(small(classifier_steps=7), "Original") == 7


def test_rows_begin_alike(fresh_workplace):
    params = small()
    first, other = (classify.network(params, "cnn") for _ in range(2))
    assert all(
        torch.equal(*pair) for pair in zip(first.parameters(), other.parameters(), strict=True)
    )
    restarts = [classify.network(params, "cnn", place) for place in range(2)]
    assert not torch.equal(restarts[0][0].weight, restarts[1][0].weight)


def test_an_unknown_row_is_one_line(workplace):
    with pytest.raises(UserError, match="unknown row 'Orginal'.*did you mean 'Original'"):
        genint_mnist.classifier(small(), "Orginal")


def test_restarts_are_averaged_image_by_image(fresh_workplace):
    params = small(irm_restarts=2)
    found = genint_mnist.answers(params, "IRM", "causal")
    told = []
    for trained in genint_mnist.classifiers(params, "IRM"):
        arrays, _ = genint_mnist.predictions(params, trained, "test_causal")
        told.append(arrays["predicted"] == arrays["label"])
    assert len(told) == 2
    np.testing.assert_allclose(found.correct, (told[0] * 1.0 + told[1]) / 2)
    np.testing.assert_allclose(found.accuracies, found.correct)  # one draw per digit
    assert len(found.artefacts) == 4 and found.backgrounds.shape == (1000, 3)


def test_the_exact_test_is_the_mean_over_its_backgrounds(fresh_workplace):
    params = small(test_form="exact")
    found = genint_mnist.answers(params, "Original", "causal")
    assert len(found.correct) == 18_000
    np.testing.assert_allclose(found.accuracies, found.correct.reshape(1000, 18).mean(1))


def test_the_cgn_makes_as_many_images_as_the_cvae(fresh_workplace):
    params = small()
    made = genint_mnist.counterfactuals(params)
    assert len(made) == 10 * params.grid_side**2
    assert genint_mnist.counterfactual_sheet(params, 5).shape == (10, 5, 32, 32, 3)
    assert genint_mnist.classifier(params, "CGN").history[-1]["step"] == 3


class Watched(GenintMnistParams):
    """Parameters that remember which of them were read."""

    def __getattribute__(self, name):
        if name in GenintMnistParams.model_fields:
            seen.add(name)
        return super().__getattribute__(name)


seen: set[str] = set()


def test_everything_read_is_listed_and_everything_listed_is_read(fresh_workplace):
    values = read_parameter_file(ROOT / "params/smoke/genint_mnist.yaml")
    listed = set(listed_parameters(ROOT / "book" / "genint.ipynb"))
    assert listed == set(GenintMnistParams.model_fields)
    seen.clear()
    params = Watched(**values | {"repetitions": 1, "irm_network": "mlp"})
    genint_mnist.all_answers(params)
    left = listed - seen - {"scale"}
    epochs = {"classifier_epochs"}  # counted only without classifier_steps
    assert left <= epochs


def test_the_notebook_runs_to_its_verdict(workplace):
    done = subprocess.run(
        [sys.executable, "-m", "cgnlib", "run", "genint", "smoke/genint_mnist"], cwd=ROOT,
        check=False, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    folder = workplace / "results" / "smoke" / "genint_mnist" / "genint"
    rows = [json.loads(line) for line in (folder / "records.jsonl").read_text().splitlines()]
    found = {(r["setting"], r["metric"], r["seed"]) for r in rows if r["experiment"] == "GENINT-1"}
    names = ("Original", "IRM", "Observational CVAE", "Interventional CVAE", "Gaussian-grid CVAE")
    tests = ("confounded_accuracy", "causal_accuracy")
    expected = {(row, test, seed) for row in names for test in tests for seed in (0, 1, 2)}
    latents = {("CVAE", "latent_class_accuracy", seed) for seed in (0, 1, 2)}
    assert found == expected | {("CGN", test, 0) for test in tests} | latents
    times = {(r["setting"], r["seed"]) for r in rows if r["metric"] == "training_time"}
    assert {("CVAE", 2), ("CGN", 0), ("classifier IRM", 1)} <= times
    (verdict,) = json.loads((folder / "verdicts.json").read_text())
    assert verdict["claim"] == "GI-2-MNIST" and verdict["verdict"] != "not run"
    assert verdict["seeds"] == [0, 1, 2]
