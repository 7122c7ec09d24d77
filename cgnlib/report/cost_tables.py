"""Tables of cost (IBR-3): what a page trained, and what a whole scale spent beside published
hours."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from cgnlib.datasets import MNIST_DATASETS, PUBLISHED_AS
from cgnlib.params import Params
from cgnlib.report import published
from cgnlib.report.cells import COLUMNS, MISSING, NOT_AVAILABLE, published_mark, styled
from cgnlib.report.numbers import number
from cgnlib.report.record_model import Record
from cgnlib.report.spending import TIME, Spent, memory_text, spent, time_text
from cgnlib.report.statistics import summarise

if TYPE_CHECKING:
    from pandas.io.formats.style import Styler

    from cgnlib.store import Artefact

NOT_HERE = f"{MISSING}: artefacts are not here"
OTHER = "readers, oracles and other"


class Part(NamedTuple):
    """A part of the work: the experiments whose records name its artefacts, and its name in the
    published cost tables, or none."""

    name: str
    experiments: tuple[str, ...]
    published: str = ""


# An artefact belongs to the first part that names it.
PARTS = (
    Part("CGN", (), "CGN"),
    Part("GAN", ()),
    Part("classifiers of the MNIST table", ("ODR-1",), "MNIST classifiers"),
    Part("search of penalty weights", ()),
    Part("amount and ratio of counterfactuals", ("ODR-2",), "counterfactual ablation"),
    Part("edge loss", ("HQC-7",), "edge loss"),
    Part("loss ablation", ("IBR-1",), "loss ablation"),
    Part("beta-VAE", ("IBR-4",)),
    Part("causal classifiers", ("ODR-5",)),
    Part("explanations", ("EXT-1", "EXT-2", "EXT-3", "EXT-7"), "explainability"),
    Part("extensions", ("EXT-5", "EXT-6")),
    Part(OTHER, ()),
)


def _part(record: Record) -> str:
    if record.metric == "search_score":
        return "search of penalty weights"
    if record.experiment == "IBR-3" and record.setting in ("CGN", "GAN"):
        return record.setting
    if (record.experiment, record.setting) == ("HQC-7", "CGN"):
        return OTHER  # the page's own CGN under the rule, none of the edge runs
    named = (part.name for part in PARTS if record.experiment in part.experiments)
    return next(named, OTHER)


def _owned(records: Sequence[Record]) -> dict[str, list[str]]:
    """Part to the artefacts that are counted there."""
    rank = {part.name: place for place, part in enumerate(PARTS)}
    found: dict[str, list[str]] = {part.name: [] for part in PARTS}
    seen: set[str] = set()
    for record in sorted(records, key=lambda record: rank[_part(record)]):
        for name in record.artefacts:
            if name not in seen:
                found[_part(record)].append(name)
                seen.add(name)
    return found


def _published(setting: str, datasets: Sequence[str]) -> str:
    """Published hours of a part: those of the family's datasets, and those of all together."""
    names = {PUBLISHED_AS.get(dataset, dataset) for dataset in datasets} | {"all"}
    names |= {"mnist"} if names & set(MNIST_DATASETS) else set()
    rows = [
        row
        for row in published.rows("IBR-3", metric=TIME)
        if setting and row.setting == setting and row.dataset in names
    ]
    told = []
    for row in rows:
        about = "" if row.dataset == "mnist" or [row.dataset] == list(datasets) else row.dataset
        about = {"all": "every experiment"}.get(about, about)
        shown = f"{COLUMNS.get(row.source, row.source)} {row.text} {row.unit}"
        told.append(f"{shown} ({about})" if about else shown)
    return ", ".join(told) or NOT_AVAILABLE


def _devices(costs: Sequence[Spent]) -> str:
    return ", ".join(sorted({one.device for one in costs if one.device}))


def part_rows(records: Sequence[Record], datasets: Sequence[str]) -> list[dict[str, str]]:
    """The cells of :func:`parts`: parts that were run or published, then all of them together."""
    known, owned, rows = spent(records), _owned(records), []
    for part in PARTS:
        own = [known[name] for name in owned[part.name] if name in known]
        theirs = _published(part.published, datasets)
        if own or theirs != NOT_AVAILABLE:
            rows.append(_part_row(part.name, own, theirs))
    total = _published("total", datasets)
    return [*rows, _part_row("in all", list(known.values()), total)]


def _part_row(name: str, own: Sequence[Spent], theirs: str) -> dict[str, str]:
    time = time_text(sum(one.seconds for one in own)) if own else f"{MISSING}: not run"
    return {
        "Part": name,
        "Artefacts": f"{len(own):,}",
        "Time": time,
        "Peak memory of a process": memory_text(own) or (NOT_HERE if own else ""),
        "Device": _devices(own),
        "Published": theirs,
    }


