"""The notebooks of ImageNet's scale, run as a user runs them, at the smallest scale."""

import json
import os
import subprocess
import sys

import pytest

from presets import ROOT

ASKED = {
    "hqc_imagenet": {
        ("HQC-2", "CGN", "label_recovery"),
        ("HQC-2", "initialisation", "texture_leak"),
        ("HQC-6", "CGN", "low_confidence_share"),
        ("HQC-8", "CGN", "inception_score"),
        ("IBR-3", "CGN", "training_time"),
    },
    "ibr_imagenet": {
        *(("IBR-1", name, "inception_score") for name in
          ("none", "shape", "text", "bg", "rec", "BigGAN")),
        ("IBR-1", "shape minus none", "mask_entropy"),
        ("IBR-1", "none minus bg", "mask_mean"),
    },
    "odr_imagenet": {
        *(("ODR-3", row, "top1") for row in ("IN", "SIN", "IN+SIN", "Mixed-Rand", "IN+CGN")),
        *(("ODR-3", f"IN+CGN {head}", "shape_accuracy_hits") for head in
          ("shape", "texture", "background")),
        ("ODR-3", "IN+CGN texture", "cf_accuracy"),
        ("ODR-4", "SIN", "mixed_rand_accuracy_hits"),
        ("ODR-4", "IN minus IN+CGN", "bg_gap"),
        ("ODR-6", "IN+CGN minus IN", "train_top1"),
        ("EXT-3", "IN+CGN shape minus background", "pointing_game"),
        ("EXT-4", "IN+CGN", "cue_conflict_accuracy"),
        ("EXT-4", "shape and texture heads", "correlation_counterfactual"),
        ("EXT-7", "IN+CGN minus IN", "positive_share"),
        ("IBR-3", "classifier IN+CGN", "training_time"),
    },
}  # fmt: skip


@pytest.mark.parametrize("name", ASKED)
def test_a_notebook_runs_to_its_verdict(name, workplace):
    done = subprocess.run(
        [sys.executable, "-m", "cgnlib", "run", name, "smoke/scenes9"], cwd=ROOT, check=False,
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    folder = workplace / "results" / "smoke" / "scenes9" / name
    rows = [json.loads(line) for line in (folder / "records.jsonl").read_text().splitlines()]
    assert ASKED[name] <= {(r["experiment"], r["setting"], r["metric"]) for r in rows}
    judged = json.loads((folder / "verdicts.json").read_text())
    assert judged
    for verdict in judged:
        few = verdict["claim"] == "ODR-BIAS"  # a head of two updates may read no cue at all
        assert few or verdict["verdict"] != "not run", verdict["reasons"]
