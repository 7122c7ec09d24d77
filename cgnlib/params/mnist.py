"""Parameters of the biased MNIST family."""

import difflib
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from cgnlib.params.base import whole_numbers
from cgnlib.params.mnist_images import MnistImageParams

# Rows of the MNIST table: what a classifier is trained on, or how. A number in brackets behind
# Original+CGN is the size of the counterfactual set, else that is `cf_images`.
ODR_SETTINGS = (
    "Original",
    "IRM (2 envs)",
    "IRM (5 envs)",
    "LNTL",
    "GAN",
    "Original+GAN",
    "CGN",
    "Original+CGN",
    "Original+CGN (5e4)",
    "Original+CGN (1e5)",
    "Original+CGN (1e6)",
)
# Candidates for the penalty weights of the invariance methods.
IRM_WEIGHTS, LNTL_WEIGHTS = (1e1, 1e2, 1e3, 1e4), (0.01, 0.1, 1.0)


class MnistParams(MnistImageParams):
    """Parameters of the biased MNIST family; the defaults are those of embedded colored MNIST, but
    for the weights of IRM, whose former values are in the names of runs that were kept."""

    # Classifiers
    classifier_optimiser: Literal["adamw", "adadelta"] = Field(
        "adadelta", description="Adadelta (the paper), or AdamW in one cycle"
    )
    classifier_decay: Literal["cosine", "epochs"] = Field(
        "cosine",
        description="Adadelta's lr: falls in the second half, or x 0.7 per epoch (paper)",
    )
    classifier_init: Literal["default", "he"] = Field(
        "he", description="first weights of the classifier: PyTorch's (the paper) or He's"
    )
    classifier_lr: float = Field(2.0, gt=0.0, le=10.0, description="(peak) step size")
    classifier_steps: int = Field(1500, ge=0, description="updates; 0: count by epochs")
    classifier_epochs: int = Field(10, ge=1, description="epochs when classifier_steps is 0")
    classifier_batch: int = Field(64, ge=2, description="images per update")
    classifier_bf16: bool = Field(False, description="bfloat16 autocast")
    real_frac: float = Field(
        0.1, ge=0.0, le=1.0, description="share of real images in Original+CGN batches"
    )
    odr_settings: str = Field(
        "Original,IRM (2 envs),LNTL,Original+GAN,CGN,Original+CGN",
        description="rows of ODR-1 (comma-separated)",
    )
    odr_classifier_weights: str = Field(
        "", description="published classifier beside these rows: a file or an imported hash"
    )

    # Invariance methods
    irm_two_envs: str = Field(
        "0.9,1.0", description="label-factor correlation in each environment of IRM (2 envs)"
    )
    irm_five_envs: str = Field("0.9,0.925,0.95,0.975,1.0", description="the same for IRM (5 envs)")
    irm_weight_two: float = Field(
        100.0, ge=0.0, description="final penalty weight of IRM (2 envs), rising from 0"
    )
    irm_weight_five: float = Field(
        100.0, ge=0.0, description="final penalty weight of IRM (5 envs), rising from 0"
    )
    irm_lr: float = Field(1.0e-3, gt=0.0, le=1.0, description="Adam step size of IRM")
    irm_batch: int = Field(32, ge=2, description="images per environment and update of IRM")
    lntl_weight: float = Field(
        0.01, ge=0.0, description="weight of the negative colour entropy of LNTL"
    )
    lntl_reversal: float = Field(
        0.1, ge=0.0, description="factor on the reversed colour gradient of LNTL"
    )
    search_seed: int = Field(
        -1,
        ge=-1,
        description="seed whose run trains every candidate weight of IRM and LNTL; -1: none",
    )
    search_steps: int = Field(
        0, ge=0, description="updates of each candidate; 0: as many as the rows"
    )

    # Amount and ratio of counterfactuals, causal identification
    amount_sizes: str = Field(
        "", description="sizes of the sets compared, by comma; empty: not run"
    )
    amount_ratios: str = Field(
        "1,5,10,20", description="texturings per mask compared at each size, by comma"
    )
    amount_setting: Literal["CGN", "Original+CGN"] = Field(
        "CGN", description="trained on counterfactuals alone, or with real images"
    )
    amount_steps: int = Field(
        1500, ge=0, description="updates per size and ratio; 0: count by epochs"
    )
    amount_bank_images: int = Field(
        100_000, ge=10, description="most entries of one bank in that comparison"
    )
    causal_degrees: str = Field(
        "", description="correlations in % of the test environments, by comma; empty: not run"
    )

    # Inductive bias requirements
    ibr_cgn_steps: int = Field(320, ge=1, description="generator updates per ablation")
    ibr_classifier_steps: int = Field(220, ge=1, description="classifier updates per ablation")

    vae_epochs: int = Field(20, ge=1, le=1000, description="passes of the beta-VAE over the digits")
    vae_beta: float = Field(4.0, ge=0.0, description="weight of the beta-VAE's KL divergence")

    # Extensions
    extension_rows: str = Field(
        "",
        description="of retrained, ssim, ssim_detached, jitter, jitter_legacy; empty: none",
    )
    extension_cgn_steps: int = Field(1500, ge=1, description="generator updates per such row")
    extension_classifier_steps: int = Field(
        0, ge=0, description="classifier updates of such a row; 0: classifier_steps"
    )

    # Edge loss
    edge_runs: int = Field(0, ge=0, le=1000, description="CGNs with and as many without edge loss")
    edge_cgn_steps: int = Field(1000, ge=1, description="generator updates of each of them")

    # Measurement
    reader_steps: int = Field(800, ge=1, description="updates of the mask reader")
    oracle_steps: int = Field(1200, ge=1, description="updates of the shape oracle")
    texture_steps: int = Field(
        600, ge=1, description="updates of the readers of the wildlife textures"
    )
    quality_images: int = Field(2000, ge=10, description="images behind each quality figure")

    # Explanations
    explain_images: int = Field(
        1000, ge=10, description="test images under GradCAM, one colouring per digit"
    )
    tsne_images: int = Field(1000, ge=20, description="points of each t-SNE panel")
    tsne_perplexity: float = Field(30.0, ge=1.0, le=1000.0, description="perplexity of t-SNE")
    lime_images: int = Field(50, ge=1, le=1000, description="test images explained by LIME")
    lime_samples: int = Field(
        500, ge=10, le=100_000, description="perturbed copies of an image behind its LIME weights"
    )
    lime_segments: Literal["grid", "slic"] = Field(
        "slic", description="what LIME hides and shows: SLIC superpixels, or squares"
    )
    lime_segment_px: int = Field(
        4, ge=1, le=16, description="side of a superpixel (about) or of a square"
    )

    @field_validator("amount_sizes", "amount_ratios", "causal_degrees", mode="before")
    @classmethod
    def _list_of_one(cls, value: Any) -> Any:
        """YAML and ``-p`` read a list of one number as that number."""
        return str(value) if type(value) is int else value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.tsne_perplexity >= self.tsne_images:
            raise ValueError(
                f"tsne_perplexity {self.tsne_perplexity:g} must lie below tsne_images "
                f"{self.tsne_images}"
            )
        for name, low, high in (
            ("amount_sizes", 10, 10**8),
            ("amount_ratios", 1, 1000),
            ("causal_degrees", 10, 100),
        ):
            whole_numbers(getattr(self, name), name, low, high)
        if self.amount_sizes and not self.amount_ratios:
            raise ValueError("amount_sizes needs amount_ratios: give both, or empty both")
        if self.causal_degrees and self.dataset == "colored_mnist":
            raise ValueError("causal_degrees: colored_mnist has no background to compare with")
        self.settings()
        for count in (2, 5):
            self.environments(count)
        return self

    def settings(self) -> list[str]:
        """The rows of ODR-1 to run, in the order of ``odr_settings``.

        Raises:
            ValueError: an unknown row (with the nearest valid one), one given twice, or none.
        """
        names = [name.strip() for name in self.odr_settings.split(",")]
        for name in names:
            if name not in ODR_SETTINGS:
                close = difflib.get_close_matches(name, ODR_SETTINGS, n=1, cutoff=0.0)
                raise ValueError(f"odr_settings: unknown row {name!r} (did you mean {close[0]!r}?)")
            if names.count(name) > 1:
                raise ValueError(f"odr_settings: {name!r} is given {names.count(name)} times")
        return names

    def environments(self, count: int) -> tuple[float, ...]:
        """Correlations of the environments of IRM with ``count`` (2 or 5) of them.

        Raises:
            ValueError: not ``count`` numbers in [0, 1].
        """
        name, text = {
            2: ("irm_two_envs", self.irm_two_envs),
            5: ("irm_five_envs", self.irm_five_envs),
        }[count]
        try:
            degrees = tuple(float(part) for part in text.split(","))
        except ValueError:
            degrees = ()
        if len(degrees) != count or not all(0 <= degree <= 1 for degree in degrees):
            raise ValueError(f"{name} = {text!r} is wrong: give {count} numbers in [0, 1]")
        return degrees
