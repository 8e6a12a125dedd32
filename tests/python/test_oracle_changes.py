"""The split of score changes and the way to the next band against an independent implementation.

Forty invented accounts on four days: values move, come and go, accounts change their size, one
outgrows the bounds of earlier days a thousand times. Scored under run_rate, under a policy with
every kind of scaling, and with a change of that policy between the days.
"""

from __future__ import annotations

import datetime
import random
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from builds import ROOT
from history_site import SNAPSHOTS, VIEW, Row, Site

sys.path.insert(0, str(ROOT / "tests"))

from oracle import account_health as oracle
from oracle.adversarial import account, without
from oracle.building import read_query, read_table
from oracle.changes import EARLIER, DaySlice, changes, day_slice, next_bands
from oracle.compare import Table, compare, report
from oracle.presets import PRESETS

TODAY = datetime.date(2025, 6, 1)
# 30 and 90 days back within the tolerance; the newest of the days that fit counts.
AGES = (0, 7, 33, 95)
DISTANCES = (7, 30, 90)
TOLERANCE = 14
ACCOUNTS = 40
# With the log, else the next run would take all days for new ones.
MODELS = ("+account_health_changes", "+account_health_history_dates", "+account_next_band")
KEY = ("account_id", "days", "metric")

# Every kind of scaling, transforms before and after, peer groups.
MIXED: dict[str, Any] = {
    "description": "A bit of everything.",
    "min_coverage": 0.4,
    "scaled_when_constant": 0.25,
    "dimensions": [
        {
            "dimension": "activity",
            "weight": 0.4,
            "metrics": [
                {
                    "metric": "days_since_last_activity",
                    "weight": 0.3,
                    "scale": "winsorized",
                    "direction": "lower",
                    "pre_transform": "log1p",
                },
                {
                    "metric": "total_activities_30d",
                    "weight": 0.3,
                    "scale": "min_max",
                    "peer_group": "account_size_segment",
                },
                {"metric": "total_activities_90d", "weight": 0.2, "scale": "percentile"},
                {
                    "metric": "activity_trend_30d",
                    "weight": 0.2,
                    "scale": "target",
                    "lower": -6,
                    "upper": -1,
                },
            ],
        },
        {
            "dimension": "contact_quality",
            "weight": 0.2,
            "metrics": [
                {"metric": "contact_email_coverage", "weight": 0.6, "scale": "as_is"},
                {
                    "metric": "total_contacts",
                    "weight": 0.4,
                    "scale": "min_max",
                    "pre_transform": "sqrt",
                },
            ],
        },
        {
            "dimension": "business_value",
            "weight": 0.3,
            "metrics": [
                {
                    "metric": "annual_revenue",
                    "weight": 0.5,
                    "scale": "min_max",
                    "pre_transform": "log1p",
                },
                {
                    "metric": "total_won_amount",
                    "weight": 0.3,
                    "scale": "winsorized",
                    "pre_transform": "sqrt",
                    "peer_group": "industry",
                },
                {
                    "metric": "current_pipeline_amount",
                    "weight": 0.2,
                    "scale": "target",
                    "lower": 0,
                    "upper": 300000,
                    "post_transform": "sqrt",
                },
            ],
        },
        {
            "dimension": "account_scale",
            "weight": 0.1,
            "metrics": [
                {"metric": "size_points", "weight": 0.5, "scale": "as_is"},
                {
                    "metric": "number_of_employees",
                    "weight": 0.5,
                    "scale": "min_max",
                    "post_transform": "sqrt",
                },
            ],
        },
    ],
    "size_points": {"Small Business": 0.1, "Mid-Market": 0.3, "Large": 0.6, "Enterprise": 0.9},
    "bands": [
        {"band": "High", "at_least": 66.5},
        {"band": "Medium", "at_least": 50},
        {"band": "Low", "at_least": 0},
    ],
    "forecast": {
        "horizon_months": 6,
        "parts": {
            "pipeline_revenue": {
                "amount": "current_pipeline_amount",
                "share": 1,
                "base": 0,
                "slope": 1,
            },
        },
    },
    "tiers": [{"tier": "A", "above_quantile": 0.5}, {"tier": "B"}],
}

