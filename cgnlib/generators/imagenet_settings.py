"""Settings of the ImageNet CGN's training: losses, learning rates, batches (catalogue A6)."""

from dataclasses import dataclass, fields

from cgnlib.errors import UserError

# What each row of the loss ablation leaves out (IBR-1).
DROPPED_GROUPS = {
    "none": (),
    "shape": ("binary", "mask"),
    "text": ("texture",),
    "bg": ("background",),
    "rec": ("l1", "perceptual"),
}
PATCH_SOURCES = ("gt", "composite")


@dataclass(frozen=True)
class ImagenetCgnSettings:
    """Everything that shapes a training of the ImageNet CGN; names, units and ranges as in
    ``ImagenetParams``.

    ``cgn_batch`` images run at once; ``cgn_accumulate`` such batches make one update, so that the
    effective batch is their product (published: 1 x 4000; config.py: 256 x 8). ``patch_source`` is
    ``gt`` (the published code) or ``composite`` (the paper). Weights of 0 are not computed.
    """

    cgn_batch: int
    cgn_accumulate: int
    cgn_lr_shape: float
    cgn_lr_text: float
    cgn_lr_bg: float
    cgn_beta1: float
    cgn_beta2: float
    cgn_truncation: float
    weight_l1: float
    perceptual_w1: float
    perceptual_w2: float
    perceptual_w3: float
    perceptual_w4: float
    weight_binary: float
    weight_mask: float
    mask_low: float
    mask_high: float
    texture_w1: float
    texture_w2: float
    texture_w3: float
    texture_w4: float
    weight_background: float
    dropped: str
    patch_source: str
    patch_work_px: int
    patch_px: int
    patch_best: int
    patch_side: int
    cgn_bf16: bool

    def __post_init__(self) -> None:
        for name, allowed in (("dropped", DROPPED_GROUPS), ("patch_source", PATCH_SOURCES)):
            if getattr(self, name) not in allowed:
                choices = ", ".join(allowed)
                raise UserError(f"{name} is {getattr(self, name)!r}: choose one of {choices}")
        if not self.loss_weights:
            raise UserError("every loss has weight 0 or is dropped: nothing is left to train on")
        windows = (self.patch_work_px - self.patch_px + 1) ** 2
        if self.patch_px > self.patch_work_px or windows < self.patch_best:
            raise UserError(
                f"patch_work_px {self.patch_work_px} holds fewer than patch_best "
                f"{self.patch_best} windows of patch_px {self.patch_px}: lower one of the last two"
            )

    @classmethod
    def names(cls) -> list[str]:
        """Parameter names, in order."""
        return [field.name for field in fields(cls)]

    @property
    def effective_batch(self) -> int:
        """Images behind one update."""
        return self.cgn_batch * self.cgn_accumulate

    @property
    def perceptual_weights(self) -> tuple[float, ...]:
        """Style weights of the four feature layers, composite against ground-truth image."""
        return (self.perceptual_w1, self.perceptual_w2, self.perceptual_w3, self.perceptual_w4)

    @property
    def texture_weights(self) -> tuple[float, ...]:
        """Style weights of the four feature layers, foreground against patch grid."""
        return (self.texture_w1, self.texture_w2, self.texture_w3, self.texture_w4)

    @property
    def loss_weights(self) -> dict[str, float]:
        """Weight of each loss that is computed. The style losses carry theirs inside (1 here)."""
        weights = {
            "l1": self.weight_l1,
            "perceptual": float(any(self.perceptual_weights)),
            "binary": self.weight_binary,
            "mask": self.weight_mask,
            "texture": float(any(self.texture_weights)),
            "background": self.weight_background,
        }
        gone = DROPPED_GROUPS[self.dropped]
        return {name: w for name, w in weights.items() if w > 0 and name not in gone}
