"""Image sets from folders: names, labels, how logits become answers, and counterfactual files."""

import shutil

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from cgnlib.data.counterfactual_folder import CounterfactualFolder
from cgnlib.data.image_folders import Centre, ImageFiles
from cgnlib.data.imagenet import CUE_CATEGORIES, IN9_FOLDERS
from cgnlib.errors import UserError
from cgnlib.evaluation.imagenet_categories import categories
from cgnlib.evaluation.predict import predictions_of
from cgnlib.params import ImagenetParams
from cgnlib.pipelines.imagenet import classify, counterfactual_sets, data, predictions


@pytest.fixture
def picture(workplace):
    path = workplace / "x.png"
    Image.new("RGB", (224, 224), (255, 0, 0)).save(path)
    return path


@pytest.fixture
def mini(workplace, picture):
    """Parameters of ImageNet-mini, with IN-9 and the cue-conflict stimuli below the data root."""
    for split in ("val", "train"):
        for number, name in enumerate(IN9_FOLDERS):
            folder = workplace / "data" / "in9" / "mixed_rand" / split / name
            folder.mkdir(parents=True)
            for copy in range(1 + number % 2):
                shutil.copyfile(picture, folder / f"fg_{copy}.JPEG")
    for place, name in enumerate(CUE_CATEGORIES):
        folder = workplace / "data" / "cue-conflict" / name
        folder.mkdir(parents=True)
        other = CUE_CATEGORIES[(place + 1) % 16]
        shutil.copyfile(picture, folder / f"{name}1-{other}2.png")
    for cached in (data._folder, counterfactual_sets.fakes):
        cached.cache_clear()
    yield ImagenetParams(
        dataset="imagenet_mini",
        scale="paper",
        biggan="deep_256",
        evaluators="none",
        score_network="inception_v3",
    )
    for cached in (data._folder, counterfactual_sets.fakes):
        cached.cache_clear()


def test_in9_is_read_as_nine_classes_with_its_own_pixel_statistics(mini):
    found = data.test_set(mini, "mixed_rand")
    assert len(found) == 13 and found.reading == "in9" and found.pixels is not None
    assert np.bincount(found.label).tolist() == [1, 2, 1, 2, 1, 2, 1, 2, 1]
    assert found.images(torch.tensor([0])).shape == (1, 3, 224, 224)
    assert data.class_count(mini, "Mixed-Rand") == 9 and data.class_count(mini) == 1000
    assert data.identity_of(mini, "mixed_rand") != data.train_identity(mini, "Mixed-Rand")


def test_small_photographs_of_tests_are_other_classifiers(mini):
    small = mini.model_copy(update={"biggan": "tiny_1000", "scale": "smoke"})
    assert data.central(mini) == Centre(224, 256) and data.random_box(mini).px == 224
    assert data.central(small) == Centre(14, 16)
    assert "px" not in classify._base_key(mini) and classify._base_key(small)["px"] == 14


def test_the_stimuli_have_two_labels(mini):
    found = data.test_set(mini, "cue_conflict")
    assert found.reading == "cue" and found.label.tolist() == list(range(16))
    assert found.texture.tolist() == [*range(1, 16), 0]
    assert set(found.labels()) == {"label", "texture"}


def test_sets_that_are_not_there_are_named(mini):
    with pytest.raises(UserError, match="imagenet-mini is absent: get it from"):
        data.test_set(mini, "original")
    whole = mini.model_copy(update={"real_images": "imagenet"})
    with pytest.raises(UserError, match="imagenet is absent: get it from ImageNet ILSVRC"):
        data.test_set(whole, "original")
    with pytest.raises(UserError, match="no set no_foreground of ImageNet-mini"):
        data.test_set(mini, "no_foreground")
    with pytest.raises(UserError, match="cannot answer cue_conflict"):
        predictions.answers(mini, "Mixed-Rand", "cue_conflict")
    with pytest.raises(UserError, match="its name there is original"):
        data.test_set(ImagenetParams(), "in9_original")


def logits_of(best, classes=1000):
    return predictions_of(torch.eye(classes)[torch.tensor(best)] * 5)


def image_set(label, **changes):
    return data.ImageSet(None, torch.tensor(label), **changes)


def test_the_best_of_a_thousand_is_mapped_to_in9():
    dog, none = int(categories()["in9"]["dog"][0]), 999
    made = predictions._read(
        logits_of([dog, none]), np.array([0, 0]), image_set([0, 0], reading="in9")
    )
    assert made["predicted"].tolist() == [0, -1] and made["rank"].tolist() == [0, 1]
    nine = predictions._read(logits_of([3], 9), np.array([3]), image_set([3], reading="in9"))
    assert nine["predicted"].tolist() == [3]


def test_cue_conflict_is_read_in_sixteen_categories():
    made = predictions._read(
        logits_of([404, 867]), np.array([0, 0]), image_set([0, 0], reading="cue")
    )
    assert made["predicted"].tolist() == [0, 15] and made["rank"].tolist() == [0, 1]


def test_only_the_classes_of_the_set_count():
    """The best logit, class 2, is not among the set's classes 1 and 5."""
    logits = torch.tensor([[0.0, 3, 9, 0, 0, 4]])
    asked = image_set([1], among=np.array([1, 5]))
    made = predictions._read(predictions_of(logits), np.array([1]), asked)
    assert made["predicted"].tolist() == [5] and made["rank"].tolist() == [1]
    assert made["true_logit"].tolist() == [3.0]


def test_pixel_statistics_of_the_set_reach_the_network(mini):
    from cgnlib.classifiers.baseline import Baseline
    from cgnlib.pipelines.imagenet.classify import TrainedRow

    class Mean(nn.Module):
        def forward(self, images):
            return images.mean((2, 3))

    trained = TrainedRow("Mixed-Rand", Baseline(Mean()), None, [])
    made = predictions._asked(mini, trained, data.test_set(mini, "mixed_rand"))
    red = [(1 - 0.4717) / 0.2600, -0.4499 / 0.2516, -0.3837 / 0.2575]
    confidence = np.exp(red[0]) / np.exp(red).sum()
    np.testing.assert_allclose(made["whole_confidence"], confidence, rtol=1e-3)


def test_counterfactual_files_are_split_like_images_in_memory(mini, picture, monkeypatch):
    labels = torch.arange(33).view(11, 3)
    folder = CounterfactualFolder(tuple([picture] * 11), labels, {"count": 11, "written": 11})
    monkeypatch.setattr(counterfactual_sets, "counterfactuals", lambda params: folder)
    made = counterfactual_sets.fakes(mini)
    assert (len(made.train), len(made.held_out)) == (10, 1)
    assert isinstance(made.train.source, ImageFiles) and made.train.source.train.px == 224
    assert made.held_out.texture.tolist() == [31] and made.held_out.three_labels
    assert counterfactual_sets.fakes(mini) is made  # the folder is looked through once
    counterfactual_sets.fakes.cache_clear()
    one = CounterfactualFolder((picture,), labels[:1], {})
    monkeypatch.setattr(counterfactual_sets, "counterfactuals", lambda params: one)
    with pytest.raises(UserError, match="cf_images is 1"):
        counterfactual_sets.fakes(mini)
