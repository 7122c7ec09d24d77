"""Image folders: listing, transforms against torchvision's, threads, errors that name the file."""

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import v2

from cgnlib.classifiers.augment import AugmentedBatches
from cgnlib.data.image_folders import (
    Ahead,
    Centre,
    ImageFiles,
    RandomBox,
    joined,
    list_classes,
    read_image,
)
from cgnlib.errors import UserError
from cgnlib.rng import numpy_rng, rng


def write(path, size=(40, 30), seed=0, mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = numpy_rng(seed, path.name).integers(256, size=(size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).convert(mode).save(path)
    return path


@pytest.fixture
def folder(tmp_path):
    for name, count in (("cat", 2), ("ant", 3)):
        for i in range(count):
            write(tmp_path / name / f"{i}.png", (40 + 7 * i, 30), i)
    (tmp_path / "labels.csv").write_text("beside the classes")
    (tmp_path / "cat" / "note.txt").write_text("not an image")
    return tmp_path


def test_classes_and_files_are_sorted(folder):
    listing = list_classes(folder, "layout")
    assert listing.classes == ("ant", "cat") and listing.labels.tolist() == [0, 0, 0, 1, 1]
    assert [path[-9:] for path in listing.paths[2:4]] == ["ant/2.png", "cat/0.png"]
    part = listing.select(np.array([4, 0]))
    assert part.labels.tolist() == [1, 0] and part.classes == listing.classes
    assert part.paths == (listing.paths[4], listing.paths[0])


def test_an_empty_class_a_missing_folder_and_no_class_are_named(folder, tmp_path):
    (folder / "bee").mkdir()
    (folder / "bee" / "x.txt").write_text("no image")
    with pytest.raises(UserError, match=r"bee holds no image.*my layout"):
        list_classes(folder, "my layout")
    with pytest.raises(UserError, match=r"nowhere is not a folder: expected my layout"):
        list_classes(folder / "nowhere", "my layout")
    with pytest.raises(UserError, match=r"cat holds no class folder"):
        list_classes(folder / "cat", "my layout")


@pytest.mark.parametrize("damage", ["text", "cut", "empty", "gone"])
def test_an_unreadable_image_is_named(folder, damage):
    path = folder / "cat" / "0.png"
    content = path.read_bytes()
    listing = list_classes(folder, "layout")
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(
            {"text": b"hello", "cut": content[: len(content) // 2], "empty": b""}[damage]
        )
    images = ImageFiles(listing.paths, Centre(16, 20))
    for reading in (lambda: images[3], lambda: list(images.split(2)), lambda: read_image(path)):
        with pytest.raises(UserError, match=r"cat/0.png (cannot be read|is missing)") as caught:
            reading()
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("mode", ["L", "P", "RGBA", "CMYK", "1"])
def test_every_mode_becomes_rgb(tmp_path, mode):
    path = write(tmp_path / ("x.tif" if mode == "CMYK" else "x.png"), mode=mode)
    assert read_image(path).mode == "RGB"


@pytest.mark.parametrize("size", [(40, 30), (33, 47), (64, 64), (21, 20)])
@pytest.mark.parametrize("px, resize_px", [(16, 20), (224, 256), (18, 0)])
def test_the_test_transform_is_torchvisions(tmp_path, size, px, resize_px):
    image = read_image(write(tmp_path / "x.png", size))
    theirs = v2.Compose([v2.Resize(resize_px)] * bool(resize_px) + [v2.CenterCrop(px)])(image)
    ours = Centre(px, resize_px)(image)
    assert ours.size == (px, px) and np.array_equal(np.array(ours), np.array(theirs))


def test_a_drawn_crop_is_torchvisions(tmp_path):
    image = read_image(write(tmp_path / "x.png", (60, 50)))
    theirs = v2.functional.resized_crop(image, 7, 11, 23, 31, [16, 16])
    ours = RandomBox(16).cut(image, (7, 11, 23, 31), False)
    assert np.array_equal(np.array(ours), np.array(theirs))
    mirrored = RandomBox(16).cut(image, (7, 11, 23, 31), True)
    assert np.array_equal(np.array(mirrored), np.array(ours)[:, ::-1])


def test_items_batches_and_draws_agree(folder):
    images = ImageFiles(list_classes(folder, "layout").paths, Centre(16, 20))
    items = torch.stack([images[i] for i in range(len(images))])
    assert items.shape == (5, 3, 16, 16) and -1 <= items.min() < -0.5 and 0.5 < items.max() <= 1
    parts = list(images.split(2))
    assert [len(part) for part in parts] == [2, 2, 1] and torch.equal(torch.cat(parts), items)
    assert torch.equal(images.draw(torch.tensor([4, 1]), rng(0, "x")), items[[4, 1]])


@pytest.mark.parametrize("workers", [1, 3])
def test_random_crops_depend_on_the_generator_alone(folder, workers):
    listing = list_classes(folder, "layout")
    made = ImageFiles(listing.paths, train=RandomBox(16), workers=workers)
    index = torch.tensor([0, 3, 3])
    drawn = made.draw(index, rng(0, "x"))
    assert drawn.shape == (3, 3, 16, 16) and not torch.equal(drawn[1], drawn[2])
    again = ImageFiles(listing.paths, train=RandomBox(16), workers=2).draw(index, rng(0, "x"))
    assert torch.equal(drawn, again)
    batches = AugmentedBatches(made, (torch.as_tensor(listing.labels),), lambda _: index, 0, "a")
    assert batches(5)[1].tolist() == [0, 1, 1]


def test_listings_are_joined_or_the_odd_class_is_named(folder, tmp_path):
    listing = list_classes(folder, "layout")
    both = joined(listing, listing)
    assert len(both) == 10 and both.labels.tolist() == [0, 0, 0, 1, 1] * 2
    write(tmp_path / "other" / "dog" / "0.png")
    with pytest.raises(UserError, match="cannot be joined: class ant"):
        joined(listing, list_classes(tmp_path / "other", "layout"))


def test_batches_ahead_are_the_same_and_errors_wait_for_their_turn():
    made = []

    def batches(step):
        made.append(step)
        if step == 3:
            raise UserError("step 3")
        return step * 10

    ahead = Ahead(batches)
    assert [ahead(step) for step in range(3)] == [0, 10, 20]
    with pytest.raises(UserError, match="step 3"):
        ahead(3)
    assert ahead(7) == 70 and sorted(made)[:4] == [0, 1, 2, 3]
    assert len(set(made)) == len(made)
