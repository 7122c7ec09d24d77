"""Parameters of whatever makes images in the biased MNIST family: its data, the CGN, the GAN."""

from typing import Literal, Self

from pydantic import Field, model_validator

from cgnlib.datasets import MnistDataset
from cgnlib.params.base import Params

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
RELEASED_ROW = "released weights"  # the row of `cgn_weights` beside rows that are trained
RELEASED_CLASSIFIER = "released classifier"  # that of `odr_classifier_weights`


class MnistImageParams(Params):
    """Data, CGN, counterfactuals and GAN of biased MNIST."""

    dataset: MnistDataset = Field("colored_mnist", description="biased MNIST variant")

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
    cf_elastic_px: float = Field(
        0.0, ge=0.0, le=8.0, description="bend each mask of the bank: std of its displacement, px"
    )
    cf_tint: float = Field(
        0.0, ge=0.0, le=1.0, description="shift each texture's colour: std, colours in [0, 1]"
    )

    # GAN baseline (batch, Adam, R1, averaging and random shift are those of the CGN)
    gan_weights: str = Field(
        "", description="published GAN to use instead of training: a file or an imported hash"
    )
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

    @model_validator(mode="after")
    def _losses_consistent(self) -> Self:
        if self.mask_low >= self.mask_high:
            raise ValueError(f"mask_low {self.mask_low} must lie below mask_high {self.mask_high}")
        if not set(self.bias_groups()) - {"none", "noise"}:
            raise ValueError("every loss of the CGN has weight 0: give one a weight")
        return self

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
