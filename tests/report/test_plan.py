"""Predictions: from what ran here, else from the shipped table, scaled."""

import json
import shutil

import pytest
import yaml

from cgnlib.__main__ import main
from cgnlib.datasets import MNIST_DATASETS
from cgnlib.errors import UserError
from cgnlib.families import datasets_at
from cgnlib.params import MnistParams
from cgnlib.report import costs, plan
from presets import write_presets

CGN = {
    "dataset": "colored_mnist",
    "cgn_width": 16,
    "cgn_shape_width": 32,
    "cgn_norm": "batch",
    "cgn_head": MnistParams().cgn_head,
    "disc": "projection",
    "disc_width": 24,
    "cgn_batch": 32,
    "perceptual_features": "none",
}


@pytest.fixture
def project(empty_project, monkeypatch):
    (empty_project / "params").mkdir()
    monkeypatch.setattr(costs, "this_processor", lambda: "here")
    monkeypatch.setattr(plan, "this_processor", lambda: "here")
    return empty_project


def artefact(workplace, kind: str, name: str, key: dict, seconds: float, **changes) -> None:
    folder = workplace / "runs" / kind / name
    folder.mkdir(parents=True)
    provenance = {
        "seconds": seconds,
        "peak_memory_mb": 500.0,
        "disk_mb": 2.0,
        "device": "cpu",
        "threads": 1,
        "processor": "here",
        "finished_at": "2030-01-01T00:00:30+00:00",
        **changes,
    }
    (folder / "provenance.json").write_text(json.dumps(provenance))
    (folder / "params.yaml").write_text(yaml.safe_dump(key))
    (folder / "done").write_text("{}")


def params_file(root, **values):
    path = root / "mine.yaml"
    path.write_text(yaml.safe_dump({"dataset": "colored_mnist", "scale": "smoke", **values}))
    return path


def by_name(predictions) -> dict:
    return {(p.kind, p.name): p for p in predictions}


def test_recorded_seconds_are_per_update(project, workplace):
    artefact(workplace, "cgn", "a", {**CGN, "cgn_steps": 100}, 4.0)
    artefact(workplace, "cgn", "b", {**CGN, "cgn_steps": 100}, 6.0)
    (cost,) = costs.recorded()
    assert (cost.seconds, cost.unit, cost.samples) == (0.05, "update", 2)
    found = by_name(plan.predict([params_file(project, cgn_steps=1000)]))
    assert found["cgn", "CGN"].seconds == 50.0
    assert (found["cgn", "CGN"].source, found["cgn", "CGN"].disk_mb) == ("recorded", 2.0)
    assert found["classifier", "Original"].source == "unknown"


def test_other_settings_are_a_rough_guess_scaled_by_batch(project, workplace):
    artefact(workplace, "cgn", "a", {**CGN, "cgn_steps": 100}, 4.0)
    path = params_file(project, dataset="wildlife_mnist", cgn_steps=100, cgn_batch=64)
    cgn = by_name(plan.predict([path]))["cgn", "CGN"]
    assert (cgn.seconds, cgn.source) == (8.0, "recorded, rough")


def test_another_machines_runs_do_not_count(project, workplace):
    artefact(workplace, "cgn", "a", {**CGN, "cgn_steps": 100}, 4.0, processor="elsewhere")
    with pytest.raises(UserError, match="costs.yaml is missing"):
        plan.predict([params_file(project)])
    with pytest.raises(UserError, match="run the notebooks first"):
        costs.write_costs()


def test_the_shipped_table_is_scaled_to_this_machine(project, workplace, monkeypatch):
    artefact(workplace, "cgn", "a", {**CGN, "cgn_steps": 100}, 4.0)
    artefact(workplace, "reader", "a", {"steps": 400}, 3.0)
    monkeypatch.setattr(costs, "calibrate", lambda: 0.5)
    assert plan.write_costs() == project / "params" / "costs.yaml"
    assert costs.costs_path().read_text().startswith(costs.HEADER)
    monkeypatch.setattr(plan, "this_processor", lambda: "another")
    monkeypatch.setattr(plan, "calibrate", lambda: 1.0)
    found = by_name(plan.predict([params_file(project, cgn_steps=100)]))
    assert (found["cgn", "CGN"].seconds, found["cgn", "CGN"].source) == (8.0, "reference")
    assert found["reader", "mask reader"].seconds == 12.0  # 3 s for 400 updates, here 800


