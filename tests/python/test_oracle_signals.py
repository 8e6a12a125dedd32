"""Signals of accounts and the preset five_families against an independent implementation.

The same adversarial accounts and customer-success records are built twice: with a mapping between
accounts and customers (several customers of an account, several accounts of a customer, flawed
rows), and without one, where equal ids match.
"""

from __future__ import annotations

import csv
import json
import random
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from builds import build as build_project  # noqa: E402
from oracle import account_health as accounts_oracle  # noqa: E402
from oracle import adversarial, signals  # noqa: E402
from oracle import customer_success as success  # noqa: E402
from oracle import customer_success_cases as cases  # noqa: E402
from oracle.building import read_query, read_table  # noqa: E402
from oracle.compare import Table, agree, report  # noqa: E402
from oracle.presets import FIVE_FAMILIES, TARGETS  # noqa: E402

AS_OF_DATE = date(2026, 6, 1)
MODELS = (
    *("account_signal_states", "signal_catalogue", "int_account_customers", "value_findings"),
    *("rejected_rows", "account_health", "account_health_contributions", "health_bands"),
    *("risk_matrix", "risk_by_industry", "policy_metrics", "account_health_slices"),
    *("account_health_history", "account_health_changes", "account_next_band"),
)
EARLIER = date(2026, 5, 25)
RANDOM_RECORDS = 400


# --------------------------------------------------------------------------------------------
# The input
# --------------------------------------------------------------------------------------------


def raw_accounts() -> list[dict[str, str]]:
    """Accounts of all kinds: the adversarial ones, and many with edges of the signals."""
    draw = random.Random("signals")
    rows = [*adversarial.MIXED]
    for number in range(100, 900):
        changes = {
            "total_won_amount": draw.choice(["0", "", "1200.5", "98000"]),
            "total_opportunities": draw.choice(["0", "3", "", "12"]),
            "won_opportunities": draw.choice(["0", "1", "", "7"]),
            "lost_opportunities": draw.choice(["0", "2", ""]),
            "open_opportunities": draw.choice(["0", "4", ""]),
            "total_contacts": draw.choice(["0", "10", "25", ""]),
            "contacts_with_email": draw.choice(["0", "8", "30", ""]),
            "callable_contacts": draw.choice(["0", "8", ""]),
            "emailable_contacts": draw.choice(["0", "8", "-1"]),
            "total_converted_leads": draw.choice(["0", "2", ""]),
            "avg_lead_conversion_days": draw.choice(["0", "31.5", "", "never"]),
            "days_since_last_activity": draw.choice(
                ["0", "44", "180", "181", "99999999999", "", "12"]
            ),
            "latest_opportunity_date": draw.choice(
                [
                    "2026-06-01",
                    "2025-06-01",
                    "2025-05-31",
                    "2024-06-01",
                    "2024-05-31",
                    "",
                    "soon",
                    "2026-06-02 00:00:00",
                    "2027-01-01",
                ]
            ),
            "last_won_date": draw.choice(
                ["2026-06-02", "2024-06-01", "2024-05-31", "", "1899-01-01"]
            ),
            "latest_lead_conversion_date": draw.choice(["2025-06-01", "2025-05-31", ""]),
            "is_declining_engagement": draw.choice(["0", "1", "", "maybe"]),
            "owner_is_active": draw.choice(["0", "1", "true", ""]),
        }
        rows.append(adversarial.account(number, **changes))
    return rows


def raw_months(customers: list[str]) -> list[dict[str, str]]:
    """Monthly ARR of some customers, recent and old."""
    draw = random.Random("months")
    rows = []
    for customer in customers[::3]:
        last = draw.choice(["2026-06-01", "2026-04-01", "2026-03-01", "2026-05-01"])
        arr = draw.choice(["0", "1500.25", "many", "88000"])
        rows.append({"customer_id": customer, "month": "2025-01-01", "arr": "900"})
        rows.append({"customer_id": customer, "month": last, "arr": arr})
    return rows


