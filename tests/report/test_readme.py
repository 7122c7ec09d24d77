"""The README's table comes from records, and says MISSING where there is none."""

import pytest

from cgnlib.errors import UserError
from cgnlib.params import MnistParams
from cgnlib.report.readme import results_markdown
from cgnlib.report.records import Verdict, begin


def test_rows_from_records(workplace, monkeypatch):
    with pytest.raises(UserError, match="no finished run at scale embedded"):
        results_markdown("embedded")
    folder = workplace / "results" / "embedded" / "colored_mnist" / "odr"
    monkeypatch.setenv("CGN_RUN_FOLDER", str(folder))
    folder.mkdir(parents=True)
    run = begin(MnistParams(), notebook="odr", claim="ODR")
    run.record("ODR-1", "Original+CGN", "test_accuracy", 93.21, n=10, interval=(92.0, 94.0))
    run.finish(
        [
            Verdict(
                claim="ODR",
                experiment="ODR-1",
                dataset="colored_mnist",
                verdict="partly",
                reasons=["x"],
            )
        ]
    )
    table = results_markdown("embedded")
    assert (
        "| test accuracy, Original+CGN (%) | 93.2 (92.0 to 94.0); paper 95.1 | MISSING |" in table
    )
    assert "| masks read as their label | MISSING | MISSING | MISSING |" in table