def test_a_rewritten_table_keeps_what_was_not_recorded_again(project, workplace, monkeypatch):
    monkeypatch.setattr(costs, "calibrate", lambda: 0.5)
    artefact(workplace, "cgn", "a", {**CGN, "cgn_steps": 100}, 4.0)
    artefact(workplace, "reader", "a", {"steps": 400}, 3.0)
    plan.write_costs()
    shutil.rmtree(workplace / "runs" / "reader")
    artefact(workplace, "cgn", "b", {**CGN, "cgn_steps": 100}, 8.0)
    plan.write_costs()
    seconds = {cost.kind: cost.seconds for cost in costs.shipped()[1]}
    assert seconds == {"cgn": 0.06, "reader": 0.0075}  # 6 s for 100 updates, 3 s for 400

    monkeypatch.setattr(costs, "this_processor", lambda: "twice as slow")
    monkeypatch.setattr(costs, "calibrate", lambda: 1.0)
    shutil.rmtree(workplace / "runs" / "cgn")
    artefact(workplace, "vae", "a", {"steps": 10}, 1.0, processor="twice as slow")
    plan.write_costs()
    seconds = {cost.kind: cost.seconds for cost in costs.shipped()[1]}
    assert (seconds["cgn"], seconds["reader"]) == (0.12, 0.015)


def test_a_notebooks_overhead_is_what_no_artefact_explains(project, workplace):
    artefact(workplace, "cgn", "a", {**CGN, "cgn_steps": 100}, 20.0)
    artefact(
        workplace,
        "cgn",
        "b",
        {**CGN, "cgn_steps": 100},
        20.0,
        finished_at="2029-01-01T00:00:00+00:00",
    )
    folder = workplace / "results" / "smoke" / "colored_mnist" / "hqc"
    folder.mkdir(parents=True)
    run = {"finished_at": "2030-01-01T00:00:40+00:00", "seconds": 35.0}
    (folder / "run.json").write_text(json.dumps(run))
    (folder / "done").write_text(json.dumps({"params": {"threads": 1, "device": "cpu"}}))
    overhead = [c for c in costs.recorded() if c.kind == costs.OVERHEAD]
    assert [(c.seconds, c.drivers) for c in overhead] == [(15.0, {"notebook": "hqc"})]


def test_work_is_counted_once_and_follows_the_parameters():
    listed = list(plan.work(MnistParams()))
    names = [item.name for _, item in listed if item.kind == "cgn"]
    assert names == [
        "CGN",
        "CGN, control",
        "CGN without adversarial",
        "CGN without binary",
        "CGN without mask",
        "CGN without edge",
        "CGN without noise",
    ]
    fewer = MnistParams(weight_edge=0.0, classifier_steps=0, classifier_epochs=2, cf_images=640)
    found = {(item.kind, item.name): item for _, item in plan.work(fewer)}
    assert ("cgn", "CGN without edge") not in found
    assert found["classifier", "CGN"].updates == 20  # two epochs of ten batches
    assert found["classifier", "Original"].updates == 2 * 57  # 3,600 digits in batches of 64


def test_studies_are_counted_where_they_are_asked_for():
    params = MnistParams(
        dataset="double_colored_mnist",
        amount_sizes="10000,100000",
        amount_ratios="1,5",
        amount_steps=700,
        causal_degrees="90,100",
    )
    found = {(item.kind, item.name): item.updates for _, item in plan.work(params)}
    usual = {(item.kind, item.name) for _, item in plan.work(MnistParams())}
    grid = {
        name: n for (kind, name), n in found.items() if kind == "classifier" and "ratio" in name
    }
    assert grid == {f"{size}, ratio {r}": 700 for size in ("10,000", "100,000") for r in (1, 5)}
    assert found["classifier", "foreground classifier"] == params.classifier_steps
    assert ("predictions", "shape at 100 % correlation") in found
    assert not any("ratio" in name or "correlation" in name for _, name in usual)


def test_every_seed_is_priced(project, workplace):
    artefact(workplace, "cgn", "a", {**CGN, "cgn_steps": 100}, 4.0)
    path = params_file(project, cgn_steps=1000)
    cgns = [p for p in plan.predict([path], (0, 1)) if (p.kind, p.name) == ("cgn", "CGN")]
    assert [(p.seed, p.seconds) for p in cgns] == [(0, 40.0), (1, 40.0)]
    full = params_file(project, cgn_steps=1000, scale="full")
    assert {p.seed for p in plan.predict([full])} == {0, 1, 2}


