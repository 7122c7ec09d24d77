"""Published numbers are complete, unique and read strictly."""

import re

import pytest
import yaml

from cgnlib.datasets import MNIST_DATASETS
from cgnlib.errors import UserError
from cgnlib.paths import project_root
from cgnlib.report import published


def value(source, table, dataset, setting, metric, experiment="ODR-1"):
    return next(
        row.value
        for row in published.rows(experiment, dataset, metric, source)
        if (row.table, row.setting) == (table, setting)
    )


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        (("P", "Table 2", "colored_mnist", "Original+CGN", "test_accuracy"), 95.1),
        (("P", "Table 2", "double_colored_mnist", "IRM (5 envs)", "test_accuracy"), 78.9),
        (("P", "Table 2", "wildlife_mnist", "LNTL", "train_accuracy"), 99.9),
        (("R1", "Table 3", "wildlife_mnist", "Original+CGN", "test_accuracy"), 62.8),
        (("R1", "stored runs", "colored_mnist", "GAN", "test_accuracy"), 31.33),
        (("R2", "Table 3", "wildlife_mnist", "CGN (retrained)", "test_accuracy"), 75.28),
        (("R1", "Figure 10", "wildlife_mnist", "1e5, ratio 20", "test_accuracy", "ODR-2"), 82.58),
        (
            (
                "P",
                "Table 5",
                "double_colored_mnist",
                "OCC at 100 % correlation",
                "test_accuracy",
                "ODR-5",
            ),
            65.05,
        ),
        (
            ("R1", "stored runs", "double_colored_mnist", "trained on CF", "mean_iou", "EXT-2"),
            0.426,
        ),
        (("R2", "Table 4", "wildlife_mnist", "retrained + SSIM", "test_accuracy", "EXT-5"), 77.64),
        (
            (
                "R2",
                "Table 6",
                "double_colored_mnist",
                "retrained + jitter (legacy)",
                "test_accuracy",
                "EXT-6",
            ),
            78.56,
        ),
        (("R1", "Appendix C", "colored_mnist", "with edge loss", "test_accuracy", "HQC-7"), 89.8),
        (("P", "Table 1", "imagenet", "rec", "inception_score", "IBR-1"), 38.39),
    ],
)
def test_known_numbers(address, expected):
    assert value(*address) == expected


@pytest.mark.parametrize(
    ("experiment", "source", "metric", "count"),
    [
        ("ODR-1", "P", "test_accuracy", 17),
        ("ODR-1", "P", "train_accuracy", 17),
        ("ODR-1", "R1", "test_accuracy", 30),
        ("ODR-1", "R2", "test_accuracy", 12),
        ("ODR-2", "R1", "test_accuracy", 33),
        ("ODR-5", "P", "test_accuracy", 9),
        ("EXT-2", "R1", "mean_iou", 6),
        ("EXT-5", "R2", "test_accuracy", 9),
        ("EXT-6", "R2", "test_accuracy", 6),
        ("HQC-1", "M", None, 9),
    ],
)
def test_every_row_is_there(experiment, source, metric, count):
    assert len(published.rows(experiment, metric=metric, source=source)) == count


@pytest.mark.parametrize(
    ("setting", "runs", "mean"), [("original", 47, 5.62), ("with edge loss", 20, 8.90)]
)
def test_the_edge_loss_histogram_agrees_with_its_mean(setting, runs, mean):
    counts = {
        int(re.search(r"\d+", row.metric).group()): row.value
        for row in published.rows("HQC-7")
        if row.setting == setting and row.metric.startswith("runs_")
    }
    assert sorted(counts) == list(range(3, 11))
    assert sum(counts.values()) == runs
    assert round(sum(k * v for k, v in counts.items()) / runs, 2) == mean


def test_text_of_a_row():
    shown = {
        (row.experiment, row.dataset, row.setting, row.metric): row.text
        for row in published.published().rows
        if row.table != "stored runs"
    }
    assert (
        shown["ODR-1", "double_colored_mnist", "Original+CGN (released)", "test_accuracy"]
        == "92.29"
    )
    assert shown["ODR-1", "double_colored_mnist", "Original", "train_accuracy"] == "100.0"
    assert (
        shown["ODR-5", "double_colored_mnist", "SC at 90 % correlation", "test_accuracy"]
        == "85.05 ± 0.12"
    )
    assert shown["HQC-1", "wildlife_mnist", "CGN", "mask_mean"] == "0.11\u20130.22"


