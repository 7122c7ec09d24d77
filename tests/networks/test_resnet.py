"""ResNets: torchvision's own features from torchvision's own files."""

import pytest
import torch
import torchvision
from torchvision.models.resnet import Bottleneck

from cgnlib.errors import UserError
from cgnlib.networks.resnet import classifier, gradcam_layer, trunk


@pytest.fixture(scope="module")
def published():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return torchvision.models.resnet18(weights=None).eval()


@pytest.fixture(scope="module")
def path(published, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "resnet18.pth"
    torch.save(published.state_dict(), path)
    return path


@pytest.fixture(scope="module")
def images():
    return torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))


def test_the_trunk_ends_after_average_pooling(published, path, images):
    network, features = trunk("resnet18", path)
    assert features == 512 and network.training
    seen = []
    published.avgpool.register_forward_hook(lambda *call: seen.append(call[-1].flatten(1)))
    published(images)
    torch.testing.assert_close(network.eval()(images), seen[0])
    assert not any(name.startswith("fc.") for name in network.state_dict())


def test_the_classifier_is_the_published_one(published, path, images):
    network = classifier("resnet18", 1000, path).eval()
    torch.testing.assert_close(network(images), published(images))


def test_other_classes_need_a_fresh_head_asked_for(published, path, images):
    with pytest.raises(UserError, match=r"'fc\.weight' has shape \(1000, 512\), wanted is \(9"):
        classifier("resnet18", 9, path)
    network = classifier("resnet18", 9, path, fresh_head=True).eval()
    assert network(images).shape == (2, 9)
    assert torch.equal(network.layer4[1].conv2.weight, published.layer4[1].conv2.weight)


def test_sizes_of_both():
    with torch.device("meta"):
        for name in ("resnet18", "resnet50"):
            network, features = trunk(name)
            assert network.eval()(torch.empty(1, 3, 64, 64)).shape == (1, features)
    with pytest.raises(UserError, match="no ResNet 'resnet34': choose one of resnet18, resnet50"):
        trunk("resnet34")


def test_gradcam_layers(published):
    assert gradcam_layer(published) is published.layer4[-1].conv2
    with torch.device("meta"):
        deep = torchvision.models.ResNet(Bottleneck, [1, 1, 1, 2])
    assert gradcam_layer(deep) is deep.layer4[1].conv1
    assert gradcam_layer(deep).kernel_size == (1, 1)
