"""Edge-loss runs: paired, counted by one rule, kept, and refused where nothing would differ."""

from functools import partial

import numpy as np
import pytest
import torch

import presets
from cgnlib import mnist
from cgnlib.errors import UserError
from cgnlib.pipelines.mnist import edge, generate

smoke = partial(presets.smoke, "colored_mnist")


def test_runs_with_and_without_are_counted_and_kept(workplace, monkeypatch):
    params = smoke()
    found = mnist.edge_runs(params)
    assert [made.setting for made in found] == ["original", "with edge loss"]
    assert all(made.whole.shape == (2, 10) and made.steps == 4 for made in found)
    assert len({str(one) for made in found for one in made.artefacts}) == 4
    monkeypatch.setattr(edge, "CgnMethod", None)  # nothing is trained twice
    again = mnist.edge_runs(params)
    assert all((a.whole == b.whole).all() for a, b in zip(found, again, strict=True))


def test_runs_of_one_number_share_everything_but_the_loss(workplace, monkeypatch):
    made = []
    method = edge.CgnMethod

    def watched(*args):
        made.append(method(*args))
        return made[-1]

    monkeypatch.setattr(edge, "CgnMethod", watched)
    monkeypatch.setattr(edge, "fit", lambda *_, **__: None)
    mnist.edge_runs(smoke())
    first = [one.cgn.label_emb.weight for one in made]
    assert [one.settings.weight_edge for one in made] == [0.0, 0.0, 10.0, 10.0]
    assert torch.equal(first[0], first[2]) and torch.equal(first[1], first[3])
    assert not torch.equal(first[0], first[1])


def test_nothing_runs_unless_asked_for(workplace):
    assert mnist.edge_runs(smoke(edge_runs=0)) == []
    with pytest.raises(UserError, match="weight_edge is 0"):
        mnist.edge_runs(smoke(weight_edge=0.0))


def test_other_seeds_train_other_runs(workplace, monkeypatch):
    seeds = []
    monkeypatch.setattr(
        edge, "_edge_run", lambda p, _w, number, *_: seeds.append(p.seed * 2 + number) or ([1], 0)
    )
    for seed in (0, 1):
        mnist.edge_runs(smoke(seed=seed))
    assert seeds == [0, 1, 0, 1, 2, 3, 2, 3]


def test_the_numbers_of_a_page():
    whole = np.zeros((3, 10), dtype=bool)
    whole[0, :8], whole[1, :10], whole[2, :9] = True, True, True
    numbers = {
        metric: (value, unit, count, interval)
        for metric, value, unit, count, interval, _ in edge.EdgeRuns(
            "original", 700, whole, []
        ).numbers()
    }
    value, unit, count, (low, high) = numbers["correct_digits"]
    assert (value, unit, count) == (9.0, "digits", 3)
    reach = 4.302653 * 1 / 3**0.5  # t of two degrees of freedom, standard deviation 1
    assert (low, high) == pytest.approx((9 - reach, 9 + reach), abs=1e-5)
    runs = [numbers[f"runs_{correct}_correct"][0] for correct in range(11)]
    assert runs == [0] * 8 + [1, 1, 1]
    assert numbers["updates"][0] == 700


def test_digits_are_measured_on_a_hundred_masks_each(workplace):
    params = smoke()
    model = mnist.cgn(params).model
    judge, _ = generate.reader(params)
    found = edge.measure_digits(model, judge, 0, "cpu")
    assert {len(found[name]) for name in ("readable", "border", "whole")} == {10}
    assert all(0 <= share <= 1 and round(share * 100, 6) % 1 == 0 for share in found["readable"])
