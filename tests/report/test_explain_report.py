"""Tables and figures of explanations, from hand-made records and arrays."""

import numpy as np
import pytest

from cgnlib.params import MnistParams
from cgnlib.report import explain_figures, explain_tables, figures, tables
from cgnlib.report.records import begin


@pytest.fixture
def run(workplace):
    run = begin(MnistParams(), notebook="explain", claim="EXT")
    for row, value in (("trained on original", 0.25), ("trained on CF", 0.5)):
        for metric in ("mean_iou", "foreground_iou"):
            run.record("EXT-2", row, metric, value, "share", n=10, interval=(value - 0.1, value))
    run.record("EXT-2", "trained on CF", "looked_share", 0.125, "share", n=10)
    return run


@pytest.mark.parametrize(
    ("setting", "metric", "expected"),
    [
        ("trained on CF", "foreground_iou", "share"),
        ("trained on CF", "foreground_iou_beyond", "difference"),
        ("CF minus original", "foreground_iou", "difference"),
        ("trained on CF", "silhouette_real_shape", "difference"),
        ("trained on CF", "neighbours_real_shape", "share"),
    ],
)
def test_what_may_be_negative_is_no_share(setting, metric, expected):
    assert explain_tables.unit(setting, metric) == expected


def test_settings_stand_side_by_side_with_their_intervals(run):
    frame = explain_tables.side_by_side(run.records, "EXT-2", explain_tables.CAM_TEXT, "x").data
    assert list(frame) == ["", "trained on original", "trained on CF"]
    rows = frame.set_index("")
    assert rows.loc["overlap with the digit"].tolist() == [
        "0.250 (0.150 to 0.250)",
        "0.500 (0.400 to 0.500)",
    ]
    assert rows.loc["share of the image that is looked at"].tolist() == [
        "\u2013",
        "0.125",
    ]


def test_many_settings_stand_below_each_other(run):
    for number in range(explain_tables.MOST_COLUMNS + 1):
        run.record("EXT-7", f"s{number}", "cam_iou", number / 10, "share", n=10)
    run.record("EXT-7", "s0", "heat", 0.5, "share", n=10)
    made = explain_tables.side_by_side(run.records, "EXT-7", {"cam_iou": "IoU", "heat": "h"}, "x")
    rows = made.data.to_dict("records")
    assert len(rows) == explain_tables.MOST_COLUMNS + 1
    assert rows[0] == {"": "s0", "IoU": "0.000", "h": "0.500"}
    assert rows[-1] == {"": "s6", "IoU": "0.600", "h": "\u2013"}


def test_what_nothing_measured_is_missing(run):
    frame = explain_tables.side_by_side(run.records, "EXT-3", {"cam_iou": "overlap"}, "x").data
    assert frame.to_dict("records") == [{"": "overlap", "this run": "MISSING: not measured"}]


def test_published_and_measured_rows_meet(run):
    rows = tables.comparison_rows(run.records, "EXT-2", "colored_mnist", "mean_iou")
    assert [(row["Trained on"], row["Reprod. 1"], row["This run"]) for row in rows] == [
        ("trained on original", "0.437 (stored)", "0.250"),
        ("trained on CF", "0.454 (stored)", "0.500"),
    ]


def test_every_metric_of_the_page_has_a_meaning():
    assert set(explain_tables.CAM_TEXT) | set(explain_tables.LIME_TEXT) <= set(
        explain_tables.MEANINGS
    )
    metrics = explain_tables.feature_metrics(("real", "counterfactual"), ("shape", "foreground"))
    assert list(metrics) == [
        "neighbours_real_shape",
        "neighbours_real_foreground",
        "neighbours_counterfactual_shape",
        "neighbours_counterfactual_foreground",
        "silhouette_real_shape",
        "silhouette_counterfactual_shape",
    ]
    meaning = explain_tables.feature_meaning("neighbours_counterfactual_foreground")
    assert "foreground label" in meaning and "no classifier was trained on" in meaning
    assert "silhouette of the shape" in explain_tables.feature_meaning("silhouette_real_shape")


@pytest.mark.parametrize("count", [1, 3, 10])
@pytest.mark.parametrize("signed", [True, False])
def test_maps_stand_beneath_their_images(count, signed):
    generator = np.random.default_rng(0)
    images = generator.uniform(-1, 1, (count, 3, 8, 8)).astype(np.float32)
    masks = np.zeros((count, 1, 8, 8), dtype=np.uint8)
    masks[:, :, 2:6, 2:6] = 1
    maps = {
        "trained on original": np.zeros((count, 8, 8)),
        "trained on CF": generator.uniform(-signed, 1, (count, 8, 8)),
    }
    texts = {"trained on CF": explain_figures.captions([7] * count, [0.256] * count)}
    figure = explain_figures.explained(images, masks, maps, texts, signed=signed)
    assert len(figure.axes) == 3 * count
    assert figure.axes[2 * count].get_title() == "7: 0.26"
    assert figure.axes[2 * count].get_ylabel() == "trained on\nCF"
    assert figure.get_figwidth() == figures.WIDTH_IN
    shown = figure.axes[count].images[0]
    assert (shown.norm.vmin < 0) == signed
    assert figures.png(figure, dpi=40)


def test_the_change_is_after_minus_before():
    figure = explain_figures.paired(
        {"trained on original": np.full(5, 0.25), "trained on CF": np.full(5, 0.5)}, "overlap"
    )
    left, right = figure.axes
    assert left.get_xlabel() == "overlap" and left.get_ylabel() == "images"
    zero, mean = (line.get_xdata()[0] for line in right.lines)
    assert (zero, mean) == (0, 0.25)
    assert figures.png(figure, dpi=40)


def test_points_are_drawn_as_their_labels_in_colours_of_their_own():
    points, labels = np.random.default_rng(0).normal(size=(30, 2)), np.arange(30) % 10
    panels = {
        (row, column): (points, labels) for row in ("trained on CF",) for column in ("real", "made")
    }
    figure = explain_figures.planes(panels, "shape label")
    assert [axes.get_title() for axes in figure.axes] == [
        "real, trained on CF",
        "made, trained on CF",
    ]
    assert len(figure.axes[0].collections) == 10
    assert "shape label" in figure.get_supxlabel()
    assert len(set(explain_figures.CLASS_COLOURS)) == 10
