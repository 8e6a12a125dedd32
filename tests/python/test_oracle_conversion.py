"""The special-conversion marts against an independent implementation, column by column.

Each case of `oracle.adversarial_customers` is written to files, loaded and built like any other
source; then every column of every mart must hold what the oracle computes from the same files. The
first tests of this file concern the oracle alone: small examples computed by hand.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from builds import build  # noqa: E402
from oracle import adversarial_customers as adversarial  # noqa: E402
from oracle import conversion_cohort as oracle  # noqa: E402
from oracle.building import read_query  # noqa: E402
from oracle.compare import Table, compare, report  # noqa: E402
from oracle.conversion_cohort import ACTIVITY, FUNNEL, VALUE  # noqa: E402
from oracle.exact import f_statistic, linear_quantile, paulson_p_value  # noqa: E402

# Mart -> key, and the columns that it must have besides.
MARTS: dict[str, tuple[str, str]] = {
    "special_conversion_customers": (
        "primary_email",
        """
        customer_tier marketing_to_sales_days sales_to_support_days composite_engagement_score
        recency_score frequency_score monetary_score ltv value_ltv funnel_ltv tier_mean_ltv
        ltv_difference tier_others_mean_ltv ltv_difference_from_others health_score activity_channel
        funnel_channel platforms number_of_platforms is_zendesk_active activity_risk_level
        engagement_velocity country state
        """,
    ),
    "special_conversion_summary": (
        "as_of_date",
        """
        customer_count member_count engagement_average_customers engagement_average_rows
        member_count_row_average mean_recency mean_frequency mean_monetary mean_ltv_difference
        mean_ltv_difference_rate mean_ltv_difference_from_others
        mean_ltv_difference_from_others_rate zendesk_active_rate mean_sales_to_support_days
        ltv_source
        """,
    ),
    "special_conversion_by_tier": (
        "customer_tier",
        """
        customer_count member_count member_share tier_mean_ltv member_mean_ltv mean_ltv_difference
        mean_ltv_difference_rate mean_ltv_difference_from_others
        """,
    ),
    "special_conversion_by_channel": (
        "channel_source channel",
        "member_count member_share customer_count customer_share",
    ),
    "special_conversion_by_platforms": (
        "platforms",
        "number_of_platforms member_count member_share mean_health customer_count",
    ),
    "special_conversion_by_platform_count": (
        "number_of_platforms",
        "member_count member_share mean_health",
    ),
    "special_conversion_significance": (
        "comparison",
        """
        group_count member_count f_statistic between_degrees_of_freedom within_degrees_of_freedom
        p_value platform_health_correlation
        """,
    ),
    "special_conversion_by_geography": (
        "grain source_system country state",
        "address_count matched_address_count match_rate member_count member_share",
    ),
    "customer_value_risk": (
        "primary_email",
        """
        customer_tier ltv health_score activity_risk_level engagement_velocity value_level
        is_value_level_known risk_level is_risk_level_known strategy customer_value_index
        customer_risk_index value_tertile risk_tertile is_red_flag is_special_conversion
        """,
    ),
    "value_risk_matrix": (
        "value_level risk_level",
        """
        strategy customer_count customer_share member_count mean_health mean_ltv total_ltv action_1
        action_2 action_3
        """,
    ),
    "value_risk_index_matrix": (
        "value_tertile risk_tertile",
        "customer_count member_count mean_health mean_ltv",
    ),
    "value_risk_tertiles": ("index_name tertile", "lower_bound customer_count"),
    "risk_by_velocity": (
        "activity_risk_level engagement_velocity",
        "customer_count member_count mean_health red_flag_count",
    ),
}
QUALITY_TABLES = ("rejected_rows", "value_findings")

# Texts of a seed; a test of their own looks at them.
ACTIONS = ("action_1", "action_2", "action_3")

DEFAULTS = oracle.Settings()


# --------------------------------------------------------------------------------------------
# The oracle itself
# --------------------------------------------------------------------------------------------


def join(*parts: adversarial.Tables, **settings: Any) -> dict[str, oracle.Customer]:
    """The customers of some rows, by the name before the @."""
    cleaned = oracle.clean(adversarial.merged(*parts), adversarial.AS_OF_DATE)
    customers = oracle.join(cleaned, oracle.Settings(**settings))
    return {one.primary_email.partition("@")[0]: one for one in customers}


def aggregates(*parts: adversarial.Tables, **settings: Any) -> dict[str, list[dict]]:
    """The marts of some rows."""
    cleaned = oracle.clean(adversarial.merged(*parts), adversarial.AS_OF_DATE)
    return oracle.aggregates(cleaned, oracle.Settings(**settings), adversarial.AS_OF_DATE)


def row_where(rows: Iterable[dict], **wanted: Any) -> dict:
    """The one row with the given values."""
    (found,) = [row for row in rows if all(row[name] == value for name, value in wanted.items())]
    return found


@pytest.fixture(scope="module")
def settings() -> dict:
    """The variables of the project."""
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    return project["vars"]["customer_health"]


def test_the_settings_are_the_published_ones(settings: dict) -> None:
    case = adversarial.Case("defaults", {})
    chosen = {name: value for name, value in case.variables.items() if name in settings}
    chosen = {name: chosen[name] for name in chosen.keys() - {"as_of_date"}}
    subjects = chosen.pop("customer_health_subjects")
    assert set(subjects) <= set(settings["customer_health_subjects"])
    assert chosen.keys() == case.variables.keys() - {"as_of_date", "customer_health_subjects"}
    assert {name: settings[name] for name in chosen} == chosen
    for name in ("customer_value_index", "customer_risk_index"):
        assert list(settings[name]) == list(chosen[name])


def test_every_case_has_the_columns_of_the_sources() -> None:
    for case in adversarial.CASES:
        for table, rows in case.tables.items():
            assert {column for row in rows for column in row} <= oracle.COLUMNS[table].keys()


def test_a_cohort_of_two_computed_by_hand() -> None:
    """Four customers engage 9, 9, 6 and 4, on average 7; the two members are worth 300 and 100.

    Gold is worth (300 + 100 + 50) / 3 = 150 on average, its other customer 50.
    """
    gold = {"customer_tier": "Gold"}

    def one(name: str, engagement: str, days: str, ltv: str, rfm: str, **more: str) -> dict:
        activity = {
            "composite_engagement_score": engagement,
            "customer_health_score": "80",
            "zendesk_active": "0",
            **more,
        }
        funnel = {"marketing_to_sales_days": days, "sales_to_support_days": "40"}
        scores = dict(zip(("recency_score", "frequency_score", "monetary_score"), rfm, strict=True))
        value = {**gold, **scores, "estimated_customer_ltv": ltv}
        return adversarial.customer(name, 1, activity, funnel, value)

    rows = (
        one("a", "9", "10", "300", "154", zendesk_active="1"),
        one("b", "9", "20", "100", "232"),
        one("c", "6", "15", "50", "111"),
        one("d", "4", "15", "", "111"),
    )
    marts = aggregates(*rows)
    assert [row["primary_email"] for row in marts["special_conversion_customers"]] == [
        "a@example.com",
        "b@example.com",
    ]
    summary = marts["special_conversion_summary"][0]
    assert summary == {
        "as_of_date": date(2026, 1, 31),
        "customer_count": 4,
        "member_count": 2,
        "engagement_average_customers": 7,
        "engagement_average_rows": 7,
        "member_count_row_average": 2,
        "mean_recency": Fraction(3, 2),
        "mean_frequency": 4,
        "mean_monetary": 3,
        "mean_ltv_difference": 50,  # (150 - 50) / 2
        "mean_ltv_difference_rate": Fraction(1, 3),  # 100 / 300
        "mean_ltv_difference_from_others": 150,  # (250 + 50) / 2
        "mean_ltv_difference_from_others_rate": 3,  # 300 / 100
        "zendesk_active_rate": Fraction(1, 2),
        "mean_sales_to_support_days": 40,
        "ltv_source": "value",
    }
    gold_row = row_where(marts["special_conversion_by_tier"], customer_tier="Gold")
    assert (gold_row["member_share"], gold_row["tier_mean_ltv"]) == (Fraction(1, 2), 150)
    assert (gold_row["member_mean_ltv"], gold_row["mean_ltv_difference_from_others"]) == (200, 150)
    customers = join(*rows)
    assert [one.value_level for one in customers.values()] == ["High", "Low", "Low", "Medium"]


def test_indices_computed_by_hand() -> None:
    """One customer at the lower end of everything, one at the upper, one half way."""

    def one(name: str, score: str, rfm: str, risk: str, velocity: str, **flags: str) -> dict:
        labels = {"activity_risk_level": risk, "engagement_velocity": velocity}
        health = {"customer_health_score": score, "primary_engagement_channel": name}
        return adversarial.customer(
            name,
            1,
            {**labels, **health, "in_marketo": "1", "in_stripe": "1", **flags},
            {"sales_to_support_days": score},
            {"frequency_score": rfm, "monetary_score": rfm, "estimated_customer_ltv": score},
        )

    low = one("low", "0", "1", "very low", "accelerating", in_zendesk="0", zendesk_active="1")
    middle = one("middle", "50", "3", "Medium", "Volatile", in_zendesk="1", zendesk_active="0")
    high = one(
        "high", "100", "5", "High Activity Risk", "Stagnant", in_zendesk="", zendesk_active=""
    )
    customers = join(low, middle, high)
    # .10 * 2/3;  .35/2 + .25/2 + .20/2 + .10/2 + .10;  .90 of .90
    indices = [str(one.value_index) for one in customers.values()]
    assert dict(zip(customers, indices, strict=True)) == {
        "low": "0.066667",
        "middle": "0.550000",
        "high": "1.000000",
    }
    assert customers["low"].risk_index == Decimal("0.05")  # the channel alone is below the mean
    # .40/2 + .25*.6 + .20/2 + .10, whole
    assert customers["middle"].risk_index == Decimal("0.55")
    # (.40*.75 + .25 + .20) / .90
    assert customers["high"].risk_index == Decimal("0.833333")
    assert [one.value_tertile for one in customers.values()] == ["High", "Low", "Medium"]


def test_half_of_the_weight_is_enough_for_an_index_and_less_is_not() -> None:
    customers = join(adversarial.missing_values())
    scored = {name: one.value_index is not None for name, one in customers.items()}
    assert [scored[f"value-{weight}"] for weight in (60, 45, 25)] == [True, False, False]
    at_risk = {name: one.risk_index is not None for name, one in customers.items()}
    assert [at_risk[name] for name in ("risk-50", "risk-50-too", "risk-45")] == [True, True, False]
    assert customers["nothing"].value_tertile == customers["nothing"].risk_tertile == "Unscored"


def test_days_on_the_bounds_belong_or_do_not() -> None:
    quiet = adversarial.customer("quiet", 1, {"composite_engagement_score": "2"})
    customers = join(adversarial.days_on_the_bounds(), quiet)
    inside = {
        str(one.marketing_to_sales_days) for name, one in customers.items()
        if name.startswith("marketing") and one.is_member
    }  # fmt: skip
    assert inside == {"10.0", "20.0", "10.0000000001"}
    inside = {
        str(one.sales_to_support_days) for name, one in customers.items()
        if name.startswith("support") and one.is_member
    }  # fmt: skip
    assert inside == {"30.000001", "30.0000000001", "31.0"}


def test_engagement_on_the_average_does_not_belong() -> None:
    customers = join(adversarial.MIXED)
    scores = [customers[f"average{place}"] for place in range(6)]
    assert [one.is_member for one in scores] == [False, True, False, True, False, False]
    summary = aggregates(adversarial.MIXED)["special_conversion_summary"][0]
    assert summary["engagement_average_customers"] == 8


def test_the_average_decides_before_it_is_rounded() -> None:
    marts = aggregates(adversarial.no_value(), ltv_source="funnel")
    summary = marts["special_conversion_summary"][0]
    assert summary["engagement_average_customers"] < Fraction("8.000001")
    assert oracle.round_half_up(summary["engagement_average_customers"]) == Decimal("8.000001")
    assert summary["member_count"] == summary["member_count_row_average"] == 6
    significance = row_where(marts["special_conversion_significance"], comparison="platforms")
    assert significance["group_count"] == 2
    assert significance["f_statistic"] is significance["p_value"] is None


def test_ltv_on_the_tier_mean_is_medium_and_the_mean_is_not_rounded() -> None:
    customers = join(adversarial.ltv_on_the_tier_mean())
    levels = {name: one.value_level for name, one in customers.items()}
    assert [levels[f"platinum{place}"] for place in range(5)] == [
        *("Low", "High", "Medium", "Medium", "Medium"),
    ]
    assert [levels[f"basic{place}"] for place in range(3)] == ["Low", "Medium", "High"]


def test_labels_of_both_generations() -> None:
    customers = join(adversarial.labels())
    levels = [customers[f"risk{place}-stable"].activity_risk_level for place in range(16)]
    assert levels[5:11] == ["Low", "High", "Very Low", "High", "Low", "Critical"]
    assert levels[11:] == [oracle.UNCLASSIFIED] * 5
    assert [customers[f"velocity{place}-low"].engagement_velocity for place in range(6)] == [
        *("Accelerating", "Stable", "Declining", *[oracle.UNCLASSIFIED] * 3),
    ]
    tiers = [customers[f"tier{place}"].customer_tier for place in range(5)]
    assert tiers == ["Gold", "Silver", "Bronze", oracle.UNCLASSIFIED, oracle.UNCLASSIFIED]
    red = [customers[f"red{place}"].is_red_flag for place in range(7)]
    assert red == [True, False, False, False, False, True, False]


def test_one_row_of_a_customer_is_chosen_by_a_total_order() -> None:
    customers = join(adversarial.timestamp_ties())
    chosen = {name: one.value_ltv for name, one in customers.items()}
    assert chosen.pop("latest") == 2003
    assert {name: ltv - 1000 for name, ltv in chosen.items() if ltv < 1100} == {
        "marketo-decides": 1,
        "stripe-decides": 1,
        "zendesk-decides": 0,
        "bytes-decide": 1,
        "blanks-do-not": 1,
        "columns-decide": 2,
        "numbers-decide": 1,
        "labels-as-they-came": 1,
    }
    assert customers["stays-out"].composite_engagement_score == 1


def test_bad_values_become_unknown_and_are_listed() -> None:
    cleaned = oracle.clean(adversarial.bad_numbers(), adversarial.AS_OF_DATE)
    found = Counter(finding["reason_code"] for finding in cleaned.findings)
    assert found == {
        "not_finite": 7,
        "negative": 4,
        "out_of_range": 6,
        "not_whole": 3,
        "not_a_flag": 4,
        "not_a_number": 8,
        "too_large": 2,
        "impossible_date": 4,
    }
    activity = cleaned.rows[ACTIVITY]["bad2@example.com"]
    assert activity["customer_health_score"] == 100
    assert (activity["in_stripe"], activity["in_zendesk"]) == (1, None)
    assert activity["customer_last_activity"] is not None
    assert cleaned.rows[VALUE]["bad2@example.com"]["frequency_score"] == 5


def test_addresses_reach_customers_by_the_best_id() -> None:
    customers = join(adversarial.mappings())
    states = {name: one.address["state"] for name, one in customers.items() if one.address}
    assert states == {
        **{"by-marketo": "Texas", "by-stripe": "Kansas", "by-zendesk": "Maine"},
        **{"several": "State of C-10", "shares1": "Nevada", "shares2": "Nevada"},
        **{"shares3": "Nevada", "id-of-funnel": "Oregon", "id-of-value": "Alaska"},
        **{"folded-away": "Idaho", "outsider": "Vermont"},
        **{"livesc-900": "Ohio", "livesc-901": "Iowa", "livesc-902": "Utah"},
    }
    assert customers["no-address"].customer360_id == "C-13"


def test_f_and_its_probability_against_a_textbook() -> None:
    """Three groups of Wikipedia's example: F(2, 15) = 9.3, p = .0024; equal groups have no F."""
    groups = [(6, 8, 4, 5, 3, 4), (8, 12, 9, 11, 6, 8), (13, 9, 11, 8, 7, 12)]
    values = [[Decimal(value) for value in group] for group in groups]
    assert f_statistic(values) == Fraction(42) / Fraction(68, 15)
    assert paulson_p_value(f_statistic(values), 2, 15) == pytest.approx(0.0024, abs=2e-4)
    # Tabulated critical values of F; the approximation is good to a thousandth or two.
    assert paulson_p_value(3.0725, 2, 120) == pytest.approx(0.05, abs=2e-3)
    assert paulson_p_value(1.9105, 10, 120) == pytest.approx(0.05, abs=2e-3)
    assert f_statistic([[Decimal("73.1")] * 3, [Decimal("70.3")] * 3]) is None
    assert f_statistic([values[0]]) is None
    assert f_statistic([values[0][:1], values[1][:1]]) is None


