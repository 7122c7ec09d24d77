"""The ImageNet CGN's recipes at the smallest size, over untrained networks: what is trained, made,
kept and measured, and that it is the same whenever it is asked for."""

import numpy as np
import pytest
import safetensors.torch
import torch

from cgnlib import imagenet
from cgnlib.__main__ import main
from cgnlib.data.counterfactual_folder import read_counterfactual_folder
from cgnlib.errors import UserError
from cgnlib.evaluation.saliency_scores import mask_entropy
from cgnlib.generators.imagenet_cgn import TRAINABLE
from cgnlib.params import ImagenetParams
from cgnlib.pipelines.imagenet import generate, measure, nets, train_cgn
from presets import smoke

MINI = {
    "dataset": "imagenet_mini",
    "biggan": "deep_256",
    "evaluators": "none",
    "score_network": "inception_v3",
}


def clear():
    for cached in (train_cgn.cgn, generate._set_in_memory, measure.quality, measure.composites):
        cached.cache_clear()


@pytest.fixture(scope="module")
def params(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CGN_RUNS", str(tmp_path_factory.mktemp("runs")))
        clear()
        yield smoke("scenes9")
    clear()


@pytest.fixture(scope="module")
def trained(params):
    return imagenet.cgn(params)


def test_a_cgn_is_trained_once_and_read_back(params, trained):
    assert trained.history[-1]["step"] == params.cgn_updates
    assert all(np.isfinite(value) for value in trained.history[-1].values())
    train_cgn.cgn.cache_clear()
    again = imagenet.cgn(params)
    assert again is not trained and again.artefact == trained.artefact
    pairs = zip(trained.model.state_dict().items(), again.model.state_dict().items(), strict=True)
    assert all(name == other and torch.equal(a, b) for (name, a), (other, b) in pairs)


def test_only_the_mechanisms_were_trained_and_kept(params, trained):
    kept = safetensors.torch.load_file(trained.artefact.folder / "weights.safetensors")
    assert {name.split(".")[0] for name in kept} == set(TRAINABLE)
    before = imagenet.start(params).state_dict()
    moved = {
        name.split(".")[0]
        for name, value in trained.model.state_dict().items()
        if not torch.equal(value, before[name])
    }
    assert moved == set(TRAINABLE)


def test_sheets_show_every_class_at_every_kept_step(params, trained):
    assert trained.sheets["steps"].tolist() == [0, 2, 3]
    assert trained.sheets["composite"].shape == (3, 9, 64, 64, 3)
    assert trained.sheets["mask"].dtype == np.uint8
    first, last = trained.sheets["composite"][[0, -1]]
    assert not np.array_equal(first, last)


def test_a_dropped_group_is_another_cgn(params, trained):
    rows = {name: imagenet.ablation(params, name) for name in ("none", "bg")}
    hashes = {row.artefact.hash for row in rows.values()} | {trained.artefact.hash}
    assert len(hashes) == 3  # ibr_updates differs from cgn_updates
    assert "loss_background" not in rows["bg"].history[-1]
    assert "loss_background" in rows["none"].history[-1]
    same = params.model_copy(update={"ibr_updates": params.cgn_updates})
    assert imagenet.ablation(same, "none").artefact == trained.artefact


@pytest.mark.parametrize(
    "changes",
    [{"seed": 1}, {"cgn_lr_text": 0.1}, {"weight_l1": 1.0}, {"features": "random_vgg"}],
)
def test_what_a_cgn_depends_on(params, changes):
    assert train_cgn.cgn_key(params) != train_cgn.cgn_key(params.model_copy(update=changes))


def test_what_a_cgn_does_not_depend_on(params):
    other = {"cf_images": 7, "train_images": 99, "quality_images": 11, "score_splits": 3}
    changed = params.model_copy(update=other | {"checkpoint_every_updates": 1})
    assert train_cgn.cgn_key(params) == train_cgn.cgn_key(changed)


def test_counterfactuals_in_memory_are_those_of_a_written_folder(params, tmp_path):
    made = imagenet.counterfactuals(params)
    assert made.images.shape == (24, 3, 64, 64) and made.images.dtype == torch.uint8
    assert len(made) == len(made.shape) == len(made.texture) == len(made.background) == 24
    generate._set_in_memory.cache_clear()
    assert torch.equal(imagenet.counterfactuals(params).images, made.images)
    for shard in ((1, 2), (0, 2)):
        manifest = imagenet.write_set(params, tmp_path / "set", shard)
    assert manifest["written"] == manifest["count"] == 24
    folder = read_counterfactual_folder(tmp_path / "set")
    labels = torch.stack([made.shape, made.texture, made.background], 1)
    assert torch.equal(folder.labels, labels)


def test_the_command_writes_shards(params, tmp_path, capsys):
    out = tmp_path / "set"
    words = ["counterfactuals", "smoke/scenes9", "--out", str(out), "--shard"]
    assert main([*words, "0/2"]) == 0
    assert capsys.readouterr().out.strip() == f"{out}: 12 of 24 images"
    assert main([*words, "1/2"]) == 0
    assert len(read_counterfactual_folder(out)) == 24
    assert main([*words, "2/2"]) == 2 and "shard '2/2'" in capsys.readouterr().err
    assert main(["counterfactuals", "smoke/scenes9"]) == 2 and "--out" in capsys.readouterr().err
    mnist = ["counterfactuals", "smoke/colored_mnist", "--out", str(out), "--shard", "0/2"]
    assert main(mnist) == 2 and "no --shard" in capsys.readouterr().err


def test_at_initialisation_every_mechanism_is_the_generator(params):
    before, after = imagenet.quality(params)
    assert before.parts.mask_iou.min() > 0.99  # cut at one half, as its target is
    assert before.images == after.images == params.quality_images
    assert all(len(set(row)) == 3 for row in before.labels.tolist())  # three different labels
    assert np.array_equal(before.labels, after.labels)
    assert before.log_probabilities.shape == (24, 3, 9)
    assert np.allclose(np.exp(before.log_probabilities).sum(2), 1, atol=1e-5)
    for values in vars(after.parts).values():
        assert values.shape == (24,) and (values >= 0).all() and (values <= 1).all()


def test_scores_of_parts_are_those_of_the_parts(params, trained):
    drawn = measure.equal_labels(params, trained.model)
    assert (drawn.labels == drawn.labels[:, :1]).all()
    found = imagenet.composites(params)
    with trained.model.sampling():
        made = trained.model(drawn.noise, *drawn.labels.T, truncation=drawn.truncation)
        leak = trained.model.saliency(made.foreground).mean((1, 2, 3))
    np.testing.assert_allclose(found.parts.mask_mean, made.mask.mean((1, 2, 3)), atol=1e-5)
    np.testing.assert_allclose(found.parts.texture_leak, leak, atol=1e-5)
    np.testing.assert_allclose(found.parts.mask_entropy, mask_entropy(made.mask.numpy()), atol=1e-5)
    assert found.logits.shape == found.truth_logits.shape == (24, 9)
    curve = imagenet.curve(params, found.logits)
    assert [score.images for score in curve] == [8, 16, 24]
    assert curve[-1] == imagenet.inception(params, found.logits)


def test_failures_come_worst_first_and_name_what_is_read(params, trained):
    quality, composites = imagenet.quality(params)[1], imagenet.composites(params)
    worst, believed = imagenet.failures(params, trained.model, quality, composites)
    assert list(worst) == ["shape", "texture", "background"]
    assert believed.shape == (24,)
    for found in worst.values():
        assert (np.diff(found.confidence) >= 0).all()
        assert len(found.images) == len(found.intended) == len(found.read) == 10
    assert min(one.confidence[0] for one in worst.values()) == pytest.approx(believed.min())


def test_pictures_and_quality_draw_noise_as_the_training_set_does(params, trained):
    apart = params.model_copy(update={"cf_shared_noise": False})
    one, three = (measure.different_labels(each, trained.model) for each in (params, apart))
    latent = trained.model.latent
    assert one.noise.shape == (24, latent) and three.noise.shape == (24, 3, latent)
    labels, noise = one.asked(slice(2, 5), trained.model.device)
    assert torch.equal(labels, one.labels[2:5]) and all(torch.equal(u, noise[0]) for u in noise)
    noise = three.asked(torch.tensor([3]), trained.model.device)[1]
    assert [u.tolist() for u in noise] == [[row.tolist()] for row in three.noise[3]]
    assert not torch.equal(noise[0], noise[2])
    pictures = [imagenet.counterfactual_triples(each, trained.model) for each in (params, apart)]
    assert not np.array_equal(pictures[0].images, pictures[1].images)
    assert measure.quality_of(apart, trained.model).parts.mask_iou.shape == (24,)


def test_triples_are_chosen_by_name(params, trained):
    named = params.model_copy(update={"triples": "dog/bird/fish, Fish/dog/dog"})
    assert imagenet.counterfactual_triples(named, trained.model).captions == [
        "dog/bird/fish", "fish/dog/dog"
    ]  # fmt: skip
    with pytest.raises(UserError, match="no class called 'doge' among 9: nearest are dog"):
        imagenet.chosen_triples(params.model_copy(update={"triples": "doge/bird/fish"}))
    with pytest.raises(UserError, match="'dog/bird' is no triple"):
        imagenet.chosen_triples(params.model_copy(update={"triples": "dog/bird"}))


def test_the_first_images_are_scored_in_two_splits():
    logits = np.random.default_rng(0).normal(size=(imagenet.FIRST_IMAGES + 10, 5))
    found = imagenet.first_inception(logits)
    assert (found.images, found.splits) == (2000, 2)


def test_pictures_have_a_name_for_every_class(params, trained):
    made = imagenet.counterfactual_triples(params, trained.model)
    assert len(made.captions) == len(made.images) == 25
    assert all(len(set(caption.split("/"))) == 3 for caption in made.captions)
    outputs, names = imagenet.mechanisms(params, trained.model)
    assert list(outputs) == ["premask", "mask", "foreground", "background", "composite"]
    assert len(names) == 9 and outputs["premask"].shape == (9, 64, 64, 3)
    strips = imagenet.interpolations(params, trained.model)
    assert {strip.shape for strip in strips.values()} == {(8, 64, 64, 3)}


def test_random_networks_are_the_same_every_time(params):
    first, second = (nets.frozen_generator(params).state_dict() for _ in range(2))
    assert all(torch.equal(value, second[name]) for name, value in first.items())
    images = torch.linspace(-1, 1, 2 * 3 * 64 * 64).view(2, 3, 64, 64)
    one, other = (nets.readers(params).read(images) for _ in range(2))
    assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"biggan_weights": "shipped"}, "no weights of tiny come with the package"),
        ({"biggan_weights": "published"}, "no weights of tiny were published"),
        ({"biggan_weights": "nowhere.bin"}, "nowhere.bin"),
        ({"biggan": "scenes9"}, "only the layout 'tiny'"),
        ({"saliency": "u2net", "saliency_weights": "published"}, "u2net is absent"),
        ({"features": "vgg16"}, "vgg16 is absent"),
        ({"evaluators": "none"}, "needs evaluators"),
    ],
)
def test_absent_networks_are_one_line(workplace, changes, message):
    wanted = smoke("scenes9", **changes)
    with pytest.raises(UserError, match=message) as error:
        nets.frozen_generator(wanted), nets.saliency_net(wanted), nets.score_network(wanted)
        nets.feature_nets(wanted, (1, 1, 1, 1), (0, 1, 1, 0))
    assert "\n" not in str(error.value)


