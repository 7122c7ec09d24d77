"""Figures take plain arrays and tensors, keep to the book's width and change no global state."""

import matplotlib
import numpy as np
import pytest
import torch

from cgnlib.report import figures
from cgnlib.report.records import Record


def noise(*shape):
    return np.random.default_rng(0).uniform(-1, 1, size=shape).astype("float32")


@pytest.mark.parametrize(
    ("pixel", "expected"),
    [
        (np.float32(-1), 0.0),
        (np.float32(0), 0.5),
        (np.float32(3), 1.0),
        (np.uint8(255), 1.0),
        (np.uint8(51), 0.2),
    ],
)
def test_pixels_from_either_range(pixel, expected):
    pixels = figures.as_pixels(np.full((2, 3, 4, 5), pixel))
    assert pixels.shape == (2, 4, 5, 3)
    assert np.allclose(pixels, expected)


def test_masks_become_grey_and_channels_keep_their_order():
    assert np.allclose(figures.as_pixels(np.full((1, 2, 2), 0.3), unit_range=True), 0.3)
    image = np.zeros((3, 2, 2), np.uint8)
    image[1] = 255
    assert np.allclose(figures.as_pixels(image)[0, 0], [0, 1, 0])


def test_channels_may_stand_last():
    images = np.random.default_rng(0).integers(0, 255, (2, 8, 6, 3)).astype(np.uint8)
    assert np.array_equal(figures.as_pixels(images), figures.as_pixels(np.moveaxis(images, -1, -3)))
    mask = np.full((8, 6, 1), 51, np.uint8)
    assert np.allclose(figures.as_pixels(mask, unit_range=True), 0.2)


def test_tensors_and_arrays_give_the_same_picture():
    images = noise(2, 3, 3, 8, 8)
    assert figures.png(figures.counterfactual_grid(images)) == figures.png(
        figures.counterfactual_grid(torch.from_numpy(images))
    )


def test_wrong_channels_are_an_error():
    with pytest.raises(ValueError, match="1 or 3"):
        figures.as_pixels(np.zeros((2, 4, 8, 8)))


def test_tiles_stand_in_row_and_column_order():
    images = np.zeros((2, 2, 3, 4, 4), np.uint8)
    images[0, 1] = 255
    shown = figures.tiles(images).axes[0].images[0].get_array()
    assert shown.shape == (10, 10, 3)
    assert np.allclose(shown[:4, 6:], 1)  # first row, second column
    assert np.allclose(shown[:4, :4], 0)
    assert np.allclose(shown[6:, 6:], 0)
    assert np.allclose(shown[4:6], 1)  # the gap


def test_real_samples_group_by_label():
    labels = np.arange(40) % 10
    images = np.zeros((40, 3, 4, 4), np.uint8)
    images[labels == 7] = 255
    shown = figures.real_samples(images, labels, per_class=5).axes[0].images[0].get_array()
    assert shown.shape == (4 * 6 - 2, 10 * 6 - 2, 3)  # four of each class exist
    assert np.allclose(shown[:, 42:46], 1)
    assert np.allclose(shown[0, :4], 0)


HISTORY = [{"step": s, "loss_a": 1.0 / s, "mask_mean": 0.1} for s in (1, 2, 3)] + [
    {"step": 3, "mask_readability": 0.9}
]
ROWS = [
    {"setting": "Original", "value": 10.0, "interval": (9.0, 11.0), "published": {"paper": 10.3}},
    {"setting": "IRM", "value": None, "interval": None, "published": {"paper": 67.7}},
]
FIGURES = {
    "real": lambda: figures.real_samples(noise(40, 3, 32, 32), np.arange(40) % 10),
    "grid": lambda: figures.counterfactual_grid(noise(10, 10, 3, 32, 32)),
    "mechanisms": lambda: figures.mechanisms(
        {"mask": np.abs(noise(10, 1, 32, 32)), "foreground": noise(10, 3, 32, 32)}
    ),
    "interpolations": lambda: figures.interpolations({"shape": noise(8, 3, 32, 32)}),
    "training": lambda: figures.over_training(noise(8, 10, 3, 32, 32), range(8)),
    "masks": lambda: figures.masks({"none": np.abs(noise(10, 1, 32, 32))}),
    "history": lambda: figures.history(
        HISTORY, {"loss": ["loss_a", "loss_b"], "mask": ["mask_mean"], "read": ["mask_readability"]}
    ),
    "disentanglement": lambda: figures.disentanglement(np.eye(3)),
    "disentanglements": lambda: figures.disentanglement(dict.fromkeys("abcd", np.eye(3))),
    "accuracies": lambda: figures.accuracies(ROWS),
}


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_fits_the_book_has_labels_and_leaves_no_trace(name):
    before = dict(matplotlib.rcParams)
    figure = FIGURES[name]()
    assert figure.get_figwidth() <= figures.WIDTH_IN + 1e-9
    assert figure.get_figheight() <= 10
    shown = [axes for axes in figure.axes if axes.get_visible()]
    assert all(axes.get_xlabel() or axes.get_ylabel() for axes in shown)
    assert figures.png(figure).startswith(b"\x89PNG")
    assert dict(matplotlib.rcParams) == before


def test_history_leaves_out_what_was_never_logged():
    figure = FIGURES["history"]()
    panels = {axes.get_ylabel(): len(axes.lines) for axes in figure.axes if axes.get_visible()}
    assert panels == {"loss": 1, "mask": 1, "read": 1}
    with pytest.raises(ValueError, match="loss_b"):
        figures.history(HISTORY, {"loss": ["loss_b"]})


def test_an_undefined_entry_of_the_matrix_is_a_dash():
    matrix = np.array([[0.9, 0.1, np.nan], [0.1, 0.98, np.nan], [np.nan] * 3])
    texts = [text.get_text() for text in figures.disentanglement(matrix).axes[0].texts]
    dash = "\u2013"
    assert texts == ["0.90", "0.10", dash, "0.10", "0.98", dash, dash, dash, dash]


def test_accuracy_rows_join_records_and_published_values():
    ours = Record(
        claim="ODR",
        experiment="ODR-1",
        dataset="wildlife_mnist",
        scale="embedded",
        setting="Original+CGN",
        metric="test_accuracy",
        value=83.0,
        unit="%",
        n=1,
        seed=0,
        interval_low=82.0,
        interval_high=84.0,
        definition="",
        params_hash="p",
        artefacts=[],
        device="cpu",
        git_commit="g",
    )
    rows = {
        row["setting"]: row
        for row in figures.accuracy_rows([ours], "ODR-1", "wildlife_mnist", mark="other textures")
    }
    assert rows["Original+CGN"] == {
        "setting": "Original+CGN",
        "value": 83.0,
        "interval": (82.0, 84.0),
        "published": {"paper (other textures)": 85.7, "reproduction 1 (other textures)": 62.8},
    }
    assert rows["LNTL"]["value"] is None


def test_show_displays_a_picture_with_alternative_text(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append(data))
    figures.show(FIGURES["disentanglement"](), 'Oracles "read" <labels>.')
    markup = shown[0]["text/html"]
    assert 'alt="Oracles &quot;read&quot; &lt;labels&gt;."' in markup
    assert "data:image/png;base64,iVBOR" in markup
    assert shown[0]["text/plain"] == 'Oracles "read" <labels>.'
