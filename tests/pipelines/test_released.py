"""A run with published weights: nothing is trained, and everything after the CGN works on it."""

import pytest
import torch

from cgnlib import mnist
from cgnlib.errors import UserError
from cgnlib.networks.published_layouts import layout
from cgnlib.pipelines.mnist import classify
from cgnlib.report import figures, tables
from cgnlib.report.workload import work
from presets import smoke

pytestmark = pytest.mark.usefixtures("fresh_workplace")


@pytest.fixture
def released(tmp_path):
    """A checkpoint of the CGN."""
    return checkpoint(tmp_path, "mnist-cgn")


def checkpoint(folder, kind):
    """A checkpoint file in the published layout ``kind``, with random numbers."""
    generator = torch.Generator().manual_seed(0)
    state = {
        name: torch.tensor(1)
        if name.endswith("num_batches_tracked")
        else torch.rand(shape, generator=generator) * 0.2 + 0.01
        for name, shape in layout(kind).items()
    }
    torch.save(state, folder / "released.pth")
    return folder / "released.pth"


def test_a_path_and_its_imported_hash_are_the_same_cgn(released, workplace):
    one = mnist.cgn(smoke(cgn_weights=str(released)))
    assert one.artefact.kind == "weights" and one.history == []
    assert "released.pth" in one.origin and one.imported in one.origin
    assert not list((workplace / "runs").glob("cgn/*"))  # nothing was trained
    two = mnist.cgn(smoke(cgn_weights=one.artefact.hash))
    assert two.artefact == one.artefact
    stored = torch.load(released, weights_only=True)
    assert torch.equal(two.model.f_shape[0].weight, stored["f_shape.0.weight"])
    assert not two.model.training and not any(p.requires_grad for p in two.model.parameters())


def test_everything_after_the_cgn_works_on_it(released):
    params = smoke(cgn_weights=str(released))
    trained = mnist.cgn(params)
    assert trained.sheets["composite"].shape == (1, 20, 32, 32, 3)
    figures.over_training(trained.sheets["composite"][:, ::2], trained.sheets["steps"])
    assert mnist.quality(params, trained).images == params.quality_images
    arrays, _ = mnist.predictions(params, "CGN", "test")
    assert len(arrays["predicted"]) == 1000 * params.test_colourings
    assert (
        classify.classifier(params, "CGN").artefact != classify.classifier(smoke(), "CGN").artefact
    )


def test_pages_say_that_it_was_not_trained(released):
    params = smoke(cgn_weights=str(released))
    rows = tables.departures_list(params, of=("cgn",))
    assert rows[0] == ("weights of the CGN", "trained", f"imported, not trained: {released}")
    assert [row[0] for row in rows[1:]] == ["digits"]  # the data still count
    html = tables.costs({"CGN": (mnist.cgn(params).artefact, 12)}, params).to_html()
    assert "imported" in html and ">12<" not in html


def test_released_weights_are_a_row_of_the_extensions(released, workplace):
    params = smoke(
        cgn_weights=str(released), extension_rows="retrained", extension_classifier_steps=3
    )
    rows = mnist.extension_rows(params)
    assert [row.setting for row in rows] == ["released weights", "retrained"]
    assert rows[0].cgn.imported and not rows[1].cgn.imported
    assert rows[0].experiments == ("EXT-5", "EXT-6")
    assert len(rows[0].predictions["predicted"]) == 1000
    assert mnist.classifier(rows[0].params, "CGN").history[-1]["step"] == 3
    assert list(mnist.changed_weights(rows)) == ["retrained"]
    alone = mnist.extension_rows(smoke(cgn_weights=str(released), extension_rows=""))
    assert [row.setting for row in alone] == ["released weights"]
    trained = mnist.extended(params, "retrained")
    assert "imported" not in str(tables.departures_list(trained))
    named = [item.name for notebook, item in work(params) if notebook == "extensions"]
    assert named[:2] == ["CGN, retrained"] * 2 and "CGN, released weights" in named


