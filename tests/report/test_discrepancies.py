"""Discrepancies: read strictly, every parameter exists, effects come from records."""

import pytest

from cgnlib.errors import UserError
from cgnlib.families import family_of_notebook
from cgnlib.params import GenintMnistParams, GenintParams, ImagenetParams, MnistParams
from cgnlib.report import committed, discrepancies, states
from cgnlib.report.discrepancies import NOT_MEASURED, effect
from cgnlib.report.evidence import Evidence

MNIST_POINTS = {f"D{n}" for n in (*range(1, 9), *range(12, 18), 27, 28)}
IMAGENET_POINTS = {f"D{n}" for n in (9, 10, 11, *range(18, 27), 29, 30)} | {"D8, ImageNet"}
GENINT_MNIST_POINTS = {"D33", "D34"}
GENINT_POINTS = {"D31", "D32", "D35", "D36", "D37"}
ACCURACY = ("ODR-1", "Original+CGN", "test_accuracy")


def one(name):
    return next(entry for entry in discrepancies.discrepancies() if entry.id == name)


def evidence():
    return Evidence("smoke", states.status("smoke"))


def test_every_point_is_there_with_parameters_that_exist():
    found = discrepancies.discrepancies()
    assert {entry.id for entry in found} == (
        MNIST_POINTS | IMAGENET_POINTS | GENINT_MNIST_POINTS | GENINT_POINTS
    )
    models = dict.fromkeys(MNIST_POINTS, MnistParams)
    models |= dict.fromkeys(GENINT_MNIST_POINTS, GenintMnistParams)
    models |= dict.fromkeys(GENINT_POINTS, GenintParams)
    for entry in found:
        model = models.get(entry.id, ImagenetParams)
        assert family_of_notebook(entry.page).model is model
        assert set(entry.parameters) <= set(model.model_fields)


def test_a_page_holds_the_points_of_its_families(workplace):
    for family, own, other in (("mnist", "D1", "D9"), ("scenes9", "D9", "D1")):
        text = discrepancies.page(Evidence("smoke", [], family))
        assert f"| {own} |" in text and f"| {other} |" not in text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("parameters: [edge_fom]", "unknown parameter 'edge_fom' .did you mean 'edge_form'"),
        ("parametres: []", "0.parameters: Field required"),
        ("parameters: []\n  switch: x", "0.switch: Extra inputs"),
        ("parameters: []\n- {id: D1, topic: t, sources: s, here: h, parameters: [], page: p}",
         "D1 is given twice"),
    ],
)  # fmt: skip
def test_mistakes_are_named(change, message, tmp_path):
    path = tmp_path / "d.yaml"
    path.write_text(f"- id: D1\n  topic: t\n  sources: s\n  here: h\n  page: p\n  {change}\n")
    with pytest.raises(UserError, match=message):
        discrepancies.load(path)


def test_without_runs_nothing_is_measured(workplace):
    assert {effect(entry, evidence()) for entry in discrepancies.discrepancies()} == {NOT_MEASURED}


def test_an_effect_is_that_of_a_run_which_changed_nothing_else(write_run):
    write_run("odr", [(*ACCURACY, 80.0, None)])
    only = write_run("odr", [(*ACCURACY, 70.0, None)], other=True, real_frac=0.5)
    write_run("odr", [(*ACCURACY, 10.0, None)], other=True, real_frac=0.5, cgn_steps=1)
    told = effect(one("D27"), evidence())
    assert "real_frac 0.1 to 0.5: Original+CGN, test accuracy 80.0 to 70.0" in told
    assert only.name in told and "10.0" not in told
    assert effect(one("D7"), evidence()) == NOT_MEASURED


def test_committed_runs_of_the_full_scale_with_a_change_count_too(
    write_run, monkeypatch, workplace
):
    monkeypatch.setattr(committed, "project_root", lambda: workplace / "project")
    place = {"root": workplace / "project" / "results", "scale": "full"}
    write_run("odr", [(*ACCURACY, 80.0, None)], **place)
    other = write_run("odr", [(*ACCURACY, 70.0, None)], other=True, real_frac=0.5, **place)
    write_run("odr", [(*ACCURACY, 10.0, None)], other=True, cgn_shuffle=False, seed=1, **place)
    assert effect(one("D27"), evidence()) == (
        "colored_mnist, real_frac 0.1 to 0.5: Original+CGN, test accuracy 80.0 to 70.0 "
        f"(full scale, seed 0, {other.name})"
    )
    assert "10.0" in effect(one("D7"), evidence())
    assert effect(one("D27"), Evidence("full", [])) == NOT_MEASURED  # it has its own runs only


