"""Predictions: batching, modes, files."""

import numpy as np
import pytest
import torch
from torch import nn

from cgnlib.data.biased_mnist import LabelledImages
from cgnlib.errors import UserError
from cgnlib.evaluation.predict import Predictions, load_predictions, predict, save_predictions


class _MeanColour(nn.Module):
    """Scores are ten times the channel means, and only evaluation mode is right."""

    def __init__(self):
        super().__init__()
        self.drop = nn.Dropout(0.9)

    def forward(self, images):
        assert images.is_contiguous(memory_format=torch.channels_last)
        assert not torch.is_grad_enabled()
        return 10 * self.drop(images).mean(dim=(2, 3))


def _images(*colours):
    return torch.tensor(colours)[:, :, None, None].expand(-1, 3, 4, 4)


def _labels(count):
    zeros = torch.zeros(count, dtype=torch.int64)
    return LabelledImages(
        torch.zeros(count, 3, 32, 32),
        zeros + 1,
        zeros + 2,
        zeros + 3,
        torch.zeros(count, 1, 32, 32, dtype=torch.uint8),
        torch.arange(count),
    )


def test_predicted_class_and_confidence_by_hand():
    made = predict(_MeanColour(), _images([0.1, 0.0, 0.0], [0.0, 0.0, 0.2]))
    assert made.predicted.tolist() == [0, 2] and made.predicted.dtype == np.int64
    assert np.allclose(made.logits, [[1, 0, 0], [0, 0, 2]])
    expected = [np.e / (np.e + 2), np.e**2 / (np.e**2 + 2)]
    assert np.allclose(made.confidence, expected) and made.confidence.dtype == np.float32


@pytest.mark.parametrize("batch", [1, 3, 7, 1000])
def test_batches_change_nothing(batch):
    images = torch.randn(7, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    made = predict(_MeanColour(), images, batch)
    assert made.logits.shape == (7, 3)
    assert np.allclose(made.logits, predict(_MeanColour(), images).logits, atol=1e-6)


def test_each_modules_mode_is_put_back_even_after_an_error():
    model = _MeanColour().train()
    model.drop.eval()
    predict(model, _images([0.1, 0, 0]))
    assert model.training and not model.drop.training
    with pytest.raises(RuntimeError):
        predict(nn.Sequential(model, nn.Linear(7, 2)), _images([0.1, 0, 0]))
    assert model.training and not model.drop.training


def test_scores_that_are_not_finite_and_empty_sets_are_refused():
    with pytest.raises(UserError, match="not finite"):
        predict(_MeanColour(), _images([float("nan"), 0, 0]))
    with pytest.raises(UserError, match="no images"):
        predict(_MeanColour(), torch.zeros(0, 3, 4, 4))


def _saved(path, count=4):
    made = Predictions(
        np.arange(count), np.linspace(0, 1, count, dtype=np.float32), np.zeros((count, 10))
    )
    save_predictions(path, made, _labels(count))
    return made


def test_saved_predictions_come_back_with_labels(tmp_path):
    path = tmp_path / "new" / "test.npz"
    made = _saved(path)
    read = load_predictions(path)
    assert set(read) == {"predicted", "confidence", "shape", "foreground", "background", "digit"}
    assert np.array_equal(read["predicted"], made.predicted)
    assert np.array_equal(read["confidence"], made.confidence)
    assert read["background"].tolist() == [3] * 4 and read["digit"].tolist() == [0, 1, 2, 3]
    assert [file.name for file in path.parent.iterdir()] == ["test.npz"]


def test_labels_of_another_length_are_refused(tmp_path):
    with pytest.raises(UserError, match="differ in length"):
        save_predictions(
            tmp_path / "x.npz",
            Predictions(np.zeros(2, int), np.zeros(2), np.zeros((2, 10))),
            _labels(3),
        )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("damage", ["truncated", "flipped", "other arrays", "text", "empty"])
def test_a_damaged_file_is_named(tmp_path, damage):
    path = tmp_path / "test.npz"
    _saved(path, 500)
    content = bytearray(path.read_bytes())
    if damage == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif damage == "flipped":
        for place in range(60, 160):
            content[place] ^= 0xFF
        path.write_bytes(content)
    elif damage == "other arrays":
        np.savez(path, predicted=np.zeros(3))
    else:
        path.write_bytes(b"hello" if damage == "text" else b"")
    with pytest.raises(UserError, match="test.npz: not a complete predictions file"):
        load_predictions(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match="absent.npz is missing"):
        load_predictions(tmp_path / "absent.npz")
