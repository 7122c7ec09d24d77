"""Parameters of GenInt's classifiers: lists, defaults, and what does not go together."""

import pytest

from cgnlib.params.genint_classifiers import GENINT_ROWS, GenintClassifierParams


def made(**changes):
    return GenintClassifierParams(dataset="genint_scenes9", **changes)


def test_the_defaults_train_every_row():
    params = made()
    assert params.rows() == list(GENINT_ROWS)
    assert params.generated() == []
    assert params.sets() == ["original", "nuisance_shifted", "second_test"]
    assert params.repetitions_of("GenInt") == params.repetitions_of("ImageNet only") == 3
    assert params.repetitions_of("Mixup") == 1
    assert params.batches_compared() == params.weights_compared() == ()


def test_lists_of_one_number():
    params = made(int_batches=16, int_weights=0.5, classifier_milestones=2, classifier_epochs=3)
    assert params.batches_compared() == (16,) and params.weights_compared() == (0.5,)
    assert params.milestones("classifier") == (2,) and params.milestones("tuned") == ()
    both = ["Observational, truncation 1.0", "Interventional, truncation 1.0"]
    assert made(generated_rows="observational_1.0,interventional").generated() == both


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"genint_rows": "GenInt,Best"}, "'Best' is unknown"),
        ({"genint_rows": "GenInt,GenInt", "corruptions": "none"}, "given twice"),
        (
            {"genint_rows": "GenInt", "corruption_reference": "baseline"},
            "needs the row 'ImageNet only'",
        ),
        ({"generated_rows": "real"}, "generated_rows: 'real'"),
        ({"genint_sets": "sketch"}, "genint_sets: 'sketch'"),
        ({"classifier_milestones": "9"}, "numbers from 1 to 1"),
        ({"int_weights": "0.1,x"}, "int_weights"),
        ({"int_weights": "-1"}, "int_weights"),
        ({"int_batches": "0"}, "int_batches"),
    ],
)
def test_what_does_not_go_together(changes, message):
    with pytest.raises(ValueError, match=message):
        made(**changes)
