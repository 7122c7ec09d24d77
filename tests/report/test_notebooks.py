"""Notebook sources: clean, short cells, and parameters that are the model's own."""

import ast
import itertools
import json
import re
from importlib import import_module
from types import ModuleType

import pytest

from cgnlib.families import FAMILIES, family_of_notebook, parameter_file
from cgnlib.parameter_reading import listed_parameters, load_params
from cgnlib.paths import project_root

FAMILY = FAMILIES["mnist"].reading_order
PAGES = tuple(name for family in FAMILIES.values() for name in family.reading_order)
NAMES = (*PAGES, "summary")


def notebook(name):
    return json.loads((project_root() / "book" / f"{name}.ipynb").read_text())


def code_cells(name):
    return [cell for cell in notebook(name)["cells"] if cell["cell_type"] == "code"]


def is_parameters(cell):
    return "parameters" in cell["metadata"].get("tags", [])


@pytest.mark.parametrize("name", NAMES)
def test_sources_carry_no_outputs_and_stable_ids(name):
    source = notebook(name)
    ids = [cell["id"] for cell in source["cells"]]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z0-9-]{1,24}", name) for name in ids), ids
    for cell in code_cells(name):
        assert (cell["outputs"], cell["execution_count"]) == ([], None)
    assert source["metadata"]["kernelspec"]["name"] == "python3"


@pytest.mark.parametrize("name", NAMES)
def test_cells_are_short_and_define_nothing(name):
    for cell in code_cells(name):
        source = "".join(cell["source"])
        if not is_parameters(cell):
            assert len(source.splitlines()) <= 20, source
        assert all(len(line) <= 100 for line in source.splitlines()), source
        defined = [
            node
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda)
        ]
        assert not defined
        assert "matplotlib" not in source
        assert "plt." not in source


@pytest.mark.parametrize("name", NAMES)
def test_a_title_first_parameters_second_and_finish_last(name):
    cells = notebook(name)["cells"]
    assert "".join(cells[0]["source"]).startswith("# ")
    assert is_parameters(cells[1])
    assert sum(is_parameters(cell) for cell in code_cells(name)) == 1
    assert "".join(cells[1]["source"]).startswith("# Default parameters")
    last = "".join(cells[-1]["source"])
    assert last.startswith("run.finish(" if name in PAGES else "records.finish_summary(")


@pytest.mark.parametrize("name", PAGES)
def test_defaults_are_those_of_the_first_embedded_file(name):
    listed = listed_parameters(project_root() / "book" / f"{name}.ipynb")
    family = family_of_notebook(name)
    preset = load_params(parameter_file("embedded", family.datasets[0]))
    assert set(listed) <= set(family.model.model_fields)
    for parameter, default in listed.items():
        assert (parameter, default, type(default)) == (
            parameter,
            getattr(preset, parameter),
            type(getattr(preset, parameter)),
        )


@pytest.mark.parametrize("name", PAGES)
def test_each_parameter_has_one_line_with_its_description(name):
    cell = next(cell for cell in code_cells(name) if is_parameters(cell))
    lines = [line for line in "".join(cell["source"]).splitlines() if not line.startswith("#")]
    names = [line.split(":")[0] for line in lines]
    assert len(names) == len(set(names))
    for parameter, line in zip(names, lines, strict=True):
        comment = line.split("  # ", 1)[1]  # the whole description, or its beginning
        known = family_of_notebook(name).model.model_fields
        assert known[parameter].description.startswith(comment)


def test_no_table_of_the_books_first_page_is_split():
    lines = (project_root() / "book" / "intro.md").read_text().splitlines()
    starts = [i for i, line in enumerate(lines) if line.startswith("|") and not lines[i - 1]]
    assert len(starts) == 4
    for start in starts:
        assert re.fullmatch(r"\|(-+\|)+", lines[start + 1]), lines[start]
        rows = itertools.takewhile(lambda line: line.startswith("|"), lines[start:])
        assert len({row.count("|") for row in rows}) == 1, lines[start]


def test_the_notebooks_list_what_they_are_about():
    listed = {
        name: set(listed_parameters(project_root() / "book" / f"{name}.ipynb")) for name in FAMILY
    }
    always = {
        "dataset",
        "scale",
        "seed",
        "threads",
        "device",
        "digits",
        "digits_dir",
        "textures",
        "textures_dir",
        "weight_edge",
        "perceptual_features",
        "classifier_bf16",
    }
    assert all(always <= names for names in listed.values())
    assert {"oracle_steps", "quality_images"} <= listed["hqc"] & listed["ibr"]
    assert {"cgn_steps", "classifier_steps", "real_frac"} <= listed["odr"]
    assert {"ibr_cgn_steps", "ibr_classifier_steps", "vae_epochs"} <= listed["ibr"]
    assert {"edge_runs", "edge_cgn_steps"} <= listed["hqc"]
    assert {"extension_rows", "extension_cgn_steps"} <= listed["extensions"]
    assert "real_frac" not in listed["extensions"]  # on counterfactuals only
    assert {"explain_images", "tsne_images", "lime_samples"} <= listed["explain"]
    assert not any(name.startswith("ibr_") for name in listed["hqc"] | listed["odr"])
    assert set(listed_parameters(project_root() / "book" / "summary.ipynb")) == {"scale", "family"}


def test_the_imagenet_notebooks_list_what_they_are_about():
    names = FAMILIES["scenes9"].reading_order
    listed = {
        name: set(listed_parameters(project_root() / "book" / f"{name}.ipynb")) for name in names
    }
    always = {"dataset", "seed", "biggan_weights", "features", "weight_l1", "patch_px"}
    assert all(always <= found for found in listed.values())
    assert {"cgn_updates", "quality_images", "score_counts"} <= listed["hqc_imagenet"]
    assert {"ibr_updates", "score_images"} <= listed["ibr_imagenet"]
    assert {"odr_rows", "cf_images", "cgn_updates"} <= listed["odr_imagenet"]
    assert not any(name.startswith(("ibr_", "odr_")) for name in listed["hqc_imagenet"])
    assert "cgn_updates" not in listed["ibr_imagenet"]
    model = FAMILIES["scenes9"].model
    assert set().union(*listed.values()) == set(model.model_fields)  # each is on some page


@pytest.mark.parametrize("name", NAMES)
def test_no_result_is_typed_into_the_text(name):
    for cell in notebook(name)["cells"]:
        if cell["cell_type"] == "markdown":
            assert not re.search(r"\d\d\.\d", "".join(cell["source"]))


@pytest.mark.parametrize("name", NAMES)
def test_what_a_notebook_calls_exists(name):
    """Cells that run at some scales only are not reached by the smoke runs."""
    cells = json.loads((project_root() / "book" / f"{name}.ipynb").read_text())["cells"]
    tree = ast.parse("\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code"))
    modules = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules |= {a.asname or a.name: import_module(a.name) for a in node.names}
        elif isinstance(node, ast.ImportFrom):
            home = import_module(node.module)
            for alias in node.names:
                try:
                    found = getattr(home, alias.name)
                except AttributeError:
                    found = import_module(f"{node.module}.{alias.name}")
                modules[alias.asname or alias.name] = found
    used = [
        (node.value.id, node.attr)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    ]
    for module, attribute in used:
        if isinstance(modules.get(module), ModuleType):
            assert hasattr(modules[module], attribute), f"{module}.{attribute}"
