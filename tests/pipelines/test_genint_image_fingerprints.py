"""Numbers of GenInt's generated sets may move only when their version rises.

Tiny sets against stored values, loose enough for another processor. After an intended change raise
the version and run
`PYTHONPATH=tests python tests/pipelines/test_genint_image_fingerprints.py`.
"""

from pathlib import Path

from cgnlib.params.genint_images import GenintImageParams
from cgnlib.pipelines.genint_scenes9 import generator, images
from stored_fingerprints import assert_stored, store

STORED = Path(__file__).with_name("genint_image_fingerprints.json")


def measured() -> dict[str, dict]:
    params = GenintImageParams(
        dataset="genint_scenes9",
        int_per_class=3,
        obs_per_class=3,
        int_edits=3,
        gen_batch=27,
        direction_samples=2000,
        transfer_images=4,
        transfer_batch=4,
        transfer_closures_low=3,
        transfer_closures_high=3,
    )
    found = {}
    for kind in images.KINDS:
        made = images.images_of(params, kind)
        pixels = made.images.float()
        found[kind] = {
            "version": images.VERSIONS[images.artefact_kind(kind)],
            "numbers": {
                "mean": pixels.mean().item(),
                "std": pixels.std().item(),
                "labels": made.labels.float().mean().item(),
                **{name: one.float().mean().item() for name, one in made.known.items()},
            },
        }
    agreement = generator.direction_agreement(params)
    found["direction_agreement"] = {
        "version": generator.AGREEMENT_VERSION,
        "numbers": {
            "scale": float(agreement["scales"].mean()),
            "cosine": float(agreement["cosines"].mean()),
        },
    }
    return found


def test_the_numbers_are_the_stored_ones(fresh_workplace):
    assert_stored(STORED, measured())


if __name__ == "__main__":
    store(STORED, measured)
