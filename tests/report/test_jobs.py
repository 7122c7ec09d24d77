"""Which notebooks run, in which order."""

import pytest

from cgnlib.errors import UserError
from cgnlib.report import jobs, states
from cgnlib.report.seeds import parse_seeds
from presets import write_presets


def test_accuracies_come_before_ablations_and_after_the_cgn(project):
    listed = jobs.jobs("smoke")
    names = [(job.notebook, job.dataset) for job in listed]
    assert names[:2] == [("hqc", "colored_mnist"), ("odr", "colored_mnist")]
    assert [notebook for notebook, _ in names[-3:]] == ["ibr"] * 3
    assert {job.needs for job in listed if job.notebook == "odr"} == {"hqc"}
    assert {job.needs for job in listed if job.notebook == "explain"} == {"odr"}
    assert {job.needs for job in listed if job.notebook == "extensions"} == {"odr"}
    assert [job.label for job in listed] == [f"{n}/16" for n in range(1, 16)]
    assert listed[0].threads == 1


def test_each_seed_repeats_every_notebook_after_the_first_is_done(with_notebooks):
    listed = jobs.jobs("smoke", seeds=(0, 4))
    assert [job.seed for job in listed] == [0] * 15 + [4] * 15
    assert [job.name for job in listed[14:16]] == ["ibr_wildlife_mnist", "hqc_colored_mnist_seed4"]
    assert listed[15].words == [
        "run", "hqc", "smoke/colored_mnist", "-p", "seed", "4", "--label", "16/31",
    ]  # fmt: skip
    assert "-p" not in listed[0].words
    assert len({job.stamp for job in listed}) == 30
    assert listed[16].needed == listed[15].stamp and listed[1].needed == listed[0].stamp


def test_a_repetition_goes_where_its_run_publishes_it(with_notebooks):
    from cgnlib.report.request import prepare

    for job in jobs.jobs("smoke", seeds=(0, 4)):
        overrides = {"seed": job.seed} if job.repeats else {}
        request = prepare(job.notebook, job.params, overrides)
        assert request.target == job.target
        assert request.title == job.dataset + (" seed 4" if job.repeats else "")


def test_the_full_scale_has_three_seeds_and_the_others_their_files(project, with_notebooks):
    write_presets(project, "full", threads=1)
    assert sorted({job.seed for job in jobs.jobs("full")}) == [0, 1, 2]
    assert {job.seed for job in jobs.jobs("full", seeds=(0,))} == {0}
    assert {job.seed for job in jobs.jobs("smoke")} == {0}
    found = [
        s for s in states.status("full") if (s.dataset, s.notebook[:3]) == ("wildlife_mnist", "odr")
    ]
    assert [(state.seed, state.state) for state in found] == [
        (0, "missing"),
        (1, "missing"),
        (2, "missing"),
    ]


def test_the_files_seed_comes_first_and_cannot_be_left_out(project, with_notebooks):
    assert [job.seed for job in jobs.jobs("smoke", seeds=(3, 0))][::15] == [0, 3]
    with pytest.raises(UserError, match="leaves out 0, the seed of params/smoke"):
        jobs.jobs("smoke", seeds=(1, 2))


@pytest.mark.parametrize(
    ("text", "seeds"), [("", ()), (None, ()), ("0,1,2", (0, 1, 2)), (7, (7,)), (" 1, 0", (1, 0))]
)
def test_seeds_are_read_from_text(text, seeds):
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["a", "0;1", "0,0", "-1", "1.5"])
def test_bad_seeds_are_one_line(text):
    with pytest.raises(UserError, match="write SEEDS=0,1,2") as error:
        parse_seeds(text)
    assert "\n" not in str(error.value)


def test_an_unknown_scale_names_the_known_ones(project):
    with pytest.raises(UserError, match="smoke"):
        jobs.jobs("tiny")
    with pytest.raises(UserError, match="one of smoke"):
        states.status("tiny")


def test_a_job_depends_on_every_parameter_file_it_reads():
    (found,) = (job for job in jobs.jobs("smoke", "genint") if job.dataset == "genint_scenes9")
    names = [f"{path.parent.name}/{path.name}" for path in found.parameter_files]
    assert names == ["smoke/genint_scenes9.yaml", "smoke/scenes9.yaml"]
    assert all(path.is_file() for path in found.parameter_files)
    assert all(not job.reads for job in jobs.jobs("smoke"))
