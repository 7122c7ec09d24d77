"""Runs with other parameters stand beside the run of their parameter file."""

from cgnlib.report import variations
from cgnlib.report.record_reading import intact_runs

ACCURACY = ("ODR-1", "CGN", "test_accuracy")


def page(folders):
    staged = {f"results/smoke/colored_mnist/{folder.name}" for folder in folders}
    return variations.page(intact_runs("smoke")[0], staged)


def test_a_column_per_run_and_what_it_changes_above(write_run):
    write_run("odr", [(*ACCURACY, 80.0, (78.0, 82.0)), ("ODR-1", "GAN", "m", 0.5, None)])
    near = write_run("odr", [(*ACCURACY, 81.0, (79.0, 83.0))], other=True, seed=1)
    far = write_run("odr", [(*ACCURACY, 20.0, (18.0, 22.0))], other=True, cf_ratio=5)
    text = page([near, far])
    assert "`seed` 1 instead of 0" in text and "`cf_ratio` 5 instead of 10" in text
    assert f"</results/smoke/colored_mnist/{far.name}>" in text
    row = next(line for line in text.splitlines() if line.startswith("| ODR-1, CGN"))
    assert "80.00 % [78.00, 82.00]" in row
    assert "**20.00 % [18.00, 22.00]**" in row and "**81.00" not in row
    lonely = next(line for line in text.splitlines() if line.startswith("| ODR-1, GAN"))
    assert lonely.count("MISSING: not measured") == 2


def test_a_preset_that_was_not_run_is_missing(write_run):
    other = write_run("hqc", [("HQC-1", "CGN", "m", 0.5, None)], other=True, seed=1)
    assert "MISSING: not run" in page([other])
    assert "the parameter file itself was not run" in page([other])


def test_many_runs_are_shown_in_several_tables(write_run):
    write_run("odr", [(*ACCURACY, 80.0, None)])
    others = [
        write_run("odr", [(*ACCURACY, 80.0 + seed, None)], other=True, seed=seed)
        for seed in range(1, 6)
    ]
    text = page(others)
    assert text.count("| Number | Parameter file |") == 2
    assert all(f"| @{folder.name.partition('@')[2]}" in text for folder in others)


def test_no_such_run_makes_no_page(write_run):
    folder = write_run("odr", [(*ACCURACY, 80.0, None)])
    assert page([folder]) == ""
    write_run("odr", [(*ACCURACY, 80.0, None)], other=True, seed=1)
    assert page([]) == ""  # its page is not in the book
