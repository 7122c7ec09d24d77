"""The classifiers of GENINT-1 that differ in the images they see."""

from functools import lru_cache, partial

from torch import Tensor

from cgnlib.classifiers.erm import Erm, Schedule
from cgnlib.data.genint_mnist import ColouredDigits
from cgnlib.errors import UserError
from cgnlib.generators.counterfactuals import Counterfactuals
from cgnlib.generators.mnist_cgn import N_CLASSES
from cgnlib.parameter_reading import nearest_name
from cgnlib.params import GENINT_MNIST_ROWS, GenintMnistParams
from cgnlib.pipelines.genint_mnist.counterfactual import BANK_IMAGES, RATIO, cgn, counterfactuals
from cgnlib.pipelines.genint_mnist.data import datasets
from cgnlib.pipelines.genint_mnist.generate import (
    CODES,
    StoredBytes,
    cvae,
    generated,
    images_per_class,
)
from cgnlib.pipelines.genint_mnist.invariance import irm
from cgnlib.pipelines.genint_mnist.networks import (
    Batches,
    Training,
    network,
    network_key,
    trained,
)
from cgnlib.pipelines.mnist.networks import TrainedClassifier
from cgnlib.training import EpochIndex

CLASSIFIER_VERSION = 1


def shown_images(
    params: GenintMnistParams, row: str
) -> ColouredDigits | StoredBytes | Counterfactuals:
    """What the classifier of a row trains on; ``batch(index)`` gives images and labels, (B,) or of
    counterfactuals (B, 3) with the shape's first."""
    if row == "Original":
        return datasets(params)["train"]
    return counterfactuals(params) if row == "CGN" else generated(params, row)


def _source_key(params: GenintMnistParams, row: str) -> dict:
    """What a classifier depends on through the generated images it sees."""
    if row == "Original":
        return {}
    if row == "CGN":
        made = {"cf_ratio": RATIO, "cf_bank_images": BANK_IMAGES}
        return {"cgn": cgn(params).artefact.hash, "side": params.grid_side, **made}
    made = {"cvae": cvae(params).artefact.hash, "side": params.grid_side}
    own = {"Interventional CVAE": "interval", "Observational CVAE": "observational"}
    return made | ({own[row]: getattr(params, own[row])} if row in own else {})


def updates(params: GenintMnistParams, row: str) -> int:
    """Updates of the classifier of a row other than IRM."""
    made = N_CLASSES * images_per_class(params)
    images = len(datasets(params)["train"]) if row == "Original" else made
    return params.classifier_steps or (
        params.classifier_epochs * -(-images // params.classifier_batch)
    )


def _batches(params: GenintMnistParams, row: str) -> Batches:
    images = shown_images(params, row)
    index = EpochIndex(len(images), params.classifier_batch, params.seed, "genint-classifier")

    def batch(step: int) -> tuple[Tensor, Tensor]:
        shown, labels = images.batch(index(step))
        return shown, labels if labels.ndim == 1 else labels[:, 0]

    return batch


@lru_cache(maxsize=32)
def classifier(params: GenintMnistParams, row: str) -> TrainedClassifier:
    """Train or load the classifier of a row of :data:`cgnlib.params.GENINT_MNIST_ROWS`; of IRM its
    first restart.

    Raises:
        UserError: an unknown row.
    """
    if row not in GENINT_MNIST_ROWS:
        hint = nearest_name(row, list(GENINT_MNIST_ROWS))
        raise UserError(f"unknown row {row!r}{hint}; choose one of {', '.join(GENINT_MNIST_ROWS)}")
    if row == "IRM":
        return irm(params)
    training = Training(
        "genint_classifier",
        CLASSIFIER_VERSION,
        f"{row}, seed {params.seed}",
        Schedule("adam", params.classifier_lr, updates(params, row)),
        partial(network, params, "cnn"),
        partial(Erm, device=params.device),
        partial(_batches, params, row),
    )
    key = {"row": row, "batch": params.classifier_batch, **network_key(params, "cnn")}
    return trained(params, training, key | _source_key(params, row))


def classifiers(params: GenintMnistParams, row: str) -> list[TrainedClassifier]:
    """The classifier of a row; of IRM one for each restart."""
    if row == "IRM":
        return [irm(params, restart) for restart in range(params.irm_restarts)]
    return [classifier(params, row)]


def cvae_rows(params: GenintMnistParams) -> list[str]:
    """The rows of this run whose images a CVAE makes."""
    return [row for row in params.row_names() if row in CODES]
