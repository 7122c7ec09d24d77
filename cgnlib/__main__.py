"""Command line: ``python -m cgnlib --help``."""

import argparse
import errno
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cgnlib.arguments import parser
from cgnlib.datasets import IMAGENET_DATASETS
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


def _files(scale: str | None, family: str | None) -> list[Path]:
    """The parameter files of a scale's report; none when neither it nor a family is given."""
    from cgnlib.report import jobs

    if scale is None and family is None:
        return []
    found = jobs.parameter_files(scale or "embedded", family or "mnist")
    return [Path(os.path.relpath(path)) for path in found]


def _check(args: argparse.Namespace) -> int:
    from cgnlib.parameter_reading import load_params

    files = [*args.files, *_files(args.scale, args.family)]
    if not files:
        raise UserError("check needs FILE, or --scale or --family")
    wrong = 0
    for name in files:
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
    files = [params_path(name) for name in args.params] + _files(args.scale, args.family)
    if not files:
        raise UserError("plan needs PARAMS, such as embedded/colored_mnist, or --scale or --family")
    predictions = plan.predict(files, parse_seeds(args.seeds))
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
    from cgnlib.report import states
    from cgnlib.report.seeds import parse_seeds

    rows = states.status(args.scale, args.family, parse_seeds(args.seeds))
    print(json.dumps(states.as_dicts(rows), indent=1) if args.json else states.status_table(rows))
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
    print(_written_set(params, Path(args.out) if args.out else None, args.shard))
    return 0


def _written_set(params: Any, out: Path | None, shard: str) -> str:
    """Write the set of ``params``, or one shard of it; what to print about it."""
    if params.dataset not in IMAGENET_DATASETS:
        if out is None or shard != "0/1":
            raise UserError("counterfactuals of biased MNIST: give --out, and no --shard")
        from cgnlib.pipelines.mnist.export import export

        return str(export(params, out))
    from cgnlib.generators.image_set_writing import parse_shard
    from cgnlib.pipelines.imagenet import set_folder, write_set

    part = parse_shard(shard)
    if out is None and params.dataset == "scenes9":
        raise UserError("counterfactuals of scenes9: give --out; notebooks keep theirs in memory")
    manifest = write_set(params, out, part)
    return f"{out or set_folder(params)}: {manifest['written']} of {manifest['count']} images"


def _interventions(args: argparse.Namespace) -> int:
    from cgnlib.parameter_reading import load_params, use_threads
    from cgnlib.params.genint_images import GenintImageParams
    from cgnlib.report.request import params_path

    params = load_params(params_path(args.params), _overrides(args.p))
    if not isinstance(params, GenintImageParams):
        raise UserError(
            f"{params.dataset} has no interventions: give parameters of GenInt's scenes"
        )
    use_threads(params.threads)
    from cgnlib.generators.image_set_writing import parse_shard
    from cgnlib.pipelines.genint_scenes9.images import write_set

    manifest = write_set(params, args.set, Path(args.out), parse_shard(args.shard))
    print(f"{args.out}: {manifest['written']} of {manifest['count']} images")
    return 0


def _export(args: argparse.Namespace) -> int:
    from cgnlib.data.scenes9_export import write_image_folder
    from cgnlib.pipelines.imagenet.data import rendered

    scenes = rendered(args.set, args.count, args.seed, args.split)
    folder = write_image_folder(scenes, Path(args.out), Path(args.masks) if args.masks else None)
    print(f"{folder}: {len(scenes):,} images")
    return 0


def _train_cgn(args: argparse.Namespace) -> int:
    from cgnlib.parameter_reading import load_params
    from cgnlib.report.request import params_path

    params = load_params(params_path(args.params), _overrides(args.p))
    if params.dataset not in IMAGENET_DATASETS:
        raise UserError(
            f"train-cgn is for {' and '.join(IMAGENET_DATASETS)}: the CGN of {params.dataset} is "
            "trained by its notebooks"
        )
    from cgnlib.pipelines.imagenet.several_processes import train_cgn

    made = train_cgn(params, args.ablation)
    if made is not None:  # the first process of several
        print(made.origin)
    return 0


def _pretrain(args: argparse.Namespace) -> int:
    from cgnlib.generators.paired_gan import STAGES
    from cgnlib.pipelines.imagenet import pretrain

    if args.start and args.which != "generator":
        raise UserError("--start is for the generator alone: pretrain scenes9 generator --start")
    if args.stage != "paired" and not args.start:
        raise UserError(f"--stage {args.stage} sharpens a trained generator: give it with --start")
    plan = pretrain.Pretraining(
        generator=STAGES[args.stage],
        seed=args.seed,
        threads=args.threads,
        start=args.start,
        parents="trained" if args.which == "all" else "shipped",
    )
    for name in pretrain.CHOICES[args.which]:
        plan = plan.changed(name, updates=args.updates, lr=args.lr)
    rows = pretrain.pretrain(args.which, plan, args.ship)
    print(json.dumps(rows, indent=1) if args.json else pretrain.as_text(rows))
    return 0


def _records(args: argparse.Namespace) -> int:
    from cgnlib.report.records import read_records

    if args.markdown:
        from cgnlib.report.readme import results_markdown, verdicts_markdown

        scale = args.scale or "embedded"
        print("\n\n".join(filter(None, (results_markdown(scale), verdicts_markdown(scale)))))
        return 0
    for record in read_records(args.scale, args.dataset, args.experiment):
        print(record.model_dump_json())
    return 0


def _data(args: argparse.Namespace) -> int:
    from cgnlib.report import sources

    print(json.dumps(sources.rows(), indent=1, default=str) if args.json else sources.text())
    return 0


# By the name of the command; their arguments are in :mod:`cgnlib.arguments`.
CALLS = {
    "check": _check,
    "plan": _plan,
    "run": _run,
    "counterfactuals": _counterfactuals,
    "interventions": _interventions,
    "export": _export,
    "import-weights": _import_weights,
    "train-cgn": _train_cgn,
    "pretrain": _pretrain,
    "book": _book,
    "status": _status,
    "records": _records,
    "compare": _compare,
    "data": _data,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status. Bad input is one line on stderr and status 2."""
    args = parser(CALLS).parse_args(arguments)
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
