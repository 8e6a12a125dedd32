"""The history of scores, day after day: what each run adds, and that it leaves the rest alone.

One work file lives through ten runs, `story`; after each the whole history is read, and the tests
compare what was there. The dates are invented and long past.
"""

from __future__ import annotations

import csv
import datetime
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from builds import ROOT, command
from history_site import SNAPSHOTS, VIEW, Row, Site, day_of

from customer_health.publish import publish

COLUMNS = (
    "account_id",
    "industry_normalized",
    "account_size_segment",
    "days_since_last_activity",
    "total_activities_30d",
    "total_activities_90d",
    "total_contacts",
    "contacts_with_email",
    "annual_revenue",
    "total_won_amount",
    "current_pipeline_amount",
    "win_rate_percentage",
    "number_of_employees",
    "account_age_days",
    "data_completeness_score",
)
SUBJECTS = {
    "customer_health_subjects": ["account_health", "trajectory"],
    "customer_health_policies": ["run_rate"],
}
MODELS = ("+account_health", "+account_health_history", "+account_health_history_dates")
BACK_FILLED = ["2025-02-03", "2025-02-10", "2025-02-17"]
MINE = {
    "customer_health_policy": "mine",
    "customer_health_policies": ["mine"],
    "customer_health_extra_policies": {
        "mine": {
            "extends": "run_rate",
            "dimensions": [
                {
                    "dimension": "activity",
                    "weight": 1,
                    "metrics": [
                        {"metric": "total_activities_90d", "weight": 0.5, "scale": "min_max"},
                        {
                            "metric": "total_activities_30d",
                            "weight": 0.5,
                            "scale": "target",
                            "lower": 0,
                            "upper": 30,
                        },
                    ],
                },
            ],
        },
    },
}


def account(name: str, number: int, **changes: str) -> dict[str, str]:
    """An ordinary account."""
    return {
        "account_id": name,
        "industry_normalized": ("Retail", "Education")[number % 2],
        "account_size_segment": ("Large", "Enterprise", "Mid-Market")[number % 3],
        "days_since_last_activity": str(7 * number),
        "total_activities_30d": str(20 - 3 * number),
        "total_activities_90d": str(50 - 2 * number),
        "total_contacts": "12",
        "contacts_with_email": str(4 + number),
        "annual_revenue": str(100_000 * (number + 1)),
        "total_won_amount": str(9_000 * (number + 2)),
        "current_pipeline_amount": str(5_000 * number),
        "win_rate_percentage": "40",
        "number_of_employees": str(30 * (number + 1)),
        "account_age_days": str(400 + number),
        "data_completeness_score": "80",
        **changes,
    }


def snapshot(day: str, *rows: dict[str, str]) -> list[dict[str, str]]:
    """The rows of a day."""
    return [{"as_of_date": day, **row} for row in rows]


TODAY = [account("steady", 0), account("returns", 1), account("lively", 2), account("new", 4)]
GOOD = [
    *snapshot("2025-02-03", account("steady", 0), account("returns", 2), account("gone", 5)),
    *snapshot("2025-02-10", account("steady", 0), account("lively", 3), account("gone", 5)),
    *snapshot("2025-02-17", account("steady", 0), account("lively", 1), account("returns", 2)),
]
BAD = [
    # The more complete row counts.
    *snapshot("2025-02-10", account("lively", 5, data_completeness_score="70")),
    *snapshot("2025-02-10", account("lively", 4, data_completeness_score="60")),
    *snapshot("2025-02-10", account("", 4), account("  ", 5)),
    *snapshot("soon", account("steady", 1), account("returns", 1)),
    *snapshot("2025-13-40", account("steady", 1)),
    *snapshot("", account("steady", 1)),
    *snapshot("2999-01-01", account("steady", 1), account("lively", 1)),
]
LATE = snapshot("2025-02-06", account("steady", 0), account("lively", 2), account("gone", 5))


