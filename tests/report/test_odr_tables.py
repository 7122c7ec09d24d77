"""The data table counts what is in the images; the search table says what was not searched."""

from types import SimpleNamespace

import torch

from cgnlib.data.biased_mnist import LabelledImages
from cgnlib.params import MnistParams
from cgnlib.report import odr_tables


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


def _search(**changes):
    values = {"setting": "LNTL", "scores": {0.01: 90.0, 0.1: 95.0}, "chosen": 0.1, "used": 0.01}
    return SimpleNamespace(**{**values, "images": 400, **changes})


def test_candidates_are_marked_and_what_was_not_searched_is_missing():
    params = MnistParams(odr_settings="LNTL,IRM (2 envs)", irm_weight_two=1000.0)
    rows = odr_tables.search_rows(params, [_search()])
    assert [tuple(row.values()) for row in rows] == [
        ("IRM (2 envs)", "1000", "MISSING: not searched with this seed", "used"),
        ("LNTL", "0.01", "90.0 %", "used"),
        ("LNTL", "0.1", "95.0 %", "best"),
    ]
    assert "MISSING" in odr_tables.search_scores(params, []).to_html()
    assert odr_tables.search_rows(MnistParams(odr_settings="Original"), []) == []
