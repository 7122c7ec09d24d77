"""The registry of families: which model, datasets and notebooks belong together."""

from dataclasses import replace
from typing import Literal

import pytest

from cgnlib import families
from cgnlib.errors import UserError
from cgnlib.families import FAMILIES, Family
from cgnlib.parameter_reading import make_params, read_params
from cgnlib.params import MnistParams, Params
from cgnlib.paths import project_root
from cgnlib.report import jobs, request, states, workload
from presets import write_bare_notebook, write_presets


class OtherParams(Params):
    dataset: Literal["squares", "circles"] = "squares"
    squares_px: int = 3


@pytest.fixture
def two_families(monkeypatch):
    other = Family(
        model=OtherParams,
        datasets=("squares", "circles"),
        steps=(("hqc_squares", None), ("ibr_squares", "hqc_squares")),
        reading_order=("ibr_squares", "hqc_squares"),
        only_at={"circles": ("paper",)},
    )
    monkeypatch.setitem(FAMILIES, "squares", other)
    return other


@pytest.fixture
def project(empty_project, two_families):
    write_presets(empty_project, datasets=families.datasets_at("smoke"))
    return empty_project


def test_the_dataset_picks_the_model(two_families):
    made = make_params({"dataset": "circles", "squares_px": 4}, "x")
    assert type(made) is OtherParams and made.squares_px == 4
    assert type(make_params({"dataset": "wildlife_mnist"}, "x")) is MnistParams
    assert type(make_params({}, "x")) is MnistParams  # the first family
    with pytest.raises(UserError, match="unknown parameter 'cgn_steps'"):
        make_params({"dataset": "circles", "cgn_steps": 4}, "x")
    with pytest.raises(
        UserError, match="x: dataset = 'circle' .*wildlife_mnist, .*squares, circles"
    ):
        make_params({"dataset": "circle", "squares_px": 4}, "x")


def test_a_notebook_is_checked_against_the_family_of_its_dataset(two_families):
    cell = "# Default parameters\ndataset: str = 'squares'\nsquares_px: int = 3\n"
    space = {"dataset": "circles", "squares_px": 5}
    made = read_params({"In": ["", cell, "# Parameters\ndataset = 'circles'\n"], **space})
    assert (made.dataset, made.squares_px) == ("circles", 5)
    with pytest.raises(UserError, match="unknown parameter 'square_px' .did you mean 'squares_px'"):
        read_params({"In": ["", cell, "# Parameters\nsquare_px = 5\n"], **space})


def test_every_family_begins_with_the_shared_fields():
    shared = ["dataset", "scale", "seed", "threads", "device"]
    assert list(OtherParams.model_fields) == [*shared, "squares_px"]
    assert list(MnistParams.model_fields)[:5] == shared


def test_datasets_of_one_scale_only(two_families):
    assert families.datasets_at("smoke", "squares") == ("squares",)
    assert families.datasets_at("paper", "squares") == ("squares", "circles")
    assert families.datasets_at("smoke") == (
        *FAMILIES["mnist"].datasets,
        "scenes9",
        "genint_mnist",
        "genint_scenes9",
        "squares",
    )
    assert families.datasets_at("paper", "scenes9") == ("imagenet_mini",)


def test_all_families_run_their_longest_notebook_last(project):
    listed = [(job.notebook, job.dataset) for job in jobs.jobs("smoke", "all")]
    assert len(listed) == 22 and len(set(listed)) == 22
    assert listed[-8:-6] == [("hqc_squares", "squares"), ("ibr", "colored_mnist")]
    assert listed[-4:] == [
        ("odr_imagenet", "scenes9"),
        ("genint", "genint_mnist"),
        ("genint_scenes9", "genint_scenes9"),
        ("ibr_squares", "squares"),
    ]
    assert [job.dataset for job in jobs.jobs("smoke", "squares")] == ["squares"] * 2
    names = [(s.notebook, s.dataset) for s in states.status("smoke", "all")]
    assert names[-3:] == [("ibr_squares", "squares"), ("hqc_squares", "squares"), ("summary", "")]


def test_a_notebook_takes_no_dataset_of_another_family(project):
    for name in ("hqc", "hqc_squares"):
        write_bare_notebook(project / "book" / f"{name}.ipynb", "seed: int = 0")
    with pytest.raises(UserError, match="hqc.ipynb is not for squares: it takes colored_mnist"):
        request.prepare("hqc", "smoke/squares", {})


def test_make_knows_every_family():
    line = f"FAMILIES := {'|'.join(families.names())}\n"
    assert line in (project_root() / "Makefile").read_text()


@pytest.mark.parametrize("name", ["nonsense", "", "genint_mnist", "genint_scenes9"])
def test_families_that_do_not_exist_are_one_line(name):
    with pytest.raises(UserError, match="choose one of mnist, .*all$") as error:
        families.chosen(name)
    assert "\n" not in str(error.value)


def test_every_family_is_complete():
    root = project_root()
    for family in FAMILIES.values():
        notebooks = {notebook for notebook, _ in family.steps}
        assert notebooks == set(family.reading_order)
        assert {needed for _, needed in family.steps} <= {None, *notebooks}
        assert all((root / "book" / f"{notebook}.ipynb").is_file() for notebook in notebooks)
        for scale in ("smoke", "embedded", "full", "paper"):
            for dataset in family.datasets_at(scale):
                assert families.parameter_file(scale, dataset).is_file()
    names = [dataset for family in FAMILIES.values() for dataset in family.datasets]
    assert len(names) == len(set(names))
    assert {family.model for family in FAMILIES.values()} == set(workload.NOTEBOOKS)


def test_families_of_a_group_are_chosen_together(two_families, monkeypatch):
    grouped = replace(two_families, group="genint")
    monkeypatch.setitem(FAMILIES, "squares", grouped)
    assert families.names() == ["mnist", "scenes9", "genint", "all"]
    assert families.chosen("genint") == (
        FAMILIES["genint_mnist"],
        FAMILIES["genint_scenes9"],
        grouped,
    )
    assert families.chosen("scenes9") == (FAMILIES["scenes9"],)
    assert families.datasets_at("paper", "genint") == (
        "genint_mnist",
        "genint_imagenet",
        "squares",
        "circles",
    )
