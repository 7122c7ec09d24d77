"""One loop trains, logs, checkpoints and resumes to the same bits."""

import json
import math

import pytest
import torch

from cgnlib import store, training
from cgnlib.errors import UserError


class Walk:
    """A method whose state is a number and a generator."""

    def __init__(self, stop_at=None):
        self.value = torch.zeros(1, dtype=torch.float64)
        self.generator = torch.Generator().manual_seed(0)
        self.stop_at, self.updates = stop_at, 0

    def update(self, batch):
        if self.updates == self.stop_at:
            raise KeyboardInterrupt
        self.updates += 1
        self.value += batch + torch.randn(1, generator=self.generator, dtype=torch.float64)
        return {"value": self.value[0].clone(), "batch": float(batch)}

    def state_dict(self):
        return {"value": self.value, "generator": self.generator.get_state()}

    def load_state_dict(self, state):
        self.value = state["value"]
        self.generator.set_state(state["generator"])


def _fit(method, folder, **more):
    return training.fit(
        method, lambda step: step, 10, folder, label="walk", log_every=4, checkpoint_every=3, **more
    )


def test_interrupted_equals_uninterrupted(tmp_path):
    whole, part, rest = Walk(), Walk(stop_at=7), Walk()
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    rows = _fit(whole, tmp_path / "a")
    with pytest.raises(KeyboardInterrupt):
        _fit(part, tmp_path / "b")
    again = _fit(rest, tmp_path / "b")
    assert rest.updates == 4  # from the checkpoint at step 6
    assert torch.equal(whole.value, rest.value)
    assert rows == again
    assert (tmp_path / "a/metrics.jsonl").read_bytes() == (
        tmp_path / "b/metrics.jsonl"
    ).read_bytes()


def test_rows_hold_means_since_the_row_before(tmp_path):
    rows = _fit(Walk(), tmp_path)
    assert [row["step"] for row in rows] == [4, 8, 10]
    assert [row["batch"] for row in rows] == [1.5, 5.5, 8.5]  # of 0..3, 4..7, 8..9
    assert training.read_metrics(tmp_path) == rows


def test_observations_join_their_rows(tmp_path):
    seen = []
    rows = _fit(
        Walk(), tmp_path, observe_every=5, observe=lambda step: seen.append(step) or {"seen": step}
    )
    assert seen == [0, 5, 10]
    assert [row.get("seen") for row in rows] == [0, None, 5, None, 10]


def test_a_loss_that_is_not_finite_stops_with_one_line(tmp_path):
    method = Walk()
    method.value += math.nan
    with pytest.raises(UserError, match="walk: value is nan at step 4: the training diverged"):
        _fit(method, tmp_path)


def test_a_damaged_checkpoint_is_named(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        _fit(Walk(stop_at=5), tmp_path)
    path = tmp_path / store.PARTIAL
    data = bytearray(path.read_bytes())
    data[-20] ^= 1
    path.write_bytes(data)
    with pytest.raises(UserError, match="training_state.pt is damaged"):
        _fit(Walk(), tmp_path)


def test_epochs_show_every_example_once():
    index = training.EpochIndex(10, 4, 0, "x")
    shown = torch.cat([index(step) for step in range(5)])
    assert sorted(shown[:10].tolist()) == sorted(shown[10:].tolist()) == list(range(10))
    assert shown[:10].tolist() != shown[10:].tolist()
    assert torch.equal(training.EpochIndex(10, 4, 0, "x")(3), index(3))
    assert index.slice(3, 3).tolist() == []


def test_average_follows_by_hand():
    network = torch.nn.Linear(1, 1, bias=False)
    network.weight.data.fill_(1.0)
    ema = training.Ema(network, decay=0.5)
    for value in (8.0, 2.0):  # up to the second update the average is the network
        network.weight.data.fill_(value)
        ema.update()
        assert ema.average.weight.item() == value
    network.weight.data.fill_(4.0)
    ema.update()  # 2 / 3 of the new value: 2 / 3 + 4 * 2 / 3
    assert ema.average.weight.item() == pytest.approx(10 / 3)
    ema.updates = 99
    ema.update()  # 2 / 100 is less than 1 - decay: half of 10 / 3 and half of 4
    assert ema.average.weight.item() == pytest.approx(11 / 3)


def test_metrics_are_json_lines(tmp_path):
    _fit(Walk(), tmp_path)
    for line in (tmp_path / "metrics.jsonl").read_text().splitlines():
        assert json.loads(line)["step"] > 0
