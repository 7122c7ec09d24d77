"""Tables show every published row, and MISSING where nothing was measured."""

import re
from types import SimpleNamespace

import pytest

from cgnlib.datasets import MNIST_DATASETS
from cgnlib.params import ImagenetParams, MnistParams
from cgnlib.paths import project_root
from cgnlib.report import committed, ibr_tables, measures, summary, tables
from cgnlib.store import Artefact
from made_records import record


@pytest.fixture
def published_run(write_run):
    def publish(dataset="colored_mnist", scale="embedded", seed=0):
        rows = [
            ("ODR-1", setting, "test_accuracy", value, (value - 1, value + 1))
            for setting, value in (("Original", 10.0), ("Original+CGN", 84.0 + seed))
        ]
        rows.append(("IBR-3", "classifier Original", "training_time", 12.0, None))
        place = {"dataset": dataset, "scale": scale, "seed": seed}
        write_run("odr", rows, other=seed > 0, artefacts=["classifier/a"], **place)

    return publish


def rows(records=(), dataset="colored_mnist", **options):
    found = tables.comparison_rows(records, "ODR-1", dataset, "test_accuracy", **options)
    return {row["Trained on"]: row for row in found}


def test_published_and_own_values_stand_side_by_side():
    row = rows([record("Original+CGN", 92.04, (91.5, 92.6))])["Original+CGN"]
    assert row == {
        "Trained on": "Original+CGN",
        "Paper": "95.1",
        "Reprod. 1": "95.9, 95.53 (stored)",
        "Reprod. 2": "96.98 (released), 68.96 (retrained)",
        "This run": "92.0",
        "95 % interval": "91.5\u201392.6",
        "n": "10,000",
        "Seed": "0",
    }


@pytest.mark.parametrize("dataset", MNIST_DATASETS)
def test_no_published_row_is_dropped(dataset):
    found = rows(dataset=dataset)
    expected = [
        name
        for name in tables.ROW_ORDER
        if (name, dataset) != ("IRM (5 envs)", "colored_mnist")
        and not name.startswith("Original+CGN (")  # sizes are ours
    ]
    assert list(found) == expected
    assert all(row["This run"] == "MISSING: not run at this scale" for row in found.values())


def test_a_row_of_ours_without_published_value_is_kept_and_says_so():
    row = rows([record("CVAE", 50)])["CVAE"]
    assert (row["Paper"], row["Reprod. 1"]) == ("no published neighbour", tables.NOT_AVAILABLE)
    row = rows([record("IRM (5 envs)", 50)])["IRM (5 envs)"]
    assert row["Paper"] == "no published neighbour"


def test_rows_of_a_set_size_stand_beside_the_study_that_used_it():
    found = rows([record(f"Original+CGN ({size})", 90) for size in ("5e4", "1e5", "1e6")])
    theirs = [[row[name] for name in ("Paper", "Reprod. 1", "Reprod. 2")] for row in found.values()]
    names = dict(zip(found, theirs, strict=True))
    dash = tables.NOT_AVAILABLE
    assert names["Original+CGN (5e4)"] == [dash, "95.9, 95.53 (stored)", dash]
    assert names["Original+CGN (1e5)"] == ["no published neighbour", dash, dash]
    assert names["Original+CGN (1e6)"] == [dash, dash, "96.98 (released), 68.96 (retrained)"]
    assert names["Original+CGN"][1] == "95.9, 95.53 (stored)"


def test_reasons_can_differ_by_row():
    found = rows(missing={"LNTL": "not in this version"})
    assert found["LNTL"]["This run"] == "MISSING: not in this version"
    assert found["GAN"]["This run"] == "MISSING: not run"


def test_seeds_become_mean_and_spread():
    both = [record("Original", 10, (9, 11)), record("Original", 12, (11, 14), seed=1)]
    row = rows(both)["Original"]
    assert (row["This run"], row["95 % interval"], row["Seed"]) == (
        "11.0 ± 1.4",
        "9.0\u201314.0",
        "0, 1",
    )


def test_three_seeds_have_an_interval_over_seeds():
    three = [record("Original", 10 + s, (9 + s, 11 + s), seed=s) for s in range(3)]
    row = rows(three)["Original"]
    assert (row["This run"], row["95 % interval"]) == ("11.0 ± 1", "8.5\u201313.5 over seeds")


def test_the_full_scale_has_a_column_of_its_own():
    full = [record("LNTL", 80 + s, seed=s, scale="full") for s in range(3)]
    found = rows([record("Original", 36, (35, 37))], full=full)
    assert found["Original"][tables.FULL_SCALE] == "MISSING: not run"
    assert found["LNTL"]["This run"] == "MISSING: not run at this scale"
    assert found["LNTL"][tables.FULL_SCALE] == "81.0 (78.5\u201383.5, 3 seeds)"
    assert tables.FULL_SCALE not in rows()["LNTL"]


