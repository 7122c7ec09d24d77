"""Top-k where several classes are correct: an image counts once."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cgnlib.errors import UserError
from cgnlib.evaluation.objectnet import any_ranks
from cgnlib.evaluation.topk import ranks

LOGITS = np.array([[5.0, 4.0, 3.0, 2.0, 1.0, 0.0], [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]])


def test_the_best_of_the_correct_classes_counts():
    meant = (np.array([1, 2]), np.array([0, 3]))
    assert any_ranks(LOGITS, np.array([0, 0]), meant).tolist() == [1, 3]
    assert any_ranks(LOGITS, np.array([1, 1]), meant).tolist() == [0, 2]


@given(st.integers(0, 2**32 - 1))
def test_one_class_each_is_the_usual_rank_and_more_never_hurt(seed):
    stream = np.random.default_rng(seed)
    logits, labels = stream.normal(size=(7, 6)), stream.integers(3, size=7)
    single = tuple(np.array([index]) for index in (4, 0, 2))
    plain = ranks(logits, np.array([4, 0, 2])[labels])
    assert np.array_equal(any_ranks(logits, labels, single), plain)
    more = tuple(np.array([*one, 5]) for one in single)
    assert (any_ranks(logits, labels, more) <= plain).all()


def test_labels_need_classes():
    with pytest.raises(UserError, match="labels reach 1"):
        any_ranks(LOGITS, np.array([0, 1]), (np.array([0]),))
    with pytest.raises(UserError, match="means no class"):
        any_ranks(LOGITS, np.array([0, 0]), (np.array([], dtype=int),))
