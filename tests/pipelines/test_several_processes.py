"""The ImageNet CGN trained by several processes: one artefact, the numbers of one process."""

import os
import socket
import subprocess
import sys

import pytest
import safetensors.torch
import torch

from cgnlib import store
from cgnlib.__main__ import main
from cgnlib.errors import UserError
from cgnlib.generators.imagenet_cgn import TRAINABLE
from cgnlib.pipelines.imagenet import several_processes, train_cgn
from presets import ROOT, smoke

CHANGES = {"cgn_updates": 3, "checkpoint_every_updates": 1}
GIVEN = [word for name, value in CHANGES.items() for word in ("-p", name, str(value))]
COMMAND = ["train-cgn", "smoke/scenes9", *GIVEN]


@pytest.fixture
def params(fresh_workplace):
    return smoke("scenes9", **CHANGES)


def as_passes_of_two(params):
    """One process that makes an update in as many forward passes as each of two: they move spectral
    norm's power iteration, so that nothing but the order of summation differs."""
    changes = {"cgn_batch": 2 * params.cgn_batch, "cgn_accumulate": params.cgn_accumulate // 2}
    return params.model_copy(update=changes)


def interrupted(params, after):
    """The folder of ``params`` after one process was killed there after so many updates."""
    folder = store.artefact_folder("imagenet_cgn", train_cgn.CGN_VERSION, train_cgn.cgn_key(params))

    class Killed(Exception):
        pass

    def make(folder):
        method = train_cgn.training_method(as_passes_of_two(params))
        count, update = iter(range(params.cgn_updates)), method.update

        def dying(batch=None):
            if next(count) == after:
                raise Killed
            return update(batch)

        with pytest.MonkeyPatch.context() as patch:
            method.update = dying
            patch.setattr(train_cgn, "training_method", lambda *_: method)
            train_cgn.train(params, "none", folder)

    with pytest.raises(Killed):
        train_cgn.trained(params, "none", make)
    assert (folder / store.PARTIAL).is_file()
    return folder


def launched(processes):
    """What a launcher starts: one process per rank; (status, stdout, stderr) of each."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    common = {**os.environ, "PYTHONPATH": str(ROOT), "WORLD_SIZE": str(processes),
              "LOCAL_WORLD_SIZE": str(processes), "MASTER_ADDR": "127.0.0.1",
              "MASTER_PORT": str(port)}  # fmt: skip
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "cgnlib", *COMMAND], cwd=ROOT, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=common | {"RANK": str(rank), "LOCAL_RANK": str(rank)},
        )
        for rank in range(processes)
    ]  # fmt: skip
    try:
        ended = [one.communicate(timeout=600) for one in started]
    finally:
        for one in started:
            one.kill()
    return [(one.returncode, *texts) for one, texts in zip(started, ended, strict=True)]


def weights(folder):
    return safetensors.torch.load_file(folder / "weights.safetensors")


def test_two_processes_finish_what_one_began_as_one_would(params, workplace, monkeypatch):
    pytest.importorskip("accelerate", reason="accelerate is not installed")
    start = train_cgn.start(params).state_dict()
    alone = train_cgn.cgn(as_passes_of_two(params))
    expected = weights(alone.artefact.folder)
    monkeypatch.setenv("CGN_RUNS", str(workplace / "shared"))
    folder = interrupted(params, after=1)
    (status, said, told), (other, nothing, errors) = launched(2)
    assert (status, other, nothing) == (0, 0, ""), told + errors
    assert f"imagenet_cgn/{folder.name}" in said and "continuing at step 1 of 3" in told
    assert "continuing" not in errors  # the first process alone keeps a log
    made = weights(folder)
    for name in TRAINABLE:  # the way that they went, which one process's images do not lead
        mine = [value for value in made if value.startswith(name) and "_orig" in value]
        moved = torch.cat([(expected[one] - start[one]).flatten() for one in mine])
        apart = torch.cat([(expected[one] - made[one]).flatten() for one in mine])
        assert apart.norm() < 0.01 * moved.norm(), name
    train_cgn.cgn.cache_clear()
    again = train_cgn.cgn(params)  # the notebooks load it
    assert again.artefact.folder == folder
    assert again.artefact.provenance["processes"] == 2
    assert again.sheets["steps"].tolist() == [0, 2, 3]
    for name, value in alone.history[-1].items():
        assert again.history[-1][name] == pytest.approx(value, rel=1e-3), name


class Accelerator:
    is_main_process, num_processes = True, 2


def test_the_others_are_told_when_there_is_nothing_to_train(params, monkeypatch):
    said = []
    monkeypatch.setattr(several_processes, "_told", lambda message=None: said.append(message))
    alone = train_cgn.cgn(params)
    assert several_processes._lead(params, "none", Accelerator()).artefact == alone.artefact
    assert said == [None]
    (alone.artefact.folder / "metrics.jsonl").write_text("")
    with pytest.raises(UserError, match="damaged"):
        several_processes._lead(params, "none", Accelerator())
    assert said == [None, None]
    assert several_processes._follow(params, "none", Accelerator()) is None


def test_processes_that_see_other_folders_stop(params, workplace, monkeypatch):
    job = {"folder": str(workplace), "checkpoint": "0" * 64}
    monkeypatch.setattr(several_processes, "_told", lambda: job)
    with pytest.raises(UserError, match="let their machines share CGN_RUNS"):
        several_processes._follow(params, "none", Accelerator())


def test_one_process_trains_what_the_notebooks_load(params, capsys):
    assert main(COMMAND) == 0
    assert str(train_cgn.cgn(params).artefact) in capsys.readouterr().out
    assert main([*COMMAND, "--ablation", "bg"]) == 0
    row = train_cgn.ablation(params, "bg")
    assert str(row.artefact) in capsys.readouterr().out and "loss_background" not in row.history[-1]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["-p", "cgn_weights", "published"], "nothing is trained: give -p cgn_weights ''"),
        (["--ablation", "edge"], "choose one of none, shape, text, bg, rec"),
    ],
)
def test_mistakes_are_one_line(params, more, message, capsys):
    assert main([*COMMAND, *more]) == 2
    assert message in capsys.readouterr().err
    assert main(["train-cgn", "smoke/colored_mnist"]) == 2
    assert "trained by its notebooks" in capsys.readouterr().err


def test_processes_without_a_gpu_each_stop(params, monkeypatch):
    pytest.importorskip("accelerate", reason="accelerate is not installed")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UserError, match="2 processes were started and 1 found"):
        several_processes._accelerator(params.model_copy(update={"device": "cuda"}), 2)
