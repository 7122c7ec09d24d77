"""Arguments of the command line: what ``python -m cgnlib COMMAND`` takes."""

import argparse
import os
from collections.abc import Callable, Mapping

from cgnlib.networks.published_layouts import NAMES as CHECKPOINTS

Add = Callable[[argparse.ArgumentParser], None]


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def _add_choice(command: argparse.ArgumentParser, scale: str | None, family: str | None) -> None:
    """``--scale`` and ``--family``, with their defaults."""
    for name, default, text in (
        ("scale", scale, "one scale, such as embedded"),
        ("family", family, "family of experiments, or all"),
    ):
        shown = f" (default: {default})" if default else ""
        command.add_argument(f"--{name}", default=default, help=text + shown)


def _add_seeds(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--seeds", default="", metavar="LIST", help="such as 0,1,2 (default: the scale's own)"
    )


def _add_check(check: argparse.ArgumentParser) -> None:
    check.add_argument("files", nargs="*", metavar="FILE", help="YAML parameter file")
    _add_choice(check, None, None)


def _add_plan(plan: argparse.ArgumentParser) -> None:
    plan.add_argument(
        "params",
        nargs="*",
        metavar="PARAMS",
        help="path, or a preset such as embedded/colored_mnist",
    )
    _add_choice(plan, None, None)
    _add_seeds(plan)
    plan.add_argument("--json", action="store_true", help="print JSON")
    plan.add_argument(
        "--write-costs",
        action="store_true",
        help="derive params/costs.yaml from the runs recorded on this machine",
    )


def _add_run(run: argparse.ArgumentParser) -> None:
    run.add_argument("notebook", metavar="NOTEBOOK", help="name (hqc, odr, explain, ...) or path")
    run.add_argument(
        "params",
        metavar="PARAMS",
        help="path, or a preset such as embedded/colored_mnist; "
        "for the summary a scale such as embedded",
    )
    run.add_argument(
        "-p",
        nargs=2,
        action="append",
        metavar=("NAME", "VALUE"),
        help="override one parameter; may be repeated",
    )
    run.add_argument("--label", default="", help="position shown in progress lines, such as 4/10")
    run.add_argument(
        "--timeout",
        type=_positive,
        default=os.environ.get("CGN_CELL_TIMEOUT"),
        metavar="SECONDS",
        help="longest time of one cell (default: CGN_CELL_TIMEOUT, else none)",
    )


def _add_counterfactuals(made: argparse.ArgumentParser) -> None:
    made.add_argument("params", metavar="PARAMS", help="file, or SCALE/DATASET")
    made.add_argument(
        "--out",
        metavar="FOLDER",
        help="folder to make (ImageNet: by default where the robustness notebook looks)",
    )
    made.add_argument(
        "--shard",
        default="0/1",
        metavar="i/n",
        help="part i of n, counted from 0, of an image folder that several machines fill",
    )
    made.add_argument("-p", nargs=2, action="append", metavar=("NAME", "VALUE"), help="override")


def _add_interventions(made: argparse.ArgumentParser) -> None:
    made.add_argument("params", metavar="PARAMS", help="file, or SCALE/DATASET")
    made.add_argument("out", metavar="OUT", help="folder to make")
    made.add_argument(
        "--set",
        default="interventional",
        choices=("observational", "interventional", "transferred", "observational_1.0"),
        help="images to make (default: interventional)",
    )
    made.add_argument(
        "--shard",
        default="0/1",
        metavar="i/n",
        help="part i of n, counted from 0, of a folder that several machines fill",
    )
    made.add_argument("-p", nargs=2, action="append", metavar=("NAME", "VALUE"), help="override")


def _add_export(export: argparse.ArgumentParser) -> None:
    export.add_argument("dataset", choices=("scenes9",), help="dataset to write")
    export.add_argument(
        "set", metavar="SET", help="original, mixed_rand, cue_conflict, repainted, recombined, ..."
    )
    export.add_argument("out", metavar="OUT", help="folder to make: <class>/<number>.png")
    export.add_argument(
        "--count", type=_positive, default=2000, metavar="N", help="images (default: 2000)"
    )
    export.add_argument(
        "--split", default="test", help="train, validation or test (default: test, as asked about)"
    )
    export.add_argument("--seed", type=int, default=0, help="of the draw (default: 0)")
    export.add_argument("--masks", metavar="FOLDER", help="another folder, for the true masks")


def _add_train_cgn(train: argparse.ArgumentParser) -> None:
    train.add_argument("params", metavar="PARAMS", help="file, or SCALE/DATASET")
    train.add_argument(
        "--ablation",
        default="",
        metavar="ROW",
        help="train a row of the loss ablation instead: none (its control), shape, text, bg or rec",
    )
    train.add_argument("-p", nargs=2, action="append", metavar=("NAME", "VALUE"), help="override")


def _add_import(weights: argparse.ArgumentParser) -> None:
    weights.epilog = (
        "What reads them: mnist-cgn the parameter cgn_weights (hqc, odr, ibr, explain, "
        "extensions), "
        "mnist-gan the parameter gan_weights (odr), imagenet-cgn, biggan, u2net and u2netp the "
        "parameters of the ImageNet notebooks, mnist-classifier the parameter "
        "odr_classifier_weights (odr)."
    )
    weights.add_argument("file", metavar="FILE", help="PyTorch state dict or safetensors")
    weights.add_argument(
        "--as",
        dest="layout",
        required=True,
        choices=CHECKPOINTS,
        help="what it must be, key by key",
    )
    weights.add_argument("--json", action="store_true", help="print JSON")


def _add_book(book: argparse.ArgumentParser) -> None:
    _add_choice(book, "embedded", "mnist")
    _add_seeds(book)


def _add_status(status: argparse.ArgumentParser) -> None:
    _add_choice(status, None, "mnist")
    _add_seeds(status)
    status.add_argument("--json", action="store_true", help="print JSON")


def _add_records(records: argparse.ArgumentParser) -> None:
    for name in ("scale", "dataset", "experiment"):
        records.add_argument(f"--{name}", help=f"only this {name}")
    records.add_argument("--markdown", action="store_true", help="print the README's table")


def _add_compare(compare: argparse.ArgumentParser) -> None:
    for name, metavar in (("first", "A"), ("second", "B")):
        compare.add_argument(
            name, metavar=metavar, help="a run's or artefact's folder, or its hash"
        )
    form = compare.add_mutually_exclusive_group()
    form.add_argument("--html", metavar="FILE", help="write one HTML file")
    for name in ("markdown", "json"):
        form.add_argument(
            f"--{name}", dest="form", action="store_const", const=name, help=f"print {name}"
        )


def _add_pretrain(pretrain: argparse.ArgumentParser) -> None:
    pretrain.add_argument("dataset", choices=("scenes9",), help="dataset the networks are for")
    pretrain.add_argument(
        "which",
        nargs="?",
        default="all",
        choices=("saliency", "classifiers", "generator", "all"),
        help="networks to train (default: all, each from the one before, none from the package)",
    )
    pretrain.add_argument(
        "--updates", type=_positive, metavar="N", help="gradient updates of each (default: its own)"
    )
    pretrain.add_argument(
        "--lr", type=float, metavar="RATE", help="largest step size of each (default: its own)"
    )
    pretrain.add_argument(
        "--start",
        default="",
        metavar="FILE",
        help="generator to go on from: 'shipped', or the weights an earlier training wrote",
    )
    pretrain.add_argument(
        "--stage",
        default="paired",
        choices=("paired", "adversarial"),
        help="losses of the generator: those of pairs alone, or a discriminator beside them "
        "(a later stage, see --start; default: paired)",
    )
    pretrain.add_argument("--seed", type=int, default=0, help="default: 0")
    pretrain.add_argument("--threads", type=_positive, default=1, help="CPU threads (default: 1)")
    pretrain.add_argument(
        "--ship", action="store_true", help="replace the package's weights and records by these"
    )
    pretrain.add_argument("--json", action="store_true", help="print JSON")


def _add_data(data: argparse.ArgumentParser) -> None:
    data.add_argument("--json", action="store_true", help="print JSON")


COMMANDS: dict[str, tuple[str, Add]] = {
    "check": ("validate parameter files without running anything", _add_check),
    "plan": ("predict time, memory and disk of parameter files", _add_plan),
    "run": ("execute one notebook and publish it if it finished", _add_run),
    "counterfactuals": (
        "write a fixed counterfactual set to a folder",
        _add_counterfactuals,
    ),
    "interventions": (
        "write GenInt's generated or transferred images to a folder",
        _add_interventions,
    ),
    "export": ("write a set of rendered scenes as an image folder", _add_export),
    "import-weights": ("check a published checkpoint and keep it", _add_import),
    "train-cgn": (
        "train the CGN of ImageNet's scale ahead of its notebooks, on several GPUs by "
        "`accelerate launch -m cgnlib train-cgn ...`",
        _add_train_cgn,
    ),
    "pretrain": (
        "train the small networks that come with the package, or go on with the generator",
        _add_pretrain,
    ),
    "book": ("build the HTML report from what has run", _add_book),
    "status": ("say what is done, running, missing or failed", _add_status),
    "records": ("print the records of all finished runs as JSON lines", _add_records),
    "compare": ("show two runs or artefacts side by side", _add_compare),
    "data": ("list every dataset and weight file, present or not", _add_data),
}


def parser(calls: Mapping[str, Callable[[argparse.Namespace], int]]) -> argparse.ArgumentParser:
    """The command line's parser; each command sets ``call``, one of ``calls``, by its name."""
    top = argparse.ArgumentParser(
        prog="python -m cgnlib",
        description="Counterfactual Generative Networks, reproduced: runs and the report.",
    )
    commands = top.add_subparsers(metavar="COMMAND", required=True)
    for name, (text, add) in COMMANDS.items():
        made = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        made.set_defaults(call=calls[name])
        add(made)
    return top
