"""Records and tables of GenInt's classifiers, from scores made by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from cgnlib.data.corruption_names import CORRUPTIONS
from cgnlib.evaluation.mce import corruption_errors
from cgnlib.params.genint_classifiers import GenintClassifierParams
from cgnlib.report import genint_records, genint_tables, published
from cgnlib.report.records import begin

PARAMS = GenintClassifierParams(dataset="genint_scenes9", scale="smoke")
R18 = "Table 1 (ResNet-18, standard)"


@pytest.fixture
def run(workplace):
    run = begin(PARAMS, "genint_scenes9", "GI")
    found = SimpleNamespace(rank=np.zeros((3, 200), int), artefacts=["kind/hash"])
    for setting, score in (("ImageNet only", 60.0), ("GenInt", 64.0)):
        scores = {"top1": (score, score - 2, score + 2)}
        for name in ("nuisance_shifted", "second_test"):
            experiment = genint_records.experiment_of(name)
            genint_records.record_accuracies(run, experiment, setting, name, scores, found)
    genint_records.record_difference(
        run, "GENINT-4", "GenInt minus ImageNet only", "nuisance_shifted", (4.0, 1.0, 7.0), found,
        found,
    )  # fmt: skip
    once = SimpleNamespace(rank=np.zeros((1, 200), int), artefacts=["kind/other"])
    genint_records.record_difference(
        run, "GENINT-6", "GenInt minus CGN", "second_test", (4.0, 1.0, 7.0), found, once
    )
    wrong = np.zeros((15, 5, 10))
    wrong[:, :, :4] = 1
    reference = np.zeros((15, 5, 10))
    reference[1:, :, :2] = 1  # no error under the first corruption
    answered = SimpleNamespace(wrong=wrong, trainings=2, artefacts=())
    errors = corruption_errors(wrong, reference)
    genint_records.record_corruptions(run, "GenInt", errors, answered, "ImageNet only")
    return run


def numbers(run):
    return {(r.experiment, r.setting, r.metric): r for r in run.records}


def test_accuracies_are_named_after_their_set(run):
    found = numbers(run)
    one = found["GENINT-4", "GenInt", "top1_accuracy"]
    assert (one.value, one.n, one.unit, one.interval_low) == (64.0, 200, "%", 62.0)
    assert "3 trainings" in one.definition and one.artefacts == ["kind/hash"] and one.claim == "GI"
    assert found["GENINT-6", "GenInt", "second_test_top1_accuracy"].value == 64.0
    gap = found["GENINT-4", "GenInt minus ImageNet only", "top1_accuracy"]
    assert (gap.value, gap.unit) == (4.0, "points")


def test_definitions_say_what_an_interval_holds(run):
    found = numbers(run)
    one = found["GENINT-4", "GenInt", "top1_accuracy"].definition
    assert "Student's t over 3 trainings and bootstrap over images" in one
    gap = found["GENINT-4", "GenInt minus ImageNet only", "top1_accuracy"].definition
    assert "paired by image and training" in gap and "no spread" not in gap
    single = found["GENINT-6", "GenInt minus CGN", "second_test_top1_accuracy"]
    assert "trained once no spread" in single.definition
    assert single.artefacts == ["kind/hash", "kind/other"]
    alone = genint_records._drawn(1)
    assert "bootstrap over images; the spread of trainings is not in it" in alone
    corrupted = found["GENINT-5", "GenInt", "corrupted_error"].definition
    assert "mean over 2 trainings" in corrupted and "trainings fixed" in corrupted


def test_generated_images_alone_are_named_by_their_truncation():
    row, plain = "Interventional, truncation 1.0", "Observational, truncation 1.0"
    for truncation, name in ((1.0, row), (0.5, "Interventional, truncation 0.5")):
        params = SimpleNamespace(int_truncation=truncation)
        assert genint_records.generated_setting(row, params) == name
        assert genint_records.generated_setting(plain, params) == plain


@pytest.mark.parametrize(
    ("experiment", "changes", "table", "told"),
    [
        ("GENINT-4", {}, R18, "ResNet-18, standard augmentation"),
        ("GENINT-4", {"classifier_network": "resnet152", "augmentation": "additional"},
         "Table 1 (ResNet-152, additional)", "ResNet-152, additional augmentation"),
        ("GENINT-4", {"classifier_network": "resnet50"}, R18, "ResNet-18, standard augmentation"),
        ("GENINT-5", {"classifier_network": "resnet152", "augmentation": "additional"},
         "Table 2 (ResNet-152)", "ResNet-152"),
        ("GENINT-6", {"classifier_network": "resnet152"}, "Table 3 (ResNet-152)", "ResNet-152"),
        ("GENINT-7", {"classifier_network": "resnet152"}, "Table 4", "ResNet-50"),
        ("GENINT-11", {"augmentation": "additional"}, "Table 6 (additional)",
         "ResNet-18, additional augmentation"),
        ("GENINT-12", {}, "Table 7", "ResNet-18, standard augmentation"),
    ],
)  # fmt: skip
def test_the_published_table_is_that_of_the_network(experiment, changes, table, told):
    usual = {"classifier_network": "resnet18", "augmentation": "standard"}
    params = SimpleNamespace(dataset="genint_imagenet", **usual | changes)
    assert genint_tables.published_table(experiment, params) == table
    assert genint_tables.published_with(experiment, table) == told
    params.dataset = "genint_scenes9"  # whatever its network
    first = genint_tables.published_tables(experiment)[0]
    assert genint_tables.published_table(experiment, params) == first


def test_two_tables_may_fit():
    assert genint_tables.published_table("GENINT-12", PARAMS, 1) == "Table 8"


def test_undefined_corruption_errors_are_no_numbers(run):
    found = numbers(run)
    assert ("GENINT-5", "GenInt", "corruption_error_gaussian_noise") not in found
    assert ("GENINT-5", "GenInt", "mean_corruption_error") not in found
    one = found["GENINT-5", "GenInt", "corruption_error_fog"]
    assert (one.value, one.n, one.unit) == (pytest.approx(200), 50, "% of reference")
    plain = found["GENINT-5", "GenInt", "corrupted_error"]
    assert (plain.value, plain.n, plain.unit) == (pytest.approx(40), 750, "%")


def test_published_values_stand_above_own_ones(run):
    rows = genint_tables.by_row_lines(run.records, "GENINT-4", R18, genint_tables.SHIFTED_COLUMNS)
    assert rows[0] == {
        "Trained on": "ImageNet only", "Source": "Paper", "Top-1": "20.48", "Top-5": "40.64"
    }  # fmt: skip
    assert rows[1]["Top-1"] == "60.0 (58.0\u201362.0)" and rows[1]["Trained on"] == ""
    assert rows[1]["Top-5"] == genint_tables.NOT_AVAILABLE
    assert rows[3]["Top-1"] == "MISSING: not trained"  # Stylized
    assert not any("minus" in row["Trained on"] for row in rows) and len(rows) == 14


def test_rows_beyond_the_generator_say_why_they_are_missing():
    top1 = {"original_top1_accuracy": "Top-1"}
    rows = genint_tables.by_row_lines([], "GENINT-7", "Table 4", top1)
    own = [row["Top-1"] for row in rows if row["Source"] == "This run"]
    why = "MISSING: BigGAN's weights end at truncation 1"  # 1.5 and 2.0
    assert own == ["MISSING: not trained", why, why, "MISSING: not trained"]


def test_differences_have_a_table_of_their_own(run):
    row, _ = genint_tables.differences(run.records, "c").data.to_dict("records")
    assert row["Points (95 % interval)"] == "+4.0 (+1.0 to +7.0)" and row["Images"] == "200"
    empty = genint_tables.differences([], "c").data.to_dict("records")
    assert empty == [{"Difference": "MISSING: no two rows to compare"}]


def test_every_corruption_has_a_column(run):
    table = genint_tables.by_row(
        run.records, "GENINT-5", "Table 2 (ResNet-18)", genint_tables.CORRUPTION_COLUMNS, "c"
    ).data
    assert list(table)[2:] == ["mCE", *CORRUPTIONS.values()]
    own = table[table["Source"] == "This run"].iloc[-1]
    assert own["Gauss"] == genint_tables.NOT_AVAILABLE and own["Fog"].startswith("200.0")


def test_published_tables_are_whole():
    assert len(genint_tables.published_tables("GENINT-4")) == 4
    counts = {"GENINT-4": 56, "GENINT-5": 192, "GENINT-6": 112, "GENINT-7": 8, "GENINT-11": 16,
              "GENINT-12": 14}  # fmt: skip
    for experiment, count in counts.items():
        assert len(published.rows(experiment, source="G")) == count
    for row in published.rows("GENINT-5", source="G"):
        if row.metric == "mean_corruption_error":  # agrees with its columns to rounding
            own = (row.table, row.setting)
            rows = published.rows("GENINT-5", source="G")
            each = [one.value for one in rows if (one.table, one.setting) == own and one != row]
            assert np.mean(each) == pytest.approx(row.value, abs=0.8)


def test_a_table_without_published_values_shows_the_run_alone(run):
    rows = genint_tables.by_row_lines(run.records, "GENINT-6", "", genint_tables.SECOND_COLUMNS)
    assert [row["Trained on"] for row in rows] == ["ImageNet only", "GenInt"]
    assert list(rows[0])[2:] == ["Second test, top-1"]