def test_a_published_file_is_read_by_path_or_by_hash(workplace, monkeypatch, params):
    """With the tiny layouts in the place of the published ones."""
    from cgnlib.networks import published_layouts

    generator, saliency = nets.frozen_generator(params), nets.saliency_net(params)
    whole = train_cgn.ImagenetCgn(generator, saliency)
    shapes = {name: tuple(value.shape) for name, value in whole.state_dict().items()}
    layout = lambda name: shapes  # noqa: E731
    monkeypatch.setattr("cgnlib.networks.weights.layout", layout)
    monkeypatch.setattr(published_layouts, "layout", layout)
    monkeypatch.setattr(train_cgn, "empty_networks", lambda _: (generator, saliency))
    path = workplace / "cgn.pth"
    state = {name: value + 0.01 if "f_bg" in name else value
             for name, value in whole.state_dict().items()}  # fmt: skip
    torch.save(state, path)
    clear()
    found = imagenet.cgn(params.model_copy(update={"cgn_weights": str(path)}))
    assert found.imported and found.history == [] and len(found.sheets["composite"]) == 1
    assert torch.equal(found.model.f_bg.embeddings.weight, state["f_bg.embeddings.weight"])
    by_hash = imagenet.cgn(params.model_copy(update={"cgn_weights": found.artefact.hash}))
    assert by_hash.artefact == found.artefact
    clear()


