"""What the notebook of GENINT-1 trains and measures: what a plan prices."""

from collections.abc import Iterator

from cgnlib.params import GenintMnistParams
from cgnlib.report.costs import OVERHEAD
from cgnlib.report.work_item import Item

_BUNDLED_DIGITS, _FULL_DIGITS = 3600, 54_000  # training digits


def _training_images(params: GenintMnistParams) -> int:
    digits = _BUNDLED_DIGITS if params.digits == "bundled" else _FULL_DIGITS
    return digits * (2 if params.train_colours == "both" else 1)


def _cnn(params: GenintMnistParams) -> dict[str, object]:
    return {"network": "cnn", "width": params.classifier_width}


def _irm(params: GenintMnistParams, seed: int) -> Iterator[Item]:
    images = _training_images(params)
    if params.irm_images:
        images = min(images, 2 * params.irm_images)
    sizes = {"network": "mlp", "hidden": params.irm_hidden}
    sizes = _cnn(params) if params.irm_network == "cnn" else sizes
    for restart in range(params.irm_restarts):
        name = f"IRM, seed {seed}, restart {restart + 1}"
        yield Item("genint_irm", name, params.irm_steps, (*sizes.items(), ("batch", images)))


def _classifier(params: GenintMnistParams, row: str, seed: int) -> Item:
    images = _training_images(params) if row == "Original" else 10 * params.grid_side**2
    epochs = params.classifier_epochs * -(-images // params.classifier_batch)
    drivers = {**_cnn(params), "batch": params.classifier_batch}
    updates = params.classifier_steps or epochs
    return Item("genint_classifier", f"{row}, seed {seed}", updates, tuple(drivers.items()))


def _generators(params: GenintMnistParams, rows: list[str], seed: int) -> Iterator[Item]:
    if any(row.endswith("CVAE") for row in rows):
        updates = params.cvae_epochs * -(-_training_images(params) // params.cvae_batch)
        sizes = (("hidden", params.cvae_hidden), ("batch", params.cvae_batch))
        yield Item("genint_cvae", f"CVAE, seed {seed}", updates, sizes)
    if "CGN" in rows:
        names = ("cgn_width", "cgn_shape_width", "cgn_batch")
        sizes = tuple((name, getattr(params, name)) for name in names)
        yield Item("genint_cgn", f"CGN, seed {seed}", params.cgn_steps, sizes)


def _genint(params: GenintMnistParams) -> Iterator[Item]:
    for seed in params.seeds():
        rows = params.rows_at(seed)
        yield from _generators(params, rows, seed)
        for row in rows:
            yield from _irm(params, seed) if row == "IRM" else [_classifier(params, row, seed)]
            networks = params.irm_restarts if row == "IRM" else 1
            for test in ("confounded", "causal"):
                for place in range(networks):
                    name = f"{row}, seed {seed}, {test}" + (f", {place + 1}" if place else "")
                    yield Item("genint_predictions", name, 0)
    yield Item(OVERHEAD, "start, scores, figures", 0, (("notebook", "genint"),))


GENINT_MNIST_NOTEBOOKS = {"genint": _genint}
