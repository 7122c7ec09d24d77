"""Command line: ``python -m cgnlib --help``."""

import argparse
import errno
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cgnlib.errors import UserError


def _value(text: str) -> Any:
    """A value given by ``-p``, read as papermill reads it: bool, int, float, else text."""
    if text in ("True", "true", "False", "false"):
        return text.lower() == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _overrides(pairs: list[list[str]] | None) -> dict[str, Any]:
    given: dict[str, Any] = {}
    for name, text in pairs or []:
        if name in given:
            raise UserError(f"-p {name} is given twice")
        given[name] = _value(text)
    return given


def _check(args: argparse.Namespace) -> int:
    from cgnlib.parameter_reading import load_params

    wrong = 0
    for name in args.files:
        try:
            load_params(Path(name))
            print(f"{name}: ok")
        except UserError as error:
            wrong += 1
            print(f"error: {error}", file=sys.stderr)
    return 2 if wrong else 0


def _plan(args: argparse.Namespace) -> int:
    from cgnlib.report import plan
    from cgnlib.report.request import params_path
    from cgnlib.report.seeds import parse_seeds

    if args.write_costs:
        print(plan.write_costs())
        return 0
    if not args.params:
        raise UserError("plan needs PARAMS, such as embedded/colored_mnist")
    predictions = plan.predict([params_path(name) for name in args.params], parse_seeds(args.seeds))
    print(json.dumps(plan.as_dict(predictions), indent=1) if args.json else plan.table(predictions))
    return 0


def _run(args: argparse.Namespace) -> int:
    from cgnlib.report.execution import run_notebook

    return run_notebook(args.notebook, args.params, _overrides(args.p), args.label, args.timeout)


def _book(args: argparse.Namespace) -> int:
    from cgnlib.report.book import build_book
    from cgnlib.report.seeds import parse_seeds

    return build_book(args.scale, args.family, parse_seeds(args.seeds))


def _status(args: argparse.Namespace) -> int:
    from cgnlib.report import jobs
    from cgnlib.report.seeds import parse_seeds

    rows = jobs.status(args.scale, args.family, parse_seeds(args.seeds))
    print(json.dumps(jobs.as_dicts(rows), indent=1) if args.json else jobs.status_table(rows))
    return 0


def _import_weights(args: argparse.Namespace) -> int:
    from cgnlib.networks import weights

    artefact = weights.import_weights(Path(args.file), args.layout)
    print(weights.as_json(artefact) if args.json else weights.as_text(artefact))
    return 0


def _compare(args: argparse.Namespace) -> int:
    from cgnlib.report import compare, compare_text
    from cgnlib.store import write_atomic

    made = compare.compare(compare.find(args.first), compare.find(args.second))
    if args.html:
        write_atomic(Path(args.html), compare_text.as_html(made).encode())
        print(args.html)
        return 0
    forms = {"json": compare_text.as_json, "markdown": compare_text.as_markdown}
    print(forms.get(args.form, compare_text.as_text)(made))
    return 0


def _counterfactuals(args: argparse.Namespace) -> int:
    from cgnlib.parameter_reading import load_params, use_threads
    from cgnlib.report.request import params_path

    params = load_params(params_path(args.params), _overrides(args.p))
    use_threads(params.threads)
    from cgnlib.pipelines.mnist.export import export

    print(export(params, Path(args.out)))
    return 0


def _records(args: argparse.Namespace) -> int:
    from cgnlib.report.records import read_records

    if args.markdown:
        from cgnlib.report.readme import results_markdown

        print(results_markdown(args.scale or "embedded"))
        return 0
    for record in read_records(args.scale, args.dataset, args.experiment):
        print(record.model_dump_json())
    return 0


def _data(args: argparse.Namespace) -> int:
    from cgnlib.report import sources

    print(json.dumps(sources.rows(), indent=1, default=str) if args.json else sources.text())
    return 0


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
        type=_seconds,
        default=os.environ.get("CGN_CELL_TIMEOUT"),
        metavar="SECONDS",
        help="longest time of one cell (default: CGN_CELL_TIMEOUT, else none)",
    )


