"""GenInt's rows at the smallest size: what trains each, what keys depend on, what is asked."""

import numpy as np
import pytest
import torch

from cgnlib import store
from cgnlib.data import corruptions
from cgnlib.data.image_folders import ImageFiles
from cgnlib.data.scenes9 import scene_set
from cgnlib.data.scenes9_export import write_image_folder
from cgnlib.errors import UserError
from cgnlib.params.genint_classifiers import GENERATED_ROWS, GENINT_ROWS, GenintClassifierParams
from cgnlib.pipelines.genint_scenes9 import asked_sets, classify, robustness, training_sets
from cgnlib.pipelines.genint_scenes9.training_sets import ImageSource, array_source

TINY = {
    "dataset": "genint_scenes9",
    "scale": "smoke",
    "train_images": 18,
    "test_images": 18,
    "classifier_epochs": 2,
    "classifier_milestones": "1",
    "classifier_batch": 9,
    "both_batch": 9,
    "row_repetitions": 2,
    "corruptions": "none",
    "corruption_images": 2,
} | dict.fromkeys(
    ("int_batch", "itr_batch", "both_int_batch", "both_itr_batch", "gan_batch"), 3
)  # fmt: skip


def tiny(**changes):
    return GenintClassifierParams(**(TINY | changes))


@pytest.fixture(scope="module")
def sources():
    params = tiny()
    made = scene_set("hard", 18, 3, "train")
    kinds = ("interventional", "transferred", "observational", "observational_1.0",
             "counterfactual")  # fmt: skip
    names = {kind: array_source(made.images, made.shape, f"made {kind}") for kind in kinds}
    return {**training_sets.own_sources(params), **names}


@pytest.fixture(scope="module")
def params(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CGN_RUNS", str(tmp_path_factory.mktemp("runs")))
        yield tiny()


def batch_of(params, sources, row):
    plan = classify.plan_of(params, row)
    return classify._batches(params, plan, sources, params.seed)(0)


def sizes(batch):
    return [None if part is None else len(part[0]) for part in batch]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("ImageNet only", [9, None, None]),
        ("Stylized", [9, None, None]),
        ("Mixup", [9, None, None]),
        ("AutoAug", [9, None, None]),
        ("GAN augmentation", [12, None, None]),
        ("GenInt", [9, 3, None]),
        ("CGN", [9, 3, None]),
        ("Transfer only", [9, None, 3]),
        ("GenInt + transfer", [9, 3, 3]),
        ("Interventional, truncation 1.0", [None, 9, None]),
        ("Observational, truncation 1.0", [None, 9, None]),
    ],
)
def test_what_an_update_of_each_row_sees(sources, row, expected):
    batch = batch_of(tiny(), sources, row)
    assert sizes(batch) == expected
    images, labels = next(part for part in batch if part is not None)
    assert images.shape[1:] == (3, 64, 64) and images.min() >= -1 and images.max() <= 1
    assert labels.ndim == (2 if row == "Mixup" else 1)
    again = batch_of(tiny(), sources, row)
    assert all(torch.equal(a[0], b[0]) for a, b in zip(batch, again, strict=True) if a is not None)


def test_every_row_is_trained_once_and_kept(params, sources):
    hashes = {}
    for row in (*GENINT_ROWS, *GENERATED_ROWS):
        found = classify.classifier(params, sources, row)
        hashes[row] = found.artefact.hash
        assert found.history[-1]["step"] in (2, 4) and not found.model.training
        assert found.model(torch.zeros(2, 3, 64, 64)).shape == (2, 9)
    assert len(set(hashes.values())) == len(hashes) == 11
    nowhere = dict.fromkeys(sources)
    for name, one in sources.items():
        nowhere[name] = ImageSource(one.identity, one.count, lambda: pytest.fail("loaded again"))
    assert classify.classifier(params, nowhere, "GenInt").artefact.hash == hashes["GenInt"]


def test_repetitions_share_the_data_and_nothing_else(params, sources):
    one, two = (classify.classifier(params, sources, "GenInt", i) for i in range(2))
    assert (one.seed, two.seed) == (0, 1) and one.artefact != two.artefact
    other_seed = classify.classifier(params.model_copy(update={"seed": 1}), sources, "GenInt")
    assert other_seed.artefact == two.artefact  # the same sources were passed


