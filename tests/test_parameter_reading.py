"""Parameters are typed, strict, and the same however a notebook receives them."""

from pathlib import Path

import pytest
import yaml

from cgnlib import families
from cgnlib.errors import UserError
from cgnlib.parameter_reading import listed_parameters, load_params, make_params, read_params
from cgnlib.params import MnistParams

ROOT = Path(__file__).resolve().parents[1]
SCALES = ("smoke", "embedded", "full", "paper")
FILES = [
    families.parameter_file(scale, dataset)
    for scale in SCALES
    for dataset in families.datasets_at(scale)
]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"cgn_step": 10}, "unknown parameter 'cgn_step' (did you mean 'cgn_steps'?)"),
        ({"cgn_lr": "1e-3"}, "YAML reads this spelling as text: write 1.0e-3"),
        ({"cgn_steps": 1.5}, "cgn_steps = 1.5 is wrong"),
        ({"cgn_steps": True}, "cgn_steps = True is wrong"),
        ({"cgn_lr": 5.0}, "less than or equal to 1"),
        ({"dataset": "mnist"}, "dataset = 'mnist' is wrong"),
        ({"mask_low": 0.9}, "mask_low 0.9 must lie below mask_high"),
    ],
)
def test_bad_values_are_one_clear_line(values, says):
    with pytest.raises(UserError) as caught:
        make_params(values, "x.yaml")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_shipped_files_are_valid_and_name_themselves(path):
    params = load_params(path)
    assert (params.scale, params.dataset) == (path.parent.name, path.stem)
    assert type(params) is families.model_of(params.dataset, "here")
    assert set(yaml.safe_load(path.read_text())) <= set(type(params).model_fields)


def test_every_scale_has_every_dataset():
    assert len(FILES) == 6 + 6 + 6 + 6  # three of biased MNIST, scenes9, two of GenInt


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("cgn_lr: 1e-3\n", "write 1.0e-3"),
        ("seed: 1\nseed: 2\n", "seed is given 2 times"),
        ("- a\n- b\n", "expected lines of the form"),
        ("a: [1\n", "not valid YAML"),
    ],
)
def test_bad_files(tmp_path, text, says):
    path = tmp_path / "p.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=says.replace("[", r"\[")) as caught:
        load_params(path)
    assert "p.yaml" in str(caught.value)


def test_missing_file_and_overrides(tmp_path):
    with pytest.raises(UserError, match="No such file"):
        load_params(tmp_path / "none.yaml")
    path = tmp_path / "p.yaml"
    path.write_text("seed: 3\n")
    assert load_params(path, {"cgn_steps": 7}).cgn_steps == 7
    with pytest.raises(UserError, match="did you mean 'seed'"):
        load_params(path, {"sead": 7})


DEFAULTS = (
    "# Default parameters\nseed: int = 0  # s\ncgn_steps: int = 5  # c\nthreads: int = 1  # t\n"
)


def test_values_come_from_the_namespace_and_names_from_the_cells():
    injected = "# Parameters\nseed = 3\ncf_ratio = 2\n"
    space = {
        "In": ["", DEFAULTS, injected, "read"],
        "seed": 3,
        "cgn_steps": 5,
        "threads": 1,
        "cf_ratio": 2,
    }
    params = read_params(space)
    assert (params.seed, params.cgn_steps) == (3, 5)
    assert params.cf_ratio == MnistParams().cf_ratio  # valid, but not listed by this notebook


def test_run_all_twice_gives_the_same_and_ignores_older_injections():
    space = {"seed": 0, "cgn_steps": 5, "threads": 1}
    once = read_params({"In": ["", DEFAULTS, "read"], **space})
    twice = read_params(
        {
            "In": ["", DEFAULTS, "# Parameters\nsead = 1\n", "read", "x = 1", DEFAULTS, "read"],
            **space,
        }
    )
    assert once == twice


@pytest.mark.parametrize(
    ("cells", "where"),
    [
        ([DEFAULTS, "# Parameters\ncgn_step = 10\n"], "injected"),
        ([DEFAULTS + "cgn_step: int = 4\n"], "default"),
    ],
)
def test_a_typo_names_the_nearest_parameter(cells, where):
    space = {"In": ["", *cells, "read"], "seed": 0, "cgn_steps": 5, "threads": 1, "cgn_step": 1}
    with pytest.raises(UserError, match=f"{where} parameters cell: .*did you mean 'cgn_steps'"):
        read_params(space)


def test_read_params_needs_a_notebook_and_its_cell():
    with pytest.raises(UserError, match="in a script use"):
        read_params({})
    with pytest.raises(UserError, match="from its top"):
        read_params({"In": ["", "read"]})


def test_listed_parameters(tmp_path):
    path = tmp_path / "n.ipynb"
    path.write_text(
        '{"cells": [{"cell_type": "code", "source": ["a: int = 1  # x\\n", "b: str = \'q\'"],'
        '"metadata": {"tags": ["parameters"]}}]}'
    )
    assert listed_parameters(path) == {"a": 1, "b": "q"}
    path.write_text('{"cells": []}')
    with pytest.raises(UserError, match="no cell tagged"):
        listed_parameters(path)
    with pytest.raises(UserError, match="not a readable notebook"):
        listed_parameters(tmp_path / "none.ipynb")


def test_a_cgn_without_any_loss_is_refused():
    off = dict.fromkeys(["weight_adversarial", "weight_binary", "weight_mask", "weight_edge"], 0.0)
    with pytest.raises(UserError, match="every loss of the CGN has weight 0"):
        make_params(off, "x.yaml")
