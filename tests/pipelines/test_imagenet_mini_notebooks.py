"""The same notebooks on ImageNet's folders, made here in their published layouts: tiny images of a
thousand classes, untrained networks."""

import json
import os
import subprocess
import sys

import pytest
import torch
import yaml

from cgnlib.data.registry import path_of
from cgnlib.networks import resnet
from made_imagenet import write_imagenet
from presets import ROOT, smoke

# What ImageNet changes in the smallest scale; row SIN is read by IN+SIN, too.
CHANGES = {
    "dataset": "imagenet_mini",
    "biggan": "tiny_1000",
    "evaluators": "none",
    "score_network": "random",
    "patch_work_px": 32,
    "cgn_updates": 2,
    "ibr_updates": 1,
    "cf_min_max": True,
    "cf_format": "jpg",
    "odr_rows": "IN,IN+SIN,Mixed-Rand,IN+CGN",
    "trunk_weights": "published",
    "classifier_batch": 500,
    "cam_stage": 1,
    "lime_segment_px": 4,
}
ELSEWHERE = ("hard", "sketch", "second_test", "stylised")
ASKED = {
    "hqc_imagenet": {
        ("HQC-2", "CGN", "mask_iou"),
        ("HQC-6", "CGN", "low_confidence_share"),
        ("HQC-8", "CGN", "inception_score"),
        ("IBR-3", "CGN", "training_time"),
    },
    "ibr_imagenet": {
        *(("IBR-1", row, "inception_score") for row in
          ("none", "shape", "text", "bg", "rec", "BigGAN")),
        ("IBR-1", "none minus bg", "mask_mean"),
    },
    "odr_imagenet": {
        *(("ODR-3", row, "top5") for row in ("IN", "IN+SIN", "IN+CGN")),
        *(("ODR-3", f"IN+CGN {head}", "cf_accuracy") for head in
          ("shape", "texture", "background")),
        *(("ODR-4", row, "bg_gap") for row in ("IN", "Mixed-Rand", "IN minus IN+CGN")),
        ("ODR-6", "IN+CGN minus IN", "train_top1"),
        *(("EXT-4", "IN+CGN minus IN", f"{name}_accuracy") for name in ELSEWHERE),
        ("EXT-4", "shape and texture heads", "correlation_counterfactual"),
        ("IBR-3", "classifier IN+CGN", "training_time"),
    },
}  # fmt: skip
UNKNOWN = {"EXT-HEADS", "EXT-LIME"}  # photographs have no true masks


@pytest.fixture
def file(workplace):
    """A parameter file, and everything it needs below the data root."""
    write_imagenet(workplace / "data")
    weights = workplace / "data" / "weights" / "resnet18-f37072fd.pth"
    weights.parent.mkdir()
    torch.save(resnet.classifier("resnet18").state_dict(), weights)
    assert path_of("resnet18") == weights
    path = workplace / "imagenet_mini.yaml"
    path.write_text(yaml.safe_dump({**smoke("scenes9").model_dump(), **CHANGES}))
    return path


def run(name, file):
    done = subprocess.run(
        [sys.executable, "-m", "cgnlib", "run", name, str(file)], cwd=ROOT, check=False,
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_the_notebooks_run_to_their_verdicts_on_imagenet_mini(file, workplace):
    for name, asked in ASKED.items():
        run(name, file)
        folder = workplace / "results" / "smoke" / "imagenet_mini" / name
        rows = [json.loads(line) for line in (folder / "records.jsonl").read_text().splitlines()]
        assert asked <= {(r["experiment"], r["setting"], r["metric"]) for r in rows}
        for verdict in json.loads((folder / "verdicts.json").read_text()):
            unknown = verdict["claim"] in UNKNOWN
            assert unknown == (verdict["verdict"] == "not run"), verdict["reasons"]
    [counterfactuals] = (workplace / "runs" / "counterfactuals").iterdir()
    assert len(list(counterfactuals.glob("**/*.jpg"))) == 24