def test_records_of_another_dataset_or_metric_are_not_shown():
    found = rows(
        [
            record("Original", 99, metric="train_accuracy"),
            record("Original", 98, dataset="wildlife_mnist"),
        ]
    )
    assert found["Original"]["This run"].startswith("MISSING")


@pytest.mark.parametrize(
    ("dataset", "textures", "marked"),
    [
        ("wildlife_mnist", "procedural", True),
        ("wildlife_mnist", "dtd", False),
        ("colored_mnist", "procedural", False),
    ],
)
def test_published_wildlife_values_say_other_textures(dataset, textures, marked):
    params = MnistParams(dataset=dataset, textures=textures)
    html = tables.comparison([], "ODR-1", params).to_html()
    assert ("other textures" in html) is marked
    assert "MISSING: not run at this scale" in html


def test_missing_is_set_apart_and_the_index_hidden():
    html = tables.comparison([record("Original", 35.0)], "ODR-1", MnistParams()).to_html()
    assert "font-style: italic" in html
    assert "row_heading" not in html
    assert "<caption>ODR-1, test accuracy in %, colored_mnist</caption>" in html


@pytest.mark.parametrize("dataset", MNIST_DATASETS)
def test_the_paper_files_show_no_departure(dataset):
    from cgnlib.parameter_reading import load_params

    params = load_params(project_root() / "params" / "paper" / f"{dataset}.yaml")
    assert tables.departures_list(params) == []
    assert "none: the published training" in tables.departures(params).to_html()


def test_the_schedule_of_the_ensemble_is_among_the_departures_at_imagenets_scale():
    from cgnlib.parameter_reading import load_params

    files = {name: f"paper/{name}" for name in ("imagenet_code", "imagenet_r1", "imagenet_paper")}
    for name, path in files.items():
        params = load_params(project_root() / "params" / f"{path}.yaml")
        found = {what for what, _, _ in tables.departures_list(params, of=("classifier",))}
        silent = {"batch norm of the ensemble (code alone)"}  # the paper says nothing of it
        assert found == (silent if name == "imagenet_paper" else set())
    here = {what: ours for what, _, ours in tables.departures_list(ImagenetParams())}
    assert "ensemble_epochs 3" in here["training of the ensemble"]
    assert here["start of baseline and ensemble"] == "trunk resnet18, trunk_weights empty"


def test_nothing_trained_is_a_line_of_its_own():
    html = tables.costs({}, ImagenetParams()).to_html()
    assert "nothing on this page" in html and "Cost of this run" in html


def test_departures_name_the_choice_and_both_values():
    found = {
        what: (theirs, here)
        for what, theirs, here in tables.departures_list(MnistParams(dataset="wildlife_mnist"))
    }
    assert found["noise shared by the mechanisms"] == (
        "cgn_shared_noise True",
        "cgn_shared_noise False",
    )
    assert found["wildlife textures"] == ("textures dtd", "textures procedural")
    assert found["discriminator"] == ("disc conv, disc_width 32", "disc projection, disc_width 24")
    for choice in (
        "averaged weights (EMA)",
        "mask interval loss",
        "edge loss",
        "perceptual loss",
        "width of the mechanisms",
        "digits",
        "classifier training",
    ):
        assert choice in found
    assert "texture shuffler" not in found


def test_departures_name_the_training_of_lntl_where_asked():
    params = MnistParams(lntl_weight=0.1)
    (found,) = [row for row in tables.departures_list(params, ("lntl",))]
    what, theirs, here = found
    assert what.startswith("LNTL (its reference code; momentum 0.9")
    assert theirs == (
        "classifier_optimiser sgd, classifier_lr 0.01, classifier_steps 0, classifier_epochs 100, "
        "classifier_batch 128, lntl_weight 0.01"
    )
    assert here.endswith("classifier_batch 64, lntl_weight 0.1")
    assert "LNTL" not in str(tables.departures_list(params))


def test_departures_of_the_cgn_alone_leave_the_classifier_out():
    assert "classifier training" not in [
        what for what, _, _ in tables.departures_list(MnistParams(), ("cgn",))
    ]


def test_quality_stands_beside_the_released_range():
    ours = [record("CGN", 0.1234, metric="mask_mean", unit="share", experiment="HQC-1")]
    html = tables.quality(ours, MnistParams()).to_html()
    assert "0.123" in html
    assert "0.07\u20130.16" in html
    assert html.count("MISSING: not measured") == 5


