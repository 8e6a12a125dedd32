"""Export of alerts: which events, in which order, and CSV that no spreadsheet calculates with."""

import csv
import io
import json
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from customer_health.csv_files import CsvWriter, neutral

PUBLISHED = Path("warehouse/customer_health.duckdb")
DDL = """
create schema marts;
create table marts.alert_rules (rule_id varchar, action varchar);
create table marts.alert_history (
    alert_id varchar, entity_type varchar, entity_id varchar, account_id varchar, rule_id varchar,
    severity varchar, driving_signals varchar, opened_on date, last_seen_on date,
    reopened_on date, reopened_count bigint, resolved_on date, resolution varchar,
    days_open bigint, opened_value decimal(28, 6), last_value decimal(28, 6)
);
create table marts.account_alerts (
    alert_id varchar, entity_name varchar, rank bigint, priority decimal(9, 6), owner_id varchar,
    owner_rank bigint, is_within_capacity boolean
);
insert into marts.alert_rules values ('drop', '=SUM(A1)');
insert into marts.alert_history values
    ('old', 'account', 'a1', 'a1', 'drop', 'high', 'm 1', '2026-04-01', '2026-05-01',
     null, 0, null, null, 60, -12.5, -10),
    ('ended', 'account', 'a2', 'a2', 'drop', 'high', 'm 1', '2026-04-01', '2026-05-01',
     null, 0, '2026-05-20', 'closed', 49, -12.5, -10),
    ('new', 'account', '-a3', '-a3', 'drop', 'high', 'm 1', '2026-05-25', '2026-06-01',
     '2026-06-01', 1, null, null, 7, -12.5, -10);
insert into marts.account_alerts values
    ('old', 'Old', 2, 0.5, 'o', 2, false), ('new', '@Nordwind', 1, 0.75, 'o', 1, true);
"""


@pytest.fixture
def project(house: Path) -> Path:
    """A folder with a published file of three alerts, and the profile that leads to it."""
    PUBLISHED.parent.mkdir()
    with duckdb.connect(PUBLISHED) as connection:
        connection.execute(DDL)
    (house / "dbt_project.yml").write_text("name: small\nprofile: small\n", encoding="utf-8")
    (house / "profiles.yml").write_text(
        "small: {target: duckdb, outputs: {duckdb: {type: duckdb, path: work.duckdb}}}\n",
        encoding="utf-8",
    )
    return house


def test_events_since_a_day_in_their_order(project: Path, run) -> None:
    status, out, _ = run("export", "alerts", "--since", "2026-05-20")
    assert status == 0
    events = [json.loads(line) for line in out.splitlines()]
    assert [(event["alert_id"], event["event"], event["event_on"]) for event in events] == [
        ("ended", "resolved", "2026-05-20"),
        ("new", "opened", "2026-05-25"),
        ("new", "reopened", "2026-06-01"),
    ]
    assert events[0]["resolution"] == "closed"
    assert events[0]["priority"] is None
    assert events[1]["last_value"] == -10
    assert events[1]["opened_value"] == -12.5
    assert events[1]["is_within_capacity"] is True


def test_nothing_since_is_nothing(project: Path, run) -> None:
    assert run("export", "alerts", "--since", "2026-06-02") == (0, "", "")


def test_csv_holds_no_formulas(project: Path, run) -> None:
    status, _, _ = run(
        *("export", "alerts", "--since", "2026-05-21", "--format", "csv", "--out", "alerts.csv")
    )
    assert status == 0
    rows = list(csv.DictReader(Path("alerts.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) == 2
    for row in rows:
        assert row["action"] == "'=SUM(A1)"
        assert row["entity_name"] == "'@Nordwind"
        assert row["entity_id"] == "'-a3"
        assert row["last_value"] == "-10"
        assert row["resolved_on"] == ""


def test_a_day_is_needed(project: Path, run) -> None:
    status, out, error = run("export", "alerts")
    assert (status, out) == (1, "")
    assert "--since" in error


def test_marts_without_alerts(project: Path, run) -> None:
    with duckdb.connect(PUBLISHED) as connection:
        connection.execute("drop table marts.account_alerts")
    status, _, error = run("export", "alerts", "--since", "2026-06-02")
    assert status == 1
    assert "account_alerts" in error
    assert "actions" in error


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+49 30", "'+49 30"),
        ("-5", "'-5"),
        ("@a", "'@a"),
        ("\ta", "'\ta"),
        ("\ra", "'\ra"),
        ("a=1", "a=1"),
        ("", ""),
        (None, ""),
        (-5, -5),
        (Decimal("-0.5"), Decimal("-0.5")),
        (True, "true"),
    ],
)
def test_a_cell_is_neutral(cell: object, written: object) -> None:
    assert neutral(cell) == written


def test_rows_are_quoted_where_needed() -> None:
    out = io.StringIO()
    CsvWriter(out, ["a", "b"]).write(["x, y", "=1"])
    assert out.getvalue() == 'a,b\n"x, y",\'=1\n'
