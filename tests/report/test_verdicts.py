"""Verdict rules applied to hand-made records."""

from functools import partial
from types import SimpleNamespace

import pytest

import made_records
from cgnlib.errors import UserError
from cgnlib.paths import project_root
from cgnlib.report import verdicts

record = partial(made_records.record, dataset="wildlife_mnist")


def odr(original=(10.0, 9.0, 11.0), cgn=(83.0, 82.0, 84.0), **changes):
    return [
        record("Original", original[0], original[1:], **changes),
        record("Original+CGN", cgn[0], cgn[1:], **changes),
    ]


@pytest.mark.parametrize(
    ("records", "expected", "states"),
    [
        (odr(), "supported", ["met", "met", "met"]),
        (odr(cgn=(80.7, 80.0, 81.0)), "supported", ["met", "met", "met"]),  # 85.7 - 5 still counts
        (odr(cgn=(80.6, 80.0, 81.0)), "partly", ["met", "not met", "met"]),
        (odr(original=(16.0, 15.0, 17.0)), "partly", ["met", "met", "not met"]),
        (odr(original=(70.0, 69.0, 71.0)), "partly", ["not met", "met", "not met"]),
        (
            odr(original=(60.0, 40.0, 83.0), cgn=(83.0, 82.0, 84.0)),
            "partly",
            ["not met", "met", "not met"],
        ),  # 23 points apart, but intervals overlap
        (
            odr(original=(10.0, 9.0, 11.0), cgn=(29.9, 29.0, 31.0)),
            "not supported",
            ["not met", "not met", "met"],
        ),
    ],
)
def test_odr(records, expected, states):
    verdict = verdicts.judge("ODR", "wildlife_mnist", records)
    assert [reason.split(":")[0] for reason in verdict.reasons] == states
    assert (verdict.verdict, verdict.seeds) == (expected, [0])


def test_reasons_name_the_measured_values():
    reasons = verdicts.judge("ODR", "wildlife_mnist", odr()).reasons
    assert "83.0 % against 10.0 %, +73.0" in reasons[0]
    assert "intervals apart" in reasons[0]
    assert "83.0 % against 85.7, tolerance 5 points" in reasons[1]


def test_the_colored_variant_does_not_ask_for_chance():
    records = odr(original=(36.0, 35.0, 37.0), cgn=(92.0, 91.0, 93.0), dataset="colored_mnist")
    verdict = verdicts.judge("ODR", "colored_mnist", records)
    assert (verdict.verdict, len(verdict.reasons)) == ("supported", 2)


@pytest.mark.parametrize(
    "records",
    [
        [],
        odr()[:1],
        odr()[1:],
        odr(dataset="colored_mnist"),
        odr(experiment="ODR-2"),
        [record("Original", 10), record("Original+CGN", 83)],
    ],
)
def test_missing_records_or_intervals_mean_not_run(records):
    verdict = verdicts.judge("ODR", "wildlife_mnist", records)
    assert verdict.verdict == "not run"
    assert any(reason.startswith("MISSING") for reason in verdict.reasons)


def test_several_seeds_are_averaged_and_their_intervals_joined():
    records = odr(cgn=(79.0, 78.0, 80.0)) + odr(cgn=(84.0, 83.0, 85.0), seed=1)
    verdict = verdicts.judge("ODR", "wildlife_mnist", records)
    assert verdict.seeds == [0, 1]
    assert "81.5 % against 10.0 %" in verdict.reasons[0]
    assert "mean of 2 seeds: an indication" in verdicts.markdown(verdict)
    ours = verdicts.measure(records, "Original+CGN", "test_accuracy")
    assert (ours.value, ours.low, ours.high) == (81.5, 78.0, 85.0)


def seeds(*pairs, half=0.1):
    """Records of one seed per pair (Original, Original+CGN)."""
    return [
        one
        for seed, (low, high) in enumerate(pairs)
        for one in odr((low, low - half, low + half), (high, high - half, high + half), seed=seed)
    ]


