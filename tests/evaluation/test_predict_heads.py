"""Every head from one pass, and its file."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from cgnlib.classifiers.ensemble import InvariantEnsemble, View
from cgnlib.data.image_folders import Centre, ImageFiles, list_classes
from cgnlib.errors import UserError
from cgnlib.evaluation.explain import grad_cam, lime_map, segments
from cgnlib.evaluation.predict import predict
from cgnlib.evaluation.predict_heads import (
    load_head_predictions,
    predict_heads,
    save_head_predictions,
)
from cgnlib.rng import rng


class _Trunk(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.passes = nn.Conv2d(3, 5, 3), 0

    def forward(self, images):
        self.passes += len(images)
        return self.conv(images).relu().mean((2, 3))


@pytest.fixture
def ensemble():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return InvariantEnsemble(_Trunk(), 5, 3)


@pytest.fixture
def images():
    return torch.randn(7, 3, 8, 8, generator=rng(0, "images"))


def test_views_are_those_of_the_plain_classifier_and_cost_one_pass(ensemble, images):
    made = predict_heads(ensemble, images, batch=3)
    assert ensemble.trunk.passes == 7
    assert list(made) == ["shape", "texture", "background", "mean", "shape_texture"]
    for view, predictions in made.items():
        alone = predict(View(ensemble, view), images)
        assert np.allclose(predictions.logits, alone.logits, atol=1e-6)
        assert np.array_equal(predictions.predicted, alone.predicted)
        assert np.allclose(predictions.confidence, alone.confidence, atol=1e-6)


def test_bf16_is_close_and_only_asked_views_are_made(ensemble, images):
    made = predict_heads(ensemble, images, bf16=True, views=("mean",))
    exact = predict_heads(ensemble, images, views=("mean",))["mean"].logits
    assert list(made) == ["mean"] and made["mean"].logits.dtype == np.float32
    assert np.allclose(made["mean"].logits, exact, atol=0.03)
    assert not np.array_equal(made["mean"].logits, exact)
    with pytest.raises(UserError, match="no view"):
        predict_heads(ensemble, images, views=("colour",))


def test_files_are_read_as_they_are_needed(ensemble, tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        Image.new("RGB", (9, 9), (0, 200, 40 * len(name))).save(tmp_path / name / "x.png")
    folder = ImageFiles(list_classes(tmp_path, "layout").paths, Centre(8, 0))
    made = predict_heads(ensemble, folder, batch=1, views=("mean",))["mean"]
    held = predict_heads(ensemble, torch.cat(list(folder.split(9))), views=("mean",))["mean"]
    assert np.allclose(made.logits, held.logits, atol=1e-6) and len(made.predicted) == 2


def test_predictions_come_back_from_their_file(ensemble, images, tmp_path):
    made = predict_heads(ensemble, images, views=("shape", "mean"))
    path = tmp_path / "heads.npz"
    save_head_predictions(path, made, {"shape": np.arange(7)})
    read = load_head_predictions(path, ("shape",), ("shape", "mean"))
    assert np.array_equal(read["label_shape"], np.arange(7))
    assert np.array_equal(read["mean_predicted"], made["mean"].predicted)
    assert np.array_equal(read["shape_confidence"], made["shape"].confidence)
    with pytest.raises(UserError, match=r"heads.npz: not a complete"):
        load_head_predictions(path, ("texture",), ("shape",))
    with pytest.raises(UserError, match="differ in length"):
        save_head_predictions(path, made, {"shape": np.arange(6)})


def test_heads_can_be_explained(ensemble, images):
    view = View(ensemble, "texture")
    maps, predicted = grad_cam(view, ensemble.trunk.conv, images)
    assert maps.shape == (7, 8, 8)
    assert np.array_equal(predicted, predict(view, images).predicted)
    parts = segments(images[0], "grid", 4)
    weights = lime_map(view, images[0].clamp(-1, 1), parts, 0, 50, seed=0)
    assert weights.shape == (8, 8) and np.abs(weights).max() > 0
