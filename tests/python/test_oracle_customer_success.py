"""The customer-success marts against an independent implementation, column by column.

Some 9,000 records, handmade and random, are written to files, loaded and built like any other
source; then every column of every mart must hold what the oracle computes from the same records.
The first tests concern the oracle alone: small examples computed by hand, and the results of the
published programs, where those are at hand.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT.parent / "shared" / "reference" / "customer_success"
sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(ROOT / "tests" / "reference"))

import check_customer_success as reference  # noqa: E402
from builds import build  # noqa: E402
from oracle import customer_success as oracle  # noqa: E402
from oracle import customer_success_cases as cases  # noqa: E402
from oracle.building import read_table  # noqa: E402
from oracle.compare import Row, Table, agree, compare, report  # noqa: E402

SCORES = ("usage", "engagement", "support", "relationship", "overall")

# Mart -> key, and the columns that it must have besides.
MARTS: dict[str, tuple[str, str]] = {
    "customer_success_health": (
        "customer_id",
        f"""
        record_number name segment benchmark_segment arr classification signal_coverage
        coverage_aware_score coverage_aware_classification priority
        {" ".join(f"{name}_score {name}_trend previous_{name}_score" for name in SCORES)}
        {" ".join(f"{name}_classification" for name in SCORES[:4])}
        {" ".join(metric.name for metric in oracle.METRICS)}
        """,
    ),
    "customer_success_recommendations": ("customer_id rule_id", "position recommendation"),
    "customer_success_churn_risk": (
        "customer_id",
        """
        record_number name segment arr contract_end_date usage_decline_score engagement_drop_score
        support_issues_score relationship_signals_score commercial_factors_score raw_score
        urgency_multiplier days_to_renewal is_expired risk_score risk_tier published_risk_tier
        """,
    ),
    "customer_success_warnings": ("customer_id source", "position severity value"),
    "customer_success_expansion": (
        "customer_id",
        """
        record_number name segment arr total_modules adopted_modules adoption_rate avg_usage_pct
        seat_utilisation licensed_seats active_seats current_tier departments_covered
        departments_potential total_estimated_revenue realistic_revenue opportunity_count on_hold
        published_total_estimated_revenue
        """,
    ),
    "customer_success_opportunities": (
        "customer_id rank",
        """
        type category target estimated_revenue effort priority_score additional_seats on_hold
        published_target published_estimated_revenue published_priority_score
        """,
    ),
}
# Texts of a seed; a test of their own looks at them.
TEXTS = {"customer_success_recommendations": ("recommendation",)}


# --------------------------------------------------------------------------------------------
# The oracle itself
# --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def settings() -> dict:
    """The variables of the project."""
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    return project["vars"]["customer_health"]


def test_the_health_settings_are_the_published_ones(settings: dict) -> None:
    block = settings["customer_success_health"]
    assert {name: part["weight"] for name, part in block["weights"].items()} == oracle.DIMENSIONS
    assert [
        (dimension, metric, weight)
        for dimension, part in block["weights"].items()
        for metric, weight in part["metrics"].items()
    ] == [(metric.dimension, metric.name, metric.weight) for metric in oracle.METRICS]
    assert block["sentiments"] == oracle.SENTIMENTS
    assert (block["otherwise"], block["trend_threshold"]) == (50, 5)
    assert (block["min_coverage"], block["default_segment"]) == (oracle.MIN_COVERAGE, "mid-market")


def test_the_churn_settings_are_the_published_ones(settings: dict) -> None:
    block = settings["customer_success_churn"]
    assert list(block["weights"].items()) == list(oracle.SIGNALS.items())
    rungs = [(rung["days_at_most"], rung["multiplier"]) for rung in block["urgency"]]
    assert rungs == list(oracle.URGENCY)
    for rung in block["risk_tiers"]:
        assert oracle.risk_tier(rung["at_least"]) == rung["risk_tier"]
        assert oracle.risk_tier(rung["at_least"] - 0.1) != rung["risk_tier"] or not rung["at_least"]


def test_the_expansion_settings_are_the_published_ones(settings: dict) -> None:
    block = settings["customer_success_expansion"]
    assert block["effort_multipliers"] == oracle.EFFORTS
    assert block["realistic_cap"] == oracle.REALISTIC_CAP
    names = ("seat_utilisation_at_least", "department_share", "revenue_per_point")
    assert [block[name] for name in names] == [0.90, 0.8, 2000]


def test_health_computed_by_hand() -> None:
    """Half of every target of an enterprise, and half of every maximum."""
    record = {
        "segment": "Enterprise",
        "usage": {"login_frequency": 45, "feature_adoption": 40, "dau_mau_ratio": 0.25},
        "engagement": {
            "support_ticket_volume": 2.5,
            "meeting_attendance": 47.5,
            "nps_score": 4.5,
            "csat_score": 2.25,
        },
        "support": {"open_tickets": 5, "escalation_rate": 0.125, "avg_resolution_hours": 36},
        "relationship": {
            "executive_sponsor_engagement": 45,
            "multi_threading_depth": 2.5,
            "renewal_sentiment": "NEGATIVE",
        },
        "previous_period": {"usage_score": 45, "support_score": 44.9, "overall_score": 52.5},
    }
    row, rules = oracle.health(record)
    # .35 * 50 + .30 * 50 + .35 * 20 = 39.5;  .75 * 50 + .25 * 39.5 = 47.375
    assert [row[f"{name}_score"] for name in SCORES] == [50, 50, 50, 39.5, 47.4]
    assert [row[f"{name}_trend"] for name in SCORES] == [
        *("stable", "no_data", "improving", "no_data", "declining"),
    ]
    assert (row["segment"], row["classification"], row["priority"]) == (
        *("enterprise", "red", "critical"),
    )
    assert row["usage_classification"] == "yellow"
    assert rules == ["U1", "E1", "E2", "E3", "R3"]  # at half, the others do not fire
    assert (row["signal_coverage"], row["coverage_aware_score"]) == (1, Decimal("47.4"))


def test_what_is_absent_is_not_perfect() -> None:
    """Nothing measured: usage 0, engagement 56.4, support 100, relationship 27.5."""
    row, rules = oracle.health({})
    # .20 * 100 + 0 + .25 * 62.5 + .25 * 75 = 54.375;  .30 * 33.33 + .35 * 50 = 27.5
    assert [row[f"{name}_score"] for name in SCORES] == [0, 54.4, 100, 27.5, 40.5]
    assert (row["classification"], row["priority"]) == ("red", "critical")
    assert (row["signal_coverage"], row["coverage_aware_score"]) == (0, None)
    assert row["coverage_aware_classification"] == "unscored"
    assert rules == ["U1", "U2", "U3", "E1", "E2", "E3", "R1", "R2"]
    # Usage and support, half of the weight: (.30 * 100 + .20 * 50) / .50
    usage = {"login_frequency": 80, "feature_adoption": 70, "dau_mau_ratio": 0.4}
    support = {"open_tickets": 7.5, "escalation_rate": 0.15, "avg_resolution_hours": 48}
    row, _ = oracle.health({"usage": usage, "support": support})
    assert (row["signal_coverage"], row["coverage_aware_score"]) == (Fraction(1, 2), 80)
    row, _ = oracle.health({"usage": usage, "support": {**support, "open_tickets": None}})
    assert (row["signal_coverage"], row["coverage_aware_score"]) == (Fraction(43, 100), None)
    assert (row["support_score"], row["overall_score"], row["usage_score"]) == (None, None, 100)


def test_churn_computed_by_hand() -> None:
    record = {
        **cases.AT_RISK,
        "contract_end_date": "2026-7-31",
        "support_issues": {"open_escalations": 2, "satisfaction_trend": "Critical"},
    }
    row, warned = oracle.churn(record, date(2026, 6, 1))
    # .40 * 45 + .35 * 40 + .25 * 40;  .30 * 50 + .35 * 60 + .35 * 60;  .35 * 70 + .30 * 95
    # 45 + 24;  15 + 35
    assert [row[f"{name}_score"] for name in oracle.SIGNALS] == [42, 57, 53, 69, 50]
    # 12.6 + 14.25 + 10.6 + 10.35 + 5 = 52.8, after 60 days times 1.35
    assert (row["raw_score"], row["urgency_multiplier"], row["days_to_renewal"]) == (52.8, 1.35, 60)
    assert (row["risk_score"], row["risk_tier"], row["is_expired"]) == (71.3, "high", False)
    assert [(one["source"], one["severity"], one["value"]) for one in warned] == [
        ("satisfaction_trend", "critical", "critical"),
        ("champion_left", "critical", "yes"),
        ("login_trend", "high", "-15"),
        ("meeting_cancellations", "high", "2"),
        ("response_time_days", "high", "5"),
        ("nps_change", "high", "-3"),
        ("open_escalations", "high", "2"),
        ("pricing_complaints", "high", "yes"),
        ("feature_adoption_change", "medium", "-10"),
        ("competitor_mentions", "medium", "2"),
    ]


def test_gaps_of_the_published_tiers() -> None:
    scores = (39.9, 40, 59, 59.1, 59.9, 60, 79, 79.1, 79.9, 80, 100, None)
    assert [oracle.risk_tier(score) for score in scores] == [
        *("low", *["medium"] * 4, *["high"] * 4, "critical", "critical", "unscored"),
    ]
    assert [oracle.published_risk_tier(score) for score in scores] == [
        *("low", "medium", "medium", "low", "low", "high", "high", "low", "low"),
        *("critical", "critical", "unscored"),
    ]


def test_dates_are_read_as_published() -> None:
    read = {
        "2026-07-01": date(2026, 7, 1),
        "2026-7-1": date(2026, 7, 1),
        "2026-07-01T23:59:59+02:00": date(2026, 7, 1),
        "2026-7-1T00:00": None,
        " 2026-07-01": None,
        "2026-02-29": None,
        "": None,
    }
    assert {value: oracle.contract_end(value) for value in read} == read
    for days, multiplier in ((-400, 1.5), (30, 1.5), (31, 1.35), (91, 1.1), (181, 1.0)):
        end = date.fromordinal(cases.AS_OF_DATE.toordinal() + days).isoformat()
        row, _ = oracle.churn({"contract_end_date": end}, cases.AS_OF_DATE)
        assert (row["urgency_multiplier"], row["is_expired"]) == (multiplier, days < 0)


def test_expansion_computed_by_hand() -> None:
    row, plays = oracle.expansion(cases.GROWING, "low")
    # 20000 * .15;  20000 / 1.8 * 3 - 20000;  20000 * .10 twice;  20000 / 2 * .8 twice
    assert [
        (one["category"], one["target"], one["estimated_revenue"], one["priority_score"])
        for one in plays
    ] == [
        ("tier_upgrade", "enterprise", 13333, 13.3),
        ("seat_expansion", None, 3000, 4.5),
        ("department_expansion", "HR", 8000, 4),
        ("department_expansion", "Finance", 8000, 4),
        ("module_cross_sell", "api_access", 2000, 3),
        ("module_cross_sell", "Own Module", 2000, 3),
    ]
    by_category = {one["category"]: one for one in plays}
    tier = by_category["tier_upgrade"]
    assert (tier["estimated_revenue"], tier["priority_score"]) == (13333, 13.3)
    assert (tier["published_target"], tier["published_estimated_revenue"]) == (
        *("enterprise_plus", 30000),
    )
    assert by_category["seat_expansion"]["additional_seats"] == 7
    assert (row["total_estimated_revenue"], row["opportunity_count"]) == (36333, 6)
    assert row["published_total_estimated_revenue"] == 53000
    assert (row["realistic_revenue"], row["on_hold"]) == (10000, False)
    assert (row["adoption_rate"], row["seat_utilisation"]) == (50, 94)
    held, _ = oracle.expansion(cases.GROWING, "critical")
    assert (held["realistic_revenue"], held["on_hold"]) == (0, True)
    assert held["total_estimated_revenue"] == 36333


def test_a_bad_value_takes_along_only_what_needs_it() -> None:
    row, _ = oracle.health(cases.changed(cases.HEALTHY, "usage/login_frequency", "80"))
    assert (row["usage_score"], row["overall_score"], row["classification"]) == (
        *(None, None, "unscored"),
    )
    assert row["support_score"] is not None
    assert row["coverage_aware_score"] is not None
    row, _ = oracle.churn(cases.changed(cases.AT_RISK, "support_issues", None), cases.AS_OF_DATE)
    assert (row["support_issues_score"], row["risk_tier"]) == (None, "unscored")
    assert row["usage_decline_score"] is not None
    row, _ = oracle.expansion(cases.changed(cases.GROWING, "arr", "20000"), None)
    assert (row["total_estimated_revenue"], row["adoption_rate"]) == (None, 50)


@pytest.mark.parametrize("tool", oracle.TOOLS)
def test_the_oracle_agrees_with_the_published_programs(tool: str) -> None:
    if not REFERENCE.is_dir():
        pytest.skip("the results of the published programs are not part of the project")
    records, expected = reference.inputs(REFERENCE, tool), reference.results(REFERENCE, tool)
    assert len(expected) == len(records) == 400
    differences = []
    for record, wanted in zip(records, expected, strict=True):
        if tool == "health":
            row, rules = oracle.health(record)
            found = reference.health_figures(row, len(rules))
        elif tool == "churn":
            row, warned = oracle.churn(record, date(2026, 6, 1))
            found = reference.churn_figures(row, Counter(one["severity"] for one in warned))
        else:
            row, plays = oracle.expansion(record, None)
            found = reference.expansion_figures(row, plays)
        published = reference.published_figures(tool, record, wanted)
        differences += reference.differences(wanted["customer_id"], published, found)
    assert not differences, report(differences)


# --------------------------------------------------------------------------------------------
# Building with dbt
# --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Build:
    """One build, with what the oracle makes of the same records."""

    work_file: Path
    expected: dict[str, list[dict]]

    def table(self, schema: str, name: str) -> Table:
        """Read a table of the build."""
        return read_table(self.work_file, schema, name)


Writer = Callable[[Mapping[str, list[str]], Path], None]


@pytest.fixture(
    scope="module", params=[cases.write_tables, cases.write_files], ids=["tables", "files"]
)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """The records loaded and built, from tables and, fewer of them, from the published files."""
    write: Writer = request.param
    folder = tmp_path_factory.mktemp("customer_success")
    raw = folder / "raw"
    count = 2000 if write is cases.write_tables else 200
    documents = {tool: cases.documents(tool, count) for tool in oracle.TOOLS}
    write(documents, raw)
    variables = {
        "as_of_date": cases.AS_OF_DATE.isoformat(),
        "customer_health_subjects": ["customer_success"],
    }
    work_file = build(raw, folder, variables, select=[f"+{mart}" for mart in MARTS])
    records = {tool: [json.loads(text) for text in texts] for tool, texts in documents.items()}
    return Build(work_file, oracle.marts(records, cases.AS_OF_DATE))


def settled(expected: Iterable[Row], table: Table, key: list[str]) -> list[dict]:
    """The expected rows, where of several right values the one that was found is taken."""
    found = {tuple(row.get(name) for name in key): row for row in table.rows}

    def settle(name: str, value: Any, actual: Any) -> Any:
        if not isinstance(value, oracle.OneOf):
            return value
        right = (one for one in value if agree(one, actual, name, table.types.get(name, "")))
        return next(right, next(iter(value)))

    rows = []
    for row in expected:
        other = found.get(tuple(row[name] for name in key), {})
        rows.append({name: settle(name, value, other.get(name)) for name, value in row.items()})
    return rows


@pytest.mark.parametrize("mart", MARTS)
def test_mart(built: Build, mart: str) -> None:
    key, required = (names.split() for names in MARTS[mart])
    table = built.table("marts", mart)
    expected = settled(built.expected[mart], table, key)
    differences = compare(table, key, expected, required, TEXTS.get(mart, ()))
    assert not differences, report(differences)


def test_every_rule_has_its_own_text(built: Build) -> None:
    rows = built.table("marts", "customer_success_recommendations").rows
    texts = {(row["rule_id"], row["recommendation"]) for row in rows}
    assert len(texts) == len({text for _, text in texts}) == 12
    assert all(text and text.strip() for _, text in texts)


def test_measured_throughout_both_scores_agree(built: Build) -> None:
    rows = built.table("marts", "customer_success_health").rows
    both = [row for row in rows if row["signal_coverage"] == 1 and row["overall_score"] is not None]
    assert len(both) > 500
    differing = [
        f"{row['customer_id']}: {row['overall_score']}, {row['coverage_aware_score']}"
        for row in both
        if row["overall_score"] != row["coverage_aware_score"]
    ]
    assert not differing, report(differing)


@pytest.mark.parametrize("tool", oracle.TOOLS)
def test_every_record_is_accepted_or_rejected(built: Build, tool: str) -> None:
    records = built.table("staging", f"base_customer_success__{tool}_records").rows
    mart = "churn_risk" if tool == "churn" else tool
    kept = [row for row in records if row["rejection"] is None]
    assert len(kept) == len(built.expected[f"customer_success_{mart}"])
    rejected = [row for row in records if row["rejection"] is not None]
    assert Counter(row["rejection"] for row in rejected).keys() == {
        *("unparsable", "not_an_object", "missing_key", "duplicate_key"),
    }
    assert all(row["rejected_text"] for row in rejected)
