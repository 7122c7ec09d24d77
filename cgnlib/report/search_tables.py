"""Tables of the weight search of IRM and LNTL: every candidate, its score, and what it trained."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from cgnlib.params import MnistParams
from cgnlib.report import committed
from cgnlib.report.record_model import FinishedRun
from cgnlib.report.tables import MISSING, NOT_AVAILABLE, number, styled

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler

METRIC = "search_score"


class Scores(NamedTuple):
    """The candidates of one row (``setting``): weight to score in %, the updates of each, and who
    trained them."""

    setting: str
    scores: dict[float, float]
    updates: str
    source: str

    @property
    def best(self) -> float:
        """The weight with the best score, the smallest among equals."""
        return max(sorted(self.scores), key=self.scores.__getitem__)


def _used_weights(params: MnistParams) -> dict[str, float]:
    return {
        "IRM (2 envs)": params.irm_weight_two,
        "IRM (5 envs)": params.irm_weight_five,
        "LNTL": params.lntl_weight,
    }


def _updates(values: Mapping[str, Any], steps: int) -> str:
    """``steps`` in words; 0 stands for epochs."""
    return f"{steps:,}" if steps else f"{values['classifier_epochs']} epochs"


def _row_updates(values: Mapping[str, Any]) -> str:
    return _updates(values, values["classifier_steps"])


def _candidate_updates(values: Mapping[str, Any]) -> str:
    return _updates(values, values["search_steps"] or values["classifier_steps"])


def _committed(run: FinishedRun, dataset: str) -> Iterator[Scores]:
    """The searches of a run of the full scale, from its records: ``LNTL, weight 0.01``."""
    found: dict[str, dict[float, float]] = {}
    for record in run.records:
        if (record.experiment, record.dataset, record.metric) == ("ODR-1", dataset, METRIC):
            setting, _, weight = record.setting.rpartition(", weight ")
            found.setdefault(setting, {})[float(weight)] = record.value
    source = f"full scale, seed {run.params.get('seed', 0)}"
    for setting, scores in found.items():
        yield Scores(setting, scores, _candidate_updates(run.params), source)


def _searches(params: MnistParams, searches: Sequence[Any]) -> dict[str, Scores]:
    """Row to its search: this run's, else that of the full scale."""
    found = {}
    for run in committed.full_runs("ODR-1", params.dataset):
        found |= {one.setting: one for one in _committed(run, params.dataset)}
    own = _candidate_updates(params.model_dump())
    mine = [Scores(one.setting, one.scores, own, "this run") for one in searches]
    return found | {one.setting: one for one in mine}


def search_rows(params: MnistParams, searches: Sequence[Any]) -> list[dict[str, str]]:
    """The cells of :func:`search_scores`, one dict per candidate. A row of the table whose weight
    this run did not search shows the committed search of the full scale, else it is MISSING.

    Args:
        searches: of this run, each with ``setting`` and ``scores`` (weight to %).
    """
    rows, found = [], _searches(params, searches)
    here = _row_updates(params.model_dump())
    for setting, used in _used_weights(params).items():
        if setting not in params.settings():
            continue
        if setting not in found:
            score = f"{MISSING}: not searched with this seed, nor at the full scale"
            rows.append(_row(setting, used, score, "", "", "used"))
            continue
        search = found[setting]
        updates = search.updates + ("" if search.updates == here else f" (rows here: {here})")
        for weight, score in search.scores.items():
            marks = [("best", weight == search.best), ("used here", weight == used)]
            said = ", ".join(text for text, holds in marks if holds)
            shown = f"{number(score, '%')} %"
            rows.append(_row(setting, weight, shown, updates, search.source, said))
    return rows


def _row(
    setting: str, weight: float, score: str, updates: str, source: str, said: str
) -> dict[str, str]:
    return {
        "Row": setting,
        "Weight": f"{weight:g}",
        "Score": score,
        "Updates": updates,
        "Trained by": source,
        "": said,
    }


def search_scores(params: MnistParams, searches: Sequence[Any]) -> "Styler":
    """Every candidate weight of IRM and LNTL with its score and updates, the best and the one in
    use."""
    import pandas as pd

    rows = search_rows(params, searches) or [
        {"Row": NOT_AVAILABLE, "Weight": "", "Score": "neither IRM nor LNTL runs", "": ""}
    ]
    return styled(pd.DataFrame(rows), "Candidate weights, accuracy under training correlations")