def test_three_seeds_are_compared_in_pairs():
    # Differences of 72, 73 and 74 points: mean 73, half width 4.30 / sqrt(3).
    verdict = verdicts.judge(
        "ODR", "wildlife_mnist", seeds((8.0, 80.0), (11.0, 84.0), (14.0, 88.0), half=40.0)
    )
    assert verdict.reasons[0].startswith("met")
    assert "+73.0" in verdict.reasons[0]
    assert "paired interval over 3 seeds +70.5 to +75.5" in verdict.reasons[0]
    assert "3 seeds, intervals over seeds" in verdicts.markdown(verdict)


def test_a_difference_that_seeds_do_not_settle_is_not_met():
    # Narrow intervals over digits, but differences of 75, 5 and 10 points over seeds.
    verdict = verdicts.judge(
        "ODR", "wildlife_mnist", seeds((10.0, 85.0), (10.0, 15.0), (10.0, 20.0))
    )
    assert verdict.reasons[0].startswith("not met")
    assert "+30.0" in verdict.reasons[0]


def test_one_seed_is_in_doubt_where_its_examples_do_not_settle_it():
    reasons = verdicts.judge("ODR", "wildlife_mnist", odr((14.5, 13.5, 15.5))).reasons
    ends = "13.5 % to 15.5 %, contains the bound"
    assert reasons[2].startswith("met: Original stays near chance")
    assert f"in doubt: the interval recorded for one seed, {ends}" in reasons[2]
    assert "in doubt" not in verdicts.judge("ODR", "wildlife_mnist", odr()).reasons[2]


def test_a_bound_inside_the_interval_is_called_in_doubt():
    verdict = verdicts.judge(
        "ODR", "wildlife_mnist", seeds((14.0, 84.0), (15.2, 84.0), (15.5, 84.0))
    )
    assert verdict.reasons[2].startswith("met: Original stays near chance (14.9 %")
    assert "in doubt: the interval over 3 seeds" in verdict.reasons[2]
    assert "in doubt" not in verdict.reasons[1]  # 84.0 three times, far from 80.7


def test_one_seed_is_an_indication():
    assert "one seed: an indication" in verdicts.markdown(
        verdicts.judge("ODR", "wildlife_mnist", odr(), notes=["other textures"])
    )


def test_notes_stand_among_the_reasons():
    verdict = verdicts.judge("ODR", "wildlife_mnist", odr(), notes=["other textures"])
    assert verdict.reasons[-1] == "note: other textures"
    assert verdict.verdict == "supported"


def test_a_claims_own_note_stands_beside_every_verdict_on_it():
    *_, last = verdicts.judge("ODR-AMOUNT", "colored_mnist", amounts()).reasons
    assert last.startswith("note: every classifier takes the same number of updates")
    assert not any(
        "updates" in reason for reason in verdicts.judge("ODR", "colored_mnist", odr()).reasons
    )


def hqc(dataset="double_colored_mnist", **values):
    shares = {
        "mask_readability": 0.96,
        "oracle_shape_shape": 0.93,
        "oracle_foreground_foreground": 0.95,
        "oracle_background_background": 0.97,
        "label_leak": 0.13,
    } | values
    return [
        record(
            "CGN",
            share,
            metric=metric,
            unit="share",
            claim="HQC",
            experiment="HQC-1",
            dataset=dataset,
        )
        for metric, share in shares.items()
        if share is not None
    ]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, "supported"),
        ({"mask_readability": 0.95, "label_leak": 0.2}, "supported"),
        ({"mask_readability": 0.949}, "partly"),
        ({"label_leak": 0.21}, "partly"),
        (
            {
                "mask_readability": 0.5,
                "oracle_shape_shape": 0.5,
                "oracle_foreground_foreground": 0.5,
                "oracle_background_background": 0.5,
            },
            "not supported",
        ),
        ({"oracle_background_background": None}, "not run"),
    ],
)
def test_hqc(values, expected):
    assert verdicts.judge("HQC", "double_colored_mnist", hqc(**values)).verdict == expected