def raw_history() -> list[dict[str, str]]:
    """Some of the accounts a week earlier: less active, and with dates of before that day."""
    later = ("2026-06-01", "2026-06-02", "2026-06-02 00:00:00", "2027-01-01")
    rows = []
    for place, account in enumerate(raw_accounts()[-600:-200]):
        row = {**account, "as_of_date": EARLIER.isoformat()}
        for column in ("latest_opportunity_date", "last_won_date"):
            if row[column] in later:
                row[column] = ("2025-05-25", "2025-05-26", "2024-05-20")[place % 3]
        row["total_activities_30d"] = str(place % 23)
        rows.append(row)
    return rows


def raw_mapping(accounts: list[str], customers: list[str]) -> list[dict[str, str]]:
    """Which customer is which account, with everything that may be odd about it."""
    draw = random.Random("mapping")
    rows = []
    for account in accounts[::2]:
        for _ in range(draw.choice([1, 1, 1, 2, 3])):
            rows.append({"account_id": account, "customer_id": draw.choice(customers)})
    first = rows[0]
    rows += [
        dict(first),
        {"account_id": f"  {first['account_id']} ", "customer_id": first["customer_id"]},
        {"account_id": accounts[1], "customer_id": "nobody"},
        {"account_id": "gone", "customer_id": customers[5]},
        {"account_id": "", "customer_id": customers[6]},
        {"account_id": accounts[3], "customer_id": " "},
        {"account_id": accounts[3], "primary_email": "A@Example.com"},
        {"account_id": accounts[3], "primary_email": "a@example.com "},
        {"account_id": "", "customer_id": ""},
    ]
    return rows


def write_csv(path: Path, columns: tuple[str, ...], rows: list[dict[str, str]]) -> None:
    """Write rows as a CSV file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


# --------------------------------------------------------------------------------------------
# The builds
# --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Build:
    """One build, with what the oracle makes of the same rows."""

    work_file: Path
    accounts: list[dict[str, Any]]
    records: dict[str, list[Any]]
    mapping_rows: list[dict[str, str]]
    pairs: dict[str, list[str]]
    states: dict[tuple[str, str], signals.State]

    def table(self, schema: str, name: str) -> Table:
        """Read a table of the build."""
        return read_table(self.work_file, schema, name)


@pytest.fixture(scope="module", params=["mapped", "equal_ids"])
def build(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Write the files, load and build them."""
    folder = tmp_path_factory.mktemp(request.param)
    raw = folder / "raw"
    documents = {tool: cases.documents(tool, RANDOM_RECORDS) for tool in success.TOOLS}
    cases.write_tables(documents, raw)
    records = {tool: [json.loads(text) for text in texts] for tool, texts in documents.items()}
    arr = signals.arr_of(records)
    customers = sorted(arr)

    rows = raw_accounts()
    if request.param == "equal_ids":
        renamed = iter([name for name in customers[::-2] if name == name.strip()])
        rows = [
            {**row, "account_id": next(renamed)} if row.get("account_id") else row for row in rows
        ]
    adversarial.Case("signals", rows, policy="five_families").write(raw)
    accounts = accounts_oracle.clean(rows, AS_OF_DATE).accounts

    months = raw_months(customers)
    write_csv(raw / "customer_success__monthly_arr.csv", ("customer_id", "month", "arr"), months)
    mapping_rows: list[dict[str, str]] = []
    if request.param == "mapped":
        mapping_rows = raw_mapping([one["account_id"] for one in accounts], customers)
        columns = ("account_id", "customer_id", "primary_email")
        write_csv(raw / "account_mapping.csv", columns, mapping_rows)
        columns = ("as_of_date", *accounts_oracle.COLUMNS)
        write_csv(raw / "salesforce__customer_360_history.csv", columns, raw_history())

    variables = {
        "as_of_date": AS_OF_DATE.isoformat(),
        "customer_health_subjects": [
            *("account_health", "customer_success", "trajectory", "actions")
        ],
        "customer_health_policy": "five_families",
        "customer_health_policies": ["five_families", "run_rate"],
    }
    work_file = build_project(raw, folder, variables, select=[f"+{name}" for name in MODELS])
    kept, _ = signals.clean_mapping(mapping_rows)
    pairs = signals.account_customers(accounts, arr, kept)
    month_rows = [
        (row["customer_id"], date.fromisoformat(row["month"]), amount(row["arr"])) for row in months
    ]
    states = signals.states_of(accounts, records, month_rows, pairs, AS_OF_DATE)
    return Build(work_file, accounts, records, mapping_rows, pairs, states)