def test_cut_offs_are_computed_in_doubles() -> None:
    """A third of three places is one place; of two values it lies a third above the first."""
    assert linear_quantile([0.1, 0.2, 0.3, 0.4], oracle.ONE_THIRD) == 0.2
    assert linear_quantile([0.1] * 7, oracle.TWO_THIRDS) == 0.1
    assert linear_quantile([0.0, 1.0], oracle.ONE_THIRD) == oracle.ONE_THIRD
    assert linear_quantile([], oracle.ONE_THIRD) is None


@pytest.mark.parametrize("count", (2, 3))
def test_duplicates_fold_into_one_customer(count: int) -> None:
    rows = adversarial.fan_out(count)
    cleaned = oracle.clean(rows, adversarial.AS_OF_DATE)
    assert [len(rows[table]) for table in (VALUE, ACTIVITY, FUNNEL)] == [
        *(count, count**2, count**4),
    ]
    folded = {row["source"]: row["row_count"] for row in cleaned.rejected}
    assert folded == {VALUE: count - 1, ACTIVITY: count**2 - 1, FUNNEL: count**4 - 1}
    assert len(oracle.join(cleaned, DEFAULTS)) == 1


@pytest.mark.parametrize("case", adversarial.CASES, ids=lambda case: case.name)
def test_oracle_loses_nothing_and_adds_up(case: adversarial.Case) -> None:
    """Rows reconcile, every customer is counted once everywhere, no index hangs on a tie."""
    cleaned = oracle.clean(case.tables, case.as_of_date)
    for table, rows in case.tables.items():
        rejected = sum(row["row_count"] for row in cleaned.rejected if row["source"] == table)
        assert len(cleaned.rows[table]) + rejected == len(rows)
    customers = oracle.join(cleaned, case.settings)
    assert all(one.closest_tie > 1e-6 for one in customers)
    marts = oracle.aggregates(cleaned, case.settings, case.as_of_date)
    members = sum(one.is_member for one in customers)
    for mart, times in {
        "special_conversion_by_tier": 1,
        "special_conversion_by_channel": 2,
        "special_conversion_by_platforms": 1,
        "value_risk_matrix": 1,
        "value_risk_index_matrix": 1,
        "risk_by_velocity": 1,
    }.items():
        assert sum(row["customer_count"] for row in marts[mart]) == times * len(customers)
        assert sum(row["member_count"] for row in marts[mart]) == times * members
    geography = marts["special_conversion_by_geography"]
    for grain in ("country", "state"):
        assert sum(row["member_count"] for row in geography if row["grain"] == grain) == members