def parts(records: Sequence[Record], datasets: Sequence[str], scale: str) -> "Styler":
    """What every part of the work took, each artefact counted once, beside published hours."""
    import pandas as pd

    machines = sorted({one.processor for one in spent(records).values() if one.processor})
    where = f" on {', '.join(machines)}" if machines else ""
    rows = part_rows(records, datasets)
    return styled(
        pd.DataFrame(rows), f"Cost at scale {scale}{where}, all datasets and seeds together"
    )


def _few(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= 3 else f"{len(names)} artefacts"


def timing_rows(records: Sequence[Record]) -> list[dict[str, str]]:
    """The cells of :func:`timings`: one row per dataset and trained thing, then their sum."""
    known, rows = spent(records), []
    found = [r for r in records if r.metric == TIME]
    for dataset, setting in dict.fromkeys((r.dataset, r.setting) for r in found):
        same = [r for r in found if (r.dataset, r.setting) == (dataset, setting)]
        mean = summarise(same)
        spread = "" if mean.std is None else f" ± {mean.std:.2g}"
        names = list(dict.fromkeys(name for r in same for name in r.artefacts))
        memory = memory_text(known[name] for name in names if name in known)
        rows.append(
            {
                "Dataset": dataset,
                "Trained": setting,
                "Time": number(mean.value, mean.unit) + spread,
                "Peak memory of the process": memory or NOT_HERE,
                "Seeds": ", ".join(str(seed) for seed in mean.seeds),
                "Device": ", ".join(sorted({r.device for r in same})),
                "Published": _published(setting, [dataset]) if setting == "CGN" else NOT_AVAILABLE,
                "Artefacts": _few(names),
            }
        )
    if rows:
        hours = sum(one.seconds for one in known.values()) / 3600
        counted = f"{len(known):,} artefacts, each once"
        last = {"Dataset": "in all", "Time": f"{hours:.2g} h", "Artefacts": counted}
        rows.append({name: "" for name in rows[0]} | last)
    return rows


def timings(records: Sequence[Record], scale: str) -> "Styler":
    """Training times of everything that was trained, in seconds, and the time of all artefacts
    behind the records."""
    import pandas as pd

    rows = timing_rows(records) or [{"Dataset": f"{MISSING}: nothing was run at this scale"}]
    return styled(pd.DataFrame(rows), f"Training times at scale {scale}")


def _cost_row(name: str, made: Sequence["Artefact"], steps: int) -> dict[str, str]:
    """One line of :func:`costs`; ``steps`` are those of each of several artefacts, 0 where epochs
    are counted."""
    updates = f"{steps:,}" if steps else "by epochs"
    told = [artefact.provenance for artefact in made]
    imported = any("source_sha256" in one for one in told)
    memory = max(one["peak_memory_mb"] for one in told)
    return {
        "Trained": name,
        "Updates": "imported" if imported else updates + (" each" if len(made) > 1 else ""),
        "Seconds": NOT_AVAILABLE if imported else f"{sum(one['seconds'] for one in told):,.0f}",
        "Peak memory of the process so far": f"{memory:,.0f} MB",
        "Device": ", ".join(dict.fromkeys(one["device"] for one in told)),
        "Threads": ", ".join(dict.fromkeys(str(one.get("threads") or "") for one in told)),
        "Artefact": _few([str(artefact) for artefact in made]),
    }


def _published_costs(params: Params) -> str:
    """Published hours of one CGN on this dataset, and of the studies on all of biased MNIST."""
    theirs = [row for row in published.rows("IBR-3", params.dataset) if row.setting == "CGN"]
    known = ", ".join(f"{COLUMNS.get(r.source, r.source)} {r.text} {r.unit}" for r in theirs)
    mark = published_mark(params)
    text = f"; published for one CGN{f' ({mark})' if mark else ''}: {known}" if known else ""
    if params.dataset not in MNIST_DATASETS:
        return text
    studies = published.rows("IBR-3", "mnist", TIME, "R1")
    hours = ", ".join(f"{row.setting} {row.text}" for row in studies)
    return f"{text}; {COLUMNS['R1']}, all variants together, in {studies[0].unit}: {hours}"


def costs(made: Mapping[str, tuple[Any, int]], params: Params) -> "Styler":
    """IBR-3: what each trained thing cost here, and what was published.

    Args:
        made: name to (:class:`cgnlib.store.Artefact` or several of one kind, updates of each).
    """
    import pandas as pd

    named = {
        name: (list(one) if isinstance(one, list | tuple) else [one], steps)
        for name, (one, steps) in made.items()
    }
    rows = [_cost_row(name, one, steps) for name, (one, steps) in named.items()]
    every = [artefact for one, _ in named.values() for artefact in one]
    processors = sorted({artefact.provenance.get("processor", "") for artefact in every})
    where = f" on {', '.join(processors)}" if made else ""
    caption = f"Cost of this run{where}{_published_costs(params)}"
    return styled(pd.DataFrame(rows or [{"Trained": "nothing on this page"}]), caption)