def amount(text: str) -> float | None:
    """A number as text; None for anything else."""
    try:
        return float(text)
    except ValueError:
        return None


# --------------------------------------------------------------------------------------------
# Comparisons
# --------------------------------------------------------------------------------------------


def test_every_state_of_every_signal(build: Build) -> None:
    table = build.table("marts", "account_signal_states")
    found = {(row["account_id"], row["signal_id"]): row for row in table.rows}
    assert len(found) == len(table.rows)
    differences = [f"{key}: absent" for key in build.states if key not in found]
    differences += [f"{key}: not expected" for key in found if key not in build.states]
    for key, expected in build.states.items():
        row = found.get(key)
        if row is None:
            continue
        actual = (row["state"], row["value_text"], row["observed_on"])
        wanted = (expected.state, expected.text, expected.observed_on)
        same_value = agree(expected.value, row["value"], "value", table.types["value"])
        if actual != wanted or not same_value or row["family"] != signals.family_of(key[1]):
            differences.append(f"{key}: expected {expected}, actual {row}")
    assert not differences, report(differences)


def test_every_state_occurs_where_it_can(build: Build) -> None:
    """The input is of use only if it leads to all of the states."""
    counts = Counter(state.state for state in build.states.values())
    print(dict(counts))
    assert set(counts) == {"measured", "measured_zero", "not_applicable", "unknown", "stale"}
    assert min(counts.values()) > 100


def test_the_catalogue_lists_every_signal(build: Build) -> None:
    rows = {row["signal_id"]: row for row in build.table("marts", "signal_catalogue").rows}
    expected = {signal for _, signal in build.states}
    assert set(rows) == expected
    for name, row in rows.items():
        assert row["family"] == signals.family_of(name)
        limit = signals.LIMITS.get(name, signals.LIMITS[row["family"]])
        assert row["staleness_limit_days"] == (limit if row["dated_by"] else None)


def test_customers_of_accounts(build: Build) -> None:
    rows = build.table("intermediate", "int_account_customers").rows
    expected = {
        (account, customer): rank
        for account, customers in build.pairs.items()
        for rank, customer in enumerate(customers, 1)
    }
    assert {
        (row["account_id"], row["customer_id"]): row["customer_rank"] for row in rows
    } == expected
    main = [row["customer_id"] for row in rows if row["account_rank"] == 1]
    assert sorted(main) == sorted({row["customer_id"] for row in rows})


def test_the_quality_tables_tell_of_the_mapping(build: Build) -> None:
    kept, rejected = signals.clean_mapping(build.mapping_rows)
    query = "select * from quality.{} where source = 'account_mapping'"
    rows = read_query(build.work_file, query.format("rejected_rows"), "rejected_rows").rows
    folded = Counter({(row["key"], row["reason_code"]): 0 for row in rows})
    for row in rows:
        folded[row["key"], row["reason_code"]] += row["row_count"]
    assert folded == Counter(rejected)

    known = {one["account_id"] for one in build.accounts}
    recorded = signals.arr_of(build.records)
    accounts_of: dict[str | None, set[str]] = {}
    for account, customer, _ in kept:
        accounts_of.setdefault(customer, set()).add(account)
    expected = Counter()
    for entry in kept:
        key = " ".join(part for part in entry if part)
        account, customer, _ = entry
        if account not in known:
            expected[key, "account_id", account, "unknown_account"] += 1
        if customer is not None and customer not in recorded:
            expected[key, "customer_id", customer, "unknown_customer"] += 1
        if customer is not None and len(accounts_of[customer]) > 1:
            expected[key, "customer_id", customer, "several_accounts"] += 1
    # By the mapping, or without one by equal ids.
    met = {customer for _, customer, _ in kept if customer is not None} or known
    for customer in set(recorded) - met:
        expected[customer, "customer_id", customer, "unmapped_customer"] += 1
    rows = read_query(build.work_file, query.format("value_findings"), "value_findings").rows
    columns = ("key", "column_name", "value", "reason_code")
    assert Counter(tuple(row[column] for column in columns) for row in rows) == expected


