"""The account marts against an independent implementation, column by column.

Each case of `oracle.adversarial` is loaded and built like any other source; then every column of
every mart must hold what the oracle computes from the same rows. The demo data goes the same way.
The first tests of this file concern the oracle alone.
"""

from __future__ import annotations

import csv
import datetime
import sys
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from builds import DEMO_AS_OF, build, demo_build  # noqa: E402
from oracle import account_health as oracle  # noqa: E402
from oracle import adversarial  # noqa: E402
from oracle.building import read_table  # noqa: E402
from oracle.compare import Table, compare, report  # noqa: E402
from oracle.exact import quantile, round_half_up, wilson_interval  # noqa: E402
from oracle.presets import FIVE_FAMILIES, PRESETS  # noqa: E402

POLICIES = oracle.resolve_policies(PRESETS, adversarial.EXTRA_POLICIES)
SUB_SCORES = ("activity", "contact_quality", "business_value", "account_scale")

# Mart -> key.
ACCOUNT_MARTS = {
    "account_health": ("account_id",),
    "account_health_contributions": ("account_id", "dimension", "metric"),
    "policy_scores": ("policy", "account_id"),
}
AGGREGATE_MARTS = {
    "risk_matrix": ("policy", "industry", "account_size_segment"),
    "risk_by_industry": ("policy", "industry"),
    "low_health_profile": ("policy", "metric", "cohort"),
    "dimension_importance": ("policy", "dimension"),
    "contribution_tiers": ("policy", "tier"),
    "band_by_tier": ("policy", "health_band", "contribution_tier"),
    "health_forecast_summary": ("policy",),
    "kpi_attainment": ("kpi_id",),
    "policy_agreement": ("policy_a", "policy_b", "band_a", "band_b"),
}
MARTS = {**ACCOUNT_MARTS, **AGGREGATE_MARTS}
QUALITY_TABLES = ("rejected_rows", "value_findings", "column_findings")

# Mart -> columns that it must have besides its key.
SCORE = ("health_score", "health_band", "predicted_6m_revenue", "contribution_tier")
RISK = (
    *("account_count", "scored_count", "low_health_count", "low_health_rate"),
    *("low_health_rate_lower", "low_health_rate_upper", "low_health_predicted_revenue"),
    *("is_small_sample", "risk_level", "priority_rank"),
)
REQUIRED = {
    "account_health": (*SCORE, *oracle.FORECAST_PARTS, "score_coverage", "is_run_rate_unknown"),
    "account_health_contributions": (
        *("raw_value", "scaled_value", "weight", "points", "max_points"),
    ),
    "policy_scores": SCORE,
    "risk_matrix": RISK,
    "risk_by_industry": RISK,
    "low_health_profile": (
        *("account_count", "mean", "median"),
        *("difference_from_all", "relative_difference_from_all"),
    ),
    "dimension_importance": ("nominal_weight", "contribution_sd", "variance_share"),
    "contribution_tiers": (
        *("lower_bound", "account_count", "total"),
        *("mean", "share", "mean_health"),
    ),
    "band_by_tier": ("account_count",),
    "health_forecast_summary": (
        *("scored_count", "mean_health_score", "predicted_6m_revenue_total"),
        *("health_forecast_correlation", "low_health_top_tier_count"),
    ),
    "kpi_attainment": (),
    "policy_agreement": ("account_count", "predicted_6m_revenue_a", "predicted_6m_revenue_b"),
}

# The hash of the policy's settings has a test of its own; the texts of the KPIs come from a seed.
UNCHECKED = {
    "policy_version",
    *("kpi", "metric", "comparison", "threshold", "threshold_kind", "unit", "target_share"),
    *("data_source", "note"),
}


# --------------------------------------------------------------------------------------------
# The oracle itself
# --------------------------------------------------------------------------------------------


def plain(value: Any) -> Any:
    """A setting without its spelling: numbers as fractions, defaults filled in, no description."""
    if isinstance(value, dict):
        settings = {key: plain(entry) for key, entry in value.items() if key != "description"}
        if "scale" in settings:
            settings.setdefault("direction", "higher")
        return settings
    if isinstance(value, list):
        return [plain(entry) for entry in value]
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return Fraction(str(value)) if is_number else value


@pytest.fixture(scope="module")
def settings() -> dict:
    """The variables of the project."""
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    return project["vars"]["customer_health"]


@pytest.mark.parametrize("name", [*PRESETS, "five_families"])
def test_preset_says_what_was_published(settings: dict, name: str) -> None:
    expected = {**PRESETS, "five_families": FIVE_FAMILIES}[name]
    assert plain(settings["customer_health_presets"][name]) == plain(expected)


