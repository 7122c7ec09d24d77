"""What each notebook of a parameter file trains and measures: the artefacts a plan prices."""

from collections.abc import Callable, Iterator

from cgnlib.params import (
    IRM_WEIGHTS,
    LNTL_WEIGHTS,
    RELEASED_CLASSIFIER,
    RELEASED_ROW,
    GenintMnistParams,
    GenintParams,
    ImagenetParams,
    MnistParams,
    Params,
    whole_numbers,
)
from cgnlib.report.costs import DRIVERS, OVERHEAD
from cgnlib.report.work_item import Item
from cgnlib.report.workload_genint_mnist import GENINT_MNIST_NOTEBOOKS
from cgnlib.report.workload_genint_scenes9 import GENINT_NOTEBOOKS
from cgnlib.report.workload_imagenet import IMAGENET_NOTEBOOKS

__all__ = ["NOTEBOOKS", "Item", "work"]

BUNDLED_TRAINING_DIGITS = 3600
FULL_TRAINING_DIGITS = 50_000


def _cgn(params: MnistParams, name: str, updates: int, **changed: object) -> Item:
    values = {**{d: getattr(params, d) for d in DRIVERS["cgn"]}, **changed}
    return Item("cgn", name, updates, tuple(values.items()))


def _classifier(params: MnistParams, setting: str, updates: int, name: str = "") -> Item:
    values = {
        "dataset": params.dataset,
        "setting": setting,
        "batch": params.classifier_batch,
        "bf16": params.classifier_bf16,
    }
    return Item("classifier", name or setting, updates, tuple(values.items()))


