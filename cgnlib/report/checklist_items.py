"""What each item of the checklist says, from records, provenance and parameters."""

from collections import Counter
from collections.abc import Callable, Iterable
from statistics import stdev

from cgnlib.report import checklist_data, published
from cgnlib.report.checklist_data import INTRO, NOTHING
from cgnlib.report.departures import departures_list
from cgnlib.report.discrepancies import discrepancies
from cgnlib.report.evidence import Evidence, Made

DISCREPANCIES = "{doc}`/book/discrepancies`"
KINDS = {
    "cgn": "CGN",
    "weights": "CGN or GAN (imported weights)",
    "gan": "GAN",
    "classifier": "classifier",
    "reader": "mask reader",
    "oracle": "oracle",
    "genint_cvae": "CVAE",
    "genint_cgn": "CGN on coloured backgrounds",
    "genint_classifier": "classifier of GENINT-1",
    "genint_irm": "IRM of GENINT-1",
    "imagenet_cgn": "CGN of scenes9",
    "genint_row": "classifier of GenInt's tables",
    "genint_strength": "classifier of GENINT-8",
    "nuisance_reader": "nuisance reader",
}


def _listed(found: Iterable[str], empty: str = NOTHING) -> str:
    return ", ".join(dict.fromkeys(found)) or empty


def _what_ran(evidence: Evidence) -> str:
    return f"{{doc}}`/results/{evidence.scale}/what_ran`"


def _summary(evidence: Evidence) -> str:
    """The summary page, or the page that says that it was not run."""
    return evidence.link("summary") if evidence.page("summary") else _what_ran(evidence)


def _claims(evidence: Evidence) -> list[str]:
    """The claims about the family's datasets: those that are judged."""
    return list(dict.fromkeys(one.verdict.claim for one in evidence.judgements))


def _scope(evidence: Evidence) -> str:
    every = [
        one
        for one in published.published().experiments
        if set(one.datasets) & set(evidence.datasets)
    ]
    answered = {(record.experiment, record.dataset) for record in evidence.records}
    done = [one.id for one in every if any((one.id, name) in answered for name in one.datasets)]
    return (
        f"claims with rules: {_listed(_claims(evidence))}; datasets: "
        f"{', '.join(evidence.datasets)}; experiments with numbers at "
        f"scale `{evidence.scale}`: {len(done)} of the {len(every)} catalogued for "
        f"these datasets ({', '.join(done) or NOTHING}); what is claimed: {INTRO}; every "
        f"experiment: {_summary(evidence)}"
    )


def _methodology(evidence: Evidence) -> str:
    counts = [f"{d} {len(departures_list(one))}" for d, one in evidence.presets.items()]
    return (
        f"how numbers are made: {INTRO}; published training choices that this scale changes, each "
        f"listed on the pages {evidence.first_pages()}: "
        f"{', '.join(counts) or 'no parameter file'}; "
        f"{len(discrepancies())} points on which the sources disagree: {DISCREPANCIES}"
    )


def _results(evidence: Evidence) -> str:
    told = []
    for claim in _claims(evidence):
        own = [one for one in evidence.judgements if one.verdict.claim == claim]
        counts = Counter(one.text for one in own)
        words = ", ".join(
            f"{word} on {count} of {len(own)} datasets" for word, count in counts.items()
        )
        told.append(f"{claim}: {words}")
    return f"{'; '.join(told)}; number by number: {_summary(evidence)}"


def _conditions(evidence: Evidence, met: bool) -> str:
    """How many conditions of each claim held (or did not), on which dataset."""
    word, told = "met:" if met else "not met:", []
    for one in evidence.judgements:
        verdict, source = one.verdict, f" ({one.source})" if one.source else ""
        judged = [r for r in verdict.reasons if r.startswith(("met:", "not met:"))]
        count = sum(reason.startswith(word) for reason in judged)
        if count:
            told.append(f"{verdict.claim} on {verdict.dataset} {count} of {len(judged)}{source}")
    return ", ".join(told) or ("none" if evidence.records else NOTHING)


def _easy(evidence: Evidence) -> str:
    return (
        "the MNIST networks: layers, sizes and names of weights are published in full, so that "
        "released checkpoints load key by key; data and classifier are small enough for a laptop; "
        f"conditions of the claims that held: {_conditions(evidence, True)}; which: "
        f"{_summary(evidence)}"
    )


def _difficult(evidence: Evidence) -> str:
    return (
        "what the sources leave open or contradict (settings of IRM, LNTL, GAN and beta-VAE, the "
        f"number of counterfactuals, differing code and text): {DISCREPANCIES}; both "
        "reproductions report that retraining does not reliably reach the released CGN; conditions "
        f"of the claims that did not hold: {_conditions(evidence, False)}; which: "
        f"{_summary(evidence)}"
    )


def _hardware(evidence: Evidence) -> str:
    made = [one.provenance for one in evidence.made]
    if not made:
        return f"{NOTHING}, or its artefacts are gone from runs/; {_what_ran(evidence)}"
    machines = _listed(str(p.get("processor", "")) or "unknown processor" for p in made)
    devices = _listed(str(p.get("device", "")) for p in made)
    threads = _listed(str(p.get("threads")) for p in made if p.get("threads"))
    memory = max(p.get("peak_memory_mb", 0.0) for p in made)
    return (
        f"processor: {machines}; device: {devices}; threads: {threads or 'not recorded'}; peak "
        f"memory of a process: {memory:,.0f} MB; per training: {evidence.first_pages()}; runs: "
        f"{_what_ran(evidence)}"
    )


def _of_kind(evidence: Evidence) -> dict[str, list[Made]]:
    groups: dict[str, list[Made]] = {}
    for one in evidence.made:
        groups.setdefault(one.kind, []).append(one)
    return groups


