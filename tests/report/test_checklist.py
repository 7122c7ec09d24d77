"""The checklist: no row is empty, every row links, and its numbers come from what was run."""

import json
import re

import numpy as np
import pytest
import safetensors.numpy

from cgnlib import store
from cgnlib.families import FAMILIES
from cgnlib.params import ImagenetParams, MnistParams
from cgnlib.report import checklist, checklist_data, hyperparameters, published, states
from cgnlib.report.evidence import Evidence, network_size

TITLES = [
    "Scope",
    "Methodology",
    "Results",
    "What was easy",
    "What was difficult",
    "Hardware",
    "Time",
    "Parameters per model",
    "Hyper-parameters: bounds and choice",
    "Number of runs",
    "Variance",
    "Splits",
    "Preprocessing",
    "Exact command per table",
    "Limitations",
    "Data identity",
    "Code identity",
]


def evidence():
    return Evidence("smoke", states.status("smoke"))


@pytest.fixture
def some(write_run):
    """An ODR page on colored MNIST with two seeds, and the network behind it."""

    def make(folder):
        state = {
            "a.weight": np.zeros((3, 4), np.float32),
            "a.running_mean": np.zeros(7, np.float32),
        }
        (folder / "weights.safetensors").write_bytes(safetensors.numpy.save(state))

    _, artefact = store.train_or_load("cgn", 1, {"seed": 0, "threads": 3}, make, lambda _: None)
    rows = [("ODR-1", "Original", "test_accuracy", 30.0, (28.0, 32.0)),
            ("ODR-1", "Original", "train_set_accuracy", 99.0, None)]  # fmt: skip
    write_run("odr", rows, artefacts=[artefact])
    rows[0] = (*rows[0][:3], 34.0, (32.0, 36.0))
    write_run("odr", rows, other=True, seed=1)
    return artefact


@pytest.mark.parametrize("run", [False, True])
def test_no_row_is_empty_and_each_links_somewhere(run, workplace, request):
    if run:
        request.getfixturevalue("some")
    rows = checklist.rows(evidence())
    assert [title for title, _ in rows] == TITLES
    for title, text in rows:
        assert len(text.strip()) > 20, title
        assert re.search(r"\{doc\}`|\]\(#", text), title
        assert "None" not in text and "nan" not in text, title


def test_numbers_are_those_of_the_runs(some):
    told = dict(checklist.rows(evidence()))
    assert "CGN 12" in told["Parameters per model"]  # the running mean is no parameter
    assert "threads: 3" in told["Hardware"]
    assert "odr colored_mnist 2" in told["Number of runs"]
    assert "seeds: 0, 1" in told["Number of runs"]
    assert "deviation 2.83 over 2" in told["Variance"]  # of 30 and 34
    assert "2 of 4 numbers carry" in told["Variance"]
    assert "colored_mnist 100 training images" in told["Splits"]
    assert "1 of the" in told["Scope"] and "(ODR-1)" in told["Scope"]
    assert "</results/smoke/colored_mnist/odr>" in told["Limitations"]


def test_other_families_stay_out(some, write_run):
    before = checklist.rows(evidence())
    numbers = [("HQC-2", "CGN", "mask_iou", 0.8, None)]
    write_run("hqc_imagenet", numbers, model=ImagenetParams, dataset="scenes9")
    assert checklist.rows(evidence()) == before
    told = dict(before)
    every = published.published().experiments
    about = [e for e in every if any(dataset.endswith("_mnist") for dataset in e.datasets)]
    about = {e.id for e in about if e.datasets != ["genint_mnist"]}
    assert f"1 of the {len(about)} catalogued for these datasets" in told["Scope"]
    assert "HQC: " in told["Results"] and "HQC-IMAGENET" not in told["Results"] + told["Scope"]


def test_nothing_run_is_said(workplace):
    told = dict(checklist.rows(evidence()))
    for title in ("Hardware", "Parameters per model", "Number of runs", "Splits", "Code identity"):
        assert "MISSING" in told[title]


def test_every_page_has_its_command(workplace):
    rows = checklist.commands(evidence())
    assert len(rows) == len(FAMILIES["mnist"].reading_order) * 3
    assert all(all(cell for cell in row) for row in rows)
    assert any("`python -m cgnlib run odr smoke/wildlife_mnist`" in row for row in rows)
    (odr,) = [row for row in rows if "run odr smoke/colored" in row[3]]
    assert "P Table 2" in odr[2] and "R1 Table 3" in odr[2]


def test_every_parameter_has_bounds_values_and_an_origin(workplace):
    _, table = hyperparameters.sections("smoke", {"Colored": evidence().presets["colored_mnist"]})
    lines = table.splitlines()[2:]
    assert len(lines) == len(MnistParams.model_fields) - 2
    for line in lines:
        assert all(cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]), line


@pytest.mark.parametrize(
    ("name", "bounds"),
    [
        ("cgn_lr", "> 0, \u2264 1"),
        ("r1_gamma", "\u2265 0"),
        ("cgn_norm", "`instance` or `batch`"),
        ("cgn_torus", "true or false"),
        ("digits_dir", "text"),
    ],
)
def test_bounds_are_read_from_the_model(name, bounds):
    assert hyperparameters.bounds(MnistParams.model_fields[name]) == bounds


def test_origins():
    params = {"c": MnistParams()}
    assert hyperparameters.origin("cgn_shuffle", params) == "published"
    assert hyperparameters.origin("cgn_width", params) == "chosen here"
    assert hyperparameters.origin("quality_images", params) == "no source states it"


@pytest.mark.parametrize("data", [b"", b"\xff" * 20, b"\x02" + bytes(7) + b"{}"])
def test_a_broken_weights_file_has_no_size(data, tmp_path):
    (tmp_path / "w").write_bytes(data)
    assert network_size(tmp_path / "w") in (None, 0)
    assert network_size(tmp_path / "none") is None


def test_a_damaged_run_is_left_out_not_fatal(some, write_run):
    folder = write_run("hqc", [("HQC-1", "CGN", "m", 0.5, None)])
    (folder / "done").write_text(json.dumps({"finished_at": "2030-01-01T00:00:00+00:00"}))
    found = evidence()
    assert {run.notebook for run in found.runs} == {"odr"}
    assert "damaged" in found.complaints[0]


def test_every_file_a_run_on_photographs_reads_is_named():
    real = {"dataset": "imagenet_mini", "scale": "paper", "biggan": "deep_256", "saliency": "u2net"}
    real |= {"features": "vgg16", "evaluators": "none", "score_network": "inception_v3"}
    real |= {"trunk": "resnet50", "trunk_weights": "published", "cgn_weights": "published"}
    own = {"biggan-deep-256", "u2net", "vgg16", "resnet50", "inception-v3", "cgn"}
    sets = {"in-9", "cue-conflict", "imagenet-a", "imagenet-sketch", "imagenet-v2"}
    every = own | sets | {"stylized-imagenet"}
    used = checklist_data._photographs
    assert used(ImagenetParams(**real)) == every | {"imagenet-mini"}
    assert used(ImagenetParams(**real, real_images="imagenet")) == every | {"imagenet"}
    few = ImagenetParams(**real, test_sets="original", odr_rows="IN,SIN")
    assert used(few) == own | {"imagenet-mini", "stylized-imagenet"}
