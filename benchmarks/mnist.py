"""Speed of the biased MNIST family, one JSON line per measurement.

    python benchmarks/mnist.py [NAME ...]     (default: every measurement but the whole journeys)
    python benchmarks/mnist.py journey        (from nothing to an ODR number, each variant)
    python benchmarks/mnist.py journey_full   (the same at the scale full)

Run it on an otherwise idle machine. ``--threads`` sets the CPU threads (default 2).
"""

import os
import subprocess
import sys
import tempfile
import time

import torch
from measuring import run, say, seconds

from cgnlib.classifiers.cnn import MnistCnn
from cgnlib.classifiers.erm import Erm, Schedule
from cgnlib.data.biased_mnist import build
from cgnlib.datasets import MNIST_DATASETS
from cgnlib.generators.cgn_training import CgnMethod, CgnSettings
from cgnlib.generators.counterfactuals import Counterfactuals
from cgnlib.networks.features import vgg_features
from cgnlib.parameter_reading import load_params
from cgnlib.params import MnistParams
from cgnlib.paths import project_root
from cgnlib.rng import rng


def preset(scale: str, dataset: str) -> MnistParams:
    return load_params(project_root() / "params" / scale / f"{dataset}.yaml")


def embedded(dataset: str) -> MnistParams:
    return preset("embedded", dataset)


def _cgn_step(name: str, params: MnistParams, random_vgg: bool = False) -> None:
    settings = CgnSettings(**{field: getattr(params, field) for field in CgnSettings.names()})
    features = vgg_features("random_vgg", settings.perceptual_weights) if random_vgg else None
    method = CgnMethod(settings, 0, features)
    batch = torch.rand(params.cgn_batch, 3, 32, 32) * 2 - 1, torch.arange(params.cgn_batch) % 10
    value = seconds(lambda: method.update(batch), 40, 8)
    say(name, 1000 * value, "ms/step", dataset=params.dataset, batch=params.cgn_batch)


def cgn_step_embedded() -> None:
    for dataset in MNIST_DATASETS:
        _cgn_step("cgn_step_embedded", embedded(dataset))


def cgn_step_paper() -> None:
    """Published settings; VGG16 with random weights costs what the trained one does."""
    for dataset in MNIST_DATASETS:
        _cgn_step(
            "cgn_step_paper",
            load_params(project_root() / "params" / "paper" / f"{dataset}.yaml", {"device": "cpu"}),
            True,
        )


def plain_malloc() -> None:
    """The embedded step again with glibc's own way of handing memory back."""
    again = [
        sys.executable,
        __file__,
        "cgn_step_embedded",
        "--threads",
        str(torch.get_num_threads()),
    ]
    lines = subprocess.run(
        again,
        env={**os.environ, "CGN_PLAIN_MALLOC": "1"},
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    print(lines.replace("cgn_step_embedded", "cgn_step_plain_malloc"), end="", flush=True)


def counterfactual_images() -> None:
    params = embedded("wildlife_mnist")
    settings = CgnSettings(**{field: getattr(params, field) for field in CgnSettings.names()})
    fakes = Counterfactuals(CgnMethod(settings, 0).cgn, 20_000, 1, 5_000, 0)
    index = torch.randint(20_000, (1000,), generator=rng(0, "benchmark"))
    say("counterfactual_images", 1000 / seconds(lambda: fakes.batch(index), 40), "images/s")


def bank_images() -> None:
    params = embedded("wildlife_mnist")
    settings = CgnSettings(**{field: getattr(params, field) for field in CgnSettings.names()})
    model = CgnMethod(settings, 0).cgn
    value = seconds(lambda: Counterfactuals(model, 2000, 1, 2000, 0), 5, 1)
    say("bank_images", 6000 / value, "mechanism outputs/s")


def classifier_images() -> None:
    for bf16 in (False, True):
        method = Erm(MnistCnn(init="he"), Schedule("adadelta", 2.0, 10_000), bf16)
        batch = torch.rand(128, 3, 32, 32) * 2 - 1, torch.arange(128) % 10
        value = 128 / seconds(lambda method=method, batch=batch: method.update(batch), 40)
        say("classifier_images", value, "images/s", batch=128, bf16=bf16)


def wildlife_images() -> None:
    variant = build(embedded("wildlife_mnist"))["train"]
    generator = rng(0, "benchmark")
    index = torch.randint(len(variant), (1000,), generator=generator)
    labels = torch.randint(10, (1000,), generator=generator)
    value = 1000 / seconds(lambda: variant.draw(index, labels, labels, generator), 40)
    say("wildlife_images", value, "images/s")


def _journey(name: str, scale: str) -> None:
    """From an empty store to the test accuracy of Original+CGN, seed 0."""
    from cgnlib import mnist
    from cgnlib.evaluation.scores import accuracy

    for dataset in MNIST_DATASETS:
        with tempfile.TemporaryDirectory() as folder:
            os.environ["CGN_RUNS"] = folder
            start = time.perf_counter()
            arrays, _ = mnist.predictions(preset(scale, dataset), "Original+CGN", "test")
            say(
                name,
                time.perf_counter() - start,
                "s",
                dataset=dataset,
                test_accuracy=round(accuracy(arrays["predicted"], arrays["shape"]), 2),
            )


def journey() -> None:
    _journey("journey", "embedded")


def journey_full() -> None:
    _journey("journey_full", "full")


BENCHMARKS = {
    f.__name__: f
    for f in (
        cgn_step_embedded,
        plain_malloc,
        cgn_step_paper,
        counterfactual_images,
        bank_images,
        classifier_images,
        wildlife_images,
        journey,
        journey_full,
    )
}


if __name__ == "__main__":
    quick = [name for name in BENCHMARKS if not name.startswith("journey")]
    run(__doc__.splitlines()[0], BENCHMARKS, quick, threads=2)
