"""Locks and leftovers of the folders in which runs are published."""

import os

from cgnlib.report import publication


def test_a_taken_lock_is_not_waited_for(workplace):
    target = workplace / "results" / "smoke" / "colored_mnist" / "odr"
    with publication.run_lock(target) as held, publication.run_lock(target, wait=False) as again:
        assert held and not again


def test_leftovers_are_recovered_unless_a_newer_result_stands(workplace):
    target = workplace / "results" / "smoke" / "colored_mnist" / "odr"
    target.mkdir(parents=True)
    staging = publication.create_staging(target)
    (staging / publication.OWNER).unlink()
    os.utime(staging, (0, 0))
    (target / "done").write_text("{}")
    publication.recover_all(workplace / "results" / "smoke")
    assert not staging.exists()
    assert publication.read_failure(target) is None
