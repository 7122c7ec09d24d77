"""Records, tables, figures and verdicts of the ImageNet CGN's pages, from made-up scores."""

from types import SimpleNamespace

import numpy as np
import pytest

from cgnlib.evaluation.inception_score import InceptionScore
from cgnlib.params import ImagenetParams
from cgnlib.report import imagenet_figures, imagenet_records, imagenet_tables, verdicts
from cgnlib.report.records import begin

PARAMS = ImagenetParams(scale="smoke")
NAMES = {name: name for name in ("none", "shape", "text", "bg", "rec")}


def parts(count=40, spread=0.0, **means):
    wave = np.linspace(-1, 1, count)
    usual = {"mask_mean": 0.3, "mask_entropy": 0.05, "mask_iou": 0.9, "texture_leak": 0.1,
             "object_residue": 0.02} | means  # fmt: skip
    return SimpleNamespace(**{name: mean + spread * wave for name, mean in usual.items()})


def logits(sharpness, count=200):
    return sharpness * np.eye(9)[np.arange(count) % 9]


@pytest.fixture
def run(workplace):
    return begin(PARAMS, "page", "HQC")


def values(run, experiment, setting):
    return {r.metric: r for r in run.records if (r.experiment, r.setting) == (experiment, setting)}


def test_recovery_by_hand():
    labels = np.array([[0, 1, 2], [3, 4, 5]])
    told = np.zeros((2, 3, 9))
    for image, factor, read in ((0, 0, 0), (0, 1, 1), (0, 2, 0), (1, 0, 4), (1, 1, 4), (1, 2, 5)):
        told[image, factor, read] = 1
    expected = [[0.5, 0.5, 0], [0, 1, 0], [0.5, 0, 0.5]]
    assert imagenet_records.recovery(labels, told).tolist() == expected


def test_recovery_is_recorded_for_every_pair_and_its_least(run):
    labels = np.tile([[0, 1, 2]], (50, 1))
    told = np.eye(9)[labels] * 5.0
    matrix = imagenet_records.record_recovery(run, "CGN", labels, told, [])
    assert np.array_equal(matrix, np.eye(3))
    found = values(run, "HQC-2", "CGN")
    assert len(found) == 10 and found["label_recovery"].value == 1.0
    assert 0.9 < found["oracle_shape_shape"].interval_low < 1
    assert imagenet_records.record_recovery(run, "CGN", labels, None, []) is None


def test_parts_and_their_change(run):
    before, after = parts(texture_leak=0.4, object_residue=0.2), parts(texture_leak=0.1)
    imagenet_records.record_parts(run, "HQC-2", "CGN", after, [])
    imagenet_records.record_change(run, before, after, [])
    found = values(run, "HQC-2", "CGN")
    assert found["texture_leak_ratio"].value == pytest.approx(0.25)
    assert found["object_residue_ratio"].value == pytest.approx(0.1)
    assert found["mask_mean"].value == pytest.approx(0.3)
    assert found["mask_mean_std"].value == pytest.approx(0)


def hqc(run, **changed):
    shares = {"oracle_shape_shape": 0.8, "oracle_texture_texture": 0.95,
              "oracle_background_background": 0.95, "mask_iou": 0.9, "texture_leak_ratio": 0.3,
              "object_residue_ratio": 0.1} | changed  # fmt: skip
    for metric, value in shares.items():
        run.record("HQC-2", "CGN", metric, value, "share", n=100)
    return verdicts.judge("HQC-IMAGENET", "scenes9", run.records).verdict


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, "supported"),
        ({"oracle_shape_shape": 0.7}, "partly"),
        ({"object_residue_ratio": 0.6}, "partly"),
        (dict.fromkeys(("oracle_shape_shape", "oracle_texture_texture",
                        "oracle_background_background"), 0.1)
         | {"texture_leak_ratio": 0.9, "object_residue_ratio": 0.9}, "not supported"),
    ],
)  # fmt: skip
def test_the_verdict_on_counterfactuals(run, changed, expected):
    assert hqc(run, **changed) == expected


ROWS = {
    "none": parts(),
    "shape": parts(mask_entropy=0.4),
    "text": parts(texture_leak=0.5),
    "bg": parts(object_residue=0.3, mask_mean=0.1),
    "rec": parts(),
}


