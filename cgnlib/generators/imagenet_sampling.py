"""Pictures of an ImageNet CGN: sheets at fixed noise, mechanism outputs, chosen triples.

Everything returned is on the CPU: images (N, H, W, 3) and masks (N, H, W, 1), uint8.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from cgnlib.generators.imagenet_cgn import ImagenetCgn, Parts
from cgnlib.generators.sampling import to_bytes
from cgnlib.networks.biggan import truncated_noise
from cgnlib.rng import rng

# Published choices of ImageNet classes.
SHEET_CLASSES = (15, 251, 330, 382, 385, 483, 559, 751, 938, 947, 999)  # monitoring (code)
OVER_TRAINING_CLASSES = (251, 938, 483, 383, 947)  # HQC-5 (figures 5, 25 to 29)
MECHANISM_CLASSES = (17, 104, 145, 211, 425, 814, 888, 949, 974, 992)  # HQC-3 (figures 8 to 19)
PAPER_TRIPLES = (  # HQC-2 (figure 24), shape/texture/background
    "school bus/panda/geyser",
    "hyena dog/cello/strawberry",
    "robin/lipstick/diving",
    "Indian cobra/analog clock/green lizard",
    "race car/piggy bank/fig",
    "hyena dog/breastplate/cock",
    "German shepherd/king penguin/bittern",
    "beaker/busby/pineapple",
    "Indian cobra/orange/spider web",
    "teddy/beer glass/rock crab",
    "malinois/reel/viaduct",
    "ibex/upright piano/sand bank",
    "hourglass/lemon/hornbill",
    "offshore rig/ambulance/breakwater",
    "mushroom/sand viper/ostrich",
    "snowmobile/French loaf/Arabian camel",
    "katamaran/cheetah/garden spider",
    "bald eagle/strawberry/spike",
    "triumphal arch/standard poodle/bullfrog",
    "forklift/theater curtain/valley",
    "wine bottle/pill bottle/alp",
    "pirate ship/trench coat/beaver",
    "submarine/race car/hay",
    "wood rabbit/jack-o'-lantern/water ouzel",
    "teapot/military uniform/baseball",
)
_BATCH = 16


def parts_as_bytes(parts: Parts) -> dict[str, Tensor]:
    """``premask``, ``mask``, ``foreground``, ``background`` and ``composite`` as uint8."""
    return {
        name: to_bytes(value, 0.0 if name == "mask" else -1.0).contiguous()
        for name, value in vars(parts).items()
    }


def triples(
    cgn: ImagenetCgn,
    labels: Sequence[Sequence[int]],
    seed: int,
    truncation: float,
    *,
    one_noise: bool = False,
    shared_noise: bool = True,
    stream: str = "triples",
) -> dict[str, Tensor]:
    """Images of given (shape, texture, background) classes, with all their parts.

    Args:
        labels: N triples of class indices.
        truncation: of the noise and of the stored statistics.
        one_noise: the same u for every image, else one u each.
        shared_noise: one u for the mechanisms of an image, else one for each of them.
    """
    chosen = torch.as_tensor(labels).view(-1, 3).to(cgn.device)
    images, each = 1 if one_noise else len(chosen), 1 if shared_noise else 3
    u = truncated_noise(images * each, cgn.latent, truncation, rng(seed, stream))
    u = u.view(images, each, -1).expand(len(chosen), 3, -1).to(cgn.device)
    made = []
    with cgn.sampling():
        for rows, noise in zip(chosen.split(_BATCH), u.split(_BATCH), strict=True):
            parts = cgn(noise.unbind(1), *rows.unbind(1), truncation=truncation)
            made.append(parts_as_bytes(parts))
    return {name: torch.cat([part[name] for part in made]) for name in made[0]}


def sheet(
    cgn: ImagenetCgn, classes: Sequence[int], seed: int, truncation: float
) -> dict[str, Tensor]:
    """Every part for each of ``classes``, the same class in all mechanisms, at one noise that is
    the same for every call: the rows of HQC-3, and of HQC-5 over a training."""
    same = [(number,) * 3 for number in classes]
    return triples(cgn, same, seed, truncation, one_noise=True, stream="sheet")
