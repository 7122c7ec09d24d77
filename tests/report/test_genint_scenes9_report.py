"""GenInt's page of scenes: records of directions, tables side by side, the plan, the verdicts."""

from types import SimpleNamespace

import numpy as np
import pytest
import yaml

from cgnlib.parameter_reading import load_params
from cgnlib.params import GenintParams
from cgnlib.pipelines.genint_scenes9 import classify
from cgnlib.report import (
    departures,
    genint_direction_records,
    genint_side_tables,
    genint_tables,
    plan,
    verdicts,
)
from cgnlib.report.records import begin
from presets import ROOT, smoke


def made(values, experiment="GENINT-4"):
    """Records of (setting, metric) to (value, low, high)."""
    run = begin(smoke("genint_scenes9"), notebook="genint_scenes9", claim="GI-2")
    for (setting, metric), (value, low, high) in values.items():
        unit = "points" if " minus " in setting else "%"
        run.record(
            experiment, setting, metric, value, unit, n=9, interval=(low, high), definition="x"
        )
    return run.records


def test_directions_are_recorded_by_their_least_agreement(workplace):
    run = begin(smoke("genint_scenes9"), notebook="genint_scenes9", claim="GI-2")
    found = {"cosines": np.array([1.0, 0.9]), "span": np.array([1.0, 0.99]), "samples": 400}
    genint_direction_records.record_agreement(run, found)
    told = {record.metric: record.value for record in run.records}
    expected = {"least_cosine": 0.9, "mean_cosine": 0.95, "span_cosine": 0.99}
    assert told == pytest.approx(expected) and run.records[0].n == 2


def test_rows_stand_side_by_side_on_every_set(workplace):
    records = made({("GenInt", "top1_accuracy"): (60.0, 55.0, 65.0),
                    ("GenInt minus CGN", "top1_accuracy"): (-4.0, -9.0, 1.0)})  # fmt: skip
    records += made({("CGN", "hard_top1_accuracy"): (40.0, 35.0, 45.0)}, "GENINT-6")
    lines = genint_side_tables.side_lines(records, ["GenInt", "CGN"], ["nuisance_shifted", "hard"])
    assert lines[0] == {
        "Images": "nuisance shifted",
        "GenInt": "60.0 (55.0 to 65.0)",
        "CGN": "MISSING: not trained",
        "GenInt minus CGN": "-4.0 (-9.0 to +1.0)",
    }
    assert lines[1]["CGN"] == "40.0 (35.0 to 45.0)"


def test_budgets_are_told_row_by_row():
    one = SimpleNamespace(row="CGN", real=1800, generated=2700, batch=32, generated_batch=32,
                          updates=114, seconds=9.6, generator_seconds=120.0)  # fmt: skip
    (line,) = genint_side_tables.budget_lines([one])
    assert list(line.values()) == ["CGN", "1,800", "2,700", "32 and 32", "114", "10", "120"]
    assert "MISSING" in genint_side_tables.budgets([], "none").to_html()


def judged(**gains):
    values = {
        (f"GenInt minus {name.replace('_', ' ')}", "top1_accuracy"): (gain, gain - 2, gain + 2)
        for name, gain in gains.items()
    }
    values["GenInt + transfer minus GenInt", "top1_accuracy"] = (3.0, 1.0, 5.0)
    return verdicts.judge("GI-2", "genint_scenes9", made(values))


def test_the_claim_stands_on_plain_training(workplace):
    others = dict.fromkeys(("Stylized", "Mixup", "AutoAug", "GAN_augmentation"), 5.0)
    assert judged(ImageNet_only=4.0, **others).verdict == "supported"
    assert judged(ImageNet_only=4.0, **others | {"Stylized": -3.0}).verdict == "partly"
    assert judged(ImageNet_only=1.0, **others).verdict == "not supported"  # 0 is inside
    assert judged(**others).verdict == "not run"


def test_what_is_planned_is_what_runs():
    params = GenintParams(
        corruptions="none",
        bound_strengths="none",
        int_batches="16",
        generated_rows="observational_1.0,interventional",
        generated_network="resnet18",
    )
    found = {(item.kind, item.name): item for _, item in plan.work(params)}
    rows = [name for kind, name in found if kind == "genint_row"]
    assert len(rows) == 2 * 3 + 7 + 1 + 2  # two repeated rows, others, a batch, generated alone
    assert found["genint_row", "GenInt, training 2"].updates == 2 * 57
    assert found["genint_row", "Stylized, training 1"].updates == 2 * 57
    alone = dict(found["genint_row", "Interventional, truncation 1.0"].drivers)
    assert alone["classifier_network"] == "resnet18" and alone["interventional"] == 32
    assert found["genint_row", "GenInt + transfer, training 1"].updates == 57  # tuned
    assert dict(found["genint_row", "GenInt, X_int batch 16"].drivers)["interventional"] == 16
    assert ("genint_strength", "classifier of none interventions") in found
    assert not any(kind == "genint_corruption_answers" for kind, _ in found)
    assert {page for page, _ in plan.work(params)} == {"genint_scenes9"}


def test_departures_are_those_from_genint_not_from_the_cgn():
    told = {what for what, _, _ in departures.departures_list(GenintParams())}
    assert {"generator", "classifier training"} <= told and "mask losses" not in told


@pytest.mark.parametrize("name", ["genint_imagenet", "genint_imagenet_r152"])
def test_the_papers_settings_depart_from_nothing(name):
    paper = load_params(ROOT / "params" / "paper" / f"{name}.yaml")
    assert departures.departures_list(paper) == []
    listed = yaml.safe_load((ROOT / "params" / "paper" / f"{name}.yaml").read_text())
    assert set(listed) == set(GenintParams.model_fields)
    smaller = paper.model_copy(update={"generated_network": "", "gan_batch": 128})
    (network, _, here), (images, _, _) = departures.departures_list(smaller)
    assert network == "network of generated images alone" and here == "generated_network empty"
    assert images.startswith("images of GAN augmentation")


def test_the_deep_network_is_tuned_as_published():
    params = load_params(ROOT / "params" / "paper" / "genint_imagenet_r152.yaml")
    assert genint_tables.published_table("GENINT-4", params) == "Table 1 (ResNet-152, standard)"
    plans = {row: classify.plan_of(params, row) for row in params.rows()}
    first, both = plans["ImageNet only"], plans["GenInt + transfer"]
    assert first.start == "" and plans["GenInt"].start == plans["Mixup"].start == "ImageNet only"
    assert (both.real, both.interventional, both.transferred) == (192, 64, 64)
    assert (both.weight_int, both.weight_itr, both.start) == (0.2, 0.2, "Transfer only")
    assert plans["GenInt"].weight_int == 0.2 and not params.kinds() and not params.strengths()
