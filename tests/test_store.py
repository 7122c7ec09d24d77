"""Artefacts are made once, survive anything, and damage is named."""

import json
import multiprocessing
import os
import time

import pytest

from cgnlib import store
from cgnlib.errors import UserError

KEY = {"seed": 0, "threads": 1}


def _make(folder):
    store.write_atomic(folder / "value", b"42")


def _load(folder):
    return (folder / "value").read_bytes()


def test_made_once_then_loaded(workplace):
    calls = []

    def make(folder):
        calls.append(1)
        _make(folder)

    first = store.train_or_load("thing", 1, KEY, make, _load)
    second = store.train_or_load("thing", 1, KEY, make, _load)
    assert first[0] == second[0] == b"42"
    assert len(calls) == 1
    assert first[1] == second[1]
    assert second[1].provenance["seconds"] >= 0
    assert {"git_commit", "peak_memory_mb", "processor", "versions"} <= set(second[1].provenance)


def test_the_hash_covers_key_and_version(workplace):
    folders = {
        store.artefact_folder("thing", 1, KEY),
        store.artefact_folder("thing", 2, KEY),
        store.artefact_folder("thing", 1, {**KEY, "seed": 1}),
    }
    assert len(folders) == 3


def test_an_interrupted_make_leaves_no_done_and_continues(workplace):
    def interrupted(folder):
        store.write_atomic(folder / store.PARTIAL, b"half")
        store.add_seconds(folder, 5.0)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.train_or_load("thing", 1, KEY, interrupted, _load)
    seen = []

    def resumed(folder):
        seen.append((folder / store.PARTIAL).read_bytes())
        _make(folder)

    _, artefact = store.train_or_load("thing", 1, KEY, resumed, _load)
    assert seen == [b"half"]
    assert artefact.provenance["seconds"] >= 5.0  # both attempts count
    assert not (artefact.folder / store.PARTIAL).exists()


@pytest.mark.parametrize("fault", ["flipped", "missing", "done"])
def test_damage_is_an_error_that_says_what_to_delete(workplace, fault):
    _, artefact = store.train_or_load("thing", 1, KEY, _make, _load)
    if fault == "flipped":
        (artefact.folder / "value").write_bytes(b"43")
    elif fault == "missing":
        (artefact.folder / "value").unlink()
    else:
        (artefact.folder / "done").write_text("{")
    with pytest.raises(UserError, match=f"delete {artefact.folder} and run again"):
        store.train_or_load("thing", 1, KEY, _make, _load)


def test_atomic_write_keeps_the_old_file_when_the_disk_is_full(tmp_path, monkeypatch):
    path = tmp_path / "file"
    store.write_atomic(path, b"old")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(
        UserError, match=r"cannot write .*file: No space left on device; free space"
    ):
        store.write_atomic(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]  # nothing half-written beside it


def _slow_make(folder):
    time.sleep(1.0)
    with open(folder.parent / "made", "a") as handle:
        handle.write("x")
    _make(folder)


def _ask():
    store.train_or_load("thing", 1, KEY, _slow_make, _load)


def test_two_processes_train_once(workplace):
    context = multiprocessing.get_context("fork")
    askers = [context.Process(target=_ask) for _ in range(2)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join(30)
    assert [asker.exitcode for asker in askers] == [0, 0]
    assert (workplace / "runs" / "thing" / "made").read_text() == "x"


def test_done_lists_the_hash_of_every_file(workplace):
    _, artefact = store.train_or_load("thing", 1, KEY, _make, _load)
    listed = json.loads((artefact.folder / "done").read_text())["sha256"]
    assert set(listed) == {"value", "params.yaml", "provenance.json"}
    assert listed["value"] == store.file_sha256(artefact.folder / "value")
