"""Typed, strict parameters of one run.

A preset is a parameter file; a notebook lists the parameters it uses in its default cell; both are
checked here against one frozen model per family. Nothing is derived in a parameters cell and no
parameter file changes a code path other than through the values it names.
"""

import difflib
import hashlib
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from cgnlib.datasets import MnistDataset

# The groups that IBR drops, and what dropping one changes.
DROPPED = {
    "none": {},
    "adversarial": {"weight_adversarial": 0.0},
    "binary": {"weight_binary": 0.0},
    "mask": {"weight_mask": 0.0},
    "edge": {"weight_edge": 0.0},
    "perceptual": {
        "perceptual_features": "none",
        "perceptual_w1": 0.0,
        "perceptual_w2": 0.0,
        "perceptual_w3": 0.0,
        "perceptual_w4": 0.0,
    },
    "noise": {"cgn_shared_noise": True},
}

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


def whole_numbers(text: str, name: str, low: int, high: int) -> tuple[int, ...]:
    """The whole numbers of a comma-separated list, each from ``low`` to ``high``; () for none.

    Raises:
        ValueError: anything else, or a number given twice.
    """
    parts = [part.strip() for part in text.split(",")] if text.strip() else []
    if not all(part.isascii() and part.isdigit() for part in parts):
        raise ValueError(f"{name}: {text!r} is no comma-separated list of whole numbers")
    numbers = tuple(int(part) for part in parts)
    if any(not low <= number <= high for number in numbers) or len(set(numbers)) < len(numbers):
        raise ValueError(f"{name}: {text!r} must hold numbers from {low} to {high}, each once")
    return numbers


