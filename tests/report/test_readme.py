"""The README's table comes from records, and says MISSING where there is none."""

import pytest

from cgnlib.errors import UserError
from cgnlib.report.readme import results_markdown


def test_rows_from_records(write_run):
    with pytest.raises(UserError, match="no finished run at scale embedded"):
        results_markdown("embedded")
    rows = [("ODR-1", "Original+CGN", "test_accuracy", 93.21, (92.0, 94.0))]
    write_run("odr", rows, scale="embedded")
    table = results_markdown("embedded")
    assert (
        "| test accuracy, Original+CGN (%) | 93.2 (92.0 to 94.0); paper 95.1 | MISSING |" in table
    )
    assert "| masks read as their label | MISSING | MISSING | MISSING |" in table