def corrected(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """The rows with another figure on the first day."""
    return [
        {**row, "total_activities_30d": "11"}
        if (row["as_of_date"], row["account_id"]) == ("2025-02-03", "returns")
        else row
        for row in rows
    ]


@dataclass(frozen=True)
class State:
    """What there was after a run."""

    slices: dict[str, dict[str, Row]]
    log: dict[str, Row]
    columns: set[str]
    shown: dict[str, Row]

    @property
    def days(self) -> list[str]:
        """The stored days."""
        return list(self.slices)


def state_of(site: Site) -> State:
    """Read everything."""
    columns = site.query(
        "select column_name from information_schema.columns"
        " where table_schema = 'history' and table_name = 'account_health_slices'"
    )
    return State(
        slices=site.slices(),
        log={day_of(row): row for row in site.query("from history.account_health_slice_log")},
        columns={row["column_name"] for row in columns},
        shown={row["account_id"]: row for row in site.query("from marts.account_health")},
    )


def history(**changes: Any) -> dict[str, Any]:
    """The settings of the history."""
    settings = {"keep_days": 1095, "backfill": "missing", **changes}
    return {"customer_health_history": settings}


@pytest.fixture(scope="module", autouse=True)
def cached_templates() -> Iterator[None]:
    """Let dbt keep the templates that it has parsed from one run to the next."""
    from dbt_common.tests import disable_test_caching, enable_test_caching

    enable_test_caching()
    yield
    disable_test_caching()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The work file of the story."""
    return Site(tmp_path_factory.mktemp("history"))


@pytest.fixture(scope="module")
def story(site: Site) -> dict[str, Any]:
    """The state after each run, and the rows that the first one rejected."""
    states: dict[str, Any] = {}

    def run(
        name: str, as_of_date: str, *flags: str, models: tuple[str, ...] = MODELS, **more: Any
    ) -> None:
        status, printed = site.run(as_of_date, models, {**SUBJECTS, **more}, *flags)
        assert status == 0, f"{name}: {printed[-3000:]}"
        states[name] = state_of(site)

    def show(rows: list[dict[str, str]], snapshots: list[dict[str, str]]) -> None:
        site.write(VIEW, rows, COLUMNS)
        site.write(SNAPSHOTS, snapshots, ("as_of_date", *COLUMNS))

    show(TODAY, GOOD + BAD)
    run("first", "2025-03-02", models=(*MODELS, "+rejected_rows"))
    states["rejected"] = site.query("from quality.rejected_rows")
    run("next day", "2025-03-03")
    changed = [account("steady", 0, total_activities_30d="15"), *TODAY[1:]]
    show(changed, corrected(GOOD) + LATE + BAD)
    run("none", "2025-03-03", **history(backfill="none"))
    run("missing", "2025-03-03")
    run("all", "2025-03-03", **history(backfill="all"))
    run("earlier", "2025-02-25")
    run("replay", "2025-02-12")
    run("mine", "2025-03-04", **MINE)
    run("back", "2025-03-05", "--full-refresh")
    run("kept", "2025-03-06", **history(keep_days=20))
    return states


def others(state: State, *days: str) -> dict[str, dict[str, Row]]:
    """The stored rows of all days but these."""
    return {day: rows for day, rows in state.slices.items() if day not in days}


def test_back_fill_scores_every_snapshot_in_one_run(story: dict[str, Any]) -> None:
    first = story["first"]
    assert first.days == [*BACK_FILLED, "2025-03-02"]
    assert {day: row["origin"] for day, row in first.log.items()} == {
        **dict.fromkeys(BACK_FILLED, "snapshot"),
        "2025-03-02": "view",
    }
    assert all(row["health_score"] for rows in first.slices.values() for row in rows.values())


def test_log_accounts_for_every_row_of_the_source(story: dict[str, Any]) -> None:
    figures = ("source_row_count", "rejected_row_count", "account_count", "scored_count")
    assert {
        day: tuple(row[name] for name in figures) for day, row in story["first"].log.items()
    } == {
        "2025-02-03": (3, 0, 3, 3),
        "2025-02-10": (7, 4, 3, 3),
        "2025-02-17": (3, 0, 3, 3),
        "2025-03-02": (4, 0, 4, 4),
    }


def test_unusable_snapshot_rows_are_listed_with_their_reason(story: dict[str, Any]) -> None:
    found = [
        (row["key"], row["reason_code"], row["row_count"])
        for row in story["rejected"]
        if row["source"] == SNAPSHOTS
    ]
    assert sorted(found, key=str) == sorted(
        [
            ("lively on 2025-02-10", "duplicate_key", 2),
            (None, "missing_key", 1),
            (None, "missing_key", 1),
            (None, "impossible_date", 2),
            (None, "impossible_date", 1),
            (None, "impossible_date", 1),
            (None, "after_as_of_date", 2),
        ],
        key=str,
    )
    assert all(row["reason"] and row["row_text"] for row in story["rejected"])
    assert story["first"].slices["2025-02-10"]["lively"]["days_since_last_activity"] == 21


def test_day_that_has_not_come_does_not_replace_the_view(story: dict[str, Any]) -> None:
    """A row of the year 2999 is a mistake: the marts show the view, and the day is stored."""
    first = story["first"]
    assert set(first.shown) == {"steady", "returns", "lively", "new"}
    assert {day_of(row) for row in first.shown.values()} == {"2025-03-02"}
    assert "2999-01-01" not in first.days


def test_account_that_appears_vanishes_and_returns(story: dict[str, Any]) -> None:
    slices = story["first"].slices
    assert [day for day in slices if "returns" in slices[day]] == [
        *("2025-02-03", "2025-02-17", "2025-03-02")
    ]
    assert [day for day in slices if "gone" in slices[day]] == BACK_FILLED[:2]
    assert [day for day in slices if "new" in slices[day]] == ["2025-03-02"]


def test_next_day_adds_one_slice_and_changes_nothing_else(story: dict[str, Any]) -> None:
    first, following = story["first"], story["next day"]
    assert following.days == [*first.days, "2025-03-03"]
    assert others(following, "2025-03-03") == first.slices
    assert {day: following.log[day] for day in first.days} == first.log
    moved = {"as_of_date"}
    for name, row in following.slices["2025-03-03"].items():
        before = first.slices["2025-03-02"][name]
        assert {key for key in row if row[key] != before.get(key)} == moved


def test_same_date_again_replaces_its_slice_alone(story: dict[str, Any]) -> None:
    before, after = story["next day"], story["none"]
    assert after.days == before.days
    assert others(after, "2025-03-03") == others(before, "2025-03-03")
    assert after.slices["2025-03-03"]["steady"]["total_activities_30d"] == 15
    assert before.slices["2025-03-03"]["steady"]["total_activities_30d"] == 20


def test_back_fill_none_leaves_late_snapshots_out(story: dict[str, Any]) -> None:
    assert "2025-02-06" not in story["none"].days


def test_late_snapshot_of_an_older_day_is_added_alone(story: dict[str, Any]) -> None:
    """`missing` does not look at days that are there, so a correction of one stays out."""
    before, after = story["none"], story["missing"]
    assert after.days == sorted([*before.days, "2025-02-06"])
    assert others(after, "2025-02-06") == before.slices
    assert set(after.slices["2025-02-06"]) == {"steady", "lively", "gone"}


def test_back_fill_all_takes_corrections_over(story: dict[str, Any]) -> None:
    before, after = story["missing"], story["all"]
    assert others(after, "2025-02-03") == others(before, "2025-02-03")
    assert before.slices["2025-02-03"]["returns"]["total_activities_30d"] == 14
    assert after.slices["2025-02-03"]["returns"]["total_activities_30d"] == 11


def test_view_is_not_stored_below_later_slices(story: dict[str, Any]) -> None:
    """Today's figures are no figures of the past."""
    before, after = story["all"], story["earlier"]
    assert after.slices == before.slices
    assert after.log == before.log
    assert {day_of(row) for row in after.shown.values()} == {"2025-02-25"}


def test_replay_shows_what_was_stored(story: dict[str, Any]) -> None:
    """As of a day within the snapshots: the newest on or before it, as it was scored then."""
    before, after = story["earlier"], story["replay"]
    assert after.slices == before.slices
    assert after.log == before.log
    stored = before.slices["2025-02-10"]
    assert set(after.shown) == set(stored)
    for name, row in after.shown.items():
        assert row == {column: stored[name].get(column) for column in row}


def test_other_metrics_add_columns_and_keep_the_old_ones(story: dict[str, Any]) -> None:
    before, after = story["replay"], story["mine"]
    assert after.columns - before.columns == {
        "total_activities_90d",
        *(f"total_activities_90d__{part}" for part in ("scaled", "lower", "upper", "points")),
    }
    assert before.columns <= after.columns
    assert others(after, "2025-03-04") == before.slices
    for row in after.slices["2025-03-04"].values():
        assert row["policy"] == "mine"
        assert "total_activities_90d__points" in row
        assert "total_activities_30d__points" in row
        # No bounds of the day under a fixed target, and no points for what the policy lacks.
        assert "total_activities_30d__lower" not in row
        assert "annual_revenue__points" not in row


def test_first_policy_again_and_full_refresh_lose_nothing(story: dict[str, Any]) -> None:
    before, after = story["mine"], story["back"]
    assert after.columns == before.columns
    assert others(after, "2025-03-05") == before.slices
    for row in after.slices["2025-03-05"].values():
        assert row["policy"] == "run_rate"
        assert "annual_revenue__points" in row
        assert "total_activities_90d__points" not in row


def test_old_slices_are_dropped(site: Site, story: dict[str, Any]) -> None:
    """20 days before the newest slice is 2025-02-14; dropped days are not back-filled again."""
    before, after = story["back"], story["kept"]
    assert after.days == [
        *("2025-02-17", "2025-03-02", "2025-03-03", "2025-03-04", "2025-03-05", "2025-03-06")
    ]
    assert sorted(after.log) == after.days
    # Noted, so that a publish does not take them for lost.
    noted = {day_of(row) for row in site.query("select * from history.dropped_dates")}
    assert noted == {day for day in before.days if day < "2025-02-14"}
    assert others(after, "2025-03-06") == {
        day: rows for day, rows in before.slices.items() if day >= "2025-02-14"
    }


@pytest.mark.parametrize("column", ["as_of_date", "account_id", "total_contacts"])
def test_snapshots_without_a_column_are_named(
    site: Site, story: dict[str, Any], tmp_path: Path, column: str
) -> None:
    copy = Site(tmp_path)
    shutil.copy(site.work, copy.work)
    names = [name for name in ("as_of_date", *COLUMNS) if name != column]
    copy.write(SNAPSHOTS, GOOD, names)
    status, printed = copy.run("2025-03-07", MODELS, {**SUBJECTS, **history(backfill="all")})
    assert status != 0
    assert "Traceback" not in printed
    [sentence] = [line for line in printed.splitlines() if "customer_health: " in line]
    assert f"raw.{SNAPSHOTS} lacks the column {column}" in sentence
    assert copy.slices() == story["kept"].slices


def test_lost_work_file_takes_the_history_from_the_published_file(
    site: Site, story: dict[str, Any], tmp_path: Path
) -> None:
    """As a user does it: `customer-health build`, with files."""
    published = tmp_path / "published.duckdb"
    publish(site.work, published)
    folder = tmp_path / "raw"
    folder.mkdir()
    with (folder / f"{VIEW}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(TODAY)
    work = tmp_path / "work.duckdb"
    subjects = SUBJECTS["customer_health_subjects"]
    settings = {"customer_health_subjects": subjects, "as_of_date": "2025-03-07"}
    environment = {
        "CUSTOMER_HEALTH_RAW": str(folder),
        "CUSTOMER_HEALTH_WORK": str(work),
        "CUSTOMER_HEALTH_PUBLISHED": str(published),
        "DBT_TARGET_PATH": str(tmp_path / "target"),
        "DBT_LOG_PATH": str(tmp_path / "logs"),
    }
    result = subprocess.run(
        command("build", "--quiet", variables=settings, environment=environment),
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-1000:]
    assert "had no history of scores for" in result.stderr
    restored = Site(tmp_path).slices()
    assert others(State(restored, {}, set(), {}), "2025-03-07") == story["kept"].slices
    assert set(restored["2025-03-07"]) == {row["account_id"] for row in TODAY}
    with duckdb.connect(str(published), read_only=True) as connection:
        days = connection.execute(
            "select as_of_date from marts.account_health_history_dates order by as_of_date"
        ).fetchall()
    assert [day for (day,) in days] == [datetime.date.fromisoformat(day) for day in restored]