def _row_updates(params: MnistParams, setting: str, batch: int) -> int:
    """Updates of the classifier of one row of the MNIST table."""
    if params.classifier_steps:
        return params.classifier_steps
    real = BUNDLED_TRAINING_DIGITS if params.digits == "bundled" else FULL_TRAINING_DIGITS
    made = {"GAN": min(params.gan_images, params.cf_bank_images), "CGN": params.cf_images}
    images = sum(made.get(part, real) for part in setting.split("+"))
    return params.classifier_epochs * -(-images // batch)


def _row(params: MnistParams, setting: str) -> Iterator[Item]:
    """What one row of the MNIST table trains; a set of ``cf_images`` is the row without number."""
    name, _, size = setting.removesuffix(")").partition(" (")
    if name not in ("IRM", "LNTL"):
        sized = params.model_copy(update={"cf_images": int(float(size))}) if size else params
        title = name if sized.cf_images == params.cf_images else setting
        updates = _row_updates(sized, name, params.classifier_batch)
        yield _classifier(params, name, updates, title)
    else:
        batch = params.irm_batch * int(size[0]) if name == "IRM" else params.classifier_batch
        drivers = {"dataset": params.dataset, "batch": batch, "bf16": params.classifier_bf16}
        weights = IRM_WEIGHTS if name == "IRM" else LNTL_WEIGHTS
        used = {"2": params.irm_weight_two, "5": params.irm_weight_five, "": params.lntl_weight}
        trained = {(used[size[:1]], _row_updates(params, setting, batch))}
        if params.seed == params.search_seed:
            updates = params.search_steps or _row_updates(params, setting, batch)
            trained |= {(weight, updates) for weight in weights}
        for weight, updates in sorted(trained):
            title = f"{setting}, weight {weight:g}"
            yield Item(name.lower(), title, updates, tuple(drivers.items()))
        title = setting
    for split in ("test", "train"):
        yield Item("predictions", f"{title}, {split}", 0)


def work(params: Params) -> Iterator[tuple[str, Item]]:
    """(notebook, item) of everything a parameter file leads to; shared items come once, where they
    are made first."""
    seen: set[Item] = set()
    for notebook, items in NOTEBOOKS[type(params)].items():
        for item in items(params):
            if item not in seen:
                seen.add(item)
                yield notebook, item


def _hqc(params: MnistParams) -> Iterator[Item]:
    yield Item("reader", "mask reader", params.reader_steps)
    if not params.cgn_weights:
        yield _cgn(params, "CGN", params.cgn_steps)
    drivers = (("dataset", params.dataset), ("bf16", params.classifier_bf16))
    for factor, share in (("shape", 1), ("foreground", 4), ("background", 4)):
        yield Item("oracle", f"{factor} oracle", -(-params.oracle_steps // share), drivers)
    if params.dataset == "wildlife_mnist":
        for family in ("striped", "veined"):
            yield Item("texture", f"reader of {family} textures", params.texture_steps)
    if params.edge_runs:  # priced as what they are, CGNs
        runs = 2 * params.edge_runs
        yield _cgn(params, f"{runs} CGNs, edge loss", runs * params.edge_cgn_steps)
    yield Item(OVERHEAD, "start, scores, figures", 0, (("notebook", "hqc"),))


def _odr(params: MnistParams) -> Iterator[Item]:
    needs_gan = any(setting.endswith("GAN") for setting in params.settings())
    if needs_gan and not params.gan_weights:
        drivers = {name: getattr(params, name) for name in DRIVERS["gan"]}
        yield Item("gan", "GAN", params.gan_steps, tuple(drivers.items()))
    for setting in params.settings():
        yield from _row(params, setting)
    if params.odr_classifier_weights:
        for split in ("test", "train"):
            yield Item("predictions", f"{RELEASED_CLASSIFIER}, {split}", 0)
    yield from _amounts(params)
    yield from _causal(params)
    yield Item(OVERHEAD, "start, scores, figures", 0, (("notebook", "odr"),))


def _explain(params: MnistParams) -> Iterator[Item]:
    settings = ("Original", "CGN")
    for kind in ("heat_maps", "lime"):
        for setting in settings:
            yield Item(kind, setting, 0)
    for setting in settings:
        for panel in ("real", "counterfactual"):
            yield Item("embedding", f"{setting}, {panel}", 0)
    yield Item(OVERHEAD, "start, scores, figures", 0, (("notebook", "explain"),))


def _amounts(params: MnistParams) -> Iterator[Item]:
    """The classifiers of ODR-2. Filling their banks is not priced: it is part of the first one."""
    for size in whole_numbers(params.amount_sizes, "amount_sizes", 10, 10**8):
        one = params.model_copy(update={"cf_images": size, "classifier_steps": params.amount_steps})
        updates = _row_updates(one, params.amount_setting, params.classifier_batch)
        for ratio in whole_numbers(params.amount_ratios, "amount_ratios", 1, 1000):
            name = f"{size:,}, ratio {ratio}"
            yield _classifier(params, params.amount_setting, updates, name)
            yield Item("predictions", name, 0)


def _causal(params: MnistParams) -> Iterator[Item]:
    """The classifiers of ODR-5; that of the shape is the row CGN of ODR-1."""
    degrees = whole_numbers(params.causal_degrees, "causal_degrees", 10, 100)
    updates = _row_updates(params, "CGN", params.classifier_batch)
    for mechanism in ("foreground", "background") if degrees else ():
        yield _classifier(params, "CGN", updates, f"{mechanism} classifier")
    for degree in degrees:
        for mechanism in ("shape", "foreground", "background"):
            yield Item("predictions", f"{mechanism} at {degree} % correlation", 0)


def _extensions(params: MnistParams) -> Iterator[Item]:
    own = params.extension_classifier_steps or params.classifier_steps
    short = params.model_copy(update={"classifier_steps": own})
    steps = _row_updates(short, "CGN", params.classifier_batch)
    asked = filter(None, (name.strip() for name in params.extension_rows.split(",")))
    for name in (one for one in asked if one != "released"):  # its CGN is not trained
        yield _cgn(params, f"CGN, {name}", params.extension_cgn_steps)
        yield _classifier(params, "CGN", steps, f"CGN, {name}")
        yield Item("predictions", f"CGN, {name}", 0)
    if params.cgn_weights:
        yield _classifier(params, "CGN", steps, f"CGN, {RELEASED_ROW}")
        yield Item("predictions", f"CGN, {RELEASED_ROW}", 0)
    yield Item(OVERHEAD, "start, scores, figures", 0, (("notebook", "extensions"),))


def _ibr(params: MnistParams) -> Iterator[Item]:
    for group in params.bias_groups():
        changed = {"perceptual_features": "none"} if group == "perceptual" else {}
        yield _cgn(
            params,
            f"CGN without {group}" if group != "none" else "CGN, control",
            params.ibr_cgn_steps,
            **changed,
        )
        yield _classifier(params, "CGN", params.ibr_classifier_steps, f"CGN, without {group}")
        yield Item("predictions", f"without {group}", 0)
    if params.cgn_weights:
        yield _classifier(params, "CGN", params.ibr_classifier_steps, f"CGN, {RELEASED_ROW}")
        yield Item("predictions", RELEASED_ROW, 0)
    if params.dataset == "colored_mnist":
        digits = BUNDLED_TRAINING_DIGITS if params.digits == "bundled" else FULL_TRAINING_DIGITS
        yield Item("vae", "beta-VAE", params.vae_epochs * -(-digits // 64))
    yield Item(OVERHEAD, "start, scores, figures", 0, (("notebook", "ibr"),))


# What a plan prices, by the parameter model of the family, in the order in which notebooks run.
NOTEBOOKS: dict[type[Params], dict[str, Callable[..., Iterator[Item]]]] = {
    MnistParams: {
        "hqc": _hqc,
        "odr": _odr,
        "explain": _explain,
        "extensions": _extensions,
        "ibr": _ibr,
    },
    ImagenetParams: IMAGENET_NOTEBOOKS,
    GenintMnistParams: GENINT_MNIST_NOTEBOOKS,
    GenintParams: GENINT_NOTEBOOKS,
}
