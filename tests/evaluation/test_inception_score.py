"""Inception score where it is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgnlib.errors import UserError
from cgnlib.evaluation.inception_score import (
    inception_curve,
    inception_score,
    score_interval,
)
from cgnlib.rng import numpy_rng


def confident(labels, classes):
    return 100.0 * np.eye(classes)[labels]


def test_the_ends_are_one_and_the_number_of_classes():
    assert inception_score(np.zeros((6, 5)), 2).mean == pytest.approx(1)
    assert inception_score(confident(np.zeros(6, int), 5), 2).mean == pytest.approx(1)
    made = inception_score(confident(np.arange(10) % 5, 5), 2)
    assert made.by_split == pytest.approx((5, 5)) and (made.mean, made.std) == (
        pytest.approx(5),
        pytest.approx(0, abs=1e-9),
    )
    assert (made.images, made.splits) == (10, 2)


def test_two_images_by_hand():
    # p = (3/4, 1/4) and (1/4, 3/4), marginal (1/2, 1/2): KL = 3/4 log 3/2 + 1/4 log 1/2
    logits = np.log(np.array([[3.0, 1], [1.0, 3]]))
    expected = np.exp(0.75 * np.log(1.5) + 0.25 * np.log(0.5))
    assert inception_score(logits, 1).mean == pytest.approx(expected, rel=1e-6)


def test_splits_are_contiguous_and_the_spread_is_of_the_population():
    logits = np.concatenate([confident(np.arange(4), 4), confident(np.zeros(4, int), 4)])
    made = inception_score(logits, 2)
    assert made.by_split == pytest.approx((4, 1)) and made.mean == pytest.approx(2.5)
    assert made.std == pytest.approx(1.5)
    uneven = inception_score(logits[:5], 2)  # three and two images
    assert uneven.by_split == pytest.approx((3, 2))
    assert inception_score(logits, 2, seed=0).mean != pytest.approx(2.5)


def test_a_curve_is_the_score_of_the_first_images():
    logits = numpy_rng(0, "curve").normal(size=(30, 6)) * 3
    curve = inception_curve(logits, [10, 20, 30], 5)
    for count, made in zip((10, 20, 30), curve, strict=True):
        alone = inception_score(logits[:count], 5)
        assert made.images == count and made.by_split == pytest.approx(alone.by_split, rel=1e-6)


@settings(deadline=None)
@given(seed=st.integers(0, 100), splits=st.integers(1, 5), scale=st.floats(0, 50))
def test_it_lies_between_one_and_the_classes_and_ignores_shifts(seed, splits, scale):
    logits = scale * numpy_rng(seed, "scores").normal(size=(12, 7))
    made = inception_score(logits, splits)
    assert all(1 - 1e-5 <= score <= 7 + 1e-5 for score in made.by_split)
    assert inception_score(logits + 5, splits).mean == pytest.approx(made.mean, rel=1e-5)


def test_impossible_requests_are_refused():
    with pytest.raises(UserError, match="of 4 images in 5 splits"):
        inception_score(np.zeros((4, 2)), 5)
    with pytest.raises(UserError, match="there are 4"):
        inception_curve(np.zeros((4, 2)), [8], 2)
    with pytest.raises(UserError, match="finite"):
        inception_score(np.full((4, 2), np.nan), 1)


def test_the_interval_holds_the_score_and_shrinks_with_the_images():
    logits = numpy_rng(0, "logits").normal(size=(1600, 5)) * 3
    few, many = (score_interval(logits[:count], 2, seed=0) for count in (100, 1600))
    for interval, count in ((few, 100), (many, 1600)):
        assert interval[0] < inception_score(logits[:count], 2).mean < interval[1]
    ratio = (few[1] - few[0]) / (many[1] - many[0])
    assert 2.5 < ratio < 6.5  # about the root of 16