# Other weights and points, one metric gone, two that no earlier day has scored nor stored, and one
# that is stored on all days, scored on none before.
REVISED: dict[str, Any] = {
    **MIXED,
    "min_coverage": 0.45,
    "dimensions": [
        {
            "dimension": "activity",
            "weight": 0.5,
            "metrics": [
                {**MIXED["dimensions"][0]["metrics"][0], "weight": 0.25},
                {**MIXED["dimensions"][0]["metrics"][1], "weight": 0.35},
                {"metric": "unique_activity_owners", "weight": 0.2, "scale": "min_max"},
                {
                    "metric": "avg_sales_cycle_days",
                    "weight": 0.2,
                    "scale": "percentile",
                    "direction": "lower",
                },
            ],
        },
        {**MIXED["dimensions"][1], "weight": 0.1},
        MIXED["dimensions"][2],
        {
            "dimension": "account_scale",
            "weight": 0.1,
            "metrics": [
                {"metric": "size_points", "weight": 0.4, "scale": "as_is"},
                {**MIXED["dimensions"][3]["metrics"][1], "weight": 0.4},
                {"metric": "win_rate_percentage", "weight": 0.2, "scale": "percentile"},
            ],
        },
    ],
    "size_points": {"Small Business": 0.2, "Mid-Market": 0.3, "Large": 0.7, "Enterprise": 1},
}


def raw_days() -> dict[datetime.date, list[dict[str, str]]]:
    """The raw rows of each day, today's first."""
    draw = random.Random(6)
    numbers = range(1, ACCOUNTS + 1)
    days: dict[datetime.date, list[dict[str, str]]] = {}
    for age in AGES:
        rows = []
        for number in numbers:
            if (number == 7 and age == 33) or (number == 8 and age == 0) or (number == 9 and age):
                continue
            # Some accounts never move; the others by a seeded step of a few columns.
            moves = number if number % 4 == 0 else number + draw.randrange(3) * 40
            row = account(moves, account_id=account(number)["account_id"])
            row["industry_normalized"] = account(number)["industry_normalized"]
            row["account_size_segment"] = account(number)["account_size_segment"]
            if draw.random() < 0.2:
                missing = ("total_activities_90d", "annual_revenue", "total_contacts")
                row |= without(draw.choice((*missing, "number_of_employees")))
            rows.append(row)
        days[TODAY - datetime.timedelta(days=age)] = rows
    today, week, month, quarter = days.values()

    def change(rows: list[dict[str, str]], number: int, **values: str) -> None:
        name = account(number)["account_id"]
        next(row for row in rows if row["account_id"] == name).update(values)

    # What outgrows all bounds of earlier days, and falls below all of them.
    change(today, 3, annual_revenue="99000000000", total_won_amount="88000000.5")
    change(
        today,
        5,
        number_of_employees="1",
        annual_revenue="1",
        total_contacts="1",
        contacts_with_email="1",
    )
    # Another size; one that no setting knows; values that come and go while all others stay.
    change(month, 10, account_size_segment="Enterprise")
    change(week, 12, account_size_segment="Gigantic")
    change(week, 16, **without("total_activities_90d"))
    change(quarter, 20, **without("days_since_last_activity", "annual_revenue"))
    change(today, 24, **without("total_won_amount"))
    # Too little to be scored, on one day and on all.
    for rows in (month,):
        change(rows, 28, **without(*MANY))
    for rows in days.values():
        change(rows, 32, **without(*MANY))
    # No contacts, unknown contacts.
    change(today, 36, total_contacts="0", contacts_with_email="0")
    change(today, 40, contacts_with_email="")
    return days


