"""Feature networks: taps, skipped layers, and files that must exist."""

import pytest
import torch
import torchvision
from torchvision.models import vgg

from cgnlib.errors import UserError
from cgnlib.networks.features import VGG16_BN_LAYERS, VGG16_LAYERS, Features, vgg_features


@pytest.mark.parametrize(("kind", "taps"), [("vgg16", VGG16_LAYERS), ("vgg16_bn", VGG16_BN_LAYERS)])
def test_taps_are_the_relus_before_the_first_four_pools(kind, taps):
    with torch.device("meta"):
        layers = getattr(torchvision.models, kind)(weights=None).features
    pools = [i for i, layer in enumerate(layers) if isinstance(layer, torch.nn.MaxPool2d)]
    assert tuple(pool - 1 for pool in pools[:4]) == taps
    assert all(isinstance(layers[tap], torch.nn.ReLU) for tap in taps)


def test_layers_after_the_last_weight_are_not_built():
    features = vgg_features("random_vgg", (0.1, 0.0, 0.1, 0.0))
    assert len(features.network) == VGG16_LAYERS[2] + 1
    maps = features(torch.zeros(1, 3, 32, 32))
    assert [None if m is None else tuple(m.shape[1:]) for m in maps] == [
        (64, 32, 32),
        None,
        (256, 8, 8),
        None,
    ]
    assert not any(parameter.requires_grad for parameter in features.parameters())


def test_random_features_repeat():
    one, two = (vgg_features("random_vgg", (1.0, 0, 0, 0)) for _ in range(2))
    assert torch.equal(one.network[0].weight, two.network[0].weight)


def test_a_tapped_map_survives_the_layers_after_it():
    network = torch.nn.Sequential(torch.nn.ReLU(), torch.nn.ReLU(inplace=True))
    features = Features(network, (0, 1, 1, 1), (1.0, 1.0, 0.0, 0.0))
    x = torch.tensor([-1.0, 1.0]).view(1, 2, 1, 1)
    assert torch.equal(features(x)[0].flatten(), torch.tensor([0.0, 1.0]))


@pytest.mark.parametrize("kind", ["vgg16", "vgg16_bn"])
def test_a_published_file_loads_and_a_wrong_one_is_named(kind, tmp_path):
    path = tmp_path / "vgg.pth"
    with torch.random.fork_rng():
        convolutions = vgg.make_layers(vgg.cfgs["D"], batch_norm=kind == "vgg16_bn")
    state = {f"features.{name}": value for name, value in convolutions.state_dict().items()}
    old = {name: value for name, value in state.items() if not name.endswith("batches_tracked")}
    torch.save({**old, "classifier.0.weight": torch.zeros(4096, 25)}, path)
    features = vgg_features(kind, (0, 0, 0, 1.0), path)
    last = features.taps[3] - (2 if kind == "vgg16_bn" else 1)  # the convolution before that ReLU
    assert torch.equal(features.network[last].weight, convolutions[last].weight)
    path.unlink()
    torch.save({"a": torch.zeros(1)}, path)
    with pytest.raises(UserError, match=f"vgg.pth is not torchvision's {kind} state dict"):
        vgg_features(kind, (0, 0, 0, 1.0), path)
    path.unlink()
    torch.save({"features.0.weight": torch.zeros(64, 3, 3, 3)}, path)
    with pytest.raises(UserError, match=r"vgg\.pth.*key '0\.bias' is missing"):
        vgg_features(kind, (0, 0, 0, 1.0), path)
