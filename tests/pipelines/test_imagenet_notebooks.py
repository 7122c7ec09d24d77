"""The CGN's notebooks of ImageNet's scale, run as a user runs them, at the smallest scale."""

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
    (verdict,) = json.loads((folder / "verdicts.json").read_text())
    assert verdict["verdict"] != "not run", verdict["reasons"]
