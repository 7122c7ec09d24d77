"""Speed of the ImageNet CGN in the published layout at 256 px, one JSON line per measurement.

    python benchmarks/imagenet.py [NAME ...]     (default: every measurement)

``training_sample`` times whole updates (BigGAN-deep-256 four times, U2-Net, VGG16, all six losses,
Adam; untrained weights, which cost the same): seconds per image for growing batches, and how many
times faster that is than the published batch of one image in float32. It runs on the GPU where
there is one, else needs 12 GB of memory. Run it on an otherwise idle machine. ``--threads`` sets
the CPU threads (default 2).
"""

from pathlib import Path

import torch
from measuring import run, say, seconds

from cgnlib import load_params
from cgnlib.generators.imagenet_cgn import ImagenetCgn
from cgnlib.generators.imagenet_settings import ImagenetCgnSettings
from cgnlib.generators.imagenet_training import ImagenetCgnMethod
from cgnlib.networks.biggan import DEEP_256, BigGan
from cgnlib.networks.features import vgg_features
from cgnlib.networks.u2net import U2Net
from cgnlib.training import keep_freed_memory

PARAMS = Path(__file__).resolve().parents[1] / "params" / "paper" / "imagenet_code.yaml"
BATCHES = {"cpu": (1, 2, 4), "cuda": (1, 4, 16, 32)}


def _method(batch: int, bf16: bool, device: str) -> ImagenetCgnMethod:
    changes = {"cgn_batch": batch, "cgn_accumulate": 1, "cgn_bf16": bf16}
    params = load_params(PARAMS, changes)
    names = [name for name in ImagenetCgnSettings.names() if name != "dropped"]
    settings = ImagenetCgnSettings(
        **{name: getattr(params, name) for name in names}, dropped="none"
    )
    weights = map(max, zip(settings.perceptual_weights, settings.texture_weights, strict=True))
    features = vgg_features("random_vgg", list(weights)).to(device)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = ImagenetCgn(BigGan(DEEP_256).eval(), U2Net("full").eval())
    return ImagenetCgnMethod(settings, model, features, 0, device)


def training_sample() -> None:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    name = torch.cuda.get_device_name() if device == "cuda" else "cpu"
    single = None
    for bf16 in (False, True):
        for batch in BATCHES[device]:
            method = _method(batch, bf16, device)
            repeats, warm_up = (10, 3) if device == "cuda" else (2, 1)
            # reading the log waits for the GPU
            once = seconds(lambda m=method: m.update()["mask_mean"].item(), repeats, warm_up)
            single = single or once
            say(
                "training_sample",
                once / batch,
                "s",
                batch=batch,
                precision="bf16" if bf16 else "fp32",
                times_faster=round(single / (once / batch), 2),
                side_px=256,
                device=name,
            )


BENCHMARKS = {f.__name__: f for f in (training_sample,)}

if __name__ == "__main__":
    keep_freed_memory()  # as every training does
    run(__doc__.splitlines()[0], BENCHMARKS, list(BENCHMARKS), threads=2)
