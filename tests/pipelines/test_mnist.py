"""The recipes of the biased MNIST family on tiny budgets: trained once, resumed, same bits."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch

from cgnlib import mnist
from cgnlib.datasets import MNIST_DATASETS
from cgnlib.errors import UserError
from cgnlib.generators.cgn_training import CgnSettings
from cgnlib.generators.gan import GanSettings
from cgnlib.params import MnistParams
from cgnlib.pipelines.mnist import batches
from cgnlib.pipelines.mnist.data import DATA_FIELDS
from presets import ROOT, smoke

pytestmark = pytest.mark.usefixtures("fresh_workplace")


@pytest.mark.parametrize("dataset", MNIST_DATASETS)
def test_every_row_of_every_variant(dataset):
    params = smoke(dataset)
    for setting in mnist.SETTINGS:
        arrays, artefact = mnist.predictions(params, setting, "test")
        assert len(arrays["predicted"]) == 1000 * params.test_colourings
        assert set(arrays) >= {
            "predicted",
            "confidence",
            "shape",
            "foreground",
            "background",
            "digit",
        }
        assert artefact.kind == "predictions"
        assert 0 <= mnist.running_accuracy(mnist.classifier(params, setting).history) <= 100
    trained = mnist.cgn(params)
    assert trained.history[-1]["step"] == params.cgn_steps
    assert {"loss_adversarial", "loss_binary", "mask_mean", "mask_readability"} <= set(
        trained.history[-1]
    )
    assert trained.sheets["steps"].tolist() == [0, 6, 12]
    assert trained.sheets["composite"].shape == (3, 20, 32, 32, 3)


def test_quality_measures_masks_and_factors():
    params = smoke("colored_mnist")
    made = mnist.quality(params, mnist.cgn(params))
    assert made.mask_means.shape == made.border_means.shape == (params.quality_images,)
    assert 0 <= made.readability <= 1
    assert made.disentanglement.shape == (3, 3)
    assert np.isnan(made.disentanglement[2]).all()  # colored MNIST has one background
    assert not np.isnan(made.disentanglement[:2, :2]).any()


def test_ablations_have_a_control_at_their_own_budget():
    params = smoke()
    rows = mnist.ablations(params)
    assert [row.dropped for row in rows] == [
        "none",
        "adversarial",
        "binary",
        "mask",
        "edge",
        "noise",
    ]
    assert all(row.cgn.history[-1]["step"] == params.ibr_cgn_steps for row in rows)
    assert len({row.cgn.artefact.hash for row in rows}) == len(rows)


def test_ablations_keep_everything_but_group_and_budget():
    short = mnist.ablate(MnistParams(), "edge")
    assert short.weight_edge == 0.0 and short.weight_mask == MnistParams().weight_mask


@pytest.mark.parametrize("kind", ["random_vgg", "classifier"])
def test_perceptual_features_by_parameter(kind):
    params = smoke(perceptual_features=kind, perceptual_w1=0.05, cgn_steps=2)
    assert "loss_perceptual" in mnist.cgn(params).history[-1]


def test_absent_vgg_weights_say_where_they_go():
    params = smoke(perceptual_features="vgg16", perceptual_w1=0.05)
    with pytest.raises(UserError, match="vgg16"):
        mnist.cgn(params)


def test_unknown_setting():
    with pytest.raises(UserError, match="'Original'.*choose one of Original, IRM"):
        mnist.classifier(smoke(), "Originals")


def test_batches_mix_the_stated_share():
    params = smoke(classifier_batch=10, real_frac=0.25)
    data, fakes = mnist.datasets(params), mnist.counterfactuals(params)
    drawn = batches.mixed_batches(data.train, fakes, params)
    known = {image.numpy().tobytes() for image in data.train.images}
    real = [
        sum(image.contiguous().numpy().tobytes() in known for image in drawn(step)[0])
        for step in range(4)
    ]
    assert real == [2, 3, 2, 3]
    assert batches.real_share(smoke(real_frac=0.0, cf_images=3600), 3600) == 0.5


def test_every_field_belongs_to_someone():
    """A parameter that nothing reads would be a promise without effect."""
    ibr = {"ibr_cgn_steps", "ibr_classifier_steps"}
    source = "".join(path.read_text() for path in (ROOT / "cgnlib" / "pipelines").rglob("*.py"))
    checked = {"scale", "odr_settings", "irm_two_envs", "irm_five_envs"}  # read by the model
    known = set(DATA_FIELDS) | set(CgnSettings.names()) | set(GanSettings.names()) | ibr | checked
    unread = [
        name
        for name in MnistParams.model_fields
        if name not in known and f"params.{name}" not in source
    ]
    assert unread == []


TRAIN = """
import os, sys
os.environ["CGN_RUNS"] = sys.argv[1]
import torch
torch.set_num_threads(1)
from cgnlib import mnist, load_params
params = load_params("params/smoke/wildlife_mnist.yaml",
                     {"cgn_steps": 60, "checkpoint_every_steps": 10, "sheets": 3})
mnist.cgn(params)
"""


def _train(runs):
    return subprocess.Popen(
        [sys.executable, "-c", TRAIN, str(runs)], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )


def _only(runs, name):
    (found,) = (runs / "cgn").glob(f"*/{name}")
    return found


def test_killed_training_ends_with_the_bits_of_an_uninterrupted_one(tmp_path):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    reference, process = _train(whole), _train(killed)
    deadline = time.time() + 120
    while not list((killed / "cgn").glob("*/training_state.pt")):
        assert time.time() < deadline and process.poll() is None
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not list((killed / "cgn").glob("*/done"))
    rest = _train(killed)
    assert "continuing at step" in rest.communicate()[1]
    assert rest.returncode == 0 and reference.wait() == 0
    for name in ("weights.safetensors", "metrics.jsonl", "sheet-0000060.safetensors"):
        assert _only(whole, name).read_bytes() == _only(killed, name).read_bytes(), name


def test_pixels_of_the_global_generator_stay_put():
    before = torch.get_rng_state()
    mnist.predictions(smoke(), "CGN", "validation")
    assert torch.equal(before, torch.get_rng_state())