def test_hqc_on_the_colored_variant_needs_no_background_oracle():
    records = hqc("colored_mnist", oracle_background_background=None)
    assert verdicts.judge("HQC", "colored_mnist", records).verdict == "supported"


def ibr(**rows):
    """setting=(readability, recovery, accuracy)"""
    names = (("mask_readability", "share"), ("label_recovery", "share"), ("cf_test_accuracy", "%"))
    return [
        record(setting, value, metric=metric, unit=unit, claim="IBR", experiment="IBR-1")
        for setting, values in rows.items()
        for (metric, unit), value in zip(names, values, strict=True)
    ]


CONTROL = (0.90, 0.85, 75.0)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            {"none": CONTROL, "adversarial": (0.1, 0.1, 10.0), "edge": (0.90, 0.85, 71.9)},
            "supported",
        ),
        ({"none": CONTROL, "adversarial": (0.1, 0.1, 10.0), "edge": (0.87, 0.82, 72.0)}, "partly"),
        ({"none": CONTROL, "edge": (0.95, 0.9, 80.0)}, "not supported"),
        ({"none": CONTROL}, "not run"),
        ({"edge": CONTROL}, "not run"),
    ],
)
def test_ibr(rows, expected):
    assert verdicts.judge("IBR", "wildlife_mnist", ibr(**rows)).verdict == expected


def test_ibr_judges_each_dropped_group():
    verdict = verdicts.judge(
        "IBR",
        "wildlife_mnist",
        ibr(none=CONTROL, binary=(0.8, 0.85, 75.0), noise=(0.9, 0.85, 74.0)),
    )
    assert [reason.split(" (")[0] for reason in verdict.reasons] == [
        "met: dropping binary hurts",
        "not met: dropping noise does not hurt",
    ]
    assert "mask_readability 0.900 to 0.800" in verdict.reasons[0]


def test_three_seeds_must_agree_that_dropping_hurts():
    def three(*accuracies):
        rows = [ibr(none=CONTROL, edge=(0.9, 0.85, value)) for value in accuracies]
        return [
            one.model_copy(update={"seed": seed}) for seed, row in enumerate(rows) for one in row
        ]

    agreed = verdicts.judge("IBR", "wildlife_mnist", three(70.0, 70.5, 69.5))
    assert agreed.reasons[0].startswith("met: dropping edge hurts")
    torn = verdicts.judge("IBR", "wildlife_mnist", three(55.0, 75.0, 78.0))
    assert torn.reasons[0].startswith("not met: dropping edge does not hurt")
    assert "the interval over seeds of the loss contains 0" in torn.reasons[0]


def test_ibr_with_a_metric_left_out_is_not_run():
    records = [
        r
        for r in ibr(none=CONTROL, edge=CONTROL)
        if (r.setting, r.metric) != ("edge", "label_recovery")
    ]
    assert verdicts.judge("IBR", "wildlife_mnist", records).verdict == "not run"


def test_every_claim_is_judged_where_it_is_made_even_without_records():
    found = verdicts.judge_all([], ["colored_mnist", "wildlife_mnist"])
    assert [(v.claim, v.verdict) for v in found] == [
        (claim, "not run")
        for claim, datasets in (
            *((name, 2) for name in ("HQC", "IBR", "ODR", "EXT", "EXT-SSIM", "EXT-JITTER")),
            *(("ODR-AMOUNT", 2), ("HQC-EDGE", 1), ("COST", 2)),
        )
        for _ in range(datasets)
    ]
    assert "no records" in verdicts.markdown(found[0])
    assert "MISSING" not in verdicts.markdown(found[0])


