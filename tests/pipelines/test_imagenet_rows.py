"""The rows of the ImageNet tables at the smallest size: training, answers and the scores made of
them, with recombined scenes in place of a CGN's images."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from cgnlib.classifiers.ensemble import HEADS
from cgnlib.data import scenes9
from cgnlib.errors import UserError
from cgnlib.parameter_reading import listed_parameters
from cgnlib.params import IMAGENET_ROWS, ImagenetParams
from cgnlib.pipelines.imagenet import (
    classify,
    counterfactual_sets,
    data,
    explain,
    predictions,
    robustness,
)
from presets import ROOT

SMALL = {
    "train_images": 36,
    "baseline_epochs": 1,
    "baseline_milestones": "",
    "classifier_batch": 18,
    "ensemble_epochs": 1,
    "ensemble_milestones": "",
    "ensemble_batch_cf": 9,
    "cf_images": 20,
    "test_images": 27,
    "explain_images": 6,
    "lime_images": 2,
    "lime_samples": 10,
    "lime_segment_px": 32,
}


class Watched(ImagenetParams):
    """Parameters that remember which of them were read."""

    def __getattribute__(self, name):
        if name in ImagenetParams.model_fields:
            seen.add(name)
        return super().__getattribute__(name)


seen: set[str] = set()


def counterfactuals(params):
    found = scenes9.recombined(params.cf_images, params.seed, "train")
    return SimpleNamespace(
        images=found.images,
        shape=found.shape,
        texture=found.texture,
        background=found.background,
        artefact=SimpleNamespace(hash=found.identity),
    )


def clear():
    for cached in (
        classify._baseline,
        classify._ensemble,
        predictions.answers,
        counterfactual_sets.fakes,
    ):
        cached.cache_clear()


@pytest.fixture(scope="module")
def params(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CGN_RUNS", str(tmp_path_factory.mktemp("runs")))
        patch.setattr(counterfactual_sets, "counterfactuals", counterfactuals)
        clear()
        yield Watched(**SMALL)
    clear()


def test_every_row_is_trained_for_equally_many_updates(params):
    for row in IMAGENET_ROWS:
        made = classify.classifier(params, row)
        assert made.history[-1]["step"] == 2, row
        assert np.isfinite(made.history[-1]["loss"])
        assert not made.model.training
    with pytest.raises(UserError, match="no row 'CGN': choose one of IN, SIN"):
        classify.classifier(params, "CGN")


def test_rows_see_their_own_images(params):
    assert len(data.train_set(params, "IN")) == len(data.train_set(params, "SIN")) == 36
    assert len(data.train_set(params, "IN+SIN")) == 72
    identities = [data.train_identity(params, row) for row in IMAGENET_ROWS]
    assert len(set(identities)) == 4  # IN+CGN goes on with the images of IN
    assert identities[0] == identities[-1] and identities[2].startswith(identities[0])
    drawn = data.train_set(params, "IN").source.draw(torch.arange(4), torch.Generator())
    assert drawn.shape == (4, 3, 64, 64) and drawn.abs().max() <= 1.001


def test_the_ensemble_starts_from_the_baseline(params):
    start = classify.classifier(params, "IN")
    made = classify.classifier(params, "IN+CGN")
    one = dict(start.model.network.named_buffers())
    other = dict(made.model.trunk.named_buffers())
    assert other and all(torch.equal(one[name], other[name]) for name in other)  # bn_eval
    moved = [
        not torch.equal(weight, dict(start.model.network.named_parameters())[name])
        for name, weight in made.model.trunk.named_parameters()
    ]
    assert all(moved)


def test_a_second_call_reads_what_the_first_one_kept(params):
    first = classify.classifier(params, "IN")
    classify._baseline.cache_clear()
    again = classify.classifier(params, "IN")
    assert again.artefact == first.artefact and again.history == first.history
    for one, other in zip(first.model.parameters(), again.model.parameters(), strict=True):
        assert torch.equal(one, other)


def test_the_last_tenth_of_the_counterfactuals_is_held_out(params):
    made = counterfactual_sets.fakes(params)
    assert (len(made.train), len(made.held_out)) == (18, 2)
    drawn = counterfactuals(params)
    assert torch.equal(made.held_out.source.images, drawn.images[18:])
    assert made.train.label.tolist() == drawn.shape[:18].tolist()
    assert made.held_out.background.tolist() == drawn.background[18:].tolist()


def test_answers_agree_with_the_classifier(params):
    found = predictions.answers(params, "IN+CGN", "mixed_rand")
    images = data.test_set(params, "mixed_rand").images(torch.arange(27))
    with torch.no_grad():
        logits = classify.classifier(params, "IN+CGN").model(images)
    mean = sum(logits.values()) / 3
    assert found.predicted("mean").tolist() == mean.argmax(1).tolist()
    own = (mean.argmax(1) == torch.arange(27) % 9).numpy()
    assert found.correct("mean").tolist() == own.tolist()
    assert found.top().numerator == own.sum() and found.top().denominator == 27
    assert found.top("shape", 9).numerator == 27
    expected = logits["shape"][torch.arange(27), torch.arange(27) % 9]
    np.testing.assert_allclose(found.true_logits()["shape"], expected, atol=1e-4)


def test_heads_are_asked_for_their_own_factor_where_there_are_three_labels(params):
    found = predictions.answers(params, "IN+CGN", "recombined")
    for head, name in zip(HEADS, ("label", "texture", "background"), strict=True):
        expected = found.predicted(head) == found.arrays[name]
        assert found.correct(head).tolist() == expected.tolist()
    original = predictions.answers(params, "IN", "original")
    assert original.view("mean") == predictions.WHOLE and not original.true_logits()


def test_shape_bias_of_every_head_and_of_a_baseline(params):
    made = robustness.shape_biases(params, "IN+CGN")
    assert list(made) == ["IN+CGN shape", "IN+CGN texture", "IN+CGN background", "IN+CGN"]
    for bias, found in made.values():
        assert bias.agreeing == 0 and bias.shape_accuracy.denominator == len(found) == 27
        assert bias.bias.denominator <= 27
    assert list(robustness.shape_biases(params, "SIN")) == ["SIN"]


def test_the_background_gap_is_the_difference_of_two_accuracies(params):
    made = {row: robustness.background(params, row) for row in ("IN", "IN+CGN")}
    for one in made.values():
        assert one.gap[0] == pytest.approx(one.challenge.gap)
        assert one.gap[1] <= one.gap[0] <= one.gap[2] and len(one.artefacts) == 4
    value, low, high = robustness.background_difference(params)
    assert value == pytest.approx(made["IN"].gap[0] - made["IN+CGN"].gap[0])
    assert low <= value <= high
    kept, _, _ = robustness.accuracy_difference(params, "original", "shape_texture")
    ours, theirs = (made[row].challenge.original.percent for row in ("IN+CGN", "IN"))
    assert kept == pytest.approx(ours - theirs)


def test_only_what_is_asked_for_is_answered(params):
    few = params.model_copy(update={"test_sets": "original,sketch", "odr_rows": "IN,SIN"})
    assert robustness.able(few, "original") == ["IN", "SIN"]
    assert robustness.able(few, "cue_conflict") == []
    assert robustness.elsewhere(few) == ["original", "sketch"]
    assert robustness.compared(params, "original") and not robustness.compared(few, "original")


def test_the_ensemble_is_scored_on_held_out_counterfactuals(params):
    made = robustness.head_accuracies(params)
    assert list(made) == list(HEADS)
    assert all(rate.denominator == 2 for rate, _ in made.values())
    names = {name for name, *_ in robustness.correlations(params)}
    assert names == {"original", "counterfactual"}


def test_heat_maps_of_every_head_are_kept(params):
    made, artefact = explain.heat_maps(params, "IN+CGN", "background", "recombined")
    assert made["maps"].shape == (6, 64, 64) and made["predicted"].shape == (6,)
    again, same = explain.heat_maps(params, "IN+CGN", "background", "recombined")
    assert same == artefact and np.array_equal(made["maps"], again["maps"])
    shown = explain.explained(params, "recombined", 6)
    scores = explain.looked_at(made["maps"], shown.masks)
    assert set(scores) == {"pointing_game", "cam_iou", "heat_on_object"}
    assert all(each.shape == (6,) and 0 <= each.min() <= each.max() <= 1
               for each in scores.values())  # fmt: skip
    with pytest.raises(UserError, match="nothing to explain called 'sketch'"):
        explain.explained(params, "sketch", 3)


def test_explained_images_keep_their_labels_and_masks(params):
    shown = explain.explained(params, "original", 4)
    whole = data.test_set(params, "original")
    place = [int((whole.images(torch.arange(27)) == image).flatten(1).all(1).nonzero())
             for image in shown.images]  # fmt: skip
    assert len(set(place)) == 4
    assert shown.labels["label"].tolist() == whole.label[place].tolist()
    np.testing.assert_allclose(shown.masks, whole.masks[place].numpy() / 255, atol=1e-6)
    assert explain.explained(params, "counterfactual", 9).masks is None


def test_lime_tells_where_the_weight_lies(params):
    made, _ = explain.lime_maps(params, "IN", predictions.WHOLE)
    assert made["maps"].shape == (2, 64, 64) and np.isfinite(made["maps"]).all()


def test_everything_read_is_listed_in_the_notebook(params):
    """An unlisted parameter would silently keep its default where papermill passes another value.
    Runs last: the tests above read what the notebook reads."""
    data.real_sets(params)
    assert {"ensemble_lr", "test_sets", "cam_stage", "lime_samples", "crop_least_area"} <= seen
    checked = {"score_images", "score_splits", "score_counts"}  # by the model, against each other
    assert seen - checked <= set(listed_parameters(ROOT / "book" / "odr_imagenet.ipynb"))
