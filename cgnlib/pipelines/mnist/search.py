"""Choosing the weights of IRM and LNTL on training correlations; no test colour takes part."""

from dataclasses import dataclass
from functools import lru_cache

from cgnlib import store
from cgnlib.data.biased_mnist import LabelledImages
from cgnlib.data.digits import DATA_SEED
from cgnlib.evaluation.predict import predict
from cgnlib.params import IRM_WEIGHTS, LNTL_WEIGHTS, MnistParams
from cgnlib.pipelines.mnist.data import datasets
from cgnlib.pipelines.mnist.invariance import irm, irm_weight, lntl
from cgnlib.pipelines.mnist.networks import TrainedClassifier
from cgnlib.rng import rng
from cgnlib.training import progress


@dataclass(frozen=True)
class Search:
    """Scores of the candidate weights of one row (``setting``): accuracy in % on ``images``
    validation images per environment, painted as the training images are; with several
    environments that of the worst one. ``chosen`` has the best score, the smallest weight among
    equals; ``used`` is the weight in the parameters."""

    setting: str
    scores: dict[float, float]
    artefacts: dict[float, store.Artefact]
    images: int
    used: float

    @property
    def chosen(self) -> float:
        """The weight with the best score."""
        return max(sorted(self.scores), key=self.scores.__getitem__)

    def name(self, weight: float) -> str:
        """The setting of one candidate, e.g. ``IRM (2 envs), weight 1e3``."""
        power = f"{weight:.0e}".replace("e+0", "e")
        return f"{self.setting}, weight {power if weight >= 10 else f'{weight:g}'}"


@lru_cache(maxsize=12)
def validation_images(params: MnistParams, degree: float) -> list[LabelledImages]:
    """The validation digits painted ``test_colourings`` times with the correlation ``degree``, the
    same for every run."""
    variant = datasets(params).variants["validation"]
    return [
        variant.frozen(rng(DATA_SEED, "search", params.dataset, str(degree), copy), degree)
        for copy in range(params.test_colourings)
    ]


def biased_accuracy(params: MnistParams, trained: TrainedClassifier, degree: float) -> float:
    """Accuracy in % on :func:`validation_images`."""
    sets = validation_images(params, degree)
    correct = sum(
        int((predict(trained.model, one.images, device=params.device).predicted
             == one.shape.numpy()).sum())
        for one in sets
    )  # fmt: skip
    return 100 * correct / sum(len(one) for one in sets)


def _shortened(params: MnistParams) -> MnistParams:
    """How candidates train: ``search_steps`` updates where it is given."""
    if not params.search_steps:
        return params
    return params.model_copy(update={"classifier_steps": params.search_steps})


def _search(params: MnistParams, setting, weights, train, degrees, used: float) -> Search:
    scores, artefacts = {}, {}
    for place, weight in enumerate(weights, 1):
        progress(f"{setting}: candidate {place} of {len(weights)}, weight {weight:g}")
        trained = train(weight)
        scores[weight] = min(biased_accuracy(params, trained, degree) for degree in degrees)
        artefacts[weight] = trained.artefact
    images = sum(len(one) for one in validation_images(params, degrees[0]))
    return Search(setting, scores, artefacts, images, used)


def search_irm(params: MnistParams, environments: int) -> Search:
    """Train IRM with 2 or 5 environments at every candidate weight and score it in its training
    environments, on digits it has not seen. The score is the accuracy in the worst of them."""
    short = _shortened(params)
    return _search(
        params,
        f"IRM ({environments} envs)",
        IRM_WEIGHTS,
        lambda weight: irm(short, environments, weight),
        params.environments(environments),
        irm_weight(params, environments),
    )


def search_lntl(params: MnistParams) -> Search:
    """Train LNTL at every candidate weight and score it on biased validation images. Where colour
    gives the class away in all of them, the score says little about colour: ties are expected."""
    short = _shortened(params)
    return _search(
        params,
        "LNTL",
        LNTL_WEIGHTS,
        lambda weight: lntl(short, weight),
        (params.train_correlation_prob,),
        params.lntl_weight,
    )


def searches(params: MnistParams) -> list[Search]:
    """The searches of the rows in ``odr_settings``; none unless the run has the seed
    ``search_seed``: the search chooses weights once, not once per repetition."""
    if params.seed != params.search_seed:
        return []
    found = {"LNTL": search_lntl}
    found |= {f"IRM ({n} envs)": lambda p, n=n: search_irm(p, n) for n in (2, 5)}
    return [found[name](params) for name in params.settings() if name in found]
