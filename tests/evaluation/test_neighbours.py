"""Nearest neighbours by hand."""

import numpy as np

from cgnlib.evaluation.neighbours import neighbour_predictions


def test_the_majority_of_the_nearest_decides():
    known = np.array([[0.0], [0.1], [0.2], [5.0], [5.1]])
    labels = np.array([1, 1, 2, 3, 3])
    points = np.array([[0.0], [5.2], [2.0]])
    assert neighbour_predictions(known, labels, points, neighbours=3).tolist() == [1, 3, 1]


def test_no_more_neighbours_than_known_points():
    read = neighbour_predictions(np.zeros((2, 1)), np.array([4, 4]), np.zeros((1, 1)))
    assert read.tolist() == [4]
