"""Names find their ImageNet index, and a misspelt one its neighbours."""

import pytest

from cgnlib.data.class_names import class_index, class_triples, imagenet_classes
from cgnlib.errors import UserError


def test_the_table_is_imagenets():
    names = imagenet_classes()
    assert len(names) == len(set(names)) == 1000
    known = {0: "tench", 207: "golden retriever", 814: "speedboat", 999: "toilet tissue"}
    assert {index: names[index] for index in known} == known


def test_names_in_any_case_and_the_papers_words():
    assert class_index(" School Bus ") == 779
    assert class_index("panda") == 388 and class_index("Offshore Rig") == 540
    assert class_index("bird", ("dog", "bird")) == 1


def test_an_unknown_name_says_what_is_near():
    with pytest.raises(UserError, match="no class called 'cauliflowr' among 1000: nearest are ca"):
        class_index("cauliflowr")
    with pytest.raises(UserError, match="no class called 'panda' among 2: names look like 'dog'"):
        class_index("panda", ("dog", "bird"))


def test_triples():
    assert class_triples(["school bus/panda/geyser"]) == [(779, 388, 974)]
    assert class_triples(["dog/bird/dog"], ("dog", "bird")) == [(0, 1, 0)]
    with pytest.raises(UserError, match="'dog/bird' is no triple"):
        class_triples(["dog/bird"], ("dog", "bird"))
