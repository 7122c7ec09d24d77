"""The failure gallery: least believed first, per factor, with what was read."""

import numpy as np
import torch

from cgnlib.pipelines.mnist.failures import failures


def test_worst_images_intended_and_read():
    count = 12
    images = torch.linspace(-1, 1, count)[:, None, None, None].expand(count, 3, 32, 32)
    labels = np.full((count, 3), 2)
    believed = np.full((count, 3, 10), 0.01)
    shares = np.linspace(0.05, 0.6, count)  # image 0 is the least believed shape
    believed[:, 0, 2] = shares
    believed[:, 0, 7] = 0.3
    believed[:, 1, 2] = shares[::-1]
    found = failures(images, labels, believed, ("shape", "foreground"))
    assert list(found.worst) == ["shape", "foreground"]
    shape = found.worst["shape"]
    assert shape.images.shape == (10, 32, 32, 3) and shape.images.dtype == np.uint8
    assert shape.images[0, 0, 0, 0] == 0  # image 0
    assert found.worst["foreground"].images[0, 0, 0, 0] == 255  # image 11
    assert np.allclose(shape.confidence, shares[:10])
    assert shape.intended.tolist() == [2] * 10
    assert shape.read.tolist() == [7 if share < 0.3 else 2 for share in shares[:10]]
    assert np.allclose(found.least, np.minimum(shares, shares[::-1]))
    assert found.disbelieved.all()  # the background, undefined here, has no say


def test_the_least_believed_factor_counts():
    believed = np.zeros((2, 3, 10))
    believed[:, :, 0] = [[0.9, 0.8, 0.7], [0.9, 0.4, 0.9]]
    found = failures(
        torch.zeros(2, 3, 32, 32),
        np.zeros((2, 3), int),
        believed,
        ("shape", "foreground", "background"),
    )
    assert np.allclose(found.least, [0.7, 0.4])
    assert found.disbelieved.tolist() == [False, True]