def test_rows_of_one_page_are_set_beside_each_other(write_run):
    rows = [("ODR-1", name, "test_accuracy", value, None)
            for name, value in (("Original", 30.0), ("CGN", 80.0))]  # fmt: skip
    write_run("odr", rows)
    assert effect(one("D27"), evidence()) == (
        "colored_mnist, test accuracy: Original 30.0, CGN 80.0"
    )
    assert effect(one("D13"), evidence()) == NOT_MEASURED


def test_the_full_scale_stands_beside_what_this_scale_measured(write_run, monkeypatch, workplace):
    monkeypatch.setattr(committed, "project_root", lambda: workplace / "project")
    place = {"root": workplace / "project" / "results", "scale": "full"}
    for seed in range(3):
        rows = [("EXT-5", name, "test_accuracy", value + seed, None)
                for name, value in (("retrained", 80.0), ("retrained + SSIM", 70.0))]  # fmt: skip
        write_run("extensions", rows, other=bool(seed), seed=seed, **place)
    full = "colored_mnist (full scale, 3 seeds), test accuracy: retrained 81.0, retrained + SSIM"
    assert effect(one("D13"), evidence()) == f"{full} 71.0"
    write_run("extensions", [("EXT-5", name, "test_accuracy", 60.0, None)
                             for name in ("retrained", "retrained + SSIM")])  # fmt: skip
    told = effect(one("D13"), evidence())
    assert told.startswith("colored_mnist, test accuracy: retrained 60.0, retrained + SSIM 60.0; ")
    assert told.endswith(f"{full} 71.0")
    assert effect(one("D13"), Evidence("full", [])) == NOT_MEASURED  # it has its own records only


@pytest.mark.parametrize(
    ("name", "notebook", "experiment", "metric", "settings", "said"),
    [
        ("D12", "hqc", "HQC-7", "correct_digits", ("original", "with edge loss"),
         "not the form of the loss, but "),
        ("D16", "explain", "EXT-1", "neighbours_real_shape",
         ("trained on original", "trained on CF"), "not the choice of images, but "),
        ("D17", "explain", "EXT-2", "mean_iou",
         ("trained on original", "trained on CF"), "not the ground truth, but "),
        ("D28", "odr", "ODR-1", "test_accuracy", ("CGN", "Original+CGN"),
         "not released against retrained weights, but "),
    ],
)  # fmt: skip
def test_rows_that_do_not_vary_the_point_say_so(
    write_run, name, notebook, experiment, metric, settings, said
):
    write_run(notebook, [(experiment, setting, metric, 0.5, None) for setting in settings])
    assert effect(one(name), evidence()).startswith(said)


def test_the_misalignment_of_the_heat_maps_truth_is_shown(write_run):
    shares = {"trained on original": 0.1, "trained on CF": 0.2}
    rows = [("EXT-2", name, "foreground_iou_other", value, None) for name, value in shares.items()]
    write_run("explain", rows)
    told = effect(one("D17"), evidence())
    assert told.startswith("with the digit of another image, what the misalignment does: ")
    assert "foreground iou other: trained on original 0.1" in told


def test_one_row_alone_compares_nothing(write_run):
    write_run("odr", [("ODR-1", "CGN", "test_accuracy", 80.0, None)])
    assert effect(one("D28"), evidence()) == NOT_MEASURED


def test_the_page_has_one_row_each(write_run):
    write_run("odr", [(*ACCURACY, 80.0, None)])
    lines = discrepancies.page(evidence()).splitlines()
    assert sum(line.startswith("| D") for line in lines) == len(MNIST_POINTS)
    assert any("</results/smoke/colored_mnist/odr>" in line for line in lines)
