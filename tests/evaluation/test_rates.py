"""Shares with their counts, ranks and restricted logits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cgnlib.errors import UserError
from cgnlib.evaluation.rates import Rate, accuracy, rate
from cgnlib.evaluation.topk import ranks, restricted, top_k
from cgnlib.rng import numpy_rng


def test_a_rate_keeps_its_counts():
    made = accuracy(np.array([1, 2, 3, 4]), np.array([1, 0, 3, 0]))
    assert made == Rate(2, 4) and made.share == 0.5 and made.percent == 50
    assert str(made) == "50.0 % (2 of 4)"
    low, high = made.interval
    assert low == pytest.approx(15.0, abs=0.1) and high == pytest.approx(85.0, abs=0.1)


def test_nothing_counted_has_no_share():
    empty = rate(np.zeros(0))
    assert empty == Rate(0, 0) and str(empty) == "undefined (0 of 0)"
    with pytest.raises(UserError, match="nothing was counted"):
        _ = empty.percent
    with pytest.raises(UserError, match="differ in shape"):
        accuracy(np.zeros(2), np.zeros(3))


def test_ranks_by_hand():
    logits = np.array([[0.1, 0.5, 0.3], [0.9, 0.2, 0.1], [1.0, 1.0, 1.0]])
    assert ranks(logits, np.array([2, 2, 1])).tolist() == [1, 2, 1]
    assert top_k(logits, np.array([2, 2, 1]), 1) == Rate(0, 3)
    assert top_k(logits, np.array([2, 2, 1]), 2) == Rate(2, 3)
    assert top_k(logits, np.array([2, 2, 1]), 3) == Rate(3, 3)


@settings(deadline=None)
@given(seed=st.integers(0, 1000), values=st.integers(1, 4))
def test_rank_zero_is_argmax_even_with_ties(seed, values):
    draw = numpy_rng(seed, "ranks")
    logits, labels = draw.integers(values, size=(20, 6)), draw.integers(6, size=20)
    assert np.array_equal(ranks(logits, labels) == 0, logits.argmax(1) == labels)
    order = np.argsort(-logits, axis=1, kind="stable")
    assert np.array_equal(
        np.take_along_axis(order, ranks(logits, labels)[:, None], 1)[:, 0], labels
    )


def test_labels_that_do_not_fit_are_refused():
    with pytest.raises(UserError, match="label map does not fit"):
        top_k(np.zeros((2, 3)), np.array([0, 3]))
    with pytest.raises(UserError, match=r"expected \(N, K\)"):
        top_k(np.zeros((2, 3)), np.array([0]))


def test_only_the_logits_of_the_sets_classes_count():
    logits = np.array([[9.0, 1, 2, 8, 3], [9.0, 4, 2, 8, 3]])
    kept, labels = restricted(logits, np.array([4, 1]), np.array([1, 2, 4]))
    assert kept.tolist() == [[1, 2, 3], [4, 2, 3]] and labels.tolist() == [2, 0]
    assert top_k(logits, np.array([4, 1])) == Rate(0, 2) and top_k(kept, labels) == Rate(2, 2)
    with pytest.raises(UserError, match="label 3 is not among the 3"):
        restricted(logits, np.array([4, 3]), np.array([1, 2, 4]))
    with pytest.raises(UserError, match="label 9 is not among"):
        restricted(logits, np.array([9]), np.array([1, 2, 4]))
