"""What the notebooks of the ImageNet-scale family train and measure: what a plan prices."""

from collections.abc import Iterator

from cgnlib.params import ImagenetParams
from cgnlib.report.costs import DRIVERS, OVERHEAD
from cgnlib.report.work_item import Item

_REAL_IMAGES = {"imagenet-mini": 34_745, "imagenet": 1_281_167}  # for training
_ABLATED = ("none", "shape", "text", "bg", "rec")


def _cgn(params: ImagenetParams, name: str, updates: int) -> Item:
    values = {
        "layout": params.biggan,
        "feature_net": params.features,
        "saliency_net": params.saliency,
        "cgn_batch": params.cgn_batch,
        "cgn_accumulate": params.cgn_accumulate,
    }
    return Item("imagenet_cgn", name, updates, tuple(values.items()))


def _overhead(notebook: str) -> Item:
    return Item(OVERHEAD, "start, scores, figures", 0, (("notebook", notebook),))


def _hqc(params: ImagenetParams) -> Iterator[Item]:
    if not params.cgn_weights:
        yield _cgn(params, "CGN", params.cgn_updates)
    yield _overhead("hqc_imagenet")


def _ibr(params: ImagenetParams) -> Iterator[Item]:
    for dropped in _ABLATED:
        name = f"CGN without {dropped}"
        if dropped == "none":
            shared = params.ibr_updates == params.cgn_updates and not params.cgn_weights
            name = "CGN" if shared else "CGN, control"
        yield _cgn(params, name, params.ibr_updates)
    yield _overhead("ibr_imagenet")


def _row(params: ImagenetParams, row: str) -> Item:
    """The classifier of one row."""
    rendered = params.dataset == "scenes9"
    images = params.train_images if rendered else _REAL_IMAGES[params.real_images]
    ensemble = row == "IN+CGN"
    epochs = params.ensemble_epochs if ensemble else params.baseline_epochs
    kind = "imagenet_ensemble" if ensemble else "imagenet_baseline"
    updates = epochs * -(-images // params.classifier_batch)
    if row == "IN" and params.trunk_weights:
        updates = 0
    drivers = {name: getattr(params, name) for name in DRIVERS[kind]}
    return Item(kind, row, updates, tuple(drivers.items()))


def _odr(params: ImagenetParams) -> Iterator[Item]:
    rows = params.rows()
    if "IN+CGN" in rows:
        yield Item("counterfactuals", f"{params.cf_images:,} counterfactual images", 0)
    for row in rows:
        yield _row(params, row)
        for name in params.sets():
            yield Item("answers", f"{row}, {name}", 0)
    yield Item("imagenet_heat_maps", "heat maps", 0)
    yield Item("imagenet_lime", "LIME", 0)
    yield _overhead("odr_imagenet")


IMAGENET_NOTEBOOKS = {"hqc_imagenet": _hqc, "ibr_imagenet": _ibr, "odr_imagenet": _odr}
