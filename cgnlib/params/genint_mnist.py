"""Parameters of GENINT-1: generative interventions on MNIST with coloured backgrounds."""

import difflib
from typing import Literal, Self

from pydantic import Field, model_validator

from cgnlib.datasets import GenintMnistDataset
from cgnlib.params.base import Params

# Rows of the table: what a classifier is trained on, or how. The published four; the grid of the
# published code, which draws from the prior (D34); and the CGN, which nobody compared with them.
GENINT_MNIST_ROWS = (
    "Original",
    "IRM",
    "Observational CVAE",
    "Interventional CVAE",
    "Gaussian-grid CVAE",
    "CGN",
)


class GenintMnistParams(Params):
    """Parameters of GENINT-1; the defaults are those of its embedded scale."""

    dataset: GenintMnistDataset = Field(
        "genint_mnist", description="MNIST with two background colours per class"
    )
    repetitions: int = Field(
        3, ge=1, le=100, description="seeds averaged on the page: seed, seed + 1, ..."
    )

    # Data
    digits: Literal["bundled", "idx", "download"] = Field(
        "bundled", description="5,000 bundled digits, IDX files, or torchvision's download"
    )
    digits_dir: str = Field("", description="folder of the IDX files; empty: CGN_DATA/MNIST/raw")
    train_colours: Literal["alternate", "both"] = Field(
        "both", description="colours of a training digit: one set by turns (paper), or each once"
    )
    test_form: Literal["exact", "per_batch"] = Field(
        "exact", description="each test digit under every background, or one draw per batch (code)"
    )
    colour_batch: int = Field(128, ge=1, description="digits in a row that share a colour set")

    # CVAE
    cvae_latent: int = Field(2, ge=2, le=1024, description="size of the latent z")
    cvae_hidden: int = Field(400, ge=2, le=10_000, description="width of the hidden layers")
    cvae_label: int = Field(5, ge=1, le=100, description="size of the label's embedding")
    cvae_epochs: int = Field(20, ge=1, description="passes over the training images")
    cvae_batch: int = Field(128, ge=2, description="images per update")
    cvae_lr: float = Field(1.0e-3, gt=0.0, le=1.0, description="Adam step size of the CVAE")

    # Generated images
    grid_side: int = Field(
        40, ge=2, le=1000, description="codes per direction; a class has the square of it in images"
    )
    observational: Literal["encoded", "prior"] = Field(
        "encoded", description="observational latents: of the class's images, or of the prior"
    )
    interval: float = Field(
        3.0,
        gt=0.0,
        le=1000.0,
        description="interventions reach from minus to plus this on each principal direction",
    )

    # Classifiers
    rows: str = Field(
        "Original,IRM,Observational CVAE,Interventional CVAE,Gaussian-grid CVAE,CGN",
        description="rows of GENINT-1 (comma-separated)",
    )
    classifier_width: int = Field(
        16, ge=1, le=256, description="channels of the first two convolutions, half of the third's"
    )
    classifier_hidden: int = Field(256, ge=1, description="units of the hidden linear layer")
    classifier_dropout: float = Field(0.5, ge=0.0, lt=1.0, description="share of units dropped")
    classifier_lr: float = Field(1.0e-3, gt=0.0, le=1.0, description="Adam step size")
    classifier_batch: int = Field(64, ge=2, description="images per update")
    classifier_steps: int = Field(300, ge=0, description="updates; 0: count by epochs")
    classifier_epochs: int = Field(5, ge=1, description="epochs when classifier_steps is 0")

    # IRM
    irm_network: Literal["cnn", "mlp"] = Field(
        "mlp", description="the classifier of the other rows, or the perceptron of the IRM paper"
    )
    irm_hidden: int = Field(390, ge=1, description="width of that perceptron")
    irm_images: int = Field(
        400, ge=0, description="images per environment, seen whole in every update; 0: all"
    )
    irm_steps: int = Field(501, ge=1, description="updates of IRM")
    irm_lr: float = Field(4.8986e-5, gt=0.0, le=1.0, description="Adam step size of IRM")
    irm_l2: float = Field(1.1079e-3, ge=0.0, description="weight of the squared weights in IRM")
    irm_weight: float = Field(91_257.19, ge=0.0, description="penalty weight, loss divided by it")
    irm_anneal_steps: int = Field(190, ge=0, description="updates with penalty weight 1 before")
    irm_restarts: int = Field(1, ge=1, le=100, description="IRM trainings per seed, averaged")

    # CGN of this project, at the settings of double-colored MNIST but for these
    cgn_repetitions: int = Field(1, ge=1, description="how many of the seeds train a CGN")
    cgn_steps: int = Field(800, ge=1, description="generator updates")
    cgn_batch: int = Field(32, ge=2, le=4096, description="images per update")
    cgn_width: int = Field(
        8, ge=2, le=256, description="channel multiplier of the texture mechanisms"
    )
    cgn_shape_width: int = Field(
        16, ge=2, le=256, description="channel multiplier of the shape mechanism"
    )

    @model_validator(mode="after")
    def _known_rows(self) -> Self:
        self.row_names()
        if self.irm_anneal_steps >= self.irm_steps:
            raise ValueError(
                f"irm_anneal_steps {self.irm_anneal_steps} must lie below irm_steps "
                f"{self.irm_steps}: the penalty would never act"
            )
        return self

    def row_names(self) -> list[str]:
        """The rows to run, in the order of ``rows``.

        Raises:
            ValueError: an unknown row (with the nearest valid one), one given twice, or none.
        """
        names = [name.strip() for name in self.rows.split(",")]
        for name in names:
            if name not in GENINT_MNIST_ROWS:
                close = difflib.get_close_matches(name, GENINT_MNIST_ROWS, n=1, cutoff=0.0)
                raise ValueError(f"rows: unknown row {name!r} (did you mean {close[0]!r}?)")
            if names.count(name) > 1:
                raise ValueError(f"rows: {name!r} is given {names.count(name)} times")
        return names

    def seeds(self) -> tuple[int, ...]:
        """The seeds of this run: ``repetitions`` of them from ``seed`` on."""
        return tuple(range(self.seed, self.seed + self.repetitions))

    def rows_at(self, seed: int) -> list[str]:
        """The rows that one of :meth:`seeds` runs: the CGN, which takes longest, only with the
        first ``cgn_repetitions``."""
        late = seed >= self.seed + self.cgn_repetitions
        return [name for name in self.row_names() if not (late and name == "CGN")]
