"""The results table of the README, made from records (``records --markdown``)."""

from cgnlib.datasets import MNIST_DATASETS
from cgnlib.errors import UserError
from cgnlib.report import published
from cgnlib.report.records import Record, read_records
from cgnlib.report.tables import OTHER_TEXTURES

ROWS = (  # heading, experiment, setting, metric, digits shown
    ("test accuracy, Original (%)", "ODR-1", "Original", "test_accuracy", 1),
    ("test accuracy, IRM (2 envs) (%)", "ODR-1", "IRM (2 envs)", "test_accuracy", 1),
    ("test accuracy, LNTL (%)", "ODR-1", "LNTL", "test_accuracy", 1),
    ("test accuracy, Original+GAN (%)", "ODR-1", "Original+GAN", "test_accuracy", 1),
    ("test accuracy, CGN (%)", "ODR-1", "CGN", "test_accuracy", 1),
    ("test accuracy, Original+CGN (%)", "ODR-1", "Original+CGN", "test_accuracy", 1),
    ("masks read as their label", "HQC-1", "CGN", "mask_readability", 3),
    ("least label recovery by an oracle", "HQC-1", "CGN", "label_recovery", 3),
    ("time to train the CGN (s)", "IBR-3", "CGN", "training_time", 0),
)


def _cell(records: list[Record], dataset: str, row: tuple) -> str:
    _, experiment, setting, metric, digits = row
    found = [
        r
        for r in records
        if (r.dataset, r.experiment, r.setting, r.metric) == (dataset, experiment, setting, metric)
    ]
    if not found:
        return "MISSING"
    one = min(found, key=lambda r: r.seed)
    shown = f"{one.value:.{digits}f}"
    if one.interval_low is not None:
        shown += f" ({one.interval_low:.{digits}f} to {one.interval_high:.{digits}f})"
    paper = [p for p in published.rows(experiment, dataset, metric, "P") if p.setting == setting]
    if not paper:
        return shown
    other = dataset == "wildlife_mnist" and OTHER_TEXTURES
    return f"{shown}; paper {paper[0].value:g}" + (f" ({other})" if other else "")


def results_markdown(scale: str) -> str:
    """Markdown table of the headline numbers of ``scale``, lowest seed.

    Raises:
        UserError: when no run of that scale has finished.
    """
    records = read_records(scale, presets_only=True)
    if not records:
        raise UserError(f"no finished run at scale {scale}: run `make report SCALE={scale}` first")
    lines = ["| | " + " | ".join(name.replace("_", " ") for name in MNIST_DATASETS) + " |"]
    lines.append("|---" * (len(MNIST_DATASETS) + 1) + "|")
    for row in ROWS:
        cells = [_cell(records, dataset, row) for dataset in MNIST_DATASETS]
        lines.append(f"| {row[0]} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
