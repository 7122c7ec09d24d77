"""Parameters of what makes images in the GenInt family: generator, interventions, transfer."""

from typing import Literal, Self

from pydantic import Field, model_validator

from cgnlib.params.base import Params

# Directions that have a range of their own (:mod:`cgnlib.generators.intervention_ranges`).
RANGED_DIRECTIONS = {"scenes9": 40, "published": 60}


class GenintImageParams(Params):
    """Generator, its directions, generated sets and style transfer; the defaults are those of
    embedded scenes9. A part of the family's parameters, beside what trains classifiers and what
    explains them."""

    # Frozen generator and its directions (GENINT-2)
    biggan: Literal["scenes9", "tiny", "deep_256"] = Field(
        "scenes9",
        description="layout of the generator: 64 px and nine classes, tiny, or as published",
    )
    biggan_weights: str = Field(
        "shipped", description="its weights: 'shipped', 'published', 'random', a file, a hash"
    )
    direction_samples: int = Field(
        1_000_000, ge=200, description="noise behind the sampled directions beside the exact ones"
    )
    sheet_directions: int = Field(6, ge=1, le=128, description="directions shown, from the first")
    sheet_classes: int = Field(4, ge=1, le=1000, description="classes that show them")
    sheet_steps: int = Field(5, ge=2, le=15, description="positions shown along a direction")

    # Interventional images (GENINT-2)
    int_truncation: float = Field(1.0, gt=0.0, le=1.0, description="t, truncation of the noise")
    int_components: int = Field(40, ge=1, le=128, description="k, leading directions edited")
    int_scale_percent: float = Field(
        100.0, gt=0.0, le=1000.0, description="s, share of the ranges in %"
    )
    int_ranges: Literal["scenes9", "published", "even"] = Field(
        "scenes9", description="ranges per direction: of this generator's own, or one for all"
    )
    int_limit: float = Field(12.0, gt=0.0, le=100.0, description="end of the even ranges")
    int_edits: int = Field(
        5, ge=1, le=128, description="directions edited per noise, one image each"
    )
    int_steps: int = Field(1, ge=1, le=100, description="images per noise and direction")
    int_per_class: int = Field(300, ge=1, description="interventional images per class")

    # Observational images, the GAN augmentation (GENINT-4)
    obs_truncation: float = Field(0.2, gt=0.0, le=1.0, description="truncation of the noise")
    obs_per_class: int = Field(300, ge=1, description="observational images per class")

    # Counterfactuals of this project's CGN beside them
    cgn_set: str = Field(
        "", description="folder of a CGN's counterfactuals; empty: those of the CGN of scenes9"
    )

    # How generated sets are made and written
    gen_batch: int = Field(50, ge=1, le=4096, description="generated images made at once")
    gen_format: Literal["png", "jpg"] = Field("png", description="of written images")
    gen_quality: int = Field(95, ge=1, le=95, description="quality of written JPEG")

    # Style transfer to real images (GENINT-3)
    transfer_source: Literal["scenes9", "imagenet", "imagenet-mini"] = Field(
        "scenes9", description="where the real training images come from"
    )
    transfer_images: int = Field(450, ge=1, description="training images that get a style")
    transfer_features: Literal["scene_cnn", "random_scene_cnn", "vgg19"] = Field(
        "scene_cnn", description="network whose maps compare style and content"
    )
    transfer_style_weight: float = Field(1.0e6, ge=0.0, description="weight of the style")
    transfer_content_weight: float = Field(100.0, ge=0.0, description="weight of the content")
    transfer_closures_low: int = Field(10, ge=1, le=1000, description="fewest loss evaluations")
    transfer_closures_high: int = Field(30, ge=1, le=1000, description="most loss evaluations")
    transfer_iterations: int = Field(10, ge=1, le=100, description="L-BFGS iterations per call")
    transfer_lr: float = Field(1.0, gt=0.0, le=10.0, description="L-BFGS step size")
    transfer_line_search: bool = Field(
        True, description="strong Wolfe; off: steps of transfer_lr (as published)"
    )
    transfer_batch: int = Field(8, ge=1, le=1024, description="images optimised by one L-BFGS")
    transfer_px: int = Field(64, ge=8, le=1024, description="side of a transferred image")
    transfer_work_px: int = Field(
        64, ge=8, le=1024, description="side at which the transfer is computed"
    )

    @model_validator(mode="after")
    def _genint_images_consistent(self) -> Self:
        if self.int_edits > self.int_components:
            raise ValueError(
                f"int_edits {self.int_edits} different directions cannot be among "
                f"int_components {self.int_components}"
            )
        ranged = RANGED_DIRECTIONS.get(self.int_ranges, 128)
        for name in ("int_components", "sheet_directions"):
            if getattr(self, name) > ranged:
                raise ValueError(
                    f"{name} {getattr(self, name)}: int_ranges {self.int_ranges} knows {ranged} "
                    "directions; lower it, or give int_ranges even"
                )
        if self.transfer_closures_low > self.transfer_closures_high:
            raise ValueError(
                f"transfer_closures_low {self.transfer_closures_low} must be at most "
                f"transfer_closures_high {self.transfer_closures_high}"
            )
        if (self.biggan == "deep_256") == (self.transfer_source == "scenes9"):
            raise ValueError(
                f"biggan {self.biggan!r} does not make images of transfer_source "
                f"{self.transfer_source!r}"
            )
        return self
