"""The life cycle of alerts against a loop in plain Python, on series made to be difficult.

The SQL of the models is compiled once and run on tables made up here, so that thousands of series
with gaps, flapping, late back-fills and repeated runs take seconds.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from oracle import alerts as oracle  # noqa: E402
from oracle.alerts import Alert, Key, Seen  # noqa: E402
from oracle.building import compile_models  # noqa: E402

PUBLISHED = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"][
    "customer_health"
]
SETTINGS = PUBLISHED["customer_health_alerts"]
RULES = PUBLISHED["customer_health_alert_rules"]
PRESET = PUBLISHED["customer_health_presets"]["run_rate"]
COOL_DOWN, EXPIRE = SETTINGS["cool_down_days"], SETTINGS["expire_after_days"]
TODAY = date(2026, 6, 1)
# Rows of one insert.
CHUNK = 500
MODELS = (
    "int_alert_dates",
    "int_account_alert_measures",
    "int_alert_observations",
    "int_alert_states",
)

SLICES = {
    "as_of_date": "date",
    "entity_type": "varchar",
    "entity_id": "varchar",
    "rule_id": "varchar",
    "state": "varchar",
    "alert_id": "varchar",
    "severity": "varchar",
    "opened_on": "date",
    "last_seen_on": "date",
    "resolved_on": "date",
    "resolution": "varchar",
    "reopened_on": "date",
    "reopened_count": "bigint",
    "opened_value": "decimal(28, 6)",
    "last_value": "decimal(28, 6)",
    "driving_signals": "varchar",
    "previous_as_of_date": "date",
    "has_customers": "boolean",
}
OBSERVED = {
    "as_of_date": "date",
    "entity_type": "varchar",
    "entity_id": "varchar",
    "rule_id": "varchar",
    "severity": "varchar",
    "status": "varchar",
    "observed_value": "decimal(28, 6)",
    "driving_signals": "varchar",
}
HISTORY = {
    "as_of_date": "date",
    "account_id": "varchar",
    "owner_id": "varchar",
    "industry": "varchar",
    "account_size_segment": "varchar",
    "geographic_region": "varchar",
    "health_band": "varchar",
    "contribution_tier": "varchar",
    "days_since_last_activity": "bigint",
    "total_activities_30d": "bigint",
    "total_contacts": "bigint",
    "contacts_with_email": "bigint",
    "number_of_employees": "bigint",
    "account_age_days": "bigint",
    "contact_email_coverage": "double",
    "annual_revenue": "double",
    "total_won_amount": "double",
    "current_pipeline_amount": "double",
    "win_rate_percentage": "double",
    "health_score": "decimal(9, 6)",
    "score_coverage": "decimal(9, 6)",
    "predicted_6m_revenue": "decimal(28, 6)",
}


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The SQL of the models."""
    return compile_models(MODELS, {"as_of_date": str(TODAY)}, tmp_path_factory.mktemp("alerts"))