def test_an_unknown_claim_or_a_wrong_rule_is_an_error(tmp_path):
    with pytest.raises(UserError, match="no rules for claim 'XYZ'"):
        verdicts.judge("XYZ", "colored_mnist", [])
    text = (project_root() / "params" / "claims.yaml").read_text()
    path = tmp_path / "claims.yaml"
    path.write_text(text.replace("kind: beats", "kind: beast", 1))
    with pytest.raises(UserError, match="claims.yaml"):
        verdicts.load_claims(path)


def test_a_rule_must_point_at_one_published_value(tmp_path):
    text = (project_root() / "params" / "claims.yaml").read_text()
    path = tmp_path / "claims.yaml"
    path.write_text(text.replace("table: Table 2", "table: Table 9"))
    with pytest.raises(UserError, match="no single Original\\+CGN value"):
        verdicts.judge("ODR", "wildlife_mnist", odr(), verdicts.load_claims(path))


def test_every_metric_of_the_rules_is_one_that_pages_record():
    from cgnlib.params.genint_classifiers import GENINT_TEST_SETS
    from cgnlib.params.imagenet_classifiers import IMAGENET_TEST_SETS
    from cgnlib.report import (
        genint_mnist_records,
        genint_records,
        imagenet_records,
        robustness_records,
    )
    from cgnlib.report.explain_tables import MEANINGS
    from cgnlib.report.measures import quality_numbers

    recorded = (
        set(MEANINGS)
        | set(
            quality_numbers(
                SimpleNamespace(
                    readability=1,
                    mask_means=[0],
                    border_means=[0],
                    undecided=[0],
                    disentanglement=[[1.0] * 3] * 3,
                )
            )
        )
        | {"test_accuracy", "cf_test_accuracy", "correct_digits", "training_time"}
        | {f"oracle_{factor}_{factor}" for factor in imagenet_records.FACTORS}
        | {f"{name}{end}" for name in imagenet_records.PARTS for end in ("", "_ratio")}
        | {"inception_score"}
        | set(robustness_records.MEANINGS)
        | {f"{name}_accuracy" for name in IMAGENET_TEST_SETS}
        | set(genint_mnist_records.MEANINGS)
        | {genint_records.metric_of(name) for name in GENINT_TEST_SETS}
        | {f"over_chance_{count}" for count in (9, 1000)}
        | {f"spearman_{name}" for name in GENINT_TEST_SETS}
    )
    for rule in verdicts.claims():
        for condition in rule.conditions:
            asked = getattr(condition, "margins", None) or [condition.metric]
            assert set(asked) <= recorded


def explained(foreground=(0.1, 0.08, 0.12), macro=(0.03, 0.02, 0.04), **changes):
    return [
        record(
            "CF minus original",
            value,
            interval,
            metric=metric,
            unit="share",
            claim="EXT",
            experiment="EXT-2",
            **changes,
        )
        for metric, (value, *interval) in (("foreground_iou", foreground), ("mean_iou", macro))
    ]


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        (explained(), "supported"),
        (explained(macro=(0.014, 0.01, 0.02)), "partly"),  # rises, by less than published
        (explained(foreground=(0.1, 0.0, 0.2)), "partly"),  # an interval that touches 0
        (explained((-0.1, -0.2, 0.1), (-0.1, -0.2, 0.1)), "not supported"),
        (explained()[:1], "not run"),
        (explained() + explained((0.1, -0.01, 0.2), seed=1), "partly"),  # hull of both seeds
    ],
)
def test_ext_asks_for_a_paired_interval_above_zero(records, expected):
    assert verdicts.judge("EXT", "wildlife_mnist", records).verdict == expected


def test_ext_without_an_interval_is_not_run():
    bare = [r.model_copy(update={"interval_low": None, "interval_high": None}) for r in explained()]
    verdict = verdicts.judge("EXT", "wildlife_mnist", bare)
    assert verdict.verdict == "not run"
    assert "interval of foreground_iou of CF minus original not recorded" in verdict.reasons[0]


