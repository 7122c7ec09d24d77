"""The data table counts what is in the images; captions say how long a study trained."""

import torch

from cgnlib.data.biased_mnist import LabelledImages
from cgnlib.params import MnistParams
from cgnlib.report import committed, odr_tables


def _images():
    masks = torch.zeros(4, 1, 32, 32, dtype=torch.uint8)
    masks[:, :, :16] = 1
    return LabelledImages(
        torch.zeros(4, 3, 32, 32),
        torch.tensor([0, 1, 1, 2]),
        torch.tensor([0, 1, 2, 3]),
        torch.tensor([5, 5, 5, 2]),
        masks,
        torch.tensor([7, 8, 8, 9]),
    )


def test_shares_are_computed_from_the_labels():
    (row,) = odr_tables.overview_rows({"train": _images()}, has_background=True)
    assert row == {
        "Set": "train",
        "Images": "4",
        "Digits": "3",
        "Per class": "0\u20132",
        "Size": "32\u00d732",
        "Coverage of the digit": "0.500",
        "Object label = digit": "0.500",
        "Background label = digit": "0.250",
    }
    (row,) = odr_tables.overview_rows({"train": _images()}, has_background=False)
    assert row["Background label = digit"] == "\u2013"


def test_the_caption_of_amounts_says_how_many_images_were_seen(workplace, monkeypatch, write_run):
    monkeypatch.setattr(committed, "project_root", lambda: workplace)
    own = MnistParams(amount_sizes="1000", amount_steps=600, classifier_batch=64)
    assert odr_tables.amounts_budget(own) == (
        "; each classifier: 600 updates of 64 images, 38,400 images seen; sets larger than that "
        "are not seen through once"
    )
    assert odr_tables.amounts_budget(MnistParams()) == ""
    row = ("ODR-2", "1e4, ratio 1", "test_accuracy", 90.0, None)
    write_run("odr", [row], scale="full", amount_steps=0, amount_sizes="10000")
    assert odr_tables.amounts_budget(MnistParams()) == (
        "; full scale, each classifier: 10 epochs of its own set"
    )