def test_released_weights_are_a_row_of_the_ablations(released):
    params = smoke(cgn_weights=str(released), ibr_classifier_steps=3)
    rows = {row.dropped: row for row in mnist.ablations(params)}
    assert list(rows) == [*params.bias_groups(), "released weights"]
    assert [name for name, row in rows.items() if row.cgn.imported] == ["released weights"]
    own = rows["released weights"]
    assert own.params.classifier_steps == 3 and own.quality.images == params.quality_images
    assert len(own.predictions["predicted"]) == 1000 * params.test_colourings
    named = [item.name for notebook, item in work(params) if notebook == "ibr"]
    assert "CGN, released weights" in named
    assert "CGN, released weights" not in [item.name for n, item in work(smoke()) if n == "ibr"]


def test_released_weights_need_a_file():
    with pytest.raises(UserError, match="'released' needs cgn_weights: give a file"):
        mnist.extension_rows(smoke(extension_rows="released"))


def test_a_published_gan_gives_the_rows_of_the_gan(tmp_path, workplace):
    path = checkpoint(tmp_path, "mnist-gan")
    params = smoke(gan_weights=str(path), classifier_steps=3)
    made = mnist.gan(params)
    assert made.artefact.kind == "weights" and made.history == []
    assert "released.pth" in made.origin
    assert made.artefact.provenance["source_sha256"] in made.origin
    stored = torch.load(path, weights_only=True)
    assert torch.equal(made.model.model[0].weight, stored["model.0.weight"])
    assert not made.model.training and made.model.latent == 32
    images = mnist.gan_images(params).batch(torch.arange(4))[0]
    assert images.shape == (4, 3, 32, 32) and images.isfinite().all()
    one = mnist.classifier(params, "GAN")
    assert one.artefact != mnist.classifier(smoke(classifier_steps=3), "GAN").artefact
    assert len(list((workplace / "runs").glob("gan/*/weights.safetensors"))) == 1  # the second's
    rows = tables.departures_list(params, of=("gan",))
    assert rows[0] == ("weights of the GAN", "trained", f"imported, not trained: {path}")
    assert "gan_width" not in str(rows) and "gan_width" in str(
        tables.departures_list(smoke(), of=("gan",))
    )
    assert not [item for _, item in work(params) if item.kind == "gan"]


def test_a_published_classifier_is_asked_beside_the_rows(tmp_path):
    path = checkpoint(tmp_path, "mnist-classifier")
    params = smoke(odr_classifier_weights=str(path))
    one = mnist.released_classifier(params)
    assert one.artefact.kind == "weights" and one.history == []
    stored = torch.load(path, weights_only=True)
    assert torch.equal(one.model.cls[0].weight, stored["cls.0.weight"])
    arrays, _ = mnist.predictions_of(params, one, "test")
    shown = mnist.datasets(params).test.images[:50]
    with torch.no_grad():
        expected = one.model(shown).argmax(1).numpy()
    assert (arrays["predicted"][:50] == expected).all()
    text = mnist.origin(mnist.RELEASED_CLASSIFIER, one.artefact, one.history)
    assert "released.pth" in text and one.artefact.provenance["source_sha256"] in text
    assert mnist.released_classifier(smoke()) is None


def test_a_cgn_is_no_gan(released):
    with pytest.raises(UserError, match="not a checkpoint of kind mnist-gan"):
        mnist.gan(smoke(gan_weights=str(released)))


def test_a_wrong_file_is_an_error(tmp_path):
    torch.save({"a": torch.zeros(1)}, tmp_path / "a.pth")
    with pytest.raises(UserError, match="unknown key 'a'"):
        mnist.cgn(smoke(cgn_weights=str(tmp_path / "a.pth")))
    with pytest.raises(UserError, match="no weights 'typo'"):
        mnist.cgn(smoke(cgn_weights="typo"))


def test_ablations_are_trained_whatever_the_other_pages_use():
    assert mnist.ablate(smoke(cgn_weights="0123456789ab"), "edge").cgn_weights == ""
