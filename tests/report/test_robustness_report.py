"""Records, tables and figures of the ImageNet robustness page, from scores made by hand."""

from types import SimpleNamespace

import numpy as np
import pytest

from cgnlib.evaluation.background_challenge import BackgroundChallenge
from cgnlib.evaluation.head_correlation import Correlation
from cgnlib.evaluation.rates import Rate
from cgnlib.evaluation.shape_bias import ShapeBias
from cgnlib.params import ImagenetParams
from cgnlib.report import (
    published,
    robustness_figures,
    robustness_records,
    robustness_tables,
    style,
    verdicts,
)
from cgnlib.report.records import begin

PARAMS = ImagenetParams(scale="smoke")


def bias(shape, texture, images=100):
    return ShapeBias(
        Rate(shape, shape + texture), Rate(shape, images), Rate(texture, images), agreeing=0
    )


@pytest.fixture
def run(workplace):
    run = begin(PARAMS, "odr_imagenet", "ODR")
    for setting, found in (
        ("IN", bias(10, 80)),
        ("IN+CGN shape", bias(60, 20)),
        ("IN+CGN texture", bias(5, 90)),
        ("IN+CGN background", bias(0, 0)),
    ):
        robustness_records.record_shape_bias(run, setting, found, ["kind/hash"])
    challenge = BackgroundChallenge(Rate(99, 100), Rate(90, 100), Rate(75, 100))
    found = SimpleNamespace(challenge=challenge, gap=(15.0, 10.0, 20.0), artefacts=())
    robustness_records.record_background(run, "IN", found)
    robustness_records.record_difference(
        run, "ODR-3", "IN+CGN shape minus texture", "shape_bias", (69.7, 60.0, 80.0), 100, ()
    )
    return run


def numbers(run):
    return {(r.experiment, r.setting, r.metric): r for r in run.records}


def test_a_share_keeps_what_was_counted(run):
    found = numbers(run)
    one = found["ODR-3", "IN+CGN shape", "shape_bias"]
    assert (one.value, one.n, one.unit) == (75.0, 80, "%")
    assert one.interval_low < 75 < one.interval_high and one.artefacts == ["kind/hash"]
    hits = found["ODR-3", "IN+CGN shape", "shape_bias_hits"]
    assert (hits.value, hits.n, hits.unit) == (60, 80, "images")
    assert found["ODR-4", "IN", "mixed_rand_accuracy_hits"].value == 75
    gap = found["ODR-4", "IN", "bg_gap"]
    assert (gap.value, gap.interval_low, gap.unit) == (15.0, 10.0, "points")


def test_a_bias_of_no_decided_image_is_no_number(run):
    found = numbers(run)
    assert ("ODR-3", "IN+CGN background", "shape_bias") not in found
    assert found["ODR-3", "IN+CGN background", "shape_accuracy"].value == 0
    before = len(run.records)
    robustness_records.record_difference(run, "ODR-3", "a minus b", "shape_bias", None, 3, ())
    assert len(run.records) == before


def test_a_gap_between_sets_that_do_not_pair_up_says_so(run):
    assert "both answers drawn together" in numbers(run)["ODR-4", "IN", "bg_gap"].definition
    mini = ImagenetParams(
        dataset="imagenet_mini", biggan="deep_256", evaluators="none", score_network="inception_v3"
    )
    photographs = begin(mini, "odr_imagenet", "ODR")
    for metric in ("bg_gap", "test_top1"):
        robustness_records.record_difference(
            photographs, "ODR-4", "IN", metric, (1.0, 0.0, 2.0), 10, ()
        )
    gap, top = photographs.records
    assert "independent" in gap.definition and "drawn together" not in gap.definition
    assert "both answers drawn together" in top.definition


def test_correlations_and_means_carry_intervals(run):
    answered = SimpleNamespace(artefacts=())
    robustness_records.record_correlations(
        run, {("original", "shape", "texture"): (Correlation(0.5, 103), answered)}
    )
    robustness_records.record_means(
        run, "EXT-3", "IN+CGN shape minus background", {"pointing_game": np.array([0.0, 1, 1, 0])}
    )
    found = numbers(run)
    one = found["EXT-4", "shape and texture heads", "correlation_original"]
    assert one.interval_low == pytest.approx(0.339, abs=1e-3)
    gap = found["EXT-3", "IN+CGN shape minus background", "pointing_game"]
    assert (one.claim, gap.claim) == ("EXT", "EXT")
    assert (gap.value, gap.unit) == (0.5, "difference") and gap.interval_low < 0.5
    table = robustness_tables.head_correlations(run.records, "c").data
    assert table.to_dict("records") == [
        {"Heads": "shape and texture", "original images": "0.50 (0.34 to 0.63; n 103)"}
    ]


