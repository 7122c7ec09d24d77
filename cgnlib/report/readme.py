"""The results tables of the README, made from records (``records --markdown``)."""

from typing import NamedTuple

from cgnlib.datasets import GENINT_MNIST_DATASETS, MNIST_DATASETS
from cgnlib.errors import UserError
from cgnlib.params import GENINT_MNIST_ROWS, ODR_SETTINGS
from cgnlib.report import published, verdicts
from cgnlib.report.cells import NOT_AVAILABLE, OTHER_TEXTURES, published_beside
from cgnlib.report.record_model import Verdict
from cgnlib.report.records import Record, read_records
from cgnlib.report.statistics import seeds_in_words, summarise


class Row(NamedTuple):
    """A heading and the record it shows, with ``digits`` behind the point; a row that not every
    scale runs (``optional``) is left out where no dataset has it. ``source`` is the publication
    beside it where that is not its table's."""

    heading: str
    experiment: str
    setting: str
    metric: str
    digits: int
    optional: bool = False
    source: str = ""


class Table(NamedTuple):
    """The headline numbers of datasets that share their experiments; ``source`` is the publication
    shown beside them."""

    datasets: tuple[str, ...]
    source: str
    rows: tuple[Row, ...]


# In the order of the table; those of _OPTIONAL run at larger scales only.
_ODR1 = tuple(ODR_SETTINGS)
_OPTIONAL = ("IRM (5 envs)", "GAN", *(name for name in _ODR1 if name.startswith("Original+CGN (")))
_FIRST_STUDY = ("GAN", "Original+CGN (5e4)")  # rows that the paper has not
_EXTENSIONS = (
    ("EXT-5", "retrained"),
    ("EXT-5", "retrained + SSIM"),
    ("EXT-5", "retrained + SSIM without gradient"),
    ("EXT-6", "retrained + jitter"),
    ("EXT-6", "retrained + jitter (legacy)"),
)
_STUDIES = (
    *(
        Row(f"counterfactuals {size}, ratio {ratio} (%)", "ODR-2", f"{size}, ratio {ratio}",
            "test_accuracy", 1, True, "R1")
        for size in ("1e4", "1e5", "1e6")
        for ratio in (1, 5, 10, 20)
    ),
    *(
        Row(f"{name} at {degree} % correlation (%)", "ODR-5", f"{name} at {degree} % correlation",
            "test_accuracy", 1, True)
        for name in ("SC", "OCC", "BCC")
        for degree in (90, 95, 100)
    ),
    *(
        Row(f"whole digits of ten, {name}", "HQC-7", name, "correct_digits", 2, True, "R1")
        for name in ("original", "with edge loss")
    ),
    *(
        Row(f"CGN alone, {name} (%)", experiment, name, "test_accuracy", 1, True, "R2")
        for experiment, name in _EXTENSIONS
    ),
)  # fmt: skip
_CHANGE = "CF minus original"
_EXPLANATIONS = (
    *(
        Row(f"neighbours of the same shape, {name}", "EXT-1", name, "neighbours_real_shape", 3,
            True)
        for name in ("trained on original", "trained on CF")
    ),
    Row(f"GradCAM overlap beyond that with another digit, {_CHANGE}", "EXT-2", _CHANGE,
        "foreground_iou_beyond", 3, True),
    Row(f"LIME weight on the digit, {_CHANGE}", "EXT-7", _CHANGE, "positive_share", 3, True),
)  # fmt: skip
_SOURCES = {"P": "paper", "G": "paper", "R1": "reproduction 1", "R2": "reproduction 2"}
_GENINT4 = ("ImageNet only", "Stylized", "Mixup", "AutoAug", "GAN augmentation", "GenInt", "CGN")
_CGN = ("IBR-3", "CGN", "training_time", 0)
TABLES = (
    Table(
        MNIST_DATASETS,
        "P",
        (
            *(
                Row(f"test accuracy, {name} (%)", "ODR-1", name, "test_accuracy", 1,
                    name in _OPTIONAL, "R1" if name in _FIRST_STUDY else "")
                for name in _ODR1
            ),
            Row("masks read as their label", "HQC-1", "CGN", "mask_readability", 3),
            Row("least label recovery by an oracle", "HQC-1", "CGN", "label_recovery", 3),
            Row("time to train the CGN (s)", *_CGN),
            *_STUDIES,
            *_EXPLANATIONS,
        ),
    ),
    Table(
        ("scenes9",),
        "",
        (
            Row("mask overlap with saliency of the pseudo ground truth (IoU)", "HQC-2", "CGN",
                "mask_iou", 3),
            *(
                Row(f"{name} label recovered", "HQC-2", "CGN", f"oracle_{name}_{name}", 3)
                for name in ("shape", "texture", "background")
            ),
            Row("shape bias of the shape head (%)", "ODR-3", "IN+CGN shape", "shape_bias", 1),
            Row("shape bias of the texture head (%)", "ODR-3", "IN+CGN texture", "shape_bias", 1),
            Row("BG-gap, ResNet on IN (points)", "ODR-4", "IN", "bg_gap", 1),
            Row("BG-gap, IN+CGN (points)", "ODR-4", "IN+CGN", "bg_gap", 1),
            Row("accuracy on the original images, IN (%)", "ODR-6", "IN", "test_top1", 1),
            Row("accuracy on the original images, IN+CGN (%)", "ODR-6", "IN+CGN", "test_top1", 1),
            Row("time to train the CGN (s)", *_CGN),
        ),
    ),
    Table(
        GENINT_MNIST_DATASETS,
        "G",
        tuple(
            Row(f"causal accuracy, {name} (%)", "GENINT-1", name, "causal_accuracy", 1)
            for name in GENINT_MNIST_ROWS
        ),
    ),
    Table(
        ("genint_scenes9",),
        "",
        (
            *(
                Row(f"nuisance-shifted images, {name} (%)", "GENINT-4", name, "top1_accuracy", 1)
                for name in _GENINT4
            ),
            Row("gain of GenInt over plain training (points)", "GENINT-4",
                "GenInt minus ImageNet only", "top1_accuracy", 1),
            *(
                Row(f"mCE, {name} (a guess has 100)", "GENINT-5", name, "mean_corruption_error", 1)
                for name in ("ImageNet only", "GenInt", "CGN")
            ),
            Row("class told from nuisances of plain images, over chance", "GENINT-10", "plain",
                "over_chance_9", 2),
        ),
    ),
)  # fmt: skip


