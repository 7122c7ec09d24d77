"""Tables of GENINT-1: both accuracies beside the published ones, and what was trained on."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from cgnlib.params import GenintMnistParams
from cgnlib.report import committed, published
from cgnlib.report.cells import MISSING, NOT_AVAILABLE, styled
from cgnlib.report.genint_mnist_records import EXPERIMENT
from cgnlib.report.numbers import in_short, interval, number
from cgnlib.report.record_model import Record
from cgnlib.report.statistics import paired_difference, summarise

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler

METRICS = {"confounded_accuracy": "Confounded", "causal_accuracy": "Causal"}


def _cell(records: Sequence[Record], reason: str) -> str:
    """Mean, standard deviation over seeds and 95 % interval."""
    if not records:
        return f"{MISSING}: {reason}"
    mean = summarise(records)
    spread = f" \u00b1 {mean.std:.2g}" if mean.std is not None else ""
    ends = interval(mean)
    return number(mean.value, mean.unit) + spread + (f" ({ends})" if ends else "")


def accuracy_rows(
    records: Sequence[Record],
    dataset: str,
    *,
    rows: Sequence[str] = (),
    full: Sequence[Record] = (),
) -> list[dict[str, str]]:
    """The cells of :func:`accuracies`, one dict per published or measured row.

    Args:
        rows: that belong to the table even where nobody measured them.
        full: committed records of the full scale, in columns of their own.
    """
    theirs = {(r.setting, r.metric): r for r in published.rows(EXPERIMENT, dataset, source="G")}
    own = [r for r in records if (r.experiment, r.dataset) == (EXPERIMENT, dataset)]
    names = dict.fromkeys([setting for setting, _ in theirs])
    cells = []
    for setting in [*names, *(row for row in rows if row not in names)]:
        cell = {"Trained on": setting}
        for metric, heading in METRICS.items():
            known = theirs.get((setting, metric))
            found = [r for r in own if (r.setting, r.metric) == (setting, metric)]
            cell[f"{heading}, paper"] = known.text if known else NOT_AVAILABLE
            chance = setting == "Chance"
            cell[f"{heading}, this run"] = NOT_AVAILABLE if chance else _cell(found, "not run")
            if full and not chance:
                same = [r for r in full if (r.setting, r.metric) == (setting, metric)]
                cell[f"{heading}, full scale"] = in_short(same) if same else f"{MISSING}: not run"
        seeds = {r.seed for r in own if r.setting == setting and r.metric in METRICS}
        cell["Seeds"] = ", ".join(map(str, sorted(seeds)))
        cells.append(cell)
    return cells


def accuracies(records: Sequence[Record], params: GenintMnistParams) -> "Styler":
    """Published and measured accuracy in % of every row on both tests; beside a run of another
    scale, also the committed records of the full scale where there are any."""
    import pandas as pd

    full = committed.beside(EXPERIMENT, params)
    rows = accuracy_rows(records, params.dataset, rows=params.row_names(), full=full)
    frame = pd.DataFrame(rows).fillna(NOT_AVAILABLE)
    spread = "mean \u00b1 standard deviation over seeds (95 % interval)"
    return styled(frame, f"{EXPERIMENT}: test accuracy in %, {spread}")


def distances(records: Sequence[Record], params: GenintMnistParams) -> "Styler":
    """How far every row lies above the published value, in points."""
    import pandas as pd

    cells = []
    for setting in params.row_names():
        cell = {"Trained on": setting}
        for metric, heading in METRICS.items():
            known = published.rows(EXPERIMENT, params.dataset, metric, "G")
            value = next((row.value for row in known if row.setting == setting), None)
            found = [r for r in records if (r.setting, r.metric) == (setting, metric)]
            both = value is not None and found
            cell[heading] = f"{summarise(found).value - value:+.1f}" if both else NOT_AVAILABLE
        cells.append(cell)
    return styled(pd.DataFrame(cells), "This run minus the paper, in points")


def gains(records: Sequence[Record], params: GenintMnistParams) -> "Styler":
    """Causal accuracy of every row minus that of the observational CVAE, seed by seed."""
    import pandas as pd

    usual, cells = "Observational CVAE", []
    for setting in params.row_names():
        if setting == usual:
            continue
        gap = paired_difference(records, setting, usual, "causal_accuracy")
        shown = f"{MISSING}: not run" if gap is None else f"{gap.value:+.1f}"
        ends = "" if gap is None or gap.low is None else f"{gap.low:+.1f} to {gap.high:+.1f}"
        cells.append(
            {
                "Trained on": setting,
                "Difference, points": shown,
                "95 % interval over seeds": ends,
                "Seeds": "" if gap is None else ", ".join(map(str, gap.seeds)),
            }
        )
    return styled(pd.DataFrame(cells), f"Causal accuracy minus that of the row {usual}")


def sets_overview(sets: Mapping[str, Any]) -> "Styler":
    """Every set: images, digits, backgrounds, and how often the background alone gives the class.

    Args:
        sets: name to :class:`cgnlib.data.genint_mnist.ColouredDigits`.
    """
    import numpy as np
    import pandas as pd

    cells = []
    for name, images in sets.items():
        shades, member = np.unique(np.asarray(images.backgrounds), axis=0, return_inverse=True)
        counts = np.zeros((len(shades), 10))
        chances = np.asarray(images.probability) / len(np.unique(np.asarray(images.digit)))
        np.add.at(counts, (member.reshape(-1), np.asarray(images.labels)), chances)
        cells.append(
            {
                "Set": name.replace("_", ", "),
                "Images": f"{len(images):,}",
                "Digits": f"{len(np.unique(np.asarray(images.digit))):,}",
                "Backgrounds": str(len(shades)),
                "Class told by the background": f"{counts.max(1).sum() / counts.sum():.3f}",
            }
        )
    return styled(
        pd.DataFrame(cells),
        "The sets; last column: share right for the best guess from colour alone",
    )
