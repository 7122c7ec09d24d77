"""The parameters of GENINT-1: rows and seeds."""

import pytest
from pydantic import ValidationError

from cgnlib.params import GENINT_MNIST_ROWS, GenintMnistParams


def test_rows_are_named_as_published():
    assert tuple(GenintMnistParams().row_names()) == GENINT_MNIST_ROWS
    assert GenintMnistParams(rows="IRM, Original").row_names() == ["IRM", "Original"]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("Originall", "did you mean 'Original'"),
        ("IRM,IRM", "given 2 times"),
        ("", "unknown row ''"),
    ],
)
def test_wrong_rows_are_refused(rows, message):
    with pytest.raises(ValidationError, match=message):
        GenintMnistParams(rows=rows)


def test_the_penalty_must_set_in():
    with pytest.raises(ValidationError, match="must lie below irm_steps 10"):
        GenintMnistParams(irm_steps=10, irm_anneal_steps=10)


def test_only_the_first_seeds_train_a_cgn():
    params = GenintMnistParams(seed=4, repetitions=3, cgn_repetitions=2, rows="Original,CGN")
    assert params.seeds() == (4, 5, 6)
    assert [params.rows_at(seed) for seed in params.seeds()] == [
        ["Original", "CGN"],
        ["Original", "CGN"],
        ["Original"],
    ]