def _found(records: list[Record], dataset: str, row: Row) -> list[Record]:
    wanted = (dataset, row.experiment, row.setting, row.metric)
    return [r for r in records if (r.dataset, r.experiment, r.setting, r.metric) == wanted]


def _about(experiment: str, dataset: str) -> bool:
    known = published.published().experiments
    return any(one.id == experiment and dataset in one.datasets for one in known)


def _cell(records: list[Record], dataset: str, row: Row, source: str) -> str:
    found = _found(records, dataset, row)
    if not found:
        return "MISSING" if _about(row.experiment, dataset) else NOT_AVAILABLE
    mean = summarise(found)
    shown = f"{mean.value:.{row.digits}f}"
    if mean.low is not None:
        shown += f" ({mean.low:.{row.digits}f} to {mean.high:.{row.digits}f})"
    source = row.source or source
    others = published.rows(row.experiment, dataset, row.metric, source) if source else []
    theirs = published_beside(others, row.setting)
    if not theirs:
        return shown
    other = dataset == "wildlife_mnist" and OTHER_TEXTURES
    told = f"{shown}; {_SOURCES[source]} {theirs[0].value:g}"
    return told + (f" ({other})" if other else "")


def _markdown(records: list[Record], table: Table) -> str:
    lines = ["| | " + " | ".join(name.replace("_", " ") for name in table.datasets) + " |"]
    lines.append("|---" * (len(table.datasets) + 1) + "|")
    for row in table.rows:
        if row.optional and not any(_found(records, name, row) for name in table.datasets):
            continue
        cells = [_cell(records, dataset, row, table.source) for dataset in table.datasets]
        lines.append(f"| {row.heading} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _verdict_cell(verdict: Verdict | None) -> str:
    if verdict is None:
        return NOT_AVAILABLE
    if verdict.verdict == "not run":
        return "MISSING"
    return f"{verdict.verdict} ({seeds_in_words(len(verdict.seeds))})"


def verdicts_markdown(scale: str) -> str:
    """A Markdown table of the verdicts on the claims that ``scale`` answers, by dataset, with the
    seeds behind each; nothing where no run has finished."""
    records = read_records(scale, presets_only=True)
    ran = {record.dataset for record in records}
    datasets = [name for table in TABLES for name in table.datasets if name in ran]
    found = {(one.claim, one.dataset): one for one in verdicts.judge_all(records, datasets)}
    answered = dict.fromkeys(one.claim for one in found.values() if one.verdict != "not run")
    if not answered:
        return ""
    lines = ["| claim | " + " | ".join(name.replace("_", " ") for name in datasets) + " |"]
    lines.append("|---" * (len(datasets) + 1) + "|")
    for claim in answered:
        cells = [_verdict_cell(found.get((claim, dataset))) for dataset in datasets]
        lines.append(f"| {claim} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def results_markdown(scale: str) -> str:
    """Markdown tables of the headline numbers of ``scale``, one per family that ran: mean over the
    seeds, 95 % interval over seeds from three on, else over examples; rows that this scale does
    not run are left out.

    Raises:
        UserError: when no run of that scale has finished.
    """
    records = read_records(scale, presets_only=True)
    ran = {record.dataset for record in records}
    tables = [_markdown(records, table) for table in TABLES if ran & set(table.datasets)]
    if not tables:
        raise UserError(f"no finished run at scale {scale}: run `make report SCALE={scale}` first")
    return "\n\n".join(tables)
