"""Which interventional images there are, and that making them keeps labels, edits and pixels."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from cgnlib.errors import UserError
from cgnlib.generators import interventions
from cgnlib.generators.ganspace import Directions, edit
from cgnlib.generators.intervention_draws import draw_interventions, intervention_rows
from cgnlib.generators.intervention_ranges import PUBLISHED, SCENES9, even_ranges
from cgnlib.generators.interventions import InterventionSettings, observational
from cgnlib.networks.biggan import SCENES9 as LAYOUT
from cgnlib.networks.biggan import truncated_noise
from cgnlib.rng import rng

RANGES = ((-1.0, 2.0), (3.0, 5.0), (-4.0, -2.0), (-1.0, 1.0))
SETTINGS = InterventionSettings(components=4, edits=3, ranges=RANGES, batch=7)


class Painter(nn.Module):
    """Images whose channels are the first three numbers of the noise, over ten times the class."""

    def __init__(self):
        super().__init__()
        self.layout = replace(LAYOUT, z=4, classes=3)
        self.weight = nn.Parameter(torch.zeros(1))
        self.truncations = []

    def forward(self, z, labels, truncation):
        self.truncations.append(truncation)
        values = z[:, :3] / 10 / (1 + labels[:, None])
        return values[:, :, None, None].expand(-1, -1, 2, 2)


DIRECTIONS = Directions(torch.eye(4), torch.zeros(4), torch.ones(4))


def rows(chosen, count, seed=0, classes=(0, 1, 2)):
    return list(intervention_rows(chosen, classes, seed, range(count)))


def test_classes_take_turns_and_every_noise_has_its_edits():
    made = rows(SETTINGS, 36)
    assert [row[0] for row in made] == [0, 1, 2] * 12
    assert [row[3] for row in made[::3]] == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]
    for label in range(3):
        for number in range(4):
            picked = [row[1] for row in made if (row[0], row[3]) == (label, number)]
            assert len(set(picked)) == 3  # different directions
    assert {row[1] for row in made} == {0, 1, 2, 3}
    assert all(RANGES[row[1]][0] <= row[2] <= RANGES[row[1]][1] for row in made)


def test_positions_are_uniform_in_the_range():
    chosen = replace(SETTINGS, edits=1, components=1)
    drawn = torch.tensor([row[2] for row in rows(chosen, 3000)])
    counts = torch.histc(drawn, 6, -1, 2)
    assert drawn.min() >= -1 and drawn.max() <= 2
    assert (counts - 500).abs().max() < 90  # four standard deviations


def test_steps_cut_the_range_in_equal_parts():
    chosen = replace(SETTINGS, edits=2, steps=5)
    made = rows(chosen, 30, classes=(1,))
    for start in range(0, 30, 5):
        part = made[start : start + 5]
        assert len({row[1] for row in part}) == 1
        low, high = RANGES[part[0][1]]
        places = [(row[2] - low) / (high - low) * 5 for row in part]
        assert [int(place) for place in places] == [0, 1, 2, 3, 4]


def test_ranges_scale():
    half, full = rows(replace(SETTINGS, scale_percent=50.0), 30), rows(SETTINGS, 30)
    for small, large in zip(half, full, strict=True):
        assert small[:2] == large[:2] and small[2] == pytest.approx(large[2] / 2)


def test_directions_may_be_left_out():
    chosen = replace(SETTINGS, without=(0, 2), edits=2)
    assert {row[1] for row in rows(chosen, 60)} == {1, 3}


@settings(max_examples=20, deadline=None)
@given(start=st.integers(0, 40), count=st.integers(1, 20), edits=st.integers(0, 4))
def test_any_part_is_part_of_the_whole(start, count, edits):
    chosen = replace(SETTINGS, edits=edits)
    whole = draw_interventions(chosen, (0, 2), 4, 5, range(60))
    part = draw_interventions(chosen, (0, 2), 4, 5, range(start, start + count))
    for one, other in zip(part, whole, strict=True):
        assert torch.equal(one, other[start : start + count])


def test_observational_images_show_the_noise_that_interventions_edit():
    plain = draw_interventions(observational(1.0), (0, 1), 4, 3, range(6))
    assert plain.component.tolist() == [-1] * 6 and plain.delta.tolist() == [0.0] * 6
    assert plain.noise.tolist() == [0, 0, 1, 1, 2, 2]
    edited = draw_interventions(SETTINGS, (0, 1), 4, 3, range(18))
    for place in range(18):
        same = (plain.labels == edited.labels[place]) & (plain.noise == edited.noise[place])
        assert torch.equal(edited.z[place], plain.z[same][0])
    half = draw_interventions(observational(0.5), (0, 1), 4, 3, range(6))
    torch.testing.assert_close(half.z, plain.z / 2)
    other = draw_interventions(observational(1.0), (0, 1), 4, 4, range(6))
    assert not torch.equal(other.z, plain.z)


def test_images_are_those_of_the_edited_noise():
    painter = Painter()
    made = interventions.interventional_images(painter, DIRECTIONS, SETTINGS, 6, 3)
    assert made.images.dtype == torch.uint8 and made.images.shape == (18, 3, 2, 2)
    assert len(made) == 18 and painter.truncations == [1.0] * 3  # groups of seven
    drawn = draw_interventions(SETTINGS, range(3), 4, 3, range(18))
    for name in ("labels", "component", "delta", "noise"):
        assert torch.equal(getattr(made, name), getattr(drawn, name))
    z = edit(drawn.z, DIRECTIONS, drawn.component, drawn.delta)
    wanted = ((z[:, :3] / 10 / (1 + drawn.labels[:, None]) + 1) * 127.5).round()
    assert torch.equal(made.images[:, :, 0, 0].float(), wanted)


def test_a_larger_set_contains_the_smaller():
    small, large = (
        interventions.interventional_images(Painter(), DIRECTIONS, SETTINGS, count, 3)
        for count in (2, 5)
    )
    for one, other in zip(vars(small).values(), vars(large).values(), strict=True):
        assert torch.equal(one, other[:6])


def test_plain_samples_and_chosen_classes():
    painter = Painter()
    made = interventions.observational_images(painter, 0.5, 4, 1, classes=(2,), batch=3)
    assert made.labels.tolist() == [2] * 4 and painter.truncations == [0.5, 0.5]
    z = torch.cat([truncated_noise(1, 4, 0.5, rng(1, "exemplar", 2, n)) for n in range(4)])
    wanted = ((z[:, :3] / 30 + 1) * 127.5).round()
    assert torch.equal(made.images[:, :, 1, 1].float(), wanted)


def test_white_stays_white():
    """D37: times 256 and cut off, as published, pure white became 0."""

    class White(Painter):
        def forward(self, z, labels, truncation):
            levels = torch.tensor([-1.0, 1.0, 0.0, 0.9961])
            return levels.view(1, 1, 2, 2).expand(len(z), 3, 2, 2)

    made = interventions.observational_images(White(), 1.0, 1, 0)
    assert made.images[0, 0].tolist() == [[0, 255], [128, 255]]


def test_the_sheet_goes_from_end_to_end_of_each_range():
    sheet = interventions.direction_sheet(
        Painter(), DIRECTIONS, (0, 1), RANGES, (0, 2), seed=0, steps=3
    )
    assert sheet.shape == (2, 2, 3, 2, 2, 3)
    wanted = ((torch.tensor([-1.0, 0.5, 2.0]) / 10 + 1) * 127.5).round().tolist()
    assert sheet[0, 0, :, 0, 0, 0].tolist() == wanted
    assert len(sheet[0, 0, :, 0, 0, 1].unique()) == 1  # another direction stays
    wanted = ((torch.tensor([3.0, 4.0, 5.0]) / 30 + 1) * 127.5).round().tolist()
    assert sheet[1, 1, :, 0, 0, 1].tolist() == wanted


def test_ranges_are_data():
    assert len(PUBLISHED) == 60
    assert PUBLISHED[:7] == ((-3, 3), (-4, 2), (-3, 3), (-4, 3), (-3, 5), (-4, 4), (-5, 5))
    assert [PUBLISHED[i] for i in (18, 25, 51, 57, 59)] == [
        (-5, 10), (-7, 10), (6, 12), (-12, 15), (-10, 12)
    ]  # fmt: skip
    assert len(SCENES9) == 40 and all(low < 0 < high for low, high in SCENES9)
    assert even_ranges(2, 12) == ((-12.0, 12.0), (-12.0, 12.0))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"truncation": 1.5}, "truncation 1.5: choose one above 0"),
        ({"steps": 0}, "steps must be above 0"),
        ({"scale_percent": 0.0}, "scale_percent and batch must be above 0"),
        ({"edits": 5}, "5 different directions per noise asked for, there are 4"),
        ({"without": (1, 2)}, "3 different directions per noise asked for, there are 2"),
        ({"ranges": RANGES[:3]}, "4 directions need a range each: 3 are given"),
        ({"ranges": (*RANGES[:3], (1.0, 1.0))}, "range of direction 3: 1.0 must lie below 1.0"),
    ],
)
def test_settings_that_cannot_be(changes, message):
    with pytest.raises(UserError, match=message):
        replace(SETTINGS, **changes)


def test_what_a_generator_does_not_have():
    with pytest.raises(UserError, match="class 3: the generator's run from 0 to 2"):
        interventions.interventional_images(Painter(), DIRECTIONS, SETTINGS, 1, 0, classes=(3,))
    few = Directions(torch.eye(4)[:3], torch.zeros(4), torch.ones(3))
    for given_directions, count in ((few, 3), (None, 0)):
        with pytest.raises(UserError, match=f"4 directions asked for, {count} are given"):
            interventions.interventional_images(Painter(), given_directions, SETTINGS, 1, 0)