def test_settings_have_the_published_presets_labels_and_levels(settings: dict) -> None:
    assert set(settings["customer_health_presets"]) == {*PRESETS, "five_families"}
    assert settings["customer_health_policies"] == list(PRESETS)
    assert tuple(settings["customer_health_industries"]) == oracle.LABELS["industry_normalized"]
    assert tuple(settings["customer_health_size_segments"]) == oracle.LABELS["account_size_segment"]
    assert plain(settings["customer_health_risk_levels"]) == [
        {"risk_level": level, "at_least": Fraction(at_least)}
        for level, at_least in oracle.RISK_LEVELS
    ]
    assert settings["customer_health_small_sample"] == oracle.SMALL_SAMPLE


def test_oracle_on_an_account_computed_by_hand() -> None:
    """Three accounts; the second lies half way in everything, with 3 of 4 contacts by e-mail."""
    common = {"industry_normalized": "Retail", "account_age_days": "300"}
    low, high = "0", "100"
    rows = [
        {
            **common,
            "account_id": name,
            "account_size_segment": "Mid-Market",
            "days_since_last_activity": value,
            "total_activities_30d": value,
            "annual_revenue": value,
            "total_won_amount": value,
            "number_of_employees": value,
            "total_contacts": "4",
            "contacts_with_email": "3",
            "win_rate_percentage": "50",
            "current_pipeline_amount": "1000",
        }
        for name, value in (("low", low), ("middle", "50"), ("high", high))
    ]
    accounts = oracle.clean(rows, adversarial.AS_OF_DATE).accounts
    scores = oracle.score(accounts, PRESETS["run_rate"], "run_rate")
    middle = next(row for row in scores.rows if row.account["account_id"] == "middle")
    # 40 * 0.5 + 30 * 0.75 + 20 * 0.5 + 10 * 0.5
    assert middle.health_score == Decimal("57.5")
    assert [part.points for part in middle.contributions] == [
        Decimal(points) for points in ("10", "10", "22.5", "5", "5", "2.5", "2.5")
    ]
    assert middle.health_band == "Medium"
    # 50 / 10 months * 6 * (0.5 + 0.2875), and 1000 * 0.5 * (0.4 + 0.46)
    assert middle.parts["run_rate_revenue"] == Decimal("23.625")
    assert middle.parts["pipeline_revenue"] == Decimal("430")
    assert middle.predicted_6m_revenue == Decimal("453.625")


def test_rounding_is_half_up_and_exact() -> None:
    assert round_half_up(0.0078125) == Decimal("0.007813")
    assert round_half_up(0.0015625) == Decimal("0.001563")
    assert round_half_up(Fraction(1, 3)) == Decimal("0.333333")
    assert round_half_up(Fraction(-1, 3)) == Decimal("-0.333333")
    assert round_half_up(2.0**60 + 2.0**10) == Decimal(2**60 + 2**10)


def test_quantiles_of_tied_values_are_those_values() -> None:
    assert quantile([0.1] * 7, 0.75) == 0.1
    assert quantile([1.0, 2.0, 4.0], 0.75) == 3.0
    assert quantile([], 0.5) is None


def test_wilson_interval_of_known_shares() -> None:
    """1 of 10 in the published tables; none and all reach 0 and 1 exactly."""
    assert wilson_interval(1, 10) == (Decimal("0.017876"), Decimal("0.404150"))
    assert wilson_interval(0, 10) == (0, Decimal("0.277533"))
    assert wilson_interval(10, 10) == (Decimal("0.722467"), 1)
    assert wilson_interval(0, 0) == (None, None)


@pytest.mark.parametrize("case", adversarial.CASES, ids=lambda case: case.name)
def test_oracle_loses_nothing_and_adds_up(case: adversarial.Case) -> None:
    """Rows reconcile, parts sum to their wholes, and no figure hangs on a rounding tie.

    Exact halves are ties in any order of operations; what must not happen is a sum so close to a
    tie that the order of floating-point operations decides.
    """
    cleaned = oracle.clean(case.rows, case.as_of_date)
    rejected = sum(row["row_count"] for row in cleaned.rejected)
    assert len(cleaned.accounts) + rejected == len(case.rows)
    for name in case.policies:
        scores = oracle.score(cleaned.accounts, POLICIES[name], name)
        assert scores.closest_tie > 1e-6
        for row in scores.scored:
            points = [part.points for part in row.contributions if part.points is not None]
            maxima = [part.max_points for part in row.contributions if part.points is not None]
            assert sum(points) == row.health_score
            assert sum(maxima) == 100
        for row in scores.rows:
            if row.predicted_6m_revenue is not None:
                assert sum(row.parts.values()) == row.predicted_6m_revenue