def test_ext_says_what_was_asked_for():
    (first, *_) = verdicts.judge("EXT", "wildlife_mnist", explained()).reasons
    assert "0.100, interval 0.080 to 0.120; asked: the whole interval above 0.000" in first


def amounts(**accuracies):
    """``a1e5_r10=85.0`` is the cell "1e5, ratio 10", one point of interval each way."""
    cells = {"a1e4_r1": 70.0, "a1e4_r10": 75.0, "a1e5_r1": 80.0, "a1e5_r10": 85.0, "a1e6_r10": 90.0}
    return [
        record(f"{name[1:4]}, ratio {name[6:]}", value, (value - 1, value + 1), experiment="ODR-2")
        for name, value in (cells | accuracies).items()
        if value is not None
    ]


@pytest.mark.parametrize(
    ("changes", "expected", "states"),
    [
        ({}, "supported", ["met"] * 5),
        ({"a1e6_r10": 86.0}, "partly", ["met", "met", "not met", "met", "met"]),  # it saturates
        ({"a1e5_r10": 81.5, "a1e6_r10": 86.0}, "partly", ["met", "met", "met", "not met", "met"]),
        ({"a1e4_r1": 79.0, "a1e4_r10": 84.0, "a1e5_r10": 80.5}, "not supported",
         ["not met", "not met", "met", "not met", "met"]),
        ({"a1e6_r10": None}, "not run", ["met", "met", "MISSING", "met", "met"]),
    ],
)  # fmt: skip
def test_amount_and_ratio_of_counterfactuals(changes, expected, states):
    verdict = verdicts.judge("ODR-AMOUNT", "wildlife_mnist", amounts(**changes))
    told = [reason.split(":")[0] for reason in verdict.reasons]
    assert told == [*states, "note"]
    assert verdict.verdict == expected


def environments(seed=0, **accuracies):
    """``SC=(at 90 %, at 100 %)``"""
    usual = {"SC": (85.0, 85.1), "OCC": (58.7, 65.1), "BCC": (82.0, 90.0)} | accuracies
    return [
        record(f"{name} at {degree} % correlation", value, (value - 0.5, value + 0.5), seed=seed,
               experiment="ODR-5", dataset="double_colored_mnist")
        for name, pair in usual.items()
        for degree, value in zip((90, 100), pair, strict=True)
        if value is not None
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "expected", "states"),
    [
        ({}, "supported", ["met"] * 5),
        ({"SC": (85.0, 86.1)}, "partly", ["not met", "met", "met", "met", "met"]),
        ({"SC": (85.0, 83.9)}, "partly", ["not met", "met", "met", "met", "met"]),
        ({"BCC": (88.0, 98.0)}, "partly", ["met", "met", "met", "met", "not met"]),
        ({"SC": (80.0, 85.0), "OCC": (80.0, 82.9), "BCC": (90.0, 90.0)}, "not supported",
         ["not met"] * 5),
        ({"OCC": (58.7, None)}, "not run", ["met", "MISSING", "met", "met", "met"]),
        ({"SC": (85.0, None)}, "not run", ["MISSING", "met", "met", "met", "met"]),
    ],
)  # fmt: skip
def test_causal_identification(changes, expected, states):
    verdict = verdicts.judge("ODR-CAUSE", "double_colored_mnist", environments(**changes))
    assert [reason.split(":")[0] for reason in verdict.reasons] == states
    assert verdict.verdict == expected


@pytest.mark.parametrize(
    ("moves", "state"),
    [((0.2, 0.3, 0.4), "met"), ((-0.9, 0.3, 0.9), "not met")],  # means of 0.3 and 0.1 points
)
def test_steady_asks_for_the_whole_interval_over_seeds(moves, state):
    records = [
        one
        for seed, move in enumerate(moves)
        for one in environments(seed, SC=(85.0 + seed, 85.0 + seed + move))
    ]
    reason = verdicts.judge("ODR-CAUSE", "double_colored_mnist", records).reasons[0]
    assert reason.startswith(f"{state}: ")
    assert "paired interval over 3 seeds" in reason and "asked: all of it within 1" in reason