MANY = (
    *("days_since_last_activity", "total_activities_30d", "total_activities_90d"),
    *("activity_trend_30d", "total_contacts", "contacts_with_email", "annual_revenue"),
    *("total_won_amount", "current_pipeline_amount", "unique_activity_owners"),
    "avg_sales_cycle_days",
)
RAW = raw_days()


@dataclass(frozen=True)
class Case:
    """What dbt made of a case, and what the oracle does."""

    name: str
    policy: dict[str, Any]
    slices: dict[datetime.date, DaySlice]
    changes: Table
    exchanged: Table
    next_band: Table

    @property
    def pairs(self) -> list[tuple[int, DaySlice, DaySlice]]:
        """Distance and both slices, for accounts that are on the nearest day that fits."""
        return [
            (days, self.slices[TODAY - datetime.timedelta(days=age)], self.slices[TODAY])
            for days, age in zip(DISTANCES, AGES[1:], strict=True)
        ]


@pytest.fixture(scope="module", autouse=True)
def cached_templates() -> Iterator[None]:
    """Let dbt keep the templates that it has parsed from one run to the next."""
    from dbt_common.tests import disable_test_caching, enable_test_caching

    enable_test_caching()
    yield
    disable_test_caching()


def settings(policy: dict[str, Any]) -> dict[str, Any]:
    """The variables of a run under a policy: the preset by name, or one of the test's own."""
    name = "run_rate" if policy is PRESETS["run_rate"] else "mixed"
    return {
        "customer_health_subjects": ["account_health", "trajectory", "actions"],
        "customer_health_policy": name,
        "customer_health_policies": [name],
        "customer_health_extra_policies": {} if name == "run_rate" else {name: policy},
    }


def case_of(name: str, site: Site, policy: dict[str, Any], earlier: dict[str, Any]) -> Case:
    """Read what dbt built, and score the same days; those before today under `earlier`."""
    slices = {
        day: day_slice(
            day, oracle.clean(rows, day).accounts, policy if day == TODAY else earlier, name
        )
        for day, rows in RAW.items()
    }
    return Case(
        name,
        policy,
        slices,
        read_table(site.work, "marts", "account_health_changes"),
        read_query(site.work, exchanged_query(site), "exchanged"),
        read_table(site.work, "marts", "account_next_band"),
    )


def exchanged_query(site: Site) -> str:
    """The compiled mart with the two dates of each pair exchanged."""
    path = "compiled/customer_health/models/marts/trajectory/account_health_changes.sql"
    text = (site.folder / "target" / path).read_text(encoding="utf-8")
    for old, new in (
        (r"(max\(earlier_slices\.as_of_date\)) as from_date", r"\1 as to_date"),
        (r"(now_slices\.as_of_date) as to_date", r"\1 as from_date"),
    ):
        text, count = re.subn(old, new, text)
        assert count == 1, old
    return text


def fresh_site(folder: Path) -> Site:
    """A work file with the raw rows."""
    site = Site(folder)
    columns = tuple(oracle.COLUMNS)
    site.write(VIEW, RAW[TODAY], columns)
    snapshots = [
        {"as_of_date": day.isoformat(), **row}
        for day, rows in RAW.items()
        for row in rows
        if day != TODAY
    ]
    site.write(SNAPSHOTS, snapshots, ("as_of_date", *columns))
    return site


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Case]:
    """All cases; the change of the policy goes on where the policy without it ended."""
    found: dict[str, Case] = {}

    def run(name: str, site: Site, policy: dict[str, Any], earlier: dict[str, Any]) -> None:
        status, printed = site.run(TODAY.isoformat(), MODELS, settings(policy))
        assert status == 0, printed[-4000:]
        found[name] = case_of(name, site, policy, earlier)

    preset = PRESETS["run_rate"]
    run("run_rate", fresh_site(tmp_path_factory.mktemp("run_rate")), preset, preset)
    site = fresh_site(tmp_path_factory.mktemp("mixed"))
    run("mixed", site, MIXED, MIXED)
    run("revised", site, REVISED, MIXED)
    return found


NAMES = ("run_rate", "mixed", "revised")