def test_comparison_sees_every_kind_of_difference() -> None:
    """A wrong digit, zero for unknown, an absent, a further and a doubled row, a new column."""
    types = {"id": "VARCHAR", "score": "DECIMAL(9,6)", "value": "DOUBLE"}
    good = [
        {"id": "a", "score": Decimal("1.000000"), "value": 0.1},
        {"id": "b", "score": None, "value": None},
    ]
    expected = [
        {"id": "a", "score": Fraction(10_000_004, 10_000_000), "value": 0.1},
        {"id": "b", "score": None, "value": None},
    ]

    def differences(rows: list[dict], more_types: dict[str, str] | None = None) -> int:
        table = Table("mart", {**types, **(more_types or {})}, rows)
        return len(compare(table, ("id",), expected))

    assert differences(good) == 0
    assert differences([{**good[0], "score": Decimal("1.000001")}, good[1]]) == 1
    assert differences([{**good[0], "value": 0.1 + 2**-54}, good[1]]) == 1
    assert differences([good[0], {**good[1], "score": Decimal(0)}]) == 1
    assert differences([good[0], {**good[1], "value": float("nan")}]) == 1
    assert differences(good[:1]) == 1
    assert differences([*good, {"id": "c", "score": None, "value": None}]) == 1
    assert differences([*good, good[0]]) == 1
    assert differences([{**row, "more": 1} for row in good], {"more": "INTEGER"}) == 1
    assert compare(Table("mart", types, good), ("id",), expected, required=["points"])


def test_order_of_rows_does_not_matter_to_the_oracle() -> None:
    forward = oracle.clean(adversarial.MIXED, adversarial.AS_OF_DATE)
    backward = oracle.clean(adversarial.MIXED[::-1], adversarial.AS_OF_DATE)
    assert forward == backward


# --------------------------------------------------------------------------------------------
# Building with dbt
# --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Build:
    """One build, with what the oracle makes of the same rows."""

    name: str
    work_file: Path
    source_rows: int
    cleaned: oracle.Cleaned
    expected: dict[str, list[dict]]

    def table(self, schema: str, name: str) -> Table:
        """Read a table of the build."""
        return read_table(self.work_file, schema, name)


def expect(
    rows: list[dict], as_of_date: str, active: str, policies: tuple[str, ...]
) -> tuple[oracle.Cleaned, dict[str, list[dict]]]:
    """What the marts must hold."""
    cleaned = oracle.clean(rows, as_of_date)
    scores = {name: oracle.score(cleaned.accounts, POLICIES[name], name) for name in policies}
    expected = {
        "account_health": [account_row(row) for row in scores[active].rows],
        "account_health_contributions": oracle.account_health_contributions(scores[active]),
        "policy_scores": oracle.policy_scores(list(scores.values())),
        **oracle.aggregates(list(scores.values())),
    }
    for mart_rows in expected.values():
        for row in mart_rows:
            row.setdefault("as_of_date", datetime.date.fromisoformat(as_of_date))
    for row in expected["account_health"]:
        row["policy"] = active
    return cleaned, expected


def account_row(row: oracle.AccountScore) -> dict[str, Any]:
    """The columns of `account_health`, fixed whatever the policy holds."""
    return {
        **row.account,
        **{f"{name}_score": row.sub_scores.get(name) for name in SUB_SCORES},
        **{f"{name}_points": row.dimension_points.get(name) for name in SUB_SCORES},
        **{f"{part.metric}_scaled": part.scaled_value for part in row.contributions},
        **{f"{part.metric}_points": part.points for part in row.contributions},
        **oracle.headline(row),
    }