def test_five_families_scores_what_is_measured(build: Build) -> None:
    metrics = [metric for family in TARGETS.values() for metric in family]
    rows = signals.scored_accounts(build.accounts, build.states, metrics)
    expected = accounts_oracle.score(rows, FIVE_FAMILIES, "five_families")
    table = build.table("marts", "account_health")
    found = {row["account_id"]: row for row in table.rows}
    differences = []
    for row in expected.rows:
        actual = found.pop(row.account["account_id"])
        for column in ("health_score", "health_band", "score_coverage"):
            if not agree(getattr(row, column), actual[column], column, table.types[column]):
                differences.append(
                    f"{row.account['account_id']} {column}: expected {getattr(row, column)},"
                    f" actual {actual[column]}"
                )
    assert not found
    assert not differences, report(differences)
    bands = Counter(row.health_band for row in expected.rows)
    print(dict(bands))
    assert set(bands) == {"healthy", "watch", "risk", "crisis", "Unscored"}

    points = {
        (part["account_id"], part["metric"]): part
        for part in accounts_oracle.account_health_contributions(expected)
    }
    contributions = build.table("marts", "account_health_contributions")
    assert len(contributions.rows) == len(points)
    for row in contributions.rows:
        part = points[row["account_id"], row["metric"]]
        for column in ("dimension", "raw_value", "scaled_value", "points", "max_points"):
            same = agree(part[column], row[column], column, contributions.types[column])
            # Between fixed targets exact ties are common; there a double may round the other way.
            if (
                not same
                and column in ("points", "max_points")
                and None not in (part[column], row[column])
            ):
                same = abs(part[column] - row[column]) <= Decimal("0.000001")
            if not same:
                differences.append(f"{row}: expected {column} {part[column]}")
    assert not differences, report(differences)


def test_earlier_dates_are_scored_without_customers(build: Build) -> None:
    """What the records tell is of today; before, only the signals of the account view count."""
    query = f"select * from marts.account_health_history where as_of_date = '{EARLIER}'"
    table = read_query(build.work_file, query, "account_health_history")
    if not build.mapping_rows:
        assert not table.rows
        return
    accounts = accounts_oracle.clean(raw_history(), EARLIER).accounts
    nothing: dict[str, list] = {tool: [] for tool in success.TOOLS}
    states = signals.states_of(accounts, nothing, [], {}, EARLIER)
    metrics = [metric for family in TARGETS.values() for metric in family]
    rows = signals.scored_accounts(accounts, states, metrics)
    found = {row["account_id"]: row for row in table.rows}
    differences = []
    for row in accounts_oracle.score(rows, FIVE_FAMILIES, "five_families").rows:
        actual = found.pop(row.account["account_id"])
        for column in ("health_score", "health_band", "score_coverage"):
            if not agree(getattr(row, column), actual[column], column, table.types[column]):
                differences.append(f"{row.account['account_id']} {column}: {actual[column]}")
    assert not found
    assert not differences, report(differences)
    changes = build.table("marts", "account_health_changes").rows
    assert {row["metric"] for row in changes} >= {"total_activities_30d", "win_rate_percentage"}


def test_bands_and_risks_of_five_families(build: Build) -> None:
    where = "where policy = 'five_families'"
    bands = read_query(build.work_file, f"select * from marts.health_bands {where}", "bands").rows
    assert {row["health_band"] for row in bands} == {
        "healthy",
        "watch",
        "risk",
        "crisis",
        "Unscored",
    }
    assert sum(row["account_count"] for row in bands) == len(build.accounts)
    cells = read_query(build.work_file, f"select * from marts.risk_matrix {where}", "cells").rows
    crisis = next(row["account_count"] for row in bands if row["health_band"] == "crisis")
    assert sum(row["low_health_count"] for row in cells) == crisis


# --------------------------------------------------------------------------------------------
# Settings
# --------------------------------------------------------------------------------------------


def test_limits_are_those_of_the_settings() -> None:
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    block = project["vars"]["customer_health"]["customer_health_signals"]
    limits = {**block["staleness_limit_days"], **block["staleness_limit_days_of_signal"]}
    assert limits == signals.LIMITS
