"""Figures of failures: labelled, book width, and bars that are shares of runs."""

from types import SimpleNamespace

import numpy as np
import pytest

from cgnlib.report import extension_figures, failure_figures, figures
from made_records import record


def _counts(setting, **runs):
    return [
        record(setting, value, experiment="HQC-7", metric=f"runs_{name.removeprefix('d')}_correct")
        for name, value in runs.items()
    ]


def _worst(count=10):
    return SimpleNamespace(
        images=np.zeros((count, 32, 32, 3), np.uint8),
        intended=np.arange(count),
        read=np.full(count, 7),
        confidence=np.linspace(0, 0.45, count),
    )


def test_gallery_says_intended_read_and_belief():
    figure = failure_figures.gallery({"shape": _worst(), "foreground": _worst(4)})
    assert figure.get_figwidth() <= figures.WIDTH_IN
    assert figure.axes[3].get_title() == "3 \u2192 7"
    assert figure.axes[9].get_xlabel() == "0.45"
    assert figure.axes[10].get_ylabel() == "foreground"
    assert figures.png(figure).startswith(b"\x89PNG")


def test_bars_are_shares_of_runs_beside_the_published():
    records = _counts("original", d9=1, d10=3) + _counts("with edge loss", d10=2)
    figure = failure_figures.correct_digits(records, "colored_mnist")
    assert [axes.get_title() for axes in figure.axes] == ["original", "with edge loss"]
    theirs, ours = figure.axes[0].containers
    assert [bar.get_height() for bar in ours][9:] == [25, 75]
    assert theirs[5].get_height() == pytest.approx(100 * 13 / 47)
    assert sum(bar.get_height() for bar in theirs) == pytest.approx(100)


def test_without_records_the_published_bars_stand_alone():
    figure = failure_figures.correct_digits([], "colored_mnist")
    assert [len(axes.containers) for axes in figure.axes] == [1, 1]


def test_latent_space_has_two_pictures_and_a_grid():
    stream = np.random.default_rng(0)
    figure = failure_figures.latent_space(
        stream.normal(size=(50, 2)),
        np.arange(50) % 10,
        np.arange(50) % 10,
        stream.random((10, 3)),
        stream.random((4, 4, 3, 8, 8)),
    )
    assert figure.get_figwidth() <= figures.WIDTH_IN
    assert all(axes.get_xlabel() and axes.get_ylabel() for axes in figure.axes)
    assert figure.axes[2].images[0].get_array().shape == (32, 32, 3)


def _measured(experiment, setting, value):
    interval = (value - 1, value + 1)
    return record(setting, value, interval, experiment=experiment, dataset="wildlife_mnist")


def test_three_seeds_have_the_interval_that_the_table_shows():
    records = [record("retrained", 60.0 + s, (50, 90), experiment="EXT-5", seed=s, scale="full",
                      dataset="wildlife_mnist") for s in range(3)]  # fmt: skip
    rows = extension_figures.extension_rows(records, "wildlife_mnist")
    row = next(row for row in rows if row["setting"] == "retrained")
    assert row["interval"] == pytest.approx((58.516, 63.484), abs=1e-3)  # t, not the hull 50 to 90
    figure = figures.accuracies(rows, ours="full scale, mean of 3 seeds, 95 % t interval")
    texts = [text.get_text() for legend in figure.legends for text in legend.get_texts()]
    assert "full scale, mean of 3 seeds, 95 % t interval" in texts
    assert figures.OWN not in texts


def test_extension_rows_once_each_with_published_values():
    records = [_measured(e, "retrained", v) for e, v in (("EXT-5", 60.0), ("EXT-6", 60.0))]
    records += [_measured("EXT-6", "retrained + jitter (legacy)", v) for v in (10.0, 14.0)]
    rows = {
        row["setting"]: row
        for row in extension_figures.extension_rows(records, "wildlife_mnist", "other textures")
    }
    assert list(rows) == [
        "released weights",
        "retrained",
        "retrained + SSIM",
        "retrained + jitter (legacy)",
    ]
    source = "reproduction 2 (other textures)"
    assert rows["retrained"]["published"] == {source: 61.94}
    assert rows["retrained"]["interval"] == (59.0, 61.0)
    assert rows["retrained + SSIM"]["value"] is None
    legacy = rows["retrained + jitter (legacy)"]
    assert (legacy["value"], legacy["interval"]) == (12.0, (9.0, 15.0))
    assert legacy["published"] == {source: 10}  # the study's code path is this row's
