"""GenInt's loss by hand, its method on absent sets, soft labels, and both forms of batch norm."""

import math

import pytest
import torch
from torch import nn

from cgnlib.classifiers.genint import GenintBatch, GenintMethod, GenintSettings, genint_loss
from cgnlib.classifiers.genint_network import SceneClassifier, cam_layer, genint_network
from cgnlib.classifiers.sgd import SgdSchedule
from cgnlib.errors import UserError
from cgnlib.rng import rng

SCHEDULE = SgdSchedule(0.1, 1, (), 4)
LOSSES = {"real": 2.0, "interventional": 3.0, "transferred": 5.0}


def losses(*names):
    return {name: torch.tensor(LOSSES[name]) for name in names}


@pytest.mark.parametrize(
    ("names", "legacy", "expected"),
    [
        (("real",), False, 2.0),
        (("real", "interventional"), False, 2.15),
        (("real", "transferred"), False, 7.0),
        (("interventional",), False, 0.15),
        (("real", "interventional", "transferred"), False, 2 + 0.05 * 3 + 5),
        (("real", "interventional", "transferred"), True, 2 + 0.05 + 3 + 5),
        (("real", "interventional"), True, 2.15),  # the code is wrong with all three sets only
    ],
)
def test_the_loss_by_hand(names, legacy, expected):
    assert genint_loss(losses(*names), 0.05, 1.0, legacy).item() == pytest.approx(expected)


def test_a_loss_of_nothing_is_an_error():
    with pytest.raises(UserError, match="without real, interventional or transferred"):
        genint_loss({}, 1, 1)


class Constant(nn.Module):
    """Logits that do not depend on the image, and the sizes of the batches it saw."""

    def __init__(self, logits):
        super().__init__()
        self.logits, self.sizes = nn.Parameter(torch.tensor(logits)), []

    def forward(self, images):
        self.sizes.append(len(images))
        return self.logits.expand(len(images), -1)


def part(labels):
    return torch.zeros(len(labels), 3, 8, 8), torch.tensor(labels)


@pytest.mark.parametrize(("joint", "sizes"), [(True, [5]), (False, [2, 3])])
def test_an_update_by_hand(joint, sizes):
    network = Constant([0.0, math.log(3)])
    settings = GenintSettings(SCHEDULE, weight_int=0.5, joint=joint)
    method = GenintMethod(settings, network)
    seen = method.update(GenintBatch(part([1, 1]), part([0, 0, 1])))
    real = -math.log(3 / 4)
    interventional = (-2 * math.log(1 / 4) - math.log(3 / 4)) / 3
    assert seen["loss_real"].item() == pytest.approx(real)
    assert seen["loss_interventional"].item() == pytest.approx(interventional)
    assert seen["loss"].item() == pytest.approx(real + 0.5 * interventional)
    assert seen["train_accuracy"].item() == 100 and network.sizes == sizes
    # softmax (1/4, 3/4) less the mean labels, (0, 1) and 0.5 * (2/3, 1/3)
    step = -0.1 * (0.25 + 0.5 * (0.25 - 2 / 3))
    assert network.logits[0].item() == pytest.approx(step, abs=1e-6)


def test_blended_labels_count_by_their_shares():
    network = Constant([0.0, math.log(3)])
    method = GenintMethod(GenintSettings(SCHEDULE), network)
    images, shares = torch.zeros(1, 3, 8, 8), torch.tensor([[0.25, 0.75]])
    seen = method.update(GenintBatch((images, shares)))
    expected = -0.25 * math.log(1 / 4) - 0.75 * math.log(3 / 4)
    assert seen["loss"].item() == pytest.approx(expected)
    assert set(seen) == {"loss", "loss_real", "train_accuracy"}


def test_generated_images_alone_train_a_classifier():
    network = genint_network("scene_cnn", 3, 0)
    method = GenintMethod(GenintSettings(SCHEDULE, weight_int=1.0), network)
    images = torch.rand(12, 3, 16, 16, generator=rng(0, "images")) * 2 - 1
    images[:, 0] += torch.arange(12).remainder(3)[:, None, None]
    batch = GenintBatch(None, (images, torch.arange(12) % 3))
    rows = [method.update(batch) for _ in range(6)]
    assert rows[-1]["loss"] < 0.8 * rows[0]["loss"] and "loss_real" not in rows[0]


def test_one_pass_mixes_the_statistics_and_two_keep_them_apart():
    ones, zeros = torch.ones(4, 3, 8, 8), torch.zeros(4, 3, 8, 8)
    labels = torch.zeros(4, dtype=torch.int64)
    batch = GenintBatch((ones, labels), (zeros, labels))
    means = {}
    for joint in (True, False):
        network = nn.Sequential(nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(192, 2))
        network[0].momentum = None  # a plain mean over the passes
        GenintMethod(GenintSettings(SCHEDULE, 1.0, joint=joint), network).update(batch)
        means[joint] = network[0].running_mean, network[0].running_var
    assert torch.allclose(means[True][0], means[False][0])
    assert means[True][1].min() > 0.2 and means[False][1].max() == 0


def test_first_weights_depend_on_seed_and_names_alone():
    first, again = (genint_network("scene_cnn", 9, 3, "row") for _ in range(2))
    other = genint_network("scene_cnn", 9, 4, "row")
    weights = [model.network.heads["class"].weight for model in (first, again, other)]
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])


def test_networks_and_their_layers_by_name():
    small, resnet = genint_network("scene_cnn", 9, 0), genint_network("resnet18", 9, 0)
    images = torch.zeros(2, 3, 64, 64)
    assert isinstance(small, SceneClassifier) and small(images).shape == (2, 9)
    assert small.features(images).shape == (2, 128)
    assert resnet.eval()(images).shape == (2, 9)
    assert cam_layer(small, 3) is small.network.blocks[2]
    assert cam_layer(resnet, 2) is resnet.network.layer2[-1]
    assert cam_layer(resnet, 4) is resnet.network.layer4[-1]
    with pytest.raises(UserError, match="stages 1 to 4, not 5"):
        cam_layer(small, 5)
    with pytest.raises(UserError, match="no ResNet 'vgg'"):
        genint_network("vgg", 9, 0)
    with pytest.raises(UserError, match="leave them empty"):
        genint_network("scene_cnn", 9, 0, weights="a.pth")
