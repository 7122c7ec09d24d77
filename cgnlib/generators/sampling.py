"""Pictures of a trained CGN: grids, mechanisms, interpolations and sheets at fixed noise.

Everything returned is on the CPU: images (..., 32, 32, 3) and masks (..., 32, 32, 1), uint8.
"""

import torch
from torch import Tensor

from cgnlib.datasets import FACTORS
from cgnlib.generators.mnist_cgn import N_CLASSES, Composition, MnistCgn, compose
from cgnlib.rng import rng


def to_bytes(images: Tensor, low: float = -1.0) -> Tensor:
    """(B, C, H, W) in [low, 1] to (B, H, W, C) uint8, rounded."""
    scaled = (images - low) * (255 / (1 - low))
    return scaled.round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).cpu()


def _noise(cgn: MnistCgn, count: int, generator: torch.Generator) -> Tensor:
    return torch.randn(count, cgn.latent, generator=generator).to(next(cgn.parameters()).device)


def _as_bytes(made: Composition) -> dict[str, Tensor]:
    return {
        "mask": to_bytes(made.mask, 0.0),
        "foreground": to_bytes(made.foreground),
        "background": to_bytes(made.background),
        "composite": to_bytes(made.image),
    }


def mechanisms(
    cgn: MnistCgn, seed: int, per_class: int = 1, stream: str = "mechanisms"
) -> dict[str, Tensor]:
    """Mask, foreground, background and composite for each class in turn (HQC-3's rows), with the
    same label in all mechanisms: name to (10 * per_class, 32, 32, C) uint8."""
    generator = rng(seed, stream)
    labels = torch.arange(N_CLASSES).repeat_interleave(per_class)
    labels = labels.to(next(cgn.parameters()).device)
    with cgn.sampling(generator):
        noise = tuple(_noise(cgn, len(labels), generator) for _ in FACTORS)
        return _as_bytes(cgn(noise, (labels, labels, labels)))


def counterfactual_grid(cgn: MnistCgn, seed: int) -> Tensor:
    """(10, 10, 32, 32, 3) uint8: row = shape label; column c = foreground label c with background
    label c + 3 (mod 10). One noise per row and per column, so that only the labels differ."""
    generator = rng(seed, "grid")
    device = next(cgn.parameters()).device
    classes = torch.arange(N_CLASSES, device=device)
    with cgn.sampling(generator):
        masks = cgn.mask(_noise(cgn, N_CLASSES, generator), classes)
        front = cgn.foreground(_noise(cgn, N_CLASSES, generator), classes)
        back = cgn.background(_noise(cgn, N_CLASSES, generator), (classes + 3) % N_CLASSES)
        images = compose(masks[:, None], front[None], back[None])  # (10, 10, 3, 32, 32)
    return to_bytes(images.flatten(0, 1)).unflatten(0, (N_CLASSES, N_CLASSES))


def interpolations(cgn: MnistCgn, seed: int, steps: int = 8) -> dict[str, Tensor]:
    """One factor moved from class 3 to class 8 in label space, the others fixed: factor name to
    (steps, 32, 32, 3) uint8. As published: the label embedding moves linearly, the noise stays."""
    generator = rng(seed, "interpolation")
    start, end = cgn.label_emb.weight[3].detach(), cgn.label_emb.weight[8].detach()
    path = torch.linspace(0, 1, steps, device=start.device)[:, None]
    moving = torch.lerp(start, end, path)  # (steps, 10)
    fixed = start.expand(steps, -1)
    strips = {}
    with cgn.sampling(generator, shuffle=False):  # a shift per image would move the texture too
        noise = [_noise(cgn, 1, generator).expand(steps, -1) for _ in FACTORS]
        for factor in FACTORS:
            codes = [
                torch.cat([u, moving if name == factor else fixed], 1)
                for name, u in zip(FACTORS, noise, strict=True)
            ]
            strips[factor] = to_bytes(cgn.from_codes(codes).image)
    return strips


def sheet(cgn: MnistCgn, seed: int) -> dict[str, Tensor]:
    """Composites and masks at noise that is the same for every call: ``composite`` and ``mask``,
    (20, 32, 32, C) uint8, two of each class (HQC-5)."""
    made = mechanisms(cgn, seed, per_class=2, stream="sheet")
    return {name: made[name].contiguous() for name in ("composite", "mask")}
