"""How benchmarks are timed and printed: one JSON line per measurement."""

import argparse
import json
import platform
import time
from collections.abc import Callable, Mapping, Sequence

import torch


def say(name: str, value: float, unit: str, **more) -> None:
    line = {
        "benchmark": name,
        "value": round(value, 3),
        "unit": unit,
        **more,
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "machine": platform.machine(),
    }
    print(json.dumps(line), flush=True)


def seconds(action: Callable[[], object], repeats: int, warm_up: int = 3) -> float:
    """Median seconds of one call."""
    for _ in range(warm_up):
        action()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return sorted(times)[len(times) // 2]


def run(
    title: str,
    benchmarks: Mapping[str, Callable[[], None]],
    default: Sequence[str],
    threads: int,
) -> None:
    """The command line: names of measurements, and ``--threads``."""
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument(
        "names", nargs="*", choices=[*benchmarks, []], metavar="NAME", help=", ".join(benchmarks)
    )
    parser.add_argument("--threads", type=int, default=threads)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    for name in arguments.names or default:
        benchmarks[name]()
