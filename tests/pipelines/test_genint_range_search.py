"""Ranges of scenes9's directions: the search by a known reader, and the stored ones."""

import pytest
import torch

from cgnlib.generators.ganspace import directions_of
from cgnlib.generators.intervention_ranges import SCENES9
from cgnlib.networks.shipped import shipped
from cgnlib.pipelines.genint_scenes9 import range_search
from cgnlib.pipelines.genint_scenes9.range_search import RangeSearch, measured_range


@pytest.mark.parametrize(
    ("agreed", "expected"),
    [
        (lambda to: 1.0, (-2.0, 2.0)),
        (lambda to: 1.0 if -1.2 < to < 1.6 else 0.5, (-1.0, 1.5)),
        (lambda to: 0.0, (-0.5, 0.5)),  # never empty
    ],
)
def test_the_search_stops_where_agreement_ends(agreed, expected, monkeypatch):
    monkeypatch.setattr(range_search, "moved", lambda g, s, m, component, to: (to, None))
    monkeypatch.setattr(range_search, "class_agreement", lambda to, labels: agreed(to))
    assert measured_range(None, RangeSearch(furthest=2.0), None, 0, 0.9) == expected


def test_images_keep_their_class_within_the_stored_ranges():
    generator, search = shipped("generator"), RangeSearch(images=18, seed=1)
    made = directions_of(generator)
    assert len(made) == len(SCENES9)
    plain = range_search.class_agreement(*range_search.moved(generator, search, made, -1, 0.0))
    ends = [
        range_search.class_agreement(*range_search.moved(generator, search, made, component, to))
        for component in (0, 6, 20)
        for to in SCENES9[component]
    ]
    assert plain > 0.9 and min(ends) > 0.75 * plain
    assert torch.tensor(ends).mean() > 0.9 * plain