def _add_import(weights: argparse.ArgumentParser) -> None:
    weights.add_argument("file", metavar="FILE", help="PyTorch state dict or safetensors")
    weights.add_argument(
        "--as",
        dest="layout",
        required=True,
        choices=("mnist-cgn", "mnist-gan", "mnist-classifier"),
        help="what it must be, key by key",
    )
    weights.add_argument("--json", action="store_true", help="print JSON")


def _add_counterfactuals(made: argparse.ArgumentParser) -> None:
    made.add_argument("params", metavar="PARAMS", help="file, or SCALE/DATASET")
    made.add_argument("--out", required=True, metavar="FOLDER", help="folder to make")
    made.add_argument("-p", nargs=2, action="append", metavar=("NAME", "VALUE"), help="override")


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


def _add_seeds(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--seeds", default="", metavar="LIST", help="such as 0,1,2 (default: the scale's own)"
    )


def _add_plan(plan: argparse.ArgumentParser) -> None:
    plan.add_argument(
        "params",
        nargs="*",
        metavar="PARAMS",
        help="path, or a preset such as embedded/colored_mnist",
    )
    _add_seeds(plan)
    plan.add_argument("--json", action="store_true", help="print JSON")
    plan.add_argument(
        "--write-costs",
        action="store_true",
        help="derive params/costs.yaml from the runs recorded on this machine",
    )


def parser() -> argparse.ArgumentParser:
    """The command line's parser; each command sets ``call``."""
    top = argparse.ArgumentParser(
        prog="python -m cgnlib",
        description="Counterfactual Generative Networks, reproduced: runs and the report.",
    )
    commands = top.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, call: Any, text: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        made.set_defaults(call=call)
        return made

    check = command("check", _check, "validate parameter files without running anything")
    check.add_argument("files", nargs="+", metavar="FILE", help="YAML parameter file")
    _add_plan(command("plan", _plan, "predict time, memory and disk of parameter files"))
    _add_run(command("run", _run, "execute one notebook and publish it if it finished"))
    _add_counterfactuals(
        command(
            "counterfactuals", _counterfactuals, "write a fixed counterfactual set to a new folder"
        )
    )
    _add_import(
        command("import-weights", _import_weights, "check a published checkpoint and keep it")
    )
    book = command("book", _book, "build the HTML report from what has run")
    book.add_argument("--scale", default="embedded", help="scale to report (default: embedded)")
    book.add_argument("--family", default="mnist", help="family to report (default: mnist)")
    _add_seeds(book)
    status = command("status", _status, "say what is done, running, missing or failed")
    status.add_argument("--scale", help="only this scale")
    status.add_argument("--family", default="mnist", help="family (default: mnist)")
    _add_seeds(status)
    status.add_argument("--json", action="store_true", help="print JSON")
    records = command("records", _records, "print the records of all finished runs as JSON lines")
    for name in ("scale", "dataset", "experiment"):
        records.add_argument(f"--{name}", help=f"only this {name}")
    records.add_argument("--markdown", action="store_true", help="print the README's table")
    _add_compare(command("compare", _compare, "show two runs or artefacts side by side"))
    data = command("data", _data, "list every dataset and weight file, present or not")
    data.add_argument("--json", action="store_true", help="print JSON")
    return top


def _seconds(text: str) -> int:
    if not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of seconds above 0")
    return int(text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status. Bad input is one line on stderr and status 2."""
    args = parser().parse_args(arguments)
    try:
        status = args.call(args)
        sys.stdout.flush()
        return status
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # `... | head` closed the pipe; nothing is wrong
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES):
            raise
        print(
            f"error: cannot write {error.filename or 'the output'}: {error.strerror}",
            file=sys.stderr,
        )
        return 2
    except KeyboardInterrupt:
        print("error: interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
