"""Wildlife textures are told apart by their pattern, not by their mean colour alone."""

import pytest

from cgnlib import mnist
from presets import smoke


@pytest.fixture(scope="module")
def readings(tmp_path_factory):
    params = smoke("wildlife_mnist", texture_steps=350)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CGN_RUNS", str(tmp_path_factory.mktemp("runs")))
        return {reading.family: reading for reading in mnist.texture_readings(params)}


@pytest.mark.parametrize("family", ["striped", "veined"])
def test_a_small_network_reads_them_and_mean_colour_does_not(readings, family):
    assert 30 < readings[family].mean_colour <= 75
    assert readings[family].network > 98  # 99 after the steps of the embedded scale
    assert readings[family].crops == 3000


def test_plain_colours_have_no_textures_to_read():
    assert mnist.texture_readings(smoke("colored_mnist")) == []