def test_rows_of_the_table_are_planned_by_what_they_train():
    params = MnistParams(
        odr_settings="IRM (5 envs),LNTL,Original+GAN,Original+CGN,Original+CGN (1e5),"
        "Original+CGN (1e6)",
        search_seed=0,
        classifier_steps=0,
        classifier_epochs=1,
        irm_weight_five=7.0,
    )
    found = {(item.kind, item.name): item for page, item in plan.work(params) if page == "odr"}
    assert found["gan", "GAN"].updates == params.gan_steps
    assert [name for kind, name in found if kind == "irm"] == [
        f"IRM (5 envs), weight {weight}" for weight in ("7", "10", "100", "1000", "10000")
    ]
    assert sum(kind == "lntl" for kind, _ in found) == 3  # the one in use is a candidate
    assert found["irm", "IRM (5 envs), weight 7"].updates == 23  # 3,600 digits, 5 x 32 an update
    rows = [name for kind, name in found if kind == "classifier"]  # 1e6 is cf_images: one network
    assert rows == ["Original+GAN", "Original+CGN", "Original+CGN (1e5)"]
    assert found["classifier", "Original+CGN (1e5)"].updates == -(-103_600 // 64)
    assert found["classifier", "Original+GAN"].updates == -(-23_600 // 64)
    names = [item.name for _, item in plan.work(MnistParams(odr_settings="Original"))]
    assert "GAN" not in names and "LNTL, weight 0.01" not in names


def test_the_table_says_what_is_missing(project, workplace):
    artefact(workplace, "cgn", "a", {**CGN, "cgn_steps": 100}, 4.0)
    predictions = plan.predict([params_file(project, cgn_steps=3000)])
    text = plan.table(predictions)
    assert "2 min" in text and "at least" in text
    total = plan.as_dict(predictions)["total"]
    assert total["complete"] is False
    assert total["peak_memory_mb"] == 500.0


def test_a_damaged_table_is_one_line(project):
    costs.costs_path().write_text("reference: {}\n")
    with pytest.raises(UserError, match="damaged"):
        costs.shipped()


def test_calibration_is_short():
    assert 0 < costs.calibrate(0.05) < 5


def test_the_processor_has_a_name():
    assert costs.this_processor()


def test_a_whole_report_is_planned_by_scale_and_family(project, workplace, capsys):
    artefact(workplace, "cgn", "a", {**CGN, "cgn_steps": 100}, 4.0)
    write_presets(project, datasets=datasets_at("smoke"))
    assert main(["plan", "--scale", "smoke", "--family", "all", "--json"]) == 0
    items = json.loads(capsys.readouterr().out)["items"]
    planned = {item["params"] for item in items}
    assert planned == {
        f"smoke/{dataset}"
        for dataset in (*MNIST_DATASETS, "scenes9", "genint_mnist", "genint_scenes9")
    }


def test_every_training_of_the_imagenet_notebooks_is_planned(project, workplace):
    key = {"layout": "scenes9", "feature_net": "scene_cnn", "saliency_net": "small",
           "cgn_batch": 8, "cgn_accumulate": 1, "updates": 100}  # fmt: skip
    artefact(workplace, "imagenet_cgn", "a", key, 30.0)
    lengths = {"cgn_updates": 7, "ibr_updates": 7, "train_images": 9000, "classifier_batch": 64,
               "baseline_epochs": 4, "baseline_milestones": "3", "ensemble_epochs": 2,
               "ensemble_milestones": ""}  # fmt: skip
    write_presets(project, datasets=["scenes9"], **lengths)
    found = plan.predict([project / "params" / "smoke" / "scenes9.yaml"])
    cgns = {p.name: p.updates for p in found if p.kind == "imagenet_cgn"}
    assert cgns == dict.fromkeys(
        ["CGN", *(f"CGN without {name}" for name in ("shape", "text", "bg", "rec"))], 7
    )  # the control is the CGN itself
    assert by_name(found)["imagenet_cgn", "CGN"].seconds == 2.1
    rows = {
        p.name: p.updates for p in found if p.kind in ("imagenet_baseline", "imagenet_ensemble")
    }
    assert rows["IN"] == 4 * 141 and rows["IN+CGN"] == 2 * 141
    assert {p.notebook for p in found} == {"hqc_imagenet", "ibr_imagenet", "odr_imagenet"}


def test_another_number_of_threads_is_a_rough_guess(project, workplace):
    artefact(workplace, "cgn", "a", {**CGN, "cgn_steps": 100}, 4.0, threads=2)
    artefact(workplace, "cgn", "b", {**CGN, "cgn_steps": 100}, 8.0, threads=4)
    found = by_name(plan.predict([params_file(project, cgn_steps=100, threads=1)]))
    assert (found["cgn", "CGN"].seconds, found["cgn", "CGN"].source) == (4.0, "recorded, rough")
    exact = by_name(plan.predict([params_file(project, cgn_steps=100, threads=4)]))
    assert (exact["cgn", "CGN"].seconds, exact["cgn", "CGN"].source) == (8.0, "recorded")


def test_jobs_share_the_cores(project, workplace, monkeypatch):
    monkeypatch.setattr(plan.os, "cpu_count", lambda: 2)
    artefact(workplace, "cgn", "a", {**CGN, "cgn_steps": 100}, 4.0)
    alone = plan.as_dict(plan.predict([params_file(project, cgn_steps=100)]))["total"]
    assert alone["seconds_on_all_cores"] == alone["seconds"] / 2
    two = plan.as_dict(plan.predict([params_file(project, cgn_steps=100, threads=2)]))["total"]
    assert two["seconds_on_all_cores"] == two["seconds"] > 0