def test_a_row_can_start_from_another(params, sources):
    transfer = classify.classifier(params, sources, "Transfer only")
    still = params.model_copy(update={"tuned_lr": 1e-12, "momentum": 0.0, "weight_decay": 0.0})
    both = classify.classifier(still, sources, "GenInt + transfer")
    weights = [dict(model.named_parameters()) for model in (transfer.model, both.model)]
    start = classify.classifier(still, sources, "Transfer only")
    theirs = dict(start.model.named_parameters())
    assert all(torch.allclose(weights[1][name], theirs[name], atol=1e-7) for name in theirs)
    fresh = still.model_copy(update={"both_start": "scratch"})
    apart = dict(classify.classifier(fresh, sources, "GenInt + transfer").model.named_parameters())
    assert not all(torch.allclose(apart[name], weights[1][name], atol=1e-3) for name in apart)


def key(params, sources, row):
    plan = classify.plan_of(params, row)
    schedule, _ = classify._schedule(params, plan, sources)
    return classify._key(params, plan, sources, params.seed, schedule)


@pytest.mark.parametrize(
    ("row", "changes"),
    [
        ("ImageNet only", {"augmentation": "additional"}),
        ("ImageNet only", {"classifier_lr": 0.01}),
        ("ImageNet only", {"classifier_network": "resnet18"}),
        ("GenInt", {"int_weight": 0.5}),
        ("GenInt", {"joint_batch": False}),
        ("Transfer only", {"itr_batch": 4}),
        ("GenInt + transfer", {"legacy_loss": True}),
        ("GenInt + transfer", {"tuned_optimiser": "adam"}),
        ("Mixup", {"mixup_alpha": 0.2}),
        ("GenInt", {"rows_start": "baseline"}),
    ],
)
def test_what_a_training_depends_on(sources, row, changes):
    assert key(tiny(), sources, row) != key(tiny(**changes), sources, row)
    store.key_hash(key(tiny(**changes), sources, row))  # JSON throughout


def test_generated_images_alone_may_have_a_network_of_their_own(params, sources):
    row = "Interventional, truncation 1.0"
    other = tiny(generated_network="resnet18")
    assert classify._own_network(other, row).classifier_network == "resnet18"
    assert classify._own_network(other, "GenInt") is other
    made = classify.classifier(other, sources, row)
    assert made.model.network.fc.out_features == 9
    usual = tiny(classifier_network="resnet18")
    assert classify.classifier(usual, sources, row).artefact == made.artefact
    assert classify._own_network(tiny(), row).classifier_network == "scene_cnn"


def test_what_a_training_does_not_depend_on(sources):
    others = {"int_weight": 0.9, "legacy_loss": True, "joint_batch": False, "test_images": 9}
    others |= {"mixup_alpha": 1.0, "genint_rows": "ImageNet only", "row_repetitions": 5}
    assert key(tiny(), sources, "ImageNet only") == key(tiny(**others), sources, "ImageNet only")
    assert key(tiny(), sources, "GenInt") == key(tiny(legacy_loss=True), sources, "GenInt")


def test_variations_of_the_loss_are_the_row_itself_where_they_agree(sources):
    params = tiny(int_batches="3,5", int_weights="0.2,1", int_weight=0.2)
    found = classify.variations(params)
    assert list(found) == ["X_int batch 3", "X_int batch 5", "lambda1 0.2", "lambda1 1"]
    keys = {name: key(one, sources, "GenInt") for name, one in found.items()}
    assert keys["X_int batch 3"] == keys["lambda1 0.2"] == key(params, sources, "GenInt")
    assert keys["X_int batch 5"]["interventional"] == 5 and keys["lambda1 1"]["weight_int"] == 1


def test_an_absent_set_and_an_unknown_row_are_one_line(params, sources):
    only = {"real": sources["real"]}
    with pytest.raises(UserError, match="no set 'interventional'"):
        classify.classifier(params, only, "GenInt")
    with pytest.raises(UserError, match="no row 'Best'"):
        classify.classifier(params, only, "Best")


