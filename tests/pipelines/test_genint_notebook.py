"""The notebook of GenInt's scenes, run as a user runs it, at the smallest scale."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from cgnlib import genint_scenes9
from cgnlib.errors import UserError
from cgnlib.parameter_reading import listed_parameters, load_params
from cgnlib.params import GenintParams
from cgnlib.pipelines.genint_scenes9 import counterfactual_sets
from presets import ROOT, smoke

ASKED = {
    ("GENINT-2", "leading directions", "least_cosine"),
    *(("GENINT-4", row, "top1_accuracy") for row in smoke("genint_scenes9").rows()),
    ("GENINT-4", "GenInt minus CGN", "top1_accuracy"),
    ("GENINT-4", "GenInt + transfer minus GenInt", "top1_accuracy"),
    ("GENINT-6", "GenInt", "second_test_top1_accuracy"),
    ("GENINT-6", "CGN", "cue_conflict_top1_accuracy"),
    ("GENINT-6", "GenInt minus CGN", "cue_conflict_top1_accuracy"),
    ("GENINT-7", "Interventional, truncation 1.0", "original_top1_accuracy"),
    ("GENINT-8", "strong", "bound_width"),
    ("GENINT-8", "strong", "nuisance_shifted_accuracy"),
    ("GENINT-9", "t 1", "log_likelihood"),
    ("GENINT-10", "plain", "over_chance_9"),
    ("GENINT-10", "plain, true positions", "over_chance_2"),
    ("GENINT-10", "nuisance reader", "reading_correlation"),
    *(("GENINT-11", letter, "top1_accuracy") for letter in "ABCD"),
    ("GENINT-12", "lambda1 0.5", "top1_accuracy"),
    ("GENINT-13", "GenInt minus ImageNet only", "cam_iou_nuisance_shifted"),
    ("IBR-3", "classifier GenInt", "training_time"),
}


def test_the_notebook_runs_to_its_verdicts(workplace):
    done = subprocess.run(
        [sys.executable, "-m", "cgnlib", "run", "genint_scenes9", "smoke/genint_scenes9"],
        cwd=ROOT, check=False, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    folder = workplace / "results" / "smoke" / "genint_scenes9" / "genint_scenes9"
    rows = [json.loads(line) for line in (folder / "records.jsonl").read_text().splitlines()]
    found = {(r["experiment"], r["setting"], r["metric"]) for r in rows}
    assert found >= ASKED
    assert not any(r["experiment"] == "GENINT-5" for r in rows)  # no corruptions asked for
    judged = {v["claim"]: v["verdict"] for v in json.loads((folder / "verdicts.json").read_text())}
    assert set(judged) == {"GI-1", "GI-2", "GI-3"} and judged["GI-2"] != "not run"
    assert judged["GI-1"] == "not run"  # too few interventional images to be read


def test_the_notebook_lists_every_parameter():
    listed = set(listed_parameters(ROOT / "book" / "genint_scenes9.ipynb"))
    assert listed == set(GenintParams.model_fields)


def test_notebook_model_and_embedded_file_hold_the_same_values():
    defaults = GenintParams().model_dump()
    assert listed_parameters(ROOT / "book" / "genint_scenes9.ipynb") == defaults
    file = ROOT / "params" / "embedded" / "genint_scenes9.yaml"
    assert load_params(file).model_dump() == defaults


def test_cgn_and_genint_have_one_budget(fresh_workplace):
    params = smoke("genint_scenes9", genint_rows="ImageNet only,GenInt,CGN")
    plain, genint, cgn = genint_scenes9.budgets(params, genint_scenes9.sources(params))
    assert (genint.generated, genint.updates) == (cgn.generated, cgn.updates) == (18, 5)
    assert (genint.batch, genint.generated_batch) == (cgn.batch, cgn.generated_batch) == (9, 3)
    assert plain.generated == 0 and plain.updates == 5 and plain.real == genint.real == 45
    assert cgn.generator_seconds > 0 == genint.generator_seconds


def test_the_cgns_images_are_the_first_of_its_page(fresh_workplace):
    params = smoke("genint_scenes9")
    images, labels = genint_scenes9.sources(params)["counterfactual"].load()
    every, shapes = counterfactual_sets.counterfactuals(params)
    assert len(labels) == 18 < len(shapes) == 24
    assert np.array_equal(images, every[:18]) and labels.tolist() == shapes[:18].tolist()
    more = genint_scenes9.sources(params.model_copy(update={"int_per_class": 3}))
    with pytest.raises(UserError, match="27 counterfactuals are needed"):
        more["counterfactual"].load()


def test_imagenet_has_no_counterfactuals_without_a_folder():
    params = smoke("genint_scenes9").model_copy(update={"biggan": "deep_256"})
    assert not counterfactual_sets.counterfactual_sources(params)
    (made,) = counterfactual_sets.counterfactual_sources(
        params.model_copy(update={"cgn_set": "/nowhere"})
    )
    assert made == "counterfactual"


def test_a_folder_of_counterfactuals_is_known_by_its_contents(tmp_path):
    params = smoke("genint_scenes9")
    params = params.model_copy(update={"biggan": "deep_256", "cgn_set": str(tmp_path / "made")})
    with pytest.raises(UserError, match="no set of images"):
        counterfactual_sets.counterfactual_identity(params)
    (tmp_path / "made").mkdir()
    identities = set()
    for manifest, labels in (("{}", "a"), ("{}", "b"), ("[]", "a")):
        (tmp_path / "made" / "manifest.json").write_text(manifest)
        (tmp_path / "made" / "labels.csv").write_text(labels)
        identities.add(counterfactual_sets.counterfactual_identity(params))
    assert len(identities) == 3 and all(one.startswith("folder ") for one in identities)
    (tmp_path / "made").rename(tmp_path / "moved")
    moved = params.model_copy(update={"cgn_set": str(tmp_path / "moved")})
    assert counterfactual_sets.counterfactual_identity(moved) in identities
    (source,) = counterfactual_sets.counterfactual_sources(moved).values()
    assert source.count == 2000 and source.identity.endswith("first 2000")