def _seconds(value: float) -> str:
    return f"{value:,.0f} s" if value >= 10 else f"{value:.1f} s"


def _time(evidence: Evidence) -> str:
    spent = [
        f"{KINDS.get(kind, kind)} {len(group)} x {_seconds(sum(seconds) / len(seconds))}"
        for kind, group in _of_kind(evidence).items()
        if (seconds := [one.provenance.get("seconds", 0.0) for one in group])
    ]
    walls = [s.seconds for s in evidence.states if s.seconds is not None and "@" not in s.notebook]
    pages = f"{sum(walls):,.0f} s over {len(walls)} pages" if walls else NOTHING
    return (
        f"mean per artefact behind the records: {', '.join(spent) or NOTHING}; notebooks: {pages} "
        f"(less where artefacts were there already); each: {_what_ran(evidence)}"
    )


def _sizes(evidence: Evidence) -> str:
    told = []
    for kind, group in _of_kind(evidence).items():
        sizes = sorted({one.weights for one in group if one.weights})
        if sizes:
            told.append(f"{KINDS.get(kind, kind)} {' or '.join(f'{size:,}' for size in sizes)}")
    return (
        f"weights: {'; '.join(told) or NOTHING}; trained for {evidence.first_pages()}; runs: "
        f"{_what_ran(evidence)}"
    )


def _bounds(evidence: Evidence) -> str:
    models = [family.model for family in evidence.families]
    fields = {name: field for model in models for name, field in model.model_fields.items()}
    bounded = sum(bool(field.metadata) for field in fields.values())
    return (
        f"{len(fields)} parameters, {bounded} of them with numeric bounds, the others text, "
        "choices or switches; bounds, value per dataset and where the value comes from: [table "
        "below](#hyper-parameters); no value was chosen on test data: recipes were chosen on "
        f"validation data{_penalty_weights(evidence)}, budgets were cut to fit the time"
    )


def _penalty_weights(evidence: Evidence) -> str:
    """Where those of IRM and LNTL come from; nothing for families without them."""
    if not any("lntl_weight" in family.model.model_fields for family in evidence.families):
        return ""
    searched = evidence.scale in ("embedded", "full")
    told = "chosen on biased validation digits (the table of candidates)"
    return f", penalty weights of IRM and LNTL are {told if searched else 'defaults'}"


def _runs(evidence: Evidence) -> str:
    counts = Counter((run.notebook, run.folder.parent.name) for run in evidence.runs)
    told = [f"{notebook} {dataset} {count}" for (notebook, dataset), count in counts.items()]
    seeds = sorted({record.seed for record in evidence.records})
    return (
        f"finished runs, seeds counted apart: {', '.join(told) or NOTHING}; seeds: "
        f"{', '.join(map(str, seeds)) or NOTHING}; all: {_what_ran(evidence)}"
    )


def _variance(evidence: Evidence) -> str:
    groups: dict[tuple, list[float]] = {}
    for r in evidence.records:
        groups.setdefault((r.experiment, r.dataset, r.setting, r.metric), []).append(r.value)
    repeated = {key: values for key, values in groups.items() if len(values) > 1}
    between = "none: one seed per number, which is an indication and called so"
    if repeated:
        (_, dataset, setting, metric), values = max(
            repeated.items(), key=lambda pair: (pair[0][3] == "test_accuracy", len(pair[1]))
        )
        between = (
            f"{len(repeated)} numbers have several; e.g. {setting}, {metric}, {dataset}: standard "
            f"deviation {stdev(values):.3g} over {len(values)}"
        )
    within = sum(r.interval_low is not None for r in evidence.records)
    return (
        f"{within} of {len(evidence.records)} numbers carry a 95 % interval over test examples; "
        f"between seeds: {between}; meaning: {INTRO}"
    )


def _commands(evidence: Evidence) -> str:
    return (
        f"[table below](#commands): one line per page and dataset; everything: `make report "
        f"SCALE={evidence.scale}`; as executed: {_what_ran(evidence)}"
    )


def _limits(evidence: Evidence) -> str:
    missing = [s for s in evidence.states if s.state == "missing"]
    failed = [s for s in evidence.states if s.state == "failed"]
    done = [s for s in evidence.states if s.dataset and s.state == "done"]
    pages = _listed(evidence.link(s.notebook, s.dataset) for s in done if "@" not in s.notebook)
    return (
        f"section Limits of each page ({pages}); pages not run: {len(missing)}, failed: "
        f"{len(failed)}; experiments not run are MISSING on {_summary(evidence)}"
    )


def _code(evidence: Evidence) -> str:
    commits = _listed(record.git_commit for record in evidence.records)
    made = [one.provenance.get("versions", {}) for one in evidence.made]
    versions = _listed(f"{name} {version}" for v in made for name, version in v.items())
    return (
        f"commits of the records: {commits}; versions: {versions}; pinned in `requirements.txt`; "
        f"per record: `python -m cgnlib records --scale {evidence.scale}`; pages: "
        f"{_what_ran(evidence)}"
    )


ITEMS: tuple[tuple[str, Callable[[Evidence], str]], ...] = (
    ("Scope", _scope),
    ("Methodology", _methodology),
    ("Results", _results),
    ("What was easy", _easy),
    ("What was difficult", _difficult),
    ("Hardware", _hardware),
    ("Time", _time),
    ("Parameters per model", _sizes),
    ("Hyper-parameters: bounds and choice", _bounds),
    ("Number of runs", _runs),
    ("Variance", _variance),
    ("Splits", checklist_data.splits),
    ("Preprocessing", checklist_data.preprocessing),
    ("Exact command per table", _commands),
    ("Limitations", _limits),
    ("Data identity", checklist_data.identity),
    ("Code identity", _code),
)
