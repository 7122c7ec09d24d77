"""Two things side by side: found by folder or hash, lined up number by number."""

import json

import pytest

from cgnlib import store
from cgnlib.__main__ import main
from cgnlib.errors import UserError
from cgnlib.report import compare, compare_text
from cgnlib.report.compare import Number, Pair

ACCURACY = ("ODR-1", "CGN", "test_accuracy")


@pytest.fixture
def runs(write_run):
    """A preset's run and one with two changed parameters."""
    first = write_run(
        "odr",
        [(*ACCURACY, 80.0, (78.0, 82.0)), ("ODR-1", "CGN", "train_accuracy", 90.0, None),
         ("ODR-1", "Original", "test_accuracy", 20.0, (18.0, 22.0))],
    )  # fmt: skip
    second = write_run(
        "odr",
        [(*ACCURACY, 85.5, (83.0, 88.0)), ("ODR-1", "CGN", "train_accuracy", 91.0, None),
         ("ODR-1", "GAN", "test_accuracy", 10.0, None)],
        other=True, cf_ratio=5, seed=3,
    )  # fmt: skip
    return first, second


def test_numbers_are_lined_up_and_the_lonely_ones_listed(runs):
    made = compare.compare(*(compare.find(str(folder)) for folder in runs))
    assert made.params == [("seed", 0, 3), ("cf_ratio", 10, 5)]
    by_key = {pair.key: pair for pair in made.pairs}
    assert by_key[ACCURACY].difference == 5.5
    assert by_key[ACCURACY].overlap is False
    assert by_key["ODR-1", "CGN", "train_accuracy"].overlap is None
    assert made.only_first == [("ODR-1", "Original", "test_accuracy")]
    assert made.only_second == [("ODR-1", "GAN", "test_accuracy")]


def test_a_later_parameter_that_is_not_named_has_the_value_of_before():
    assert compare.differing({"a": 1}, {"a": 1, "cf_tint": 0.0}) == []
    assert compare.differing({"a": 1}, {"a": 1, "cf_tint": 0.1}) == [("cf_tint", 0.0, 0.1)]
    assert compare.differing({"cf_tint": 0.1}, {}) == [("cf_tint", 0.1, 0.0)]


@pytest.mark.parametrize(
    ("ends", "overlap"), [((82.0, 84.0), True), ((82.1, 84.0), False), ((70.0, 78.0), True)]
)
def test_intervals_that_touch_overlap(ends, overlap):
    first = Number(80.0, "%", 78.0, 82.0)
    second = Number(sum(ends) / 2, "%", *ends)
    assert Pair(ACCURACY, first, second).overlap is overlap
    assert Pair(ACCURACY, second, first).overlap is overlap


def test_a_run_is_found_by_folder_short_folder_and_hash(runs):
    second = runs[1]
    name = f"smoke/colored_mnist/{second.name}"
    for reference in (str(second), name, second.name, second.name.partition("@")[2]):
        assert compare.find(reference).name == name


def test_a_hash_that_two_runs_share_is_refused(write_run):
    for notebook in ("odr", "hqc"):
        folder = write_run(notebook, [(*ACCURACY, 80.0, None)], other=True, seed=4)
    with pytest.raises(UserError, match=r"several things: .*hqc@.*odr@"):
        compare.find(folder.name.partition("@")[2])


def test_artefacts_show_their_keys_costs_and_last_logged_row(workplace):
    def make(folder):
        (folder / "metrics.jsonl").write_text('{"step": 1, "loss": 4.0}\n{"step": 2, "loss": 3}\n')

    made = [
        store.train_or_load("cgn", 1, {"seed": seed, "cgn_width": 4}, make, lambda folder: None)[1]
        for seed in (0, 1)
    ]
    found = compare.compare(compare.find(made[0].hash), compare.find(str(made[1])))
    assert found.params == [("seed", 0, 1)]
    values = {pair.key[2]: pair.first.value for pair in found.pairs}
    assert (values["step"], values["loss"]) == (2.0, 3.0)
    assert {"seconds", "peak_memory_mb"} <= set(values)


def test_what_is_not_there_or_of_another_kind_is_an_error(runs, workplace):
    for reference in ("nothing", "0123456789", "0123456789ab", str(workplace)):
        with pytest.raises(UserError, match="no finished run or artefact"):
            compare.find(reference)
    _, artefact = store.train_or_load("cgn", 1, {"seed": 0}, lambda _: None, lambda _: None)
    with pytest.raises(UserError, match="compare two runs or two artefacts"):
        compare.compare(compare.find(str(runs[0])), compare.find(artefact.hash))


def test_every_form_says_the_same(runs, tmp_path, capsys):
    words = ["compare", *map(str, runs)]
    assert main(words) == 0
    text = capsys.readouterr().out
    assert main([*words, "--markdown"]) == 0
    markdown = capsys.readouterr().out
    assert main([*words, "--html", str(tmp_path / "c.html")]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "c.html")
    html = (tmp_path / "c.html").read_text()
    for shown in (text, markdown, html):
        for cell in ("cf_ratio", "+5.50", "apart", "85.50 % [83.00, 88.00]", "GAN, test accuracy"):
            assert cell in shown
    assert main([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["params"] == [
        {"name": "seed", "a": 0, "b": 3},
        {"name": "cf_ratio", "a": 10, "b": 5},
    ]
    assert told["numbers"][0]["difference"] == 5.5 and told["numbers"][0]["overlap"] is False
    assert told["only_b"][0]["key"] == ["ODR-1", "GAN", "test_accuracy"]


def test_html_shows_text_as_text(write_run):
    sides = [
        compare.run_side(compare.read_run(write_run("odr", [("E", "<b>&", "m", 0.5, None)])))
    ] * 2
    assert "&lt;b&gt;&amp;" in compare_text.as_html(compare.compare(*sides))