def edge(original=(5.6, 5.0, 6.2), with_loss=(8.9, 8.4, 9.4)):
    values = {"original": original, "with edge loss": with_loss, "CGN": (9.0, 9.0, 9.0)}
    return [
        record(name, value[0], value[1:], metric="correct_digits", unit="digits",
               experiment="HQC-7", dataset="colored_mnist")
        for name, value in values.items()
        if value
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("records", "expected", "states"),
    [
        (edge(), "supported", ["met"] * 3),
        (edge(original=(7.9, 7.6, 8.2)), "partly", ["met", "not met", "met"]),
        (edge((3.0, 2.5, 3.5), (6.0, 5.0, 7.0)), "partly", ["met", "met", "not met"]),
        (edge((7.0, 6.0, 7.9), (7.5, 7.0, 8.0)), "not supported", ["not met"] * 3),
        (edge(original=None), "not run", ["MISSING", "MISSING", "met"]),
    ],
)
def test_edge_loss(records, expected, states):
    verdict = verdicts.judge("HQC-EDGE", "colored_mnist", records)
    assert [reason.split(":")[0] for reason in verdict.reasons] == states
    assert verdict.verdict == expected


@pytest.mark.parametrize(
    ("dataset", "seconds", "expected"),
    [
        ("colored_mnist", 540, "supported"),
        ("colored_mnist", 541, "partly"),
        ("double_colored_mnist", 2161, "not supported"),
        ("wildlife_mnist", 3150, "supported"),
        ("wildlife_mnist", 12600, "partly"),
        ("wildlife_mnist", 12601, "not supported"),
        ("wildlife_mnist", None, "not run"),
    ],
)
def test_cost_is_held_against_the_published_hours(dataset, seconds, expected):
    shown = {"metric": "training_time", "unit": "s", "experiment": "IBR-3", "dataset": dataset}
    records = [record("CGN, control", 5.0, **shown)]
    records += [record("CGN", seconds, **shown)] if seconds else []
    verdict = verdicts.judge("COST", dataset, records)
    assert verdict.verdict == expected
    assert len(verdict.reasons) == 2


def strengths(original=(99.0, 98.0, 97.0), correlated=True):
    """Three strengths of interventions; both sets' correlations, or the original set's left out."""
    setup = {"claim": "GI-3", "experiment": "GENINT-8", "dataset": "genint_scenes9"}
    rows = [
        record(f"strength {i}", value, None, metric="original_accuracy", **setup)
        for i, value in enumerate(original)
    ]
    sets = ("original", "nuisance_shifted") if correlated else ("nuisance_shifted",)
    return rows + [
        record("all strengths", 1.0, (0.5, 1.0), metric=f"spearman_{name}", unit="r", **setup)
        for name in sets
    ]


@pytest.mark.parametrize(
    ("records", "expected", "first"),
    [
        (strengths(), "supported", "met: "),
        (strengths((100.0, 100.0, 100.0), correlated=False), "partly", "not met: "),
        (strengths(correlated=False), "not run", "MISSING: "),  # an order, and no correlation
        (strengths((100.0,), correlated=False), "not run", "MISSING: "),  # one strength is no order
    ],
)
def test_ranks_that_are_all_tied_have_no_correlation_to_be_met(records, expected, first):
    verdict = verdicts.judge("GI-3", "genint_scenes9", records)
    assert verdict.verdict == expected and verdict.reasons[0].startswith(first)
    tied = "original_accuracy is 100.0 % in every setting"
    assert (tied in verdict.reasons[0]) == (expected == "partly")
