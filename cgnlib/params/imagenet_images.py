"""Parameters of what makes images in the ImageNet-scale family: networks, CGN, counterfactuals."""

from typing import Literal, Self

from pydantic import Field, model_validator

from cgnlib.datasets import ImagenetDataset
from cgnlib.params.base import Params, whole_numbers

_CLASSES = 1000


class ImagenetImageParams(Params):
    """Pretrained networks, CGN, counterfactual images and their quality; the defaults are those of
    embedded scenes9."""

    dataset: ImagenetDataset = Field(
        "scenes9", description="rendered stand-in for ImageNet-9, or ImageNet-mini"
    )

    # Pretrained networks: 'shipped' weights come with the package, 'published' ones lie below the
    # data root, 'random' ones are untrained
    biggan: Literal["scenes9", "tiny", "deep_256", "tiny_1000"] = Field(
        "scenes9",
        description="layout of the generators: 64 px and nine classes, tiny, or as published",
    )
    biggan_weights: str = Field(
        "shipped",
        description="frozen generator's: 'shipped', 'published', 'random', a file, a hash",
    )
    saliency: Literal["small", "u2net", "u2netp"] = Field(
        "small", description="saliency network that makes the masks"
    )
    saliency_weights: str = Field(
        "shipped", description="its weights: 'shipped', 'published', 'random', a file, a hash"
    )
    features: Literal[
        "scene_cnn", "random_scene_cnn", "vgg16", "vgg16_bn", "random_vgg", "none"
    ] = Field("scene_cnn", description="network behind the style losses")
    evaluators: Literal["shipped", "random", "none"] = Field(
        "shipped", description="classifiers that read shape, texture, background of scenes9"
    )
    score_network: Literal["scene_cnn", "inception_v3", "random"] = Field(
        "scene_cnn", description="classifier behind inception score and confidence"
    )

    # CGN: losses
    weight_l1: float = Field(100.0, ge=0.0, description="weight of the L1 reconstruction")
    perceptual_w1: float = Field(0.5, ge=0.0, description="style weight of x_gen, first layer")
    perceptual_w2: float = Field(0.5, ge=0.0, description="style weight of x_gen, second layer")
    perceptual_w3: float = Field(0.5, ge=0.0, description="style weight of x_gen, third layer")
    perceptual_w4: float = Field(0.5, ge=0.0, description="style weight of x_gen, fourth layer")
    weight_binary: float = Field(300.0, ge=0.0, description="weight of the mask's entropy in bits")
    weight_mask: float = Field(500.0, ge=0.0, description="weight of the mask interval loss")
    mask_low: float = Field(0.1, ge=0.0, le=1.0, description="lower end of the mask interval")
    mask_high: float = Field(0.9, ge=0.0, le=1.0, description="upper end of the mask interval")
    texture_w1: float = Field(0.0, ge=0.0, description="style weight of the texture, first layer")
    texture_w2: float = Field(1.0, ge=0.0, description="style weight of the texture, second layer")
    texture_w3: float = Field(1.0, ge=0.0, description="style weight of the texture, third layer")
    texture_w4: float = Field(0.0, ge=0.0, description="style weight of the texture, fourth layer")
    weight_background: float = Field(
        2000.0, ge=0.0, description="weight of the background's saliency"
    )
    patch_source: Literal["gt", "composite"] = Field(
        "gt", description="where texture patches come from: pseudo ground truth (code) or composite"
    )
    patch_work_px: int = Field(
        64, ge=8, le=512, description="side of the image that patches are cut from"
    )
    patch_px: int = Field(10, ge=2, le=512, description="side of a patch")
    patch_best: int = Field(
        100, ge=1, description="windows with the highest mask that may be drawn"
    )
    patch_side: int = Field(6, ge=1, le=64, description="patches per side of the texture target")

    # CGN: optimisation
    cgn_weights: str = Field(
        "", description="weights to use instead of training: 'published', a file, an imported hash"
    )
    cgn_updates: int = Field(120, ge=1, description="gradient updates")
    cgn_batch: int = Field(8, ge=1, le=4096, description="images per forward pass")
    cgn_accumulate: int = Field(1, ge=1, description="forward passes per update")
    cgn_lr_shape: float = Field(8.0e-6, gt=0.0, le=1.0, description="Adam step size, shape")
    cgn_lr_text: float = Field(2.0e-4, gt=0.0, le=1.0, description="Adam step size, texture")
    cgn_lr_bg: float = Field(2.0e-4, gt=0.0, le=1.0, description="Adam step size, background")
    cgn_beta1: float = Field(0.9, ge=0.0, lt=1.0, description="Adam beta 1")
    cgn_beta2: float = Field(0.999, ge=0.0, lt=1.0, description="Adam beta 2")
    cgn_truncation: float = Field(1.0, gt=0.0, le=1.0, description="truncation of the noise")
    cgn_bf16: bool = Field(False, description="bfloat16 autocast")
    sheets: int = Field(6, ge=1, le=100, description="sample sheets kept over training")
    checkpoint_every_updates: int = Field(50, ge=1, description="updates between checkpoints")

    # Counterfactual images
    cf_images: int = Field(6000, ge=1, description="counterfactual images for training")
    cf_mode: Literal["random", "best_classes"] = Field(
        "random", description="classes drawn from all, or from the curated lists"
    )
    cf_shape_classes: str = Field("", description="curated shape classes (comma-separated)")
    cf_texture_classes: str = Field("", description="curated texture classes")
    cf_background_classes: str = Field("", description="curated background classes")
    cf_truncation: float = Field(0.5, gt=0.0, le=1.0, description="truncation of the noise")
    cf_shared_noise: bool = Field(
        True, description="one u for all mechanisms (the code), or one each (the text)"
    )
    cf_min_max: bool = Field(False, description="stretch every image to its own range (the code)")
    cf_format: Literal["png", "jpg"] = Field("png", description="of written images")
    cf_quality: int = Field(95, ge=1, le=95, description="quality of written JPEG")
    cf_batch: int = Field(50, ge=1, le=4096, description="images made at once")
    triples: str = Field(
        "", description="pictures: shape/texture/background by class name, ...; empty: 25 fixed"
    )

    # Quality and loss ablation
    quality_images: int = Field(2000, ge=10, description="images behind each quality figure")
    ibr_updates: int = Field(120, ge=1, description="gradient updates per ablation")
    score_images: int = Field(2000, ge=10, description="composites behind an inception score")
    score_splits: int = Field(2, ge=1, le=100, description="splits of the inception score")
    score_truncation: float = Field(
        0.5, gt=0.0, le=1.0, description="truncation of these composites"
    )
    score_counts: str = Field(
        "250,500,1000,2000", description="image counts of the inception score's curve"
    )

    @model_validator(mode="after")
    def _images_consistent(self) -> Self:
        if self.mask_low >= self.mask_high:
            raise ValueError(f"mask_low {self.mask_low} must lie below mask_high {self.mask_high}")
        for name in ("shape", "texture", "background"):
            field = f"cf_{name}_classes"
            if not self.listed(field) and self.cf_mode == "best_classes":
                raise ValueError(f"{field} is empty: cf_mode best_classes draws from it")
        counts = whole_numbers(self.score_counts, "score_counts", 2, self.score_images)
        if not counts or list(counts) != sorted(counts) or counts[0] < self.score_splits:
            raise ValueError(
                f"score_counts {self.score_counts!r} must rise, from score_splits "
                f"{self.score_splits} on at least"
            )
        return self

    def listed(self, name: str) -> tuple[int, ...]:
        """The classes of one of the curated lists.

        Raises:
            ValueError: no list of class numbers.
        """
        return whole_numbers(getattr(self, name), name, 0, _CLASSES - 1)

    def counts(self) -> tuple[int, ...]:
        """Image counts of the inception score's curve, rising."""
        return whole_numbers(self.score_counts, "score_counts", 2, self.score_images)
