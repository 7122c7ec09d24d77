"""GenInt and CGN on one footing: what either row was given in images, updates and time."""

from dataclasses import dataclass
from typing import Any

from cgnlib.params.genint_classifiers import BASELINE, CGN, GENINT
from cgnlib.pipelines.genint_scenes9.classify import classifier, plan_of
from cgnlib.pipelines.genint_scenes9.counterfactual_sets import cgn_artefact
from cgnlib.pipelines.genint_scenes9.training_sets import Sources, source_of

SIDE_ROWS = (BASELINE, GENINT, CGN)  # rows that stand side by side


@dataclass(frozen=True)
class Budget:
    """What one row was given.

    Attributes:
        generated: different generated images, beside ``real`` ones.
        batch, generated_batch: real and generated images per update.
        seconds: of the first training of the classifier.
        generator_seconds: of training a generator beyond the frozen one that both start from.
    """

    row: str
    real: int
    generated: int
    batch: int
    generated_batch: int
    updates: int
    seconds: float
    generator_seconds: float


def budgets(params: Any, sources: Sources) -> list[Budget]:
    """The budgets of :data:`SIDE_ROWS` that are among the rows trained.

    Raises:
        UserError: see :func:`cgnlib.pipelines.genint_scenes9.classify.classifier`.
    """
    return [_budget(params, sources, row) for row in SIDE_ROWS if row in params.rows()]


def _budget(params: Any, sources: Sources, row: str) -> Budget:
    plan, trained = plan_of(params, row), classifier(params, sources, row)
    generated = source_of(sources, plan.interventional_set).count if plan.interventional else 0
    own_cgn = row == CGN and not params.cgn_set
    return Budget(
        row=row,
        real=source_of(sources, plan.real_set).count,
        generated=generated,
        batch=plan.real,
        generated_batch=plan.interventional,
        updates=trained.history[-1]["step"] if trained.history else 0,
        seconds=trained.artefact.provenance["seconds"],
        generator_seconds=cgn_artefact(params).provenance["seconds"] if own_cgn else 0.0,
    )