def ibr(run, rows, scores):
    for name, found in rows.items():
        imagenet_records.record_parts(run, "IBR-1", name, found, [])
        made = logits(scores[name])
        score = InceptionScore(scores[name], 0.1, len(made), 2, (scores[name],) * 2)
        imagenet_records.record_score(run, "IBR-1", name, score, made, [])
    for first, second, metric in imagenet_records.FAILURES:
        imagenet_records.record_difference(
            run, f"{first} minus {second}", metric, rows[first], rows[second], []
        )
    return verdicts.judge("IBR-IMAGENET", "scenes9", run.records)


SCORES = {"none": 8.0, "shape": 5.0, "text": 8.0, "bg": 8.0, "rec": 2.0}


def test_every_published_failure_shows(run):
    found = ibr(run, ROWS, SCORES)
    assert found.verdict == "supported", found.reasons
    assert len(found.reasons) == 5


@pytest.mark.parametrize("name", ["shape", "text", "bg"])
def test_a_failure_that_does_not_show_is_named(run, name):
    found = ibr(run, ROWS | {name: parts(mask_mean=0.1 if name == "bg" else 0.3)}, SCORES)
    assert found.verdict == "partly"
    (missed,) = [reason for reason in found.reasons if reason.startswith("not met")]
    assert {"shape": "binary", "text": "texture loss", "bg": "background loss"}[name] in missed


def test_differences_within_the_noise_do_not_count(run):
    noisy = ROWS | {"shape": parts(mask_entropy=0.075, spread=0.05)}
    reasons = ibr(run, noisy, SCORES).reasons
    assert any(r.startswith("not met") and "binary" in r for r in reasons)


def test_tables_show_published_values_as_those_of_another_dataset(run):
    ibr(run, ROWS, SCORES)
    imagenet_records.record_parts(run, "HQC-2", "initialisation", parts(), [])
    imagenet_records.record_parts(run, "HQC-2", "CGN", parts(), [])
    html = imagenet_tables.ablation(run.records, PARAMS, NAMES | {"BigGAN": "BigGAN"}).to_html()
    assert "Paper [another dataset]" in html and "0.9 ± 0.1" in html and "0.300 ± 0.000" in html
    assert "This run (scenes9)" in html and "130.2" in html
    assert html.count("MISSING") == 6  # the row BigGAN was not recorded here
    failures = imagenet_tables.failures(run.records, PARAMS).to_html()
    assert "bg minus none: 0.280" in failures and "masks not binary" in failures
    quality = imagenet_tables.quality(run.records, PARAMS).to_html()
    assert quality.count("0.900 (0.900 to 0.900)") == 2 and "MISSING: not run" in quality


def test_the_score_table_names_every_source(run):
    made = logits(4.0)
    score = InceptionScore(7.0, 0.1, len(made), 2, (7.0, 7.0))
    imagenet_records.record_score(run, "HQC-8", "CGN", score, made, [])
    html = imagenet_tables.scores(run.records, PARAMS).to_html()
    assert "198" in html and "130.2" in html and "This run (scenes9): CGN" in html


def test_figures_have_a_panel_for_each_image_and_source():
    images = np.zeros((7, 8, 8, 3), np.uint8)
    figure = imagenet_figures.captioned(images, [f"a/b/{i}" for i in range(7)])
    assert sum(bool(axes.images) for axes in figure.axes) == 7
    made = {"premask": images, "mask": images[..., :1], "foreground": images}
    figure = imagenet_figures.parts(made, list("abcdefg"))
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()] == [
        "premask", "mask", "texture"]  # fmt: skip
    rows = {"none": made, "bg": made}
    assert imagenet_figures.parts_of_several(rows, list("abcdefg"), "mask").axes
    curve = [InceptionScore(float(n), 0.1, n, 2, ()) for n in (10, 20)]
    figure = imagenet_figures.score_curve({"composites": curve}, {"P": 130.2}, "another dataset")
    assert "another dataset" in figure.axes[1].get_xlabel()
    assert imagenet_figures.real_scenes(images, np.arange(7), list("abcdefg"), 1).axes
    worst = SimpleNamespace(images=images, intended=list("abcdefg"), read=list("bbbbbbb"),
                            confidence=np.zeros(7))  # fmt: skip
    figure = imagenet_figures.gallery({"shape": worst, "texture": worst})
    assert figure.axes[0].get_title() == "a\n→ b" and len(figure.axes) == 14
    sheets = np.zeros((2, 7, 8, 8, 3), np.uint8)
    assert imagenet_figures.over_training(sheets, [0, 5], list("abcdefg")).axes
