"""Several trainings in one figure."""

import pytest

from cgnlib.report import curves

LOGS = {
    "Original": [{"step": 1, "loss": 2.0, "train_accuracy": 10.0}, {"step": 2, "loss": 1.0}],
    "GAN": [{"step": 5, "loss": 0.5}],
}


def test_every_model_has_its_curve_in_the_panels_it_logged():
    figure = curves.compared(LOGS, {"cross-entropy": "loss", "accuracy in %": "train_accuracy"})
    first, second = figure.axes
    assert [line.get_label() for line in first.lines] == ["Original", "GAN"]
    assert first.lines[0].get_xydata().tolist() == [[1, 2.0], [2, 1.0]]
    assert [line.get_label() for line in second.lines] == ["Original"]
    assert (first.get_xlabel(), second.get_ylabel()) == ("classifier updates", "accuracy in %")
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["Original", "GAN"]


def test_eleven_models_look_different():
    figure = curves.compared({f"row {i}": LOGS["Original"] for i in range(11)}, {"loss": "loss"})
    looks = {(line.get_color(), line.get_linestyle()) for line in figure.axes[0].lines}
    assert len(looks) == 11


def test_nothing_logged_is_an_error():
    with pytest.raises(ValueError, match="none of"):
        curves.compared(LOGS, {"penalty": "penalty"})