def test_features_stop_at_the_last_layer_with_weight(params):
    perceptual, texture = nets.feature_nets(params, (1, 0, 0, 1), (0, 2, 0, 0))
    images = torch.rand(2, 3, 64, 64) * 2 - 1
    stages = nets.random_readers().classifier.stages(images)
    maps = perceptual(images)
    assert [one is None for one in maps] == [False, True, True, False]
    assert torch.allclose(maps[3], stages[3]) and torch.allclose(texture(images)[1], stages[1])
    assert len(texture.network) == 3
    assert nets.feature_nets(params, (0,) * 4, (0, 1, 0, 0))[0] is None
    off = params.model_copy(update={"features": "none"})
    assert nets.feature_nets(off, (1,) * 4, (1,) * 4) == (None, None)


def test_parameters_of_images_that_cannot_be():
    cases = (
        ({"mask_low": 0.9}, "mask_low 0.9 must lie below"),
        ({"cf_mode": "best_classes"}, "cf_shape_classes is empty"),
        ({"score_counts": "500,250"}, "must rise"),
        ({"score_counts": "250,5000"}, "from 2 to 2000"),
        ({"biggan": "deep_256"}, "does not make images of scenes9"),
        ({"dataset": "imagenet_mini", "biggan": "deep_256"}, "evaluators none"),
        ({"dataset": "imagenet_mini", "biggan": "tiny"}, "does not make images of imagenet_mini"),
        ({"biggan": "tiny_1000"}, "does not make images of scenes9"),
        ({**MINI, "biggan": "tiny_1000"}, "'tiny_1000' knows no class: it is for scale smoke only"),
        ({**MINI, "score_network": "random"}, "score_network 'random' knows no class"),
    )
    for changes, message in cases:
        with pytest.raises(ValueError, match=message):
            ImagenetParams(**changes)
    assert ImagenetParams(score_counts=250).counts() == (250,)
    lists = {f"cf_{name}_classes": "1,2" for name in ("shape", "texture", "background")}
    assert ImagenetParams(cf_mode="best_classes", **lists).listed("cf_shape_classes") == (1, 2)
