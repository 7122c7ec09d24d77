"""The index maps: counts, names, and files that are wrong."""

import pytest

from cgnlib.errors import UserError
from cgnlib.evaluation.imagenet_categories import categories, load_categories


def test_370_classes_map_to_the_nine_and_630_do_not():
    sizes = {name: len(indices) for name, indices in categories()["in9"].items()}
    assert sizes == {
        "dog": 116,
        "bird": 52,
        "vehicle": 42,
        "reptile": 36,
        "carnivore": 35,
        "insect": 27,
        "instrument": 26,
        "primate": 20,
        "fish": 16,
    }
    assert sum(sizes.values()) == 370


def test_207_classes_map_to_the_sixteen():
    maps = categories()["shape_texture"]
    assert len(maps) == 16 and sum(len(indices) for indices in maps.values()) == 207


@pytest.mark.parametrize(
    "map_name, category, words",
    [
        ("shape_texture", "airplane", {"airliner"}),
        ("shape_texture", "elephant", {"Indian elephant", "African elephant"}),
        ("shape_texture", "bicycle", {"bicycle-built-for-two", "mountain bike"}),
        ("shape_texture", "clock", {"analog clock", "digital clock", "wall clock"}),
        ("in9", "fish", {"tench", "great white shark", "anemone fish", "puffer"}),
        ("in9", "primate", {"orangutan", "gorilla", "indri"}),
        ("in9", "instrument", {"accordion", "cello", "violin"}),
    ],
)
def test_indices_mean_what_torchvision_calls_them(map_name, category, words):
    from torchvision.models import ResNet50_Weights

    names = ResNet50_Weights.IMAGENET1K_V1.meta["categories"]
    found = {names[index] for index in categories()[map_name][category]}
    assert words <= found


@pytest.mark.parametrize(
    "text, message",
    [
        ('m: {a: {classes: 2, indices: "1-3"}}', "a lists 3 indices, its count says 2"),
        ('m: {a: {classes: 1, indices: "1"}, b: {classes: 1, indices: "1"}}', "is in a too"),
        ('m: {a: {classes: 1, indices: "1000"}}', "is no ImageNet class"),
        ('m: {a: {classes: 1, indices: "x"}}', "not a map of categories"),
        ("m: [1]", "not a map of categories"),
        ("m: {a: {classes: 1}}", "not a map of categories"),
    ],
)
def test_a_wrong_map_is_named(tmp_path, text, message):
    path = tmp_path / "maps.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=message) as caught:
        load_categories(path)
    assert "maps.yaml" in str(caught.value)