def test_keys_are_unique_and_experiments_known():
    rows = published.published().rows
    assert len({row.key for row in rows}) == len(rows)
    known = {experiment.id for experiment in published.published().experiments}
    unpublished = {"HQC-2", "HQC-3", "HQC-4", "HQC-5", "HQC-6", "IBR-2", "IBR-4", "EXT-1", "EXT-3",
                   "EXT-7", "GENINT-2", "GENINT-3", "GENINT-8", "GENINT-13"}  # fmt: skip
    assert {row.experiment for row in rows} == known - unpublished


@pytest.mark.parametrize("dataset", MNIST_DATASETS)
def test_the_published_recipe_names_each_parameter_once(dataset):
    names = [name for entry in published.recipe(dataset) for name in entry.values]
    assert len(names) == len(set(names))
    steps = {"colored_mnist": 56_250, "double_colored_mnist": 46_875, "wildlife_mnist": 46_875}
    cgn = published.recipe(dataset, ("cgn",))
    values = {name: value for entry in cgn for name, value in entry.values.items()}
    assert values["cgn_steps"] == steps[dataset]
    assert "classifier_lr" not in values


def changed(tmp_path, change):
    """The project's file with ``change`` applied to its parsed content."""
    content = yaml.safe_load((project_root() / "params" / "published.yaml").read_text())
    change(content)
    path = tmp_path / "published.yaml"
    path.write_text(yaml.safe_dump(content))
    return path


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c["tables"][0].update(valeu=1), "tables.0.valeu"),
        (lambda c: c["tables"][0]["rows"].append(c["tables"][0]["rows"][0]), "is given twice"),
        (lambda c: c["tables"][0].update(source="R9"), "unknown source"),
        (lambda c: c["tables"][0]["rows"][0].update(dataset="mnsit"), "dataset"),
        (
            lambda c: c["tables"][0]["rows"][0].update(values={"test_accuracy": "89"}),
            "test_accuracy",
        ),
        (
            lambda c: c["tables"][0]["rows"][0].update(values={"m": {"low": 2.0, "high": 1.0}}),
            "low",
        ),
        (lambda c: c["tables"][0]["rows"][0].update(values={"m": {"low": 2.0}}), "low and high"),
        (lambda c: c["recipe"][0].update(values={"cgn_step": 1}), "did you mean 'cgn_steps'"),
        (lambda c: c.pop("recipe"), "recipe"),
    ],
)
def test_a_wrong_file_is_one_clear_line(tmp_path, change, message):
    with pytest.raises(UserError, match=message) as error:
        published.load(changed(tmp_path, change))
    assert "\n" not in str(error.value)
    assert "published.yaml" in str(error.value)


def test_a_key_given_twice_names_its_line(tmp_path):
    path = tmp_path / "published.yaml"
    path.write_text("sources: {}\nexperiments: []\nsources: {}\n")
    with pytest.raises(UserError, match="line 1.*'sources' is given twice"):
        published.load(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match="nowhere.yaml"):
        published.load(tmp_path / "nowhere.yaml")


def test_a_stand_in_is_shown_what_was_published_for_another_dataset():
    scores = published.rows("IBR-1", "scenes9", "inception_score", "P")
    assert scores == published.rows("IBR-1", "imagenet", "inception_score", "P") and scores
    assert published.rows("ODR-1", "scenes9") == []
    assert not any(entry.dataset is None for entry in published.recipe("scenes9"))


def test_an_experiment_has_one_entry_per_dataset(tmp_path):
    text = (project_root() / "params" / "published.yaml").read_text()
    again = "experiments:\n  - {id: HQC-1, claim: HQC, page: hqc, title: Again}\n"
    path = tmp_path / "published.yaml"
    path.write_text(text.replace("experiments:\n", again, 1))
    with pytest.raises(UserError, match="HQC-1 is listed twice for colored_mnist"):
        published.load(path)
