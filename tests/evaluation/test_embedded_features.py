"""What features group by, on clouds whose answer is known."""

import numpy as np
import pytest
import torch

from cgnlib.classifiers.cnn import MnistCnn
from cgnlib.errors import UserError
from cgnlib.evaluation import features
from cgnlib.rng import numpy_rng


@pytest.fixture
def clouds():
    """Two clouds of 20 points in 5 dimensions, far apart, and the label of each."""
    points = numpy_rng(0, "clouds").normal(size=(40, 5))
    labels = np.repeat([0, 1], 20)
    points[20:] += 100
    return points.astype(np.float32), labels


def test_neighbours_by_hand():
    points = np.array([[0.0], [1.0], [2.1], [10.0]])
    labels = np.array([0, 0, 1, 1])
    assert features.neighbour_agreement(points, labels, 1).tolist() == [1, 1, 0, 1]
    assert features.neighbour_agreement(points, labels, 2).tolist() == [0.5, 0.5, 0, 0.5]


def test_clouds_agree_with_their_own_label_and_not_with_another(clouds):
    points, labels = clouds
    assert features.neighbour_agreement(points, labels).min() == 1
    mixed = np.tile([0, 1], 20)
    assert features.neighbour_agreement(points, mixed).mean() == pytest.approx(0.5, abs=0.1)
    assert features.silhouettes(points, labels).min() > 0.9
    assert abs(features.silhouettes(points, mixed).mean()) < 0.1


def test_too_few_points_or_labels_are_refused(clouds):
    points, labels = clouds
    with pytest.raises(UserError, match="more images"):
        features.neighbour_agreement(points[:15], labels[:15])
    with pytest.raises(UserError, match="two labels"):
        features.silhouettes(points[:20], labels[:20])


def test_tsne_keeps_clouds_apart_and_depends_on_the_seed_alone(clouds):
    points, labels = clouds
    plane = features.tsne(points, 5.0, seed=2**40)
    assert plane.shape == (40, 2) and plane.dtype == np.float32
    assert np.array_equal(plane, features.tsne(points, 5.0, seed=2**40))
    assert features.neighbour_agreement(plane, labels).mean() > 0.95


def test_features_are_what_the_linear_layer_reads():
    network = MnistCnn().train()
    images = torch.rand(5, 3, 32, 32) * 2 - 1
    found = features.features_of(network, images, batch=2)
    assert network.training
    network.eval()
    with torch.no_grad():
        assert network.cls(torch.from_numpy(found)).numpy() == pytest.approx(
            network(images).numpy(), abs=1e-4
        )