class MnistParams(BaseModel):
    """Parameters of the biased MNIST family; the defaults are those of embedded colored MNIST."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    # What is run
    dataset: MnistDataset = Field("colored_mnist", description="biased MNIST variant")
    scale: Literal["smoke", "embedded", "full", "paper"] = Field(
        "embedded", description="which scale the values belong to"
    )
    seed: int = Field(0, ge=0, le=2**31 - 1, description="seed of every random stream")
    threads: int = Field(1, ge=1, le=256, description="CPU threads; part of the artefact hash")
    device: Literal["cpu", "cuda"] = Field("cpu", description="where networks run")

    # Data
    digits: Literal["bundled", "idx", "download"] = Field(
        "bundled", description="5,000 bundled digits, IDX files, or torchvision's download"
    )
    digits_dir: str = Field("", description="folder of the IDX files; empty: CGN_DATA/MNIST/raw")
    textures: Literal["procedural", "dtd"] = Field(
        "procedural", description="wildlife textures: made here, or the DTD images"
    )
    textures_dir: str = Field("", description="folder of DTD; empty: CGN_DATA/dtd")
    object_palette: str = Field(
        "lntl", description="'lntl', 'double', or ten colours by class, comma-separated"
    )
    background_palette: str = Field(
        "double", description="'double', or ten colours by class, comma-separated"
    )
    colour_noise_std: float = Field(
        0.1414, ge=0.0, le=1.0, description="std of the colour noise, colours in [0, 1]"
    )
    train_correlation_prob: float = Field(
        1.0,
        ge=0.0,
        le=1.0,
        description="probability, per factor, that it equals its class's",
    )
    test_colourings: int = Field(10, ge=1, le=100, description="random colourings per test digit")
    jitter_form: Literal["none", "before", "legacy"] = Field(
        "none", description="colour jitter of what the CGN sees: before normalising, or as coded"
    )

    # CGN: architecture
    cgn_weights: str = Field(
        "", description="published weights to use instead of training: a file or an imported hash"
    )
    cgn_latent: int = Field(16, ge=1, le=1024, description="size of the noise u")
    cgn_width: int = Field(
        16, ge=2, le=256, description="channel multiplier of the texture mechanisms"
    )
    cgn_shape_width: int = Field(
        32, ge=2, le=256, description="channel multiplier of the shape mechanism"
    )
    cgn_norm: Literal["instance", "batch"] = Field(
        "batch", description="norm after the linear layer; 'instance' also between shape blocks"
    )
    cgn_mask: Literal["clamp", "sigmoid"] = Field(
        "sigmoid", description="how the shape mechanism's output becomes a mask"
    )
    cgn_mask_bias: float = Field(-2.0, ge=-10, le=10, description="start value of the mask logit")
    cgn_mask_prior: float = Field(
        6.0, ge=0.0, le=20.0, description="how far the mask logit starts lower at the border"
    )
    cgn_head: Literal["full", "subpixel"] = Field(
        "subpixel", description="end of the texture mechanisms: two layers at 32x32 or one at 16x16"
    )
    cgn_shuffle: bool = Field(True, description="random cyclic shift of textures (the shuffler)")
    cgn_torus: bool = Field(
        True, description="texture mechanisms wrap around, so that a shift leaves no seam"
    )
    cgn_init: Literal["default", "orthogonal", "normal"] = Field(
        "default", description="initialisation of the mechanisms"
    )
    cgn_init_gain: float = Field(1.0, gt=0.0, le=10.0, description="gain (or std) of that init")
    cgn_shared_noise: bool = Field(
        False, description="one u for all mechanisms in training (the paper) or one each"
    )
    disc: Literal["linear", "conv", "projection"] = Field("projection", description="discriminator")
    disc_width: int = Field(24, ge=1, le=4096, description="discriminator width")
    disc_shift_px: int = Field(
        2, ge=0, le=16, description="random shift of every image the discriminator sees; 0: none"
    )

    # CGN: losses
    adversarial: Literal["lsgan", "nonsaturating"] = Field(
        "nonsaturating", description="adversarial loss"
    )
    weight_adversarial: float = Field(1.0, ge=0.0, description="weight of the adversarial loss")
    r1_gamma: float = Field(0.3, ge=0.0, description="R1 gradient penalty on real images")
    r1_every_steps: int = Field(8, ge=1, description="steps between R1 penalties (lazy)")
    weight_binary: float = Field(0.3, ge=0.0, description="weight of the mask's binary entropy")
    binary_ramp_frac: float = Field(
        0.5, ge=0.0, le=1.0, description="share of training over which that weight rises from 0"
    )
    weight_mask: float = Field(20.0, ge=0.0, description="weight of the mask interval loss")
    mask_low: float = Field(0.06, ge=0.0, le=1.0, description="lower end of the mask interval")
    mask_high: float = Field(0.30, ge=0.0, le=1.0, description="upper end of the mask interval")
    mask_power: int = Field(
        2, ge=1, le=4, description="its lower end reads the mean of the mask to this power"
    )
    weight_edge: float = Field(10.0, ge=0.0, description="weight of the edge loss")
    edge_form: Literal["mean", "legacy"] = Field(
        "mean", description="edge loss as written ('mean') or as coded ('legacy')"
    )
    edge_px: int = Field(3, ge=1, le=15, description="border width of the edge loss")
    perceptual_features: Literal["none", "vgg16", "vgg16_bn", "random_vgg", "classifier"] = Field(
        "none", description="network behind the perceptual loss"
    )
    perceptual_w1: float = Field(0.0, ge=0.0, description="style weight at relu1_2")
    perceptual_w2: float = Field(0.0, ge=0.0, description="style weight at relu2_2")
    perceptual_w3: float = Field(0.0, ge=0.0, description="style weight at relu3_3")
    perceptual_w4: float = Field(0.0, ge=0.0, description="style weight at relu4_3")
    weight_ssim: float = Field(
        0.0, ge=0.0, description="weight of 1 - SSIM of made against real images, unpaired"
    )
    ssim_form: Literal["gradient", "detached"] = Field(
        "gradient", description="whether SSIM's gradient reaches the CGN, or (as coded) not"
    )

    # CGN: optimisation
    cgn_steps: int = Field(3000, ge=1, description="generator updates")
    cgn_batch: int = Field(32, ge=2, le=4096, description="images per update")
    cgn_lr: float = Field(1.0e-3, gt=0.0, le=1.0, description="Adam step size, both sides")
    cgn_beta1: float = Field(0.0, ge=0.0, lt=1.0, description="Adam beta 1")
    cgn_beta2: float = Field(0.99, ge=0.0, lt=1.0, description="Adam beta 2")
    ema_decay: float = Field(0.9995, ge=0.0, lt=1.0, description="weight averaging; 0: none")
    sheets: int = Field(8, ge=1, le=100, description="sample sheets kept over training")
    checkpoint_every_steps: int = Field(500, ge=1, description="steps between checkpoints")

    # Counterfactuals
    cf_images: int = Field(1_000_000, ge=10, description="distinct counterfactual images")
    cf_ratio: int = Field(10, ge=1, le=1000, description="texturings per mask")
    cf_bank_images: int = Field(20_000, ge=10, description="most entries of one bank")
    cf_warp: bool = Field(True, description="deform each mask of the bank a little at random")

    # GAN baseline (batch, Adam, R1, averaging and random shift are those of the CGN)
    gan_width: int = Field(16, ge=1, le=256, description="channel multiplier of the GAN")
    gan_disc: Literal["linear", "conv", "projection"] = Field(
        "projection", description="discriminator of the GAN"
    )
    gan_disc_width: int = Field(24, ge=1, le=4096, description="width of the GAN's discriminator")
    gan_adversarial: Literal["bce", "lsgan"] = Field(
        "bce", description="adversarial loss of the GAN: cross-entropy or least squares"
    )
    gan_steps: int = Field(1000, ge=1, description="generator updates of the GAN")
    gan_images: int = Field(
        20_000, ge=10, description="distinct GAN images, at most cf_bank_images of them"
    )

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
        "Original,IRM (2 envs),LNTL,GAN,Original+GAN,CGN,Original+CGN",
        description="rows of ODR-1 (comma-separated)",
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
    penalty_search: bool = Field(
        False, description="train every candidate weight of IRM and LNTL and show their scores"
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
    def _consistent(self) -> "MnistParams":
        if self.mask_low >= self.mask_high:
            raise ValueError(f"mask_low {self.mask_low} must lie below mask_high {self.mask_high}")
        if not set(self.bias_groups()) - {"none", "noise"}:
            raise ValueError("every loss of the CGN has weight 0: give one a weight")
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

    def bias_groups(self) -> list[str]:
        """Groups of :data:`DROPPED` in force, the control ``none`` first: those with weight."""
        style = self.perceptual_w1 + self.perceptual_w2 + self.perceptual_w3 + self.perceptual_w4
        weights = {
            "none": 1.0,
            "adversarial": self.weight_adversarial,
            "binary": self.weight_binary,
            "mask": self.weight_mask,
            "edge": self.weight_edge,
            "perceptual": style if self.perceptual_features != "none" else 0.0,
            "noise": not self.cgn_shared_noise,
        }
        return [name for name, weight in weights.items() if weight]


def params_hash(params: MnistParams) -> str:
    """Ten hex digits over every value of ``params``."""
    return hashlib.sha256(params.model_dump_json().encode()).hexdigest()[:10]