def test_answers_come_per_training_and_image(params, sources):
    scored, found = robustness.scores(params, sources, "GenInt", "nuisance_shifted")
    assert found.rank.shape == found.predicted.shape == (2, 18) and len(found.artefacts) == 4
    assert np.array_equal(found.correct(), found.predicted == found.label)
    assert list(scored) == ["top1"] and scored["top1"][0] == pytest.approx(
        100 * found.correct().mean()
    )
    single = robustness.answers(params, sources, "Mixup", "nuisance_shifted")
    assert single.rank.shape == (1, 18)
    value, low, high = robustness.difference(found, single)
    assert low <= value <= high
    assert list(robustness.accuracies(found, 1000)) == ["top1", "top5"]


@pytest.mark.parametrize("name", [*asked_sets.SCENE_SETS, *asked_sets.VALIDATION])
def test_asked_sets_have_the_labels_of_their_scenes(name):
    asked = asked_sets.asked_set(tiny(), name)
    split = "validation" if name in asked_sets.VALIDATION else "test"
    variant = {"validation": "original", "validation_shifted": "nuisance_shifted"}.get(name, name)
    drawn = scene_set(variant, 18, 0, split)
    assert asked.identity == drawn.identity and asked.label.tolist() == drawn.shape.tolist()
    assert torch.equal(asked.source().images, drawn.images)


def test_sets_of_another_dataset_are_refused():
    with pytest.raises(UserError, match="second_test_threshold"):
        asked_sets.asked_set(tiny(), "second_test_threshold")
    with pytest.raises(UserError, match="give corruptions imagenet_c"):
        asked_sets.corrupted_set(tiny(dataset="genint_imagenet", corruptions="made"), "fog", 1)


def test_corruptions_are_asked_of_every_row_relative_to_the_first(params, sources, monkeypatch):
    calls = []

    def darker(images, name, severity, seed):
        calls.append((name, severity))
        return (images.float() / (1 + severity)).byte()

    monkeypatch.setattr(corruptions, "corrupted", darker)
    monkeypatch.setattr(corruptions, "package_version", lambda: "test")
    asked_sets._corrupted.cache_clear()
    asked = {"corruptions": "made", "row_repetitions": 1, "corruption_reference": "baseline"}
    wanted = params.model_copy(update=asked)
    rows = ["ImageNet only", "GenInt"]
    found = robustness.corruption_answers(wanted, sources, rows)
    assert len(calls) == 75 and len(set(calls)) == 75  # each is made once for all rows
    assert found["GenInt"].wrong.shape == (15, 5, 2) and found["GenInt"].trainings == 1
    assert len(found["GenInt"].artefacts) == 1 + 15
    errors = robustness.corruption_scores(wanted, found)
    own = errors["ImageNet only"]
    assert all(one is None or one.value == pytest.approx(100) for one in own.each)
    assert own.rate.value == pytest.approx(100 * found["ImageNet only"].wrong.mean())
    guess = params.model_copy(update={"corruption_reference": "chance"})
    for row, made in robustness.corruption_scores(guess, found).items():
        for one, wrong in zip(made.each, found[row].wrong, strict=True):
            assert one.value == pytest.approx(100 * wrong.mean() / (8 / 9))  # nine classes
        assert made.mean.value == pytest.approx(made.rate.value * 9 / 8)
    calls.clear()
    again = robustness.corruption_answers(wanted, sources, rows)
    assert not calls and np.array_equal(again["GenInt"].wrong, found["GenInt"].wrong)
    asked_sets._corrupted.cache_clear()


def test_files_are_augmented_like_images_in_memory(tmp_path):
    drawn = scene_set("original", 9, 0, "train")
    folder = write_image_folder(drawn, tmp_path / "set")
    paths = sorted(folder.glob("*/*.png"))
    source = ImageSource("files", 9, lambda: (paths, torch.arange(9)))
    for kind in ("standard", "additional", "autoaugment"):
        made = training_sets.batches_of(source, tiny(), 4, kind, 0, "x")(0)
        assert made[0].shape == (4, 3, 224, 224) and made[0].min() >= -1 and made[0].max() <= 1
    assert isinstance(training_sets.augmented(paths, tiny(), "standard"), ImageFiles)
    assert len(training_sets.augmented(paths, tiny(), "additional")) == 9
