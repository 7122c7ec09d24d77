"""What the notebook of GenInt's scenes trains and measures: what a plan prices."""

from collections.abc import Iterator

from cgnlib.params import GenintParams
from cgnlib.params.genint_classifiers import BASELINE, BOTH, CGN, GENINT, TRANSFER
from cgnlib.report.costs import OVERHEAD
from cgnlib.report.work_item import Item

_IMAGENET_IMAGES = 1_281_167
NETWORK = "classifier_network"


def _rendered(params: GenintParams) -> bool:
    return params.dataset == "genint_scenes9"


def _epoch(params: GenintParams, batch: int) -> int:
    """Updates of one epoch over the real images."""
    images = params.train_images if _rendered(params) else _IMAGENET_IMAGES
    return -(-(params.epoch_images or images) // batch)


def _row(params: GenintParams, row: str, name: str, **changes: int | str) -> Item:
    """One training of one row."""
    both = row == BOTH
    tuned = params.rows_start == "baseline" and row in params.rows() and row != BASELINE
    tuned = params.both_start != "scratch" if both else tuned
    real = params.both_batch if both else params.classifier_batch
    sizes = {
        "real": real,
        "interventional": params.int_batch if row in (GENINT, CGN) else 0,
        "transferred": params.itr_batch if row == TRANSFER else 0,
        "observational": params.gan_batch if row == "GAN augmentation" else 0,
    }
    if both:
        sizes |= {"interventional": params.both_int_batch, "transferred": params.both_itr_batch}
    epochs = params.tuned_epochs if tuned else params.classifier_epochs
    drivers = {NETWORK: params.classifier_network, **sizes, **changes}
    return Item("genint_row", name, epochs * _epoch(params, real), tuple(drivers.items()))


def _classifiers(params: GenintParams) -> Iterator[Item]:
    rows = params.rows()
    if (CGN in rows or "cgn" in params.kinds()) and _rendered(params):
        yield Item("counterfactuals", "counterfactuals of the CGN", 0)
    for row in rows:
        for repetition in range(params.repetitions_of(row)):
            name = f"{row}, training {repetition + 1}"
            yield _row(params, row, name)
            for asked in params.sets():
                yield Item("genint_answers", f"{name}, {asked}", 0)
    for size in params.batches_compared():
        yield _row(params, GENINT, f"GenInt, X_int batch {size}", interventional=size)
    for weight in params.weights_compared():
        yield _row(params, GENINT, f"GenInt, lambda1 {weight:g}")
    for row in params.generated():
        network = params.generated_network or params.classifier_network
        changes = {"real": 0, "interventional": params.classifier_batch, NETWORK: network}
        yield _row(params, row, row, **changes)


def _corruptions(params: GenintParams) -> Iterator[Item]:
    if params.corruptions != "none":
        for row in params.rows():
            for repetition in range(params.corrupted_of(row)):
                for number in range(15):
                    name = f"{row}, training {repetition + 1}, corruption {number + 1}"
                    yield Item("genint_corruption_answers", name, 0)


def _theory(params: GenintParams) -> Iterator[Item]:
    for strength in params.strengths():
        yield Item("genint_strength", f"classifier of {strength} interventions", 0)
        yield Item("genint_likelihood", f"log P(x|z), {strength}", 0)
    points = [*params.truncations(), *params.choices("components"), *params.choices("scales")]
    for number, _ in enumerate(points):
        yield Item("genint_likelihood", f"log P(x|z), choice {number + 1}", 0)
    if params.kinds():
        yield Item("nuisance_reader", "nuisance reader", 0)
    for kind in params.kinds():
        yield Item("nuisances", f"nuisances of {kind} images", 0)
        yield Item("nuisance_over_chance", f"class from nuisances, {kind}", 0)
    for name in params.explained_sets():
        for row in params.rows():
            yield Item("genint_heat_maps", f"{row}, {name}", 0)


def _genint(params: GenintParams) -> Iterator[Item]:
    yield Item("direction_agreement", "sampled directions", 0)
    transferred = ("transferred",) if {TRANSFER, BOTH} & set(params.rows()) else ()
    for kind in ("observational", "interventional", *transferred):
        yield Item(kind, f"{kind} images", 0)
    yield from _classifiers(params)
    yield from _corruptions(params)
    yield from _theory(params)
    yield Item(OVERHEAD, "start, scores, figures", 0, (("notebook", "genint_scenes9"),))


GENINT_NOTEBOOKS = {"genint_scenes9": _genint}