class Warehouse:
    """The tables that the models read, and runs of the models on them."""

    def __init__(self, compiled: dict[str, str]) -> None:
        self._sql = compiled
        self._connection = duckdb.connect()
        self.execute("attach ':memory:' as work; use work")
        self.execute("create schema intermediate; create schema marts")
        self.table("intermediate.int_alert_slices_before", SLICES, [])
        self.table("marts.account_health_history", HISTORY, [])
        self.execute("create schema history")
        self.table("history.account_health_slice_log", {"as_of_date": "date"}, [])
        self.table("marts.customer_success_churn_risk", {"customer_id": "varchar"}, [])
        self.table(
            "marts.customer_success_warnings",
            dict.fromkeys(("customer_id", "source", "severity", "value"), "varchar"),
            [],
        )

    def execute(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql, values).fetchall()

    def table(self, name: str, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> None:
        """Make a table anew with these rows."""
        declared = ", ".join(f"{column} {type_}" for column, type_ in columns.items())
        self.execute(f"create or replace table {name} ({declared})")
        rows = [tuple(row) for row in rows]
        for start in range(0, len(rows), CHUNK):
            chunk = rows[start : start + CHUNK]
            marks = ", ".join(["(" + ", ".join("?" * len(columns)) + ")"] * len(chunk))
            values = [value for row in chunk for value in row]
            self.execute(f"insert into {name} values {marks}", values)

    def make(self, model: str, as_of: date) -> None:
        """Build a model as of a date."""
        sql = self._sql[model].replace(f"'{TODAY}'", f"'{as_of}'")
        self.execute(f"create or replace table intermediate.{model} as {sql}")

    def rules(self, names: Iterable[str]) -> None:
        self.table(
            "marts.alert_rules",
            {"rule_id": "varchar", "entity_type": "varchar"},
            [(name, "account") for name in names],
        )

    def observe(self, observed: Mapping[tuple[Key, date], Seen], days: Iterable[date]) -> None:
        """Let the rules say this; what they say of a date that is not judged is not looked at."""
        days = set(days)
        self.table(
            "intermediate.int_alert_observations",
            OBSERVED,
            [
                (day, *key, seen.severity, seen.status, seen.value, seen.signals)
                for (key, day), seen in observed.items()
                if day in days
            ],
        )

    def judge(
        self, as_of: date, stored: Iterable[date], observed: Mapping[tuple[Key, date], Seen]
    ) -> list[date]:
        """One run: replace the slices of the dates to judge, and return these dates."""
        self.table(
            "history.account_health_slice_log",
            {"as_of_date": "date"},
            [(day,) for day in set(stored)],
        )
        self.make("int_alert_dates", as_of)
        days = [
            day for (day,) in self.execute("select as_of_date from intermediate.int_alert_dates")
        ]
        self.observe(observed, days)
        self.make("int_alert_states", as_of)
        self.execute(
            "delete from intermediate.int_alert_slices_before where as_of_date in"
            " (select as_of_date from intermediate.int_alert_dates)"
        )
        self.execute(
            "insert into intermediate.int_alert_slices_before select"
            f" {', '.join(SLICES)} from intermediate.int_alert_states"
        )
        return sorted(days)

    def slices(self) -> dict[date, dict[Key, Alert]]:
        """Return the alerts that were open or cooling after each date judged."""
        found: dict[date, dict[Key, Alert]] = {
            day: {}
            for (day,) in self.execute(
                "select as_of_date from intermediate.int_alert_slices_before where state = 'judged'"
            )
        }
        for row in self.execute(
            "select as_of_date, entity_type, entity_id, rule_id, opened_on, last_seen_on,"
            " opened_value, last_value, severity, driving_signals, resolved_on, resolution,"
            " reopened_count, reopened_on, state, alert_id"
            " from intermediate.int_alert_slices_before where state <> 'judged'"
        ):
            day, kind, entity, rule = row[:4]
            alert = Alert(*row[4:14])
            assert row[14] == ("open" if alert.resolved_on is None else "cooling")
            assert row[15] == f"{kind}:{rule}:{alert.opened_on}:{entity}"
            assert (kind, entity, rule) not in found[day]
            found[day][kind, entity, rule] = alert
        return found


@pytest.fixture
def warehouse(compiled: dict[str, str]) -> Warehouse:
    made = Warehouse(compiled)
    made.rules(["r"])
    return made


def weeks(count: int, last: date = TODAY) -> list[date]:
    return [last - timedelta(days=7 * back) for back in range(count)][::-1]


def series(entity: str, days: Sequence[date], letters: str) -> dict[tuple[Key, date], Seen]:
    """One entity's statuses: F fires, H holds, C clear, anything else unknown."""
    words = {"F": "fires", "H": "holds", "C": "clear"}
    return {
        (("account", entity, "r"), day): Seen(
            words[letter],
            "high" if place % 2 else "critical",
            None if letter == "C" else Decimal(place),
            None if letter == "C" else f"m {place} (above 1)",
        )
        for place, (day, letter) in enumerate(zip(days, letters, strict=True))
        if letter in words
    }


def random_series(
    seed: int, days: Sequence[date], count: int = 200
) -> dict[tuple[Key, date], Seen]:
    """Series of all kinds: steady, flapping, full of gaps."""
    dice = random.Random(seed)
    observed: dict[tuple[Key, date], Seen] = {}
    for number in range(count):
        weights = [dice.random() for _ in "FHC?"]
        letters = "".join(dice.choices("FHC?", weights, k=len(days)))
        observed |= series(f"a{number}", days, letters)
    return observed


def expected(days: Sequence[date], observed: Mapping[tuple[Key, date], Seen]) -> Any:
    return oracle.fold(days, observed, ["r"], COOL_DOWN, EXPIRE)


# By hand


def test_flapping_opens_one_alert(warehouse: Warehouse) -> None:
    days = weeks(20)
    observed = series("a", days, "FC" * 10)
    warehouse.judge(TODAY, days, observed)
    ids = warehouse.execute(
        "select distinct alert_id from intermediate.int_alert_slices_before where state <> 'judged'"
    )
    assert len(ids) == 1
    last = warehouse.slices()[TODAY]["account", "a", "r"]
    assert (last.opened_on, last.reopened_count) == (days[0], 9)
    assert (last.resolved_on, last.resolution) == (TODAY, "closed")


@pytest.mark.parametrize(
    ("letters", "opened", "resolved", "resolution", "reopened"),
    [
        # Holding opens nothing, and keeps open what is open.
        ("HHHHHH", None, None, None, 0),
        ("FHHHHH", 0, None, None, 0),
        ("CFHHCH", 1, 4, "closed", 0),
        # Unknown for four weeks is not too long, for five it is.
        ("F?????", 0, 5, "no_data", 0),
        ("HF????", 1, None, None, 0),
        # Known in between starts the count anew.
        ("F??H??", 0, None, None, 0),
        # Two weeks after its end it is the same alert, three weeks after it is another one.
        ("FC?F??", 0, None, None, 1),
        ("FC??F?", 4, None, None, 0),
        ("FCCCFC", 4, 5, "closed", 0),
    ],
)
def test_life_cycle_by_hand(
    warehouse: Warehouse,
    letters: str,
    opened: int | None,
    resolved: int | None,
    resolution: str | None,
    reopened: int,
) -> None:
    days = weeks(6)
    observed = series("a", days, letters)
    warehouse.judge(TODAY, days, observed)
    found = warehouse.slices()
    assert found == expected(days, observed)
    alert = found[TODAY].get(("account", "a", "r"))
    if opened is None:
        assert alert is None
        return
    assert alert is not None
    assert alert.opened_on == days[opened]
    assert alert.resolved_on == (None if resolved is None else days[resolved])
    assert (alert.resolution, alert.reopened_count) == (resolution, reopened)


def test_a_rule_that_leaves_the_settings_ends_its_alerts(warehouse: Warehouse) -> None:
    days = weeks(3)
    observed = series("a", days, "FFF")
    warehouse.judge(days[1], days[:2], observed)
    warehouse.rules(["another"])
    warehouse.judge(TODAY, days, observed)
    alert = warehouse.slices()[TODAY]["account", "a", "r"]
    assert (alert.resolved_on, alert.resolution) == (TODAY, "rule_removed")


# Against the loop


@pytest.mark.parametrize("seed", range(4))
def test_all_dates_at_once(warehouse: Warehouse, seed: int) -> None:
    dice = random.Random(seed)
    days = sorted(TODAY - timedelta(days=back) for back in {0, *dice.sample(range(1, 200), 30)})
    observed = random_series(seed, days)
    assert warehouse.judge(TODAY, days, observed) == days
    assert warehouse.slices() == expected(days, observed)


def test_day_by_day_is_the_same_as_all_at_once(warehouse: Warehouse) -> None:
    days = weeks(14)
    observed = random_series(7, days, 60)
    for number, day in enumerate(days, 1):
        # A second run for a date replaces the first.
        for _ in range(2):
            assert warehouse.judge(day, days[:number], observed) == [day]
    assert warehouse.slices() == expected(days, observed)


def test_late_dates_are_put_in_order(warehouse: Warehouse) -> None:
    days = weeks(14)
    observed = random_series(11, days, 80)
    stored: set[date] = {TODAY}
    dice = random.Random(11)
    late = days[:-1]
    dice.shuffle(late)
    for number in range(0, len(late), 3):
        stored |= set(late[number : number + 3])
        judged = warehouse.judge(TODAY, stored, observed)
        # From the first new date on all are judged, earlier ones are left alone.
        assert judged == [day for day in sorted(stored) if day >= min(late[number : number + 3])]
    assert warehouse.slices() == expected(days, observed)


def test_a_run_as_of_an_earlier_day_is_made_up_for(warehouse: Warehouse) -> None:
    days = weeks(10)
    observed = random_series(13, days, 80)
    without = [day for day in days if day != days[4]]
    warehouse.judge(TODAY, without, observed)
    # Slices after the date of a run are out of its sight, and out of date from then on.
    assert warehouse.judge(days[4], days[:5], observed) == [days[4]]
    assert warehouse.judge(TODAY, days, observed) == days[5:]
    assert warehouse.slices() == expected(days, observed)


# Measures and rules


def random_history(seed: int) -> list[dict[str, Any]]:
    """Accounts with irregular dates, missing scores and amounts, on both sides of every bound."""
    dice = random.Random(seed)
    bands = PRESET["bands"]
    rows = []
    for number in range(120):
        dates = {0, *dice.sample(range(1, 220), dice.randint(1, 40))}
        if number % 5 == 0:
            dates.discard(0)
        pipeline = dice.choice([0.0, 5.0])
        for back in dates:
            score = dice.choice(
                [None, Decimal(dice.randint(30, 60)), Decimal(dice.randint(0, 100_000_000)) / 10**6]
            )
            if dice.random() < 0.2:
                pipeline = dice.choice([None, 0.0, 5.0, 7.5])
            row = dict.fromkeys(HISTORY)
            row |= {
                "as_of_date": TODAY - timedelta(days=back),
                "account_id": f"a{number}",
                "account_size_segment": dice.choice(["Mid-Market", "Large", "Unknown"]),
                "health_score": score,
                "health_band": "Unscored"
                if score is None
                else next(rung["band"] for rung in bands if score >= rung["at_least"]),
                "days_since_last_activity": dice.choice([None, 6, 7, 8, 14, 15, 21, 22, 30]),
                "total_activities_30d": dice.choice([None, 0, 2, 3, 4, 5, 6, 7]),
                "total_contacts": dice.choice([None, 19, 20, 21, 22, 23]),
                "contacts_with_email": dice.choice([None, 14, 15, 16, 17, 18]),
                "current_pipeline_amount": pipeline,
                "predicted_6m_revenue": dice.choice(
                    [None, *(Decimal(6 * bound) for bound in (10**7, 10**6, 10**5, 10**5 - 1))]
                ),
            }
            rows.append(row)
    return rows


@pytest.mark.parametrize("as_of", [TODAY, TODAY - timedelta(days=45)])
def test_measures_and_rules(warehouse: Warehouse, as_of: date) -> None:
    history = random_history(3)
    warehouse.table(
        "marts.account_health_history", HISTORY, [list(row.values()) for row in history]
    )
    warehouse.table(
        "history.account_health_slice_log",
        {"as_of_date": "date"},
        [(day,) for day in {row["as_of_date"] for row in history}],
    )
    # Some dates are judged already, so that looking back goes beyond the dates to judge.
    warehouse.make("int_alert_dates", as_of)
    warehouse.execute(
        "delete from intermediate.int_alert_dates where as_of_date < ?", [as_of - timedelta(100)]
    )
    warehouse.execute(
        "update intermediate.int_alert_dates set first_day_number ="
        " (select min(day_number) from intermediate.int_alert_dates)"
    )
    warehouse.make("int_account_alert_measures", as_of)
    warehouse.make("int_alert_observations", as_of)
    found = {
        row[:3]: row[3:]
        for row in warehouse.execute(
            "select rule_id, entity_id, as_of_date, status, observed_value"
            " from intermediate.int_alert_observations"
        )
    }
    wanted = {}
    days = {row["as_of_date"] for row in history}
    for day in sorted(day for day in days if as_of - timedelta(100) <= day <= as_of):
        measured = oracle.measures(
            history, day, SETTINGS, PRESET["bands"], PRESET["forecast"]["horizon_months"]
        )
        for account, values in measured.items():
            for rule in RULES:
                status = oracle.status(rule, values)
                if status is not None:
                    value = oracle.first_value(rule, values)
                    wanted[rule["rule"], account, day] = (
                        status,
                        None if value is None else Decimal(value),
                    )
    statuses = {rule["rule"]: set() for rule in RULES}
    for (rule, _, _), (status, _) in wanted.items():
        statuses[rule].add(status)
    assert all({"fires", "clear"} <= seen for seen in statuses.values()), statuses
    assert found == wanted


def test_signals_are_named(warehouse: Warehouse) -> None:
    row = dict.fromkeys(HISTORY) | {
        "as_of_date": TODAY,
        "account_id": "a",
        "health_band": "Unscored",
        "days_since_last_activity": 34,
        "total_contacts": 19,
        "contacts_with_email": 16,
    }
    warehouse.table("marts.account_health_history", HISTORY, [list(row.values())])
    for model in MODELS[:3]:
        warehouse.make(model, TODAY)
    signals = dict(
        warehouse.execute(
            "select rule_id, driving_signals from intermediate.int_alert_observations"
        )
    )
    assert signals["recency"] == "days_since_last_activity 34 (above 21)"
    assert signals["contact_coverage"] == (
        "total_contacts 19 (below 20); contacts_with_email 16 (below 15, closes at 17)"
    )
