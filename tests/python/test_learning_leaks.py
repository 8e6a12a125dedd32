"""Leaks planted into what the scorecard learns from are caught; bad input gives no figure."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from builds import dbt  # noqa: E402

AS_OF_DATE = "2025-12-29"
# On the grid of label dates.
LEARNED_ON, TESTED_ON, CURRENT_ON = "2025-01-06", "2025-06-23", "2025-12-08"
LEAKS = {
    "observed after its date": """
        update intermediate.int_learning_signals set observed_on = as_of_date + 1
        where rowid = (select min(rowid) from intermediate.int_learning_signals)
    """,
    "value of another day": """
        update intermediate.int_learning_signals set value = value + 1
        where rowid = (
            select min(rowid) from intermediate.int_learning_signals where signal = 'usage'
        )
    """,
    "training reaches into the test": """
        update marts.outcome_labels set period = 'train'
        where account_id = (select min(account_id) from marts.outcome_labels where period = 'test')
            and period = 'test'
    """,
    "churned outside the horizon": """
        update marts.outcome_labels set days_to_churn = 91
        where rowid = (select min(rowid) from marts.outcome_labels where is_churned)
    """,
}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build accounts whose usage tells of churn: 150 of 300 to learn from, 5 of 300 to test on."""
    folder = tmp_path_factory.mktemp("learning")
    work_file = folder / "work.duckdb"
    with duckdb.connect(str(work_file)) as connection:
        connection.execute("create schema raw")
        connection.execute("""
            create table raw.salesforce__customer_360_view as
            select '' as account_id, 0 as days_since_last_activity, 0 as total_activities_30d,
                0 as total_contacts, 0 as contacts_with_email, 0e0 as annual_revenue,
                0e0 as total_won_amount, 0e0 as current_pipeline_amount, 0e0 as win_rate_percentage,
                0 as number_of_employees, 0 as account_age_days, '' as account_size_segment
            limit 0
        """)
        connection.execute(f"""
            create table raw.account_signals as
            with accounts as (
                select 'a' || i as account_id, i, date '{LEARNED_ON}' as as_of_date
                from range(300) as r (i)
                union all
                select 'b' || i, i, date '{TESTED_ON}' from range(300) as r (i)
                union all
                select 'c' || i, i, date '{CURRENT_ON}' from range(100) as r (i)
            )
            select account_id, as_of_date, 'usage' as signal, i % 50 + i // 50 as value
            from accounts
            union all
            select account_id, as_of_date, 'the same', 7 from accounts
            union all
            select account_id, as_of_date, 'never known', null from accounts
            union all
            select account_id, as_of_date, 'twice usage', 2 * (i % 50 + i // 50) from accounts
        """)
        connection.execute(f"""
            create table raw.account_outcomes as
            select 'a' || i as account_id,
                date '{LEARNED_ON}' + (1 + i % 90)::integer as outcome_date, 'churned' as outcome,
                1e0 as arr, 'price' as reason
            from range(300) as r (i) where i % 50 < 20 or i % 10 = 9
            union all
            select 'b' || i, date '{TESTED_ON}' + 10, 'churned', 1e0, 'price' from range(5) as r (i)
            union all
            -- Before the first signal, of nobody known, and a second time.
            select 'a1', date '{LEARNED_ON}' + 50, 'churned', 1e0, 'again'
            union all
            select 'z', date '{LEARNED_ON}' - 50, 'churned', 1e0, 'unknown'
            union all
            select 'c0', date '{LEARNED_ON}' - 50, 'churned', 1e0, 'gone'
        """)
    project = (ROOT / "dbt_project.yml").read_text(encoding="utf-8")
    assert "signals_from: both" in project
    settings = yaml.safe_load(project)["vars"]["customer_health"]["customer_health_learning"]
    variables = {
        "as_of_date": AS_OF_DATE,
        "customer_health_subjects": ["account_health", "trajectory", "actions", "learning"],
        "customer_health_learning": {**settings, "signals_from": "account_signals"},
    }
    dbt(
        *("build", "--quiet", "--exclude-resource-type", "unit_test", "--select"),
        *("+account_churn_probability", "churn_scorecard", "signal_information"),
        "learning_does_not_leak",
        variables=variables,
        environment={"CUSTOMER_HEALTH_TARGET": "duckdb", "CUSTOMER_HEALTH_WORK": str(work_file)},
        folder=folder,
    )
    return work_file


@pytest.fixture
def connection(built: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the build; what a test changes is rolled back."""
    with duckdb.connect(str(built)) as opened:
        opened.execute("begin")
        yield opened
        opened.execute("rollback")


@pytest.mark.parametrize("leak", LEAKS)
def test_a_planted_leak_is_caught(
    leak: str, built: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    """The test of leaks is quiet, and names the leak once it is there."""
    found = list((built.parent / "target").glob("compiled/**/learning_does_not_leak.sql"))
    query = found[0].read_text(encoding="utf-8")
    assert connection.execute(query).fetchall() == []
    connection.execute(LEAKS[leak])
    assert leak in {row[0] for row in connection.execute(query).fetchall()}


def test_signals_that_tell_nothing(connection: duckdb.DuckDBPyConnection) -> None:
    """A constant signal and one that is never known stay out; of two alike one enters."""
    statuses = dict(
        connection.execute(
            "select distinct signal, status from marts.signal_information where scorecard = 'all'"
        ).fetchall()
    )
    assert statuses["the same"] == "constant"
    assert statuses["never known"] == "no value"
    signals = connection.execute("select distinct signal from marts.churn_scorecard").fetchall()
    assert signals in ([("usage",)], [("twice usage",)])


def test_labels(connection: duckdb.DuckDBPyConnection) -> None:
    """The first churn counts, and who churned before has no label."""
    labels = dict(
        connection.execute(
            "select account_id, days_to_churn from marts.outcome_labels"
            " where account_id in ('a1', 'c0', 'z')"
        ).fetchall()
    )
    assert labels == {"a1": 2}
    assert connection.execute(
        "select count(*), count(churn_probability) from marts.account_churn_probability"
    ).fetchall() == [(99, 99)]