def test_the_ablation_has_a_row_per_dropped_group():
    ours = [
        record(s, v, metric="mask_mean", unit="share", experiment="IBR-1")
        for s, v in (("none", 0.12), ("binary", 0.4))
    ]
    frame = ibr_tables.ablation(ours, {"mask_mean": "Mask", "cf_test_accuracy": "Test %"}).data
    assert frame.values.tolist() == [
        ["none (control)", "0.120", "MISSING: not measured"],
        ["binary", "0.400", "MISSING: not measured"],
    ]


def test_the_published_ablation_is_complete():
    frame = ibr_tables.published_ablation().data.set_index("Dropped (ImageNet)")
    assert list(frame.index) == ["shape", "text", "bg", "rec", "none", "BigGAN"]
    assert frame.loc["text", "mask mean, Paper"] == "0.9 ± 0.1"
    assert frame.loc["rec", "IS, Reprod. 1"] == "19.3, 17.2 ± 0.4 (stored)"


def test_costs_show_time_memory_and_what_was_published(tmp_path):
    made = Artefact(
        "cgn",
        "abc",
        tmp_path,
        {
            "seconds": 83.4,
            "peak_memory_mb": 1234.5,
            "device": "cpu",
            "threads": 2,
            "processor": "X",
        },
    )
    html = tables.costs({"CGN": (made, 3000)}, MnistParams(dataset="wildlife_mnist")).to_html()
    studies = "MNIST classifiers 6, counterfactual ablation 14, edge loss 48"
    for text in ("3,000", ">83<", "1,234 MB", "cgn/abc", "Reprod. 2 3.5 hours", studies):
        assert text in html
    html = tables.costs({"edge": ([made] * 4, 1000)}, MnistParams()).to_html()
    for text in ("1,000 each", ">334<", "4 artefacts"):
        assert text in html


def test_quality_numbers_flatten_the_matrix_and_leave_undefined_entries_out():
    nan = float("nan")
    found = measures.quality_numbers(
        SimpleNamespace(
            readability=0.97,
            mask_means=[0.125, 0.375],
            border_means=[0.0, 0.5],
            undecided=[0.0625],
            disentanglement=[[0.9, 0.11, 0.1], [0.12, 0.98, 0.09], [nan, nan, nan]],
        )
    )
    values = {name: value for name, (value, _) in found.items()}
    assert values == {
        "mask_readability": 0.97,
        "mask_mean": 0.25,
        "border_mean": 0.25,
        "undecided_share": 0.0625,
        "oracle_shape_shape": 0.9,
        "oracle_shape_foreground": 0.11,
        "oracle_shape_background": 0.1,
        "oracle_foreground_shape": 0.12,
        "oracle_foreground_foreground": 0.98,
        "oracle_foreground_background": 0.09,
        "label_recovery": 0.9,
        "label_leak": 0.12,
    }


def test_records_of_the_full_scale_stand_in_or_are_missing(workplace, monkeypatch, published_run):
    monkeypatch.setattr(committed, "project_root", lambda: workplace)

    def shown():
        frame = tables.full_or_missing("ODR-1", MnistParams(), missing="not yet").data
        return frame.set_index("Trained on")["Full scale"]

    assert shown()["Original"] == "MISSING: not yet"
    published_run()  # of another scale
    assert shown()["Original"] == "MISSING: not yet"
    published_run(scale="full")
    published_run(scale="full", seed=2)
    assert shown()["Original+CGN"] == "85.0 ± 1.4"
    assert shown()["LNTL"] == "MISSING: not yet"


def test_published_values_beside_the_full_scale_say_other_textures(workplace, monkeypatch):
    monkeypatch.setattr(committed, "project_root", lambda: workplace)
    for textures, said in (("procedural", True), ("dtd", False)):
        params = MnistParams(dataset="wildlife_mnist", textures=textures)
        assert ("other textures" in tables.full_or_missing("EXT-5", params).to_html()) is said


def test_a_row_that_nobody_published_can_be_missing_too():
    found = rows(settings=["Original", "mine"])
    assert found["mine"]["This run"].startswith("MISSING")
    assert list(found).count("Original") == 1


def test_digits_have_no_unit_in_a_cell():
    assert tables.number(8.904, "digits") == "8.9"


