"""GradCAM, LIME and their scores against what follows by hand."""

import numpy as np
import pytest
import torch
from torch import nn

from cgnlib.classifiers.cnn import MnistCnn
from cgnlib.errors import UserError
from cgnlib.evaluation import explain


@pytest.fixture(scope="module")
def network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return MnistCnn().eval().requires_grad_(False)


@pytest.fixture(scope="module")
def images():
    return torch.rand(7, 3, 32, 32, generator=torch.Generator().manual_seed(1)) * 2 - 1


def scaled(cam):
    cam = cam - cam.min()
    return cam / (cam.max() + 1e-7)


def test_grad_cam_weighs_channels_by_the_class_it_predicts(network, images):
    maps, predicted = explain.grad_cam(network, network.model[9], images, batch=3)
    with torch.no_grad():
        assert predicted.tolist() == network(images).argmax(1).tolist()
        channels = network.model[:10](images)
    # The classifier is linear in the pooled channels: GradCAM's weights are the class's weights.
    weights = network.cls[0].weight[predicted][:, :, None, None]
    expected = torch.relu((weights * channels).sum(1))
    assert maps.shape == (7, 32, 32) and maps.dtype == np.float32
    for one, cam in zip(maps, expected, strict=True):
        enlarged = nn.functional.interpolate(scaled(cam)[None, None], 32, mode="bilinear")
        assert one == pytest.approx(scaled(enlarged[0, 0]).numpy(), abs=1e-3)
        assert one.min() >= 0 and one.max() == pytest.approx(1, abs=1e-3)


def test_grad_cam_does_not_depend_on_the_batch(network, images):
    one, _ = explain.grad_cam(network, network.model[9], images, batch=1)
    all_at_once, _ = explain.grad_cam(network, network.model[9], images, batch=7)
    assert one == pytest.approx(all_at_once, abs=1e-4)


def test_grad_cam_leaves_the_network_as_it_was(network, images):
    network.train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    explain.grad_cam(network, network.model[9], images)
    assert network.training and network.model[0].training
    network.eval()
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())
    assert all(value.grad is None for value in network.parameters())
    assert not network.model[9]._forward_hooks


def test_overlaps_by_hand():
    masks = np.zeros((3, 1, 4, 4), dtype=np.uint8)
    masks[:, :, :2] = 1  # upper half
    maps = np.zeros((3, 4, 4))
    maps[0, :, :2] = 0.51  # left half: 4 shared of 12, on the background as well
    maps[1, :2] = 1.0  # the digit
    maps[2] = 0.5  # not above one half: nothing is looked at
    assert explain.foreground_iou(maps, masks).tolist() == pytest.approx([1 / 3, 1, 0])
    assert explain.macro_iou(maps, masks).tolist() == pytest.approx([1 / 3, 1, 0.25])


def test_an_empty_mask_that_nothing_looks_at_agrees():
    assert explain.foreground_iou(np.zeros((1, 2, 2)), np.zeros((1, 2, 2))).tolist() == [1]


def test_maps_and_masks_of_other_shapes_are_refused():
    with pytest.raises(UserError, match="expected"):
        explain.foreground_iou(np.zeros((2, 4, 4)), np.zeros((3, 4, 4)))


def test_positive_share_by_hand():
    masks = np.array([[[1, 0], [1, 0]]] * 3)
    maps = np.array([[[3, 1], [-5, 0]], [[0, 1], [0, 1]], [[-1, -1], [-1, -1]]])
    assert explain.positive_share(maps, masks).tolist() == pytest.approx([0.75, 0.0, 0.5])


def test_a_grid_numbers_its_squares():
    parts = explain.segments(torch.zeros(3, 6, 6), "grid", 4)
    assert parts[::4, ::4].tolist() == [[0, 1], [2, 3]]
    assert np.bincount(parts.ravel()).tolist() == [16, 8, 8, 4]


def test_superpixels_follow_colours_and_leave_no_gap():
    image = torch.full((3, 32, 32), -1.0)
    image[0, :, 15:] = 1.0
    parts = explain.segments(image, "slic", 4)
    assert parts.min() == 0 and set(np.unique(parts)) == set(range(parts.max() + 1))
    assert not set(np.unique(parts[:, :15])) & set(np.unique(parts[:, 15:]))
    assert parts.max() + 1 > 20
    with pytest.raises(UserError, match="choose grid, slic or quickshift"):
        explain.segments(image, "hexagons", 4)


def test_quickshift_is_limes_default(images):
    from lime.wrappers.scikit_image import SegmentationAlgorithm

    default = SegmentationAlgorithm("quickshift", kernel_size=4, max_dist=200, ratio=0.2)
    image = images[0] * 0.1
    image[0, :, 15:] += 0.9
    ours = explain.segments(image, "quickshift", 0)
    theirs = default((image.permute(1, 2, 0).numpy() + 1) / 2)
    assert np.array_equal(ours, theirs) and ours.max() > 0


class Corner(nn.Module):
    """Class 1 in so far as the upper left 8x8 pixels are bright."""

    def forward(self, images):
        bright = (images[:, :, :8, :8].mean((1, 2, 3)) + 1) / 2
        return torch.stack([1 - bright, bright], 1).clamp(1e-4, 1).log()


def test_lime_finds_the_part_that_matters():
    image = torch.ones(3, 16, 16)
    parts = explain.segments(image, "grid", 8)
    made = explain.lime_map(Corner(), image, parts, 1, samples=200, seed=0)
    weights = [made[parts == part].sum() for part in range(4)]
    assert weights[0] > 0.9 and np.abs(weights[1:]).max() < 0.05
    assert len(np.unique(made[parts == 0])) == 1  # spread evenly over its pixels
    mask = np.zeros((1, 16, 16))
    mask[:, :8, :4] = 1  # half of the part that matters
    assert explain.positive_share(made[None], mask)[0] == pytest.approx(0.5, abs=0.05)


def test_lime_is_the_librarys_own(network, images):
    """Hiding all copies at once changes nothing but the time."""
    from lime.lime_image import LimeImageExplainer

    from cgnlib.rng import seed_for

    parts = explain.segments(images[0], "grid", 8)
    ours = explain.lime_map(network, images[0], parts, 3, samples=40, seed=5)

    def probabilities(copies):
        pixels = torch.from_numpy(np.asarray(copies)).permute(0, 3, 1, 2) * 2 - 1
        with torch.no_grad():
            return network(pixels).softmax(1).numpy()

    theirs = LimeImageExplainer(random_state=seed_for(5, "lime") % 2**32).explain_instance(
        (images[0].permute(1, 2, 0).numpy() + 1) / 2,
        probabilities,
        labels=(3,),
        hide_color=0,
        top_labels=None,
        num_samples=40,
        segmentation_fn=lambda _: parts,
    )
    weights = dict(theirs.local_exp[3])
    expected = np.array([weights[part] for part in range(16)])[parts] / 64
    assert ours == pytest.approx(expected, abs=1e-6)


def test_lime_does_not_depend_on_the_batch(network, images):
    parts = explain.segments(images[0], "grid", 8)
    few, many = (
        explain.lime_map(network, images[0], parts, 3, samples=20, seed=5, batch=batch)
        for batch in (7, 1000)
    )
    assert few == pytest.approx(many, abs=1e-6)


def test_lime_depends_on_the_seed_alone(network, images):
    parts = explain.segments(images[0], "slic", 4)
    first, again, other = (
        explain.lime_map(network, images[0], parts, 0, samples=30, seed=seed) for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again) and not np.array_equal(first, other)
