"""The ImageNet family in its exact layouts, as tiny folders."""

import shutil

import numpy as np
import pytest
from PIL import Image

from cgnlib.data import imagenet as adapters
from cgnlib.data.imagenet import CUE_CATEGORIES, IN9_FOLDERS, cue_conflict, imagenet, imagenet_a
from cgnlib.errors import UserError
from made_imagenet import wnids


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    path = tmp_path_factory.mktemp("picture") / "x.png"
    Image.new("RGB", (4, 4)).save(path)
    return path


@pytest.fixture
def place(picture):
    def copies(folder, *names):
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            shutil.copyfile(picture, folder / name)

    return copies


@pytest.fixture
def thousand(tmp_path, place):
    for name in wnids():
        place(tmp_path / "val" / name, "ILSVRC2012_val_1.JPEG")
    return tmp_path


def test_imagenet_labels_are_positions_among_the_sorted_folders(thousand):
    listing = imagenet("val", root=thousand)
    assert len(listing) == 1000 and listing.labels.tolist() == list(range(1000))
    assert listing.classes[285] == "n02124075"
    assert adapters.sketch(thousand / "val").classes == listing.classes
    assert len(imagenet("val", "stylized-imagenet", thousand)) == 1000


def test_a_missing_extra_or_misnamed_class_is_named(thousand, place):
    folder = thousand / "val" / wnids()[17]
    shutil.move(folder, thousand / "aside")
    with pytest.raises(UserError, match="val holds 999 class folders; ImageNet has 1000"):
        imagenet("val", root=thousand)
    place(thousand / "val" / "n15075142", "x.JPEG")  # a thousand again, all labels off by one
    with pytest.raises(UserError, match="class 285 is n02124076, in ImageNet it is n02124075"):
        imagenet("val", root=thousand)
    place(thousand / "val" / "dogs", "x.JPEG")
    with pytest.raises(UserError, match="dogs is not named as an ImageNet class"):
        imagenet("val", root=thousand)
    with pytest.raises(
        UserError, match=r"train is not a folder: expected imagenet as train/<wnid>"
    ):
        imagenet("train", root=thousand)


def test_imagenet_v2_is_labelled_by_the_folders_number(tmp_path, place):
    for index in range(1000):
        place(tmp_path / str(index), "x.jpeg")
    listing = adapters.imagenet_v2(tmp_path)
    assert len(listing) == 1000 and listing.classes[:3] == ("0", "1", "2")
    found = {path.split("/")[-2]: label for path, label in zip(
        listing.paths, listing.labels.tolist(), strict=True)}  # fmt: skip
    assert found["10"] == 10 and found["999"] == 999
    shutil.rmtree(tmp_path / "17")
    with pytest.raises(UserError, match="17 is missing: ImageNet-V2 has folders 0 to 999"):
        adapters.imagenet_v2(tmp_path)


def test_absent_sets_say_where_to_get_them(workplace):
    for ask in (
        lambda: imagenet("val"),
        lambda: imagenet("val", "imagenet-mini"),
        lambda: adapters.sketch(),
        lambda: imagenet_a(tuple(wnids())),
        lambda: adapters.in9("original"),
        lambda: cue_conflict(),
    ):
        with pytest.raises(UserError, match="is absent: get it from .* and put it at"):
            ask()


def test_imagenet_a_is_labelled_by_imagenets_index(tmp_path, place):
    names = wnids()
    kept = names[3:1000:5]
    for name in kept:
        place(tmp_path / name, "0.1_fox_2.jpg")
    (tmp_path / "README.txt").write_text("beside the classes")
    listing = imagenet_a(tuple(names), tmp_path)
    assert listing.labels.tolist() == list(range(3, 1000, 5))
    assert np.unique(listing.labels).size == 200 and listing.classes == tuple(names)
    with pytest.raises(UserError, match=f"{names[3]} is not one of the 999 known classes"):
        imagenet_a(tuple(names[:3] + names[4:]), tmp_path)
    shutil.rmtree(tmp_path / kept[0])
    with pytest.raises(UserError, match="holds 199 class folders; ImageNet-A has 200"):
        imagenet_a(tuple(names), tmp_path)


def test_in9_follows_the_folders_numbers(tmp_path, place):
    for name in IN9_FOLDERS:
        place(tmp_path / "mixed_rand" / "val" / name, "fg_n1_0_bg_n2_0.JPEG", "b.JPEG")
    listing = adapters.in9("mixed_rand", root=tmp_path)
    assert listing.labels.tolist() == np.repeat(np.arange(9), 2).tolist()
    with pytest.raises(UserError, match="no variant 'mixed_next'"):
        adapters.in9("mixed_next", root=tmp_path)
    with pytest.raises(UserError, match="original/val is not a folder"):
        adapters.in9("original", root=tmp_path)
    shutil.rmtree(tmp_path / "mixed_rand" / "val" / "05_insect")
    with pytest.raises(UserError, match="05_insect is missing"):
        adapters.in9("mixed_rand", root=tmp_path)
    place(tmp_path / "mixed_rand" / "val" / "05_insect", "a.JPEG")
    place(tmp_path / "mixed_rand" / "val" / "09_plant", "a.JPEG")
    with pytest.raises(UserError, match="09_plant is not one of its nine"):
        adapters.in9("mixed_rand", root=tmp_path)


@pytest.fixture
def stimuli(tmp_path, place):
    for name in CUE_CATEGORIES:
        place(tmp_path / name, f"{name}1-bear2.png", f"{name}10-truck3.png")
    return tmp_path


def test_cue_conflict_reads_the_texture_from_the_file_name(stimuli):
    listing, textures = cue_conflict(stimuli)
    assert listing.labels.tolist() == np.repeat(np.arange(16), 2).tolist()
    assert textures.tolist() == [1, 15] * 16  # bear, truck
    assert (textures == listing.labels).sum() == 2  # a bear of bear and a truck of truck


@pytest.mark.parametrize("name", ["cat1-bear2.png", "bear1-wood2.png", "bear-dog.png"])
def test_a_stimulus_with_a_wrong_name_is_named(stimuli, place, name):
    place(stimuli / "bear", name)
    with pytest.raises(UserError, match=f"bear/{name} is not named"):
        cue_conflict(stimuli)


def test_stimuli_of_other_classes_are_refused(stimuli):
    shutil.move(stimuli / "oven", stimuli / "stove")
    with pytest.raises(UserError, match="stimuli have 16 class folders|oven"):
        cue_conflict(stimuli)


def test_the_order_of_classes_is_that_of_the_index_maps():
    from cgnlib.evaluation.imagenet_categories import categories

    assert tuple(categories()["shape_texture"]) == CUE_CATEGORIES
    for folder, name in zip(IN9_FOLDERS, categories()["in9"], strict=True):
        assert folder[3:].split(" ")[-1] == name