def test_the_summary_of_nothing_is_missing_everywhere(workplace):
    empty = summary.Summary("embedded")
    matrix = summary.verdict_matrix(empty).data
    assert matrix["Claim"].tolist() == [
        *("HQC", "IBR", "ODR", "EXT", "EXT-SSIM", "EXT-JITTER"),
        *("ODR-AMOUNT", "ODR-CAUSE", "HQC-EDGE", "COST"),
    ]
    asked = matrix.set_index("Claim")[list(MNIST_DATASETS)]
    assert asked.isin(["MISSING: not run", tables.NOT_AVAILABLE]).all(axis=None)
    assert (asked.loc["COST"] == "MISSING: not run").all()
    assert (asked.loc["HQC-EDGE"] == tables.NOT_AVAILABLE).tolist() == [False, True, True]
    assert all(
        row["This run"].startswith("MISSING")
        for dataset in MNIST_DATASETS
        for row in summary.experiment_rows(empty, dataset)
    )
    assert "MISSING" in summary.experiments(empty, "wildlife_mnist").to_html()
    assert "MISSING" in summary.timings(empty).to_html()
    assert "48 GPU hours" in summary.costs(empty).to_html()


def test_the_summary_says_which_experiments_a_family_does_not_have(workplace, capsys):
    mnist, scenes = summary.Summary("embedded"), summary.Summary("embedded", "scenes9")
    both = [summary.or_say_none(found.asked("ODR-1"), "ODR-1", found) for found in (mnist, scenes)]
    assert both == [list(MNIST_DATASETS), []]
    assert capsys.readouterr().out == "ODR-1: not about scenes9\n"


def test_the_summary_reads_records_only(published_run):
    published_run(dataset="wildlife_mnist")
    published_run(dataset="wildlife_mnist", seed=2)
    published_run(scale="full")
    found = summary.Summary("embedded")
    odr = summary.verdict_matrix(found).data.set_index("Claim").loc["ODR"]
    assert odr["wildlife_mnist"] == "✓ supported (mean of 2 seeds: an indication)"
    assert odr["colored_mnist"] == "MISSING: not run"
    row = next(
        r
        for r in summary.experiment_rows(found, "wildlife_mnist")
        if r["Experiment"].startswith("ODR-1 ")
    )
    assert row["Paper"] == "85.7 (other textures)"
    assert (row["This run"], row["Verdict"]) == ("85.0 (83.0\u201387.0, 2 seeds)", "supported")
    assert row["Page"] == '<a href="wildlife_mnist/odr.html">odr</a>'
    assert summary.experiment_rows(found, "colored_mnist")[0]["Page"] == "\u2013"
    assert summary.headline(found, "wildlife_mnist").data["This run"].tolist()[0] == "10.0 ± 0"
    times = summary.timings(found).data
    assert times["Time"].tolist() == ["12 s ± 0", "0.0033 h"]  # one artefact, named by both
    assert times["Seeds"].tolist() == ["0, 2", ""]
    (judged,) = [v for v in found.verdicts if (v.claim, v.dataset) == ("ODR", "wildlife_mnist")]
    assert judged.reasons[-1].startswith("note: published wildlife values")


def test_the_summary_sets_a_headline_beside_its_control(write_run):
    counts = {"original": 0.2, "with edge loss": 0.9, "CGN": 0.5}
    rows = [("HQC-7", name, "correct_digits", value, None) for name, value in counts.items()]
    write_run("hqc", rows, scale="embedded", artefacts=["edge_run/a"])
    found = summary.experiment_rows(summary.Summary("embedded"), "colored_mnist")
    row = next(row for row in found if row["Experiment"].startswith("HQC-7 "))
    assert row["Reprod. 1"] == "8.9 digits, original 5.62 digits"
    assert row["This run"] == "0.900 (one seed); original 0.200 (one seed)"


@pytest.mark.parametrize(
    ("dataset", "left_out"),
    [
        ("colored_mnist", {"ODR-5", "EXT-6"}),
        ("double_colored_mnist", {"HQC-7", "IBR-4"}),
        ("wildlife_mnist", {"HQC-7", "IBR-4", "ODR-5"}),
    ],
)
def test_the_summary_names_every_experiment(workplace, dataset, left_out):
    listed = [
        row["Experiment"].split()[0]
        for row in summary.experiment_rows(summary.Summary("embedded"), dataset)
    ]
    assert len(listed) == len(set(listed))
    assert (
        set(listed)
        == {
            "HQC-1",
            "HQC-4",
            "HQC-5",
            "HQC-6",
            "HQC-7",
            "IBR-1",
            "IBR-3",
            "IBR-4",
            "ODR-1",
            "ODR-2",
            "ODR-5",
            "EXT-1",
            "EXT-2",
            "EXT-5",
            "EXT-6",
            "EXT-7",
        }
        - left_out
    )


def test_no_machine_path_in_any_table():
    html = tables.departures(MnistParams()).to_html() + ibr_tables.published_ablation().to_html()
    assert not re.search(r"/(work|home|tmp)/", html)