def test_order_of_rows_does_not_matter_to_the_oracle() -> None:
    forward = oracle.clean(adversarial.MIXED, adversarial.AS_OF_DATE)
    backward = oracle.clean(adversarial.reversed_rows(adversarial.MIXED), adversarial.AS_OF_DATE)
    assert forward.rows == backward.rows
    assert tallied(forward.rejected) == tallied(backward.rejected)
    assert tallied(forward.findings) == tallied(backward.findings)


def tallied(rows: Iterable[dict]) -> Counter:
    """Rows as a bag."""
    return Counter(tuple(row.items()) for row in rows)


# --------------------------------------------------------------------------------------------
# Building with dbt
# --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Build:
    """One build, with what the oracle makes of the same files."""

    case: adversarial.Case
    work_file: Path
    tables: adversarial.Tables
    cleaned: oracle.Cleaned
    expected: dict[str, list[dict]]

    def query(self, sql: str, name: str = "") -> Table:
        """Read rows from the work file."""
        return read_query(self.work_file, sql, name)

    def table(self, schema: str, name: str) -> Table:
        """Read a table of the build."""
        return self.query(f'select * from "{schema}"."{name}"', name)


@pytest.fixture(scope="module", params=adversarial.CASES, ids=lambda case: case.name)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Each adversarial case, loaded and built once."""
    case: adversarial.Case = request.param
    folder = tmp_path_factory.mktemp(case.name)
    raw = folder / "raw"
    case.write(raw)
    selected = [f"+{table}" for table in (*MARTS, *QUALITY_TABLES)]
    work_file = build(raw, folder, case.variables, select=selected)
    tables = adversarial.read(raw)
    cleaned = oracle.clean(tables, case.as_of_date)
    expected = oracle.aggregates(cleaned, case.settings, case.as_of_date)
    return Build(case, work_file, tables, cleaned, expected)


@pytest.mark.parametrize("mart", MARTS)
def test_mart_of_a_case(built: Build, mart: str) -> None:
    key, required = (names.split() for names in MARTS[mart])
    unchecked = ACTIONS if mart == "value_risk_matrix" else ()
    differences = compare(
        built.table("marts", mart), key, built.expected[mart], required, unchecked
    )
    assert not differences, report(differences)


def test_every_cell_has_its_own_actions(built: Build) -> None:
    rows = built.table("marts", "value_risk_matrix").rows
    actions = [row[name] for row in rows for name in ACTIONS]
    assert len(actions) == 27
    assert all(action and action.strip() for action in actions)
    assert len(set(actions)) == len(actions)


def test_rejected_rows_of_a_case(built: Build) -> None:
    rows = built.table("quality", "rejected_rows").rows
    columns = ("source", "key", "reason_code", "row_count")
    assert_same(rows, built.cleaned.rejected, columns)
    assert all(row["reason"] and row["row_text"] for row in rows)


def test_value_findings_of_a_case(built: Build) -> None:
    columns = ("source", "key", "column_name", "reason_code")
    assert_same(built.table("quality", "value_findings").rows, built.cleaned.findings, columns)


def assert_same(actual: Iterable[dict], expected: Iterable[dict], columns: Iterable[str]) -> None:
    """Compare two bags of rows by some columns."""
    columns = tuple(columns)
    found, wanted = (
        Counter(tuple(row[column] for column in columns) for row in rows)
        for rows in (actual, expected)
    )
    differences = [f"expected, but absent: {row}" for row in (wanted - found).elements()]
    differences += [f"not expected: {row}" for row in (found - wanted).elements()]
    assert not differences, report(differences)


def test_the_work_file_holds_what_the_oracle_read(built: Build) -> None:
    """Absent tables are there and empty; no row got lost on the way in."""
    for table, rows in built.tables.items():
        (count,) = built.query(f'select count(*) as n from raw."{table}"').rows
        assert count["n"] == len(rows)


def test_no_join_adds_or_drops_a_customer(built: Build) -> None:
    emails = [row["primary_email"] for row in built.table("marts", "customer_value_risk").rows]
    known = {key for table in oracle.CUSTOMER_TABLES for key in built.cleaned.rows[table]}
    assert Counter(emails) == Counter(known)


# The query that the published answers rest on: every row of a customer meets every other.
NAIVE_COHORT = """
    with joined as (
        select
            cast(activity.composite_engagement_score as double) as engagement,
            cast(funnel.marketing_to_sales_days as double) as marketing_days,
            cast(funnel.sales_to_support_days as double) as support_days
        from read_csv('{activity}', all_varchar = true) as activity
        inner join read_csv('{funnel}', all_varchar = true) as funnel
            on activity.primary_email = funnel.primary_email
        inner join read_csv('{worth}', all_varchar = true) as worth
            on activity.primary_email = worth.primary_email
    )

    select
        count(*),
        count(*) filter (
            marketing_days between 10 and 20
            and support_days > 30
            and engagement > (select avg(engagement) from joined)
        )
    from joined
"""


def test_a_naive_join_counts_another_cohort(tmp_path: Path) -> None:
    """n value rows x n^2 activity rows x n^4 funnel rows: 2^7 + 3^7 rows instead of two."""
    fanned_out = [adversarial.fan_out(2), adversarial.fan_out(3)]
    case = adversarial.Case("fan_out", adversarial.merged(adversarial.ordinary(), *fanned_out))
    case.write(tmp_path)
    activity, funnel, worth = (tmp_path / f"{table}.csv" for table in oracle.CUSTOMER_TABLES)
    query = NAIVE_COHORT.format(activity=activity, funnel=funnel, worth=worth)
    row_count, naive_count = duckdb.execute(query).fetchall()[0]
    customers = join(adversarial.read(tmp_path))
    members = [name for name, one in customers.items() if one.is_member]
    assert len(customers) == 40 + 2
    assert {"fan-out-2", "fan-out-3"} <= set(members)
    assert row_count == 40 + 2**7 + 3**7
    assert naive_count > 50 * len(members)