def expected_changes(case: Case) -> list[Row]:
    """What the oracle says of all distances, where an account is on the day that fits."""
    return [
        row
        for days, before, after in case.pairs
        for row in changes(before, after, case.policy, days)
    ]


def test_days_are_far_enough_apart() -> None:
    """Each distance has one day that fits, so that an absent account has no other one."""
    for days in DISTANCES:
        assert sum(days <= age <= days + TOLERANCE for age in AGES) == 1


@pytest.mark.parametrize("name", NAMES)
def test_changes(cases: dict[str, Case], name: str) -> None:
    case = cases[name]
    differences = compare(case.changes, KEY, expected_changes(case), ("policy_change",))
    assert not differences, report(differences)


@pytest.mark.parametrize("name", NAMES)
def test_cases_have_all_kinds_of_change(cases: dict[str, Case], name: str) -> None:
    """Else equality would say little."""
    rows = expected_changes(cases[name])
    kinds = Counter(
        kind
        for row in rows
        for kind in ("own_change", "peer_change", "policy_change")
        if row[kind] != 0
    )
    assert kinds["own_change"] > 100
    assert kinds["peer_change"] > 50
    assert (kinds["policy_change"] > 100) == (name == "revised")
    assert any(row["metric"] == EARLIER for row in rows) == (name == "revised")
    for side, other in (("from_value", "to_value"), ("to_value", "from_value")):
        assert any(row[side] is None and row[other] is not None for row in rows)


@pytest.mark.parametrize("name", NAMES)
def test_parts_sum_to_the_change_of_the_score(cases: dict[str, Case], name: str) -> None:
    case = cases[name]
    parts = ("own_change", "peer_change", "policy_change")
    totals: dict[tuple[str, int], Decimal] = {}
    for row in case.changes.rows:
        assert sum(row[part] for part in parts) == row["points_change"]
        assert all(abs(row[part]) <= 100 for part in parts)
        key = (row["account_id"], row["days"])
        totals[key] = totals.get(key, Decimal(0)) + row["points_change"]
    for days, before, after in case.pairs:
        for account_id in before.rows.keys() & after.rows.keys():
            scores = [side.rows[account_id].health_score for side in (before, after)]
            if None in scores:
                assert (account_id, days) not in totals
            else:
                assert totals.pop((account_id, days)) == scores[1] - scores[0]
    assert not totals


@pytest.mark.parametrize("name", NAMES)
def test_exchanged_dates_negate_every_part(cases: dict[str, Case], name: str) -> None:
    case = cases[name]
    there = {tuple(row[column] for column in KEY): row for row in case.changes.rows}
    back = {tuple(row[column] for column in KEY): row for row in case.exchanged.rows}
    assert set(there) == set(back)
    for key, row in there.items():
        turned = back[key]
        assert (turned["from_date"], turned["to_date"]) == (row["to_date"], row["from_date"])
        for column in ("points_change", "own_change", "peer_change", "policy_change"):
            assert turned[column] == -row[column], (key, column)


@pytest.mark.parametrize("name", NAMES)
def test_next_bands(cases: dict[str, Case], name: str) -> None:
    """The oracle tries the values of every metric: the first that reaches is the published one."""
    case = cases[name]
    expected = next_bands(case.slices[TODAY])
    differences = compare(case.next_band, ("account_id", "metric"), expected, ("score_after",))
    assert not differences, report(differences)
    reasons = Counter(row["reason"] for row in expected)
    assert reasons["reachable"] > 20
    assert reasons["not_enough"] > 20
    assert reasons["not_measured"] > 0


@pytest.mark.parametrize("name", NAMES)
def test_smallest_changes_are_one_per_account(cases: dict[str, Case], name: str) -> None:
    rows = cases[name].next_band.rows
    smallest = Counter(row["account_id"] for row in rows if row["is_smallest"])
    assert set(smallest) == {row["account_id"] for row in rows if row["is_reachable"]}
    assert set(smallest.values()) == {1}