@pytest.fixture(scope="module", params=adversarial.CASES, ids=lambda case: case.name)
def case_build(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Each adversarial case, built once."""
    case = request.param
    folder = tmp_path_factory.mktemp(case.name)
    case.write(folder / "raw")
    variables = {
        "as_of_date": case.as_of_date,
        "customer_health_subjects": ["account_health"],
        "customer_health_policy": case.policy,
        "customer_health_policies": list(case.policies),
        "customer_health_extra_policies": adversarial.EXTRA_POLICIES,
    }
    selected = [f"+{table}" for table in (*MARTS, *QUALITY_TABLES)]
    work_file = build(folder / "raw", folder, variables, select=selected)
    cleaned, expected = expect(case.rows, case.as_of_date, case.policy, tuple(case.policies))
    return Build(case.name, work_file, len(case.rows), cleaned, expected)


@pytest.fixture(scope="module")
def demo() -> Build:
    """The demo data under the three presets."""
    folder = demo_build()
    rows = read_raw(folder / "raw")
    cleaned, expected = expect(rows, DEMO_AS_OF, "run_rate", tuple(PRESETS))
    return Build("demo", folder / "work.duckdb", len(rows), cleaned, expected)


def read_raw(folder: Path) -> list[dict]:
    """The rows of the account view as they lie in a folder: text from CSV, types from parquet."""
    path = folder / f"{adversarial.TABLE}.csv"
    if path.exists():
        with path.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    relation = duckdb.read_parquet(str(path.with_suffix(".parquet")))
    return [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]


# --------------------------------------------------------------------------------------------
# Marts and quality tables against the oracle
# --------------------------------------------------------------------------------------------


def check_mart(built: Build, mart: str) -> None:
    """Compare one mart with the oracle."""
    unchecked = UNCHECKED - ({"metric"} if "metric" in MARTS[mart] else set())
    table = built.table("marts", mart)
    differences = compare(table, MARTS[mart], built.expected[mart], REQUIRED[mart], unchecked)
    assert not differences, report(differences)


def check_rejected_rows(built: Build) -> None:
    """Compare what was rejected; every rejected row says why and shows what it was."""
    rows = of_accounts(built.table("quality", "rejected_rows"))
    actual = Counter(
        (blank_is_none(row["key"]), row["reason_code"], row["row_count"]) for row in rows
    )
    expected = Counter(
        (row["key"], row["reason_code"], row["row_count"]) for row in built.cleaned.rejected
    )
    assert_same(actual, expected)
    assert all(row["reason"] and row["row_text"] for row in rows)
    rejected = sum(row["row_count"] for row in rows)
    assert len(built.table("marts", "account_health").rows) + rejected == built.source_rows


def check_value_findings(built: Build) -> None:
    """Compare the values that became unknown or that contradict each other."""
    columns = ("key", "column_name", "value", "reason_code")
    rows = of_accounts(built.table("quality", "value_findings"))
    assert_same(
        Counter(tuple(comparable(row[column]) for column in columns) for row in rows),
        Counter(tuple(comparable(row[column]) for column in columns) for row in built.cleaned[2]),
    )


def check_column_findings(built: Build) -> None:
    """Compare how many values each column has, and how many of them became unknown."""
    kept = ("exceeds_total_contacts", "below_30d_activity", "missing_label")
    refused = Counter(
        row["column_name"] for row in built.cleaned.findings if row["reason_code"] not in kept
    )
    known = Counter(
        column
        for account in built.cleaned.accounts
        for column, kind in oracle.COLUMNS.items()
        if kind != oracle.TEXT and account[column] not in (None, oracle.UNKNOWN)
    )
    rows = of_accounts(built.table("quality", "column_findings"))
    actual = {row["column_name"]: (row["value_count"], row["refused_count"]) for row in rows}
    assert actual == {
        column: (known[column] + refused[column], refused[column]) for column in known | refused
    }
    assert all(row["refused_share"] == row["refused_count"] / row["value_count"] for row in rows)


def of_accounts(table: Table) -> list[dict]:
    """The rows of a quality table that tell of the account view; the demo has other sources too."""
    return [row for row in table.rows if row["source"] == adversarial.TABLE]


def blank_is_none(value: str | None) -> str | None:
    """Trimmed text, None where it is blank."""
    return None if value is None else value.strip() or None


def comparable(value: str | None) -> str | None:
    """Text in a form in which -5 and -5.0 are the same: engines print typed numbers differently."""
    text = blank_is_none(value)
    try:
        return text and repr(float(text))
    except ValueError:
        return text


def assert_same(actual: Counter, expected: Counter) -> None:
    """Compare two bags of rows."""
    differences = [f"expected, but absent: {row}" for row in (expected - actual).elements()]
    differences += [f"not expected: {row}" for row in (actual - expected).elements()]
    assert not differences, report(differences)


@pytest.mark.parametrize("mart", MARTS)
def test_mart_of_a_case(case_build: Build, mart: str) -> None:
    check_mart(case_build, mart)


def test_rejected_rows_of_a_case(case_build: Build) -> None:
    check_rejected_rows(case_build)


def test_value_findings_of_a_case(case_build: Build) -> None:
    check_value_findings(case_build)


def test_column_findings_of_a_case(case_build: Build) -> None:
    check_column_findings(case_build)


@pytest.mark.parametrize("mart", MARTS)
def test_mart_of_the_demo(demo: Build, mart: str) -> None:
    check_mart(demo, mart)


def test_rejected_rows_of_the_demo(demo: Build) -> None:
    check_rejected_rows(demo)


def test_value_findings_of_the_demo(demo: Build) -> None:
    check_value_findings(demo)