def test_each_source_has_a_line_and_says_which_images(run):
    rows = robustness_tables.by_source_rows(
        run.records, "ODR-3", PARAMS, {"shape_bias": "bias", "shape_accuracy": "as shape"}
    )
    shape = [row for row in rows if row["Source"] == "This run"]
    blocks = {}
    for row in rows:
        name = row["Trained on"] or name  # noqa: F821
        blocks.setdefault(name, []).append(row)
    lines = blocks["IN+CGN shape"]
    assert [row["Source"] for row in lines] == ["Paper", "Reprod. 1", "Reprod. 2", "This run"]
    assert [row["Images"] for row in lines] == [
        "ImageNet", "ImageNet-mini", "ImageNet-mini", "scenes9",
    ]  # fmt: skip
    assert [row["bias"] for row in lines[:3]] == ["54.82", "49.1", "47.0"]
    assert lines[3]["bias"].startswith("75.0 (") and lines[3]["as shape"].startswith("60.0 (")
    assert blocks["SIN"][-1]["bias"] == "MISSING: not among odr_rows"
    assert blocks["IN+CGN background"][-1]["bias"] == robustness_tables.NOT_AVAILABLE
    assert len(shape) == len(blocks)


def test_counts_show_numerators_and_denominators(run):
    table = robustness_tables.counts(run.records, "ODR-3", {"shape_bias": "decided"}, "c").data
    assert table.set_index("Trained on").loc["IN+CGN shape", "decided"] == "60 / 80"
    assert "IN+CGN background" not in set(table["Trained on"])


def test_the_set_printed_as_stylised_is_called_by_its_name():
    own = [r for r in published.rows("EXT-4", "imagenet", source="R1") if r.setting == "IN"]
    assert {r.metric: r.value for r in own} == {
        "original_accuracy": 75.58, "hard_accuracy": 3.4, "sketch_accuracy": 24.092,
        "cue_conflict_accuracy": 19.218,
    }  # fmt: skip
    assert "read as their shape" in robustness_records.meaning("cue_conflict_accuracy")
    assert robustness_records.meaning("hard_accuracy") == "share of hard images whose class is read"


def test_elsewhere_sets_both_models_side_by_side(run):
    for setting, hits in (("IN", 20), ("IN+CGN", 30)):
        robustness_records.record_rate(run, "EXT-4", setting, "hard_accuracy", Rate(hits, 100), ())
    robustness_records.record_difference(
        run, "EXT-4", "IN+CGN minus IN", "hard_accuracy", (10.0, 2.0, 18.0), 100, ()
    )
    table = robustness_tables.elsewhere(run.records, PARAMS, ["hard", "stylised"], "c").data
    hard, stylised = table.to_dict("records")
    assert hard["IN, Reprod. 1 (ImageNet)"] == "3.4"
    assert hard["IN+CGN minus IN, scenes9"] == "+10.0 (+2.0 to +18.0)"
    assert stylised["IN, scenes9"].startswith("MISSING")


def test_published_differences_agree_with_their_parts():
    """The printed gaps are those of the printed accuracies, up to rounding and the missing sign."""
    rows = {(r.source, r.setting, r.metric): r.value for r in published.rows("ODR-4", "imagenet")}
    for (source, setting, metric), value in rows.items():
        if metric == "bg_gap":
            same = rows[source, setting, "mixed_same_accuracy"]
            rand = rows[source, setting, "mixed_rand_accuracy"]
            assert abs(abs(same - rand) - value) < 0.11, (source, setting)


def test_figures_draw_whatever_was_measured(run):
    answers = {"original": {head: np.arange(5.0) for head in ("shape", "texture", "background")}}
    scenes = SimpleNamespace(source=SimpleNamespace(images=np.zeros((9, 3, 8, 8), np.uint8)))
    for figure in (
        robustness_figures.shape_bias(run.records),
        robustness_figures.background(run.records),
        robustness_figures.elsewhere(run.records, ["original", "hard"]),
        robustness_figures.head_scatter(answers),
        robustness_figures.gallery({"original": scenes}, "abcdefghi"),
    ):
        assert style.png(figure)[:4] == b"\x89PNG"


def test_the_rules_of_the_page_judge_its_records(run):
    found = verdicts.judge("ODR-BIAS", "scenes9", run.records)
    assert found.verdict == "supported", found.reasons
    assert verdicts.judge("ODR-BG", "scenes9", run.records).verdict == "not run"
    rules = {rule.claim: rule for rule in verdicts.claims()}
    for claim in ("ODR-BIAS", "ODR-BG", "ODR-KEEP", "EXT-HEADS", "EXT-OOD", "EXT-LIME"):
        assert rules[claim].page == "odr_imagenet"
        masks = claim in ("EXT-HEADS", "EXT-LIME")  # photographs have none
        assert rules[claim].datasets == (["scenes9"] if masks else ["scenes9", "imagenet_mini"])
        for condition in rules[claim].conditions:
            assert robustness_records.meaning(condition.metric)
