"""Bad input as a user meets it: `customer-health build` on broken raw data.

Each case gives one clear sentence and a non-zero status, or a valid result; the last good
published file stays as it was.
"""

import csv
import hashlib
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest
from builds import MODELS_AND_SEEDS, ROOT, command

TABLE = "salesforce__customer_360_view"
# The subject of that table: what others make of theirs is not asked here.
ACCOUNTS_ALONE = {"customer_health_subjects": ["account_health"]}
CUSTOMER_HEALTH = str(Path(sys.executable).with_name("customer-health"))


class Site:
    """A folder with raw data, a work file and a published file of its own."""

    def __init__(self, folder: Path) -> None:
        self.raw = folder / "raw"
        self.published = folder / "published.duckdb"
        self.work = folder / "work.duckdb"
        self.environment = {
            **os.environ,
            "CUSTOMER_HEALTH_RAW": str(self.raw),
            "CUSTOMER_HEALTH_WORK": str(self.work),
            "CUSTOMER_HEALTH_PUBLISHED": str(self.published),
            "DBT_TARGET_PATH": str(folder / "target"),
            "DBT_LOG_PATH": str(folder / "logs"),
        }

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._finish([CUSTOMER_HEALTH, *arguments])

    def build(
        self, *arguments: str, variables: Mapping[str, Any] = ACCOUNTS_ALONE
    ) -> subprocess.CompletedProcess[str]:
        """Build as a user does, but for the parse, which is a stored one."""
        words = ("build", "--no-site", "--no-deliverables", *arguments)
        own = {"CUSTOMER_HEALTH_WORK": str(self.work)}
        return self._finish(command(*words, variables=variables, environment=own, bare=True))

    def _finish(self, line: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            line, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )

    def rewrite(self, rows: list[dict], columns: list[str]) -> None:
        with (self.raw / f"{TABLE}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, extrasaction="ignore")
            writer.writeheader()
            writer.writerows(rows)

    def fingerprint(self) -> str:
        return hashlib.sha256(self.published.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> tuple[Site, list[dict]]:
    """A site whose first build passed, and its raw rows."""
    site = Site(tmp_path_factory.mktemp("site"))
    made = site.run("demo", "--accounts", "200", "--format", "csv")
    assert made.returncode == 0, made.stderr
    # Its marts only have to be there; those of bad input are tested.
    result = site.build("--untested", *MODELS_AND_SEEDS)
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-1000:]
    with (site.raw / f"{TABLE}.csv").open(encoding="utf-8", newline="") as file:
        return site, list(csv.DictReader(file))


def assert_refused(site: Site, result: subprocess.CompletedProcess[str], before: str) -> str:
    """The command failed with one sentence, without a stack trace, and published nothing."""
    assert result.returncode != 0, result.stdout
    sentences = [
        line for line in result.stderr.splitlines() if line.startswith("customer-health: ")
    ]
    assert len(sentences) == 1, result.stderr
    assert "Traceback" not in result.stdout + result.stderr
    assert site.fingerprint() == before
    return sentences[0]


def test_missing_required_column_is_named(good: tuple[Site, list[dict]]) -> None:
    site, rows = good
    before = site.fingerprint()
    site.rewrite(rows, [column for column in rows[0] if column != "total_contacts"])
    sentence = assert_refused(site, site.build(), before)
    assert "total_contacts" in sentence
    assert TABLE in sentence


def test_contradictory_policy_is_named(good: tuple[Site, list[dict]]) -> None:
    site, rows = good
    before = site.fingerprint()
    site.rewrite(rows, list(rows[0]))
    settings = "{customer_health_extra_policies: {run_rate: {min_coverage: 2}}}"
    result = site.run("build", "--quiet", "--no-site", "--no-deliverables", "--vars", settings)
    sentence = assert_refused(site, result, before)
    assert "run_rate" in sentence
    assert "min_coverage" in sentence


def test_missing_table_without_the_loader_is_named(tmp_path: Path) -> None:
    site = Site(tmp_path)
    with duckdb.connect(str(site.work)) as connection:
        connection.execute("create schema raw")
    result = subprocess.run(
        [str(Path(sys.executable).with_name("dbt")), "build", "--profiles-dir", str(ROOT)],
        cwd=ROOT,
        env=site.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode != 0
    assert f"source table raw.{TABLE} does not exist" in result.stdout
    assert "Traceback" not in result.stdout + result.stderr
    with duckdb.connect(str(site.work)) as connection:
        made = connection.execute("select table_schema from information_schema.tables").fetchall()
    assert made == []


def test_column_that_is_hardly_read_is_not_published(good: tuple[Site, list[dict]]) -> None:
    site, rows = good
    before = site.fingerprint()
    amounts = [f"$ {row['annual_revenue']}" for row in rows[:50]] + ["1"] * (len(rows) - 50)
    dear = [{**row, "annual_revenue": text} for row, text in zip(rows, amounts, strict=True)]
    site.rewrite(dear, list(rows[0]))
    result = site.build()
    assert "refused_values_are_few" in assert_refused(site, result, before)
    shown = "column_name annual_revenue, value_count 200, refused_count 50, example $ "
    assert shown in result.stdout + result.stderr


def test_ids_as_other_tools_write_them_meet(good: tuple[Site, list[dict]]) -> None:
    site, rows = good
    account = rows[0]["account_id"]
    written = [account, f'="{account}"', f"\u200b{account}\t", "NULL", "\\N"]
    ids = [*written, *(row["account_id"] for row in rows[len(written) :])]
    renamed = [{**row, "account_id": id_} for row, id_ in zip(rows, ids, strict=True)]
    site.rewrite(renamed, list(rows[0]))
    result = site.build()
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-1000:]
    with duckdb.connect(str(site.published), read_only=True) as connection:
        scored = "select count(*), count(*) filter (account_id = ?) from marts.account_health"
        assert connection.execute(scored, [account]).fetchall() == [(196, 1)]
    with duckdb.connect(str(site.work), read_only=True) as connection:
        rejected = connection.execute(
            "select key, reason_code, row_count from quality.rejected_rows order by all"
        ).fetchall()
    missing = (None, "missing_key", 1)
    assert rejected == [(account, "duplicate_key", 2), missing, missing]


def test_ids_that_a_double_cannot_tell_apart_are_refused(good: tuple[Site, list[dict]]) -> None:
    site, _ = good
    before = site.fingerprint()
    text, table = site.raw / f"{TABLE}.csv", site.raw / f"{TABLE}.parquet"
    duckdb.execute(
        f"copy (select * replace (1e16 + row_number() over () as account_id) from '{text}')"
        f" to '{table}' (format parquet)"
    )
    kept = text.rename(text.with_suffix(".kept"))
    sentence = assert_refused(site, site.build(), before)
    assert "has 200 numbers beyond 2^53 in account_id" in sentence
    table.unlink()
    kept.rename(text)


def test_column_full_of_text_becomes_unknown(good: tuple[Site, list[dict]]) -> None:
    site, rows = good
    site.rewrite([{**row, "annual_revenue": "lots"} for row in rows], list(rows[0]))
    limits = {"customer_health_refused_values": {"stop_above": 1, "warn_above": 0.01}}
    result = site.build(variables=ACCOUNTS_ALONE | limits)
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-1000:]
    with duckdb.connect(str(site.published), read_only=True) as connection:
        accounts = connection.execute(
            "select count(*), count(annual_revenue), count(health_score) from marts.account_health"
        ).fetchall()
    with duckdb.connect(str(site.work), read_only=True) as connection:
        findings = connection.execute(
            "select count(*) from quality.value_findings"
            " where column_name = 'annual_revenue' and reason_code = 'not_a_number'"
        ).fetchall()
    assert accounts == [(200, 0, 200)]
    assert findings == [(200,)]


def test_empty_table_gives_empty_marts(good: tuple[Site, list[dict]]) -> None:
    """Of all subjects, and every test of the data passes on them."""
    site, rows = good
    site.rewrite([], list(rows[0]))
    result = site.build("--allow-shrink", variables={})
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-1000:]
    with duckdb.connect(str(site.published), read_only=True) as connection:
        accounts = connection.execute("select count(*) from marts.account_health").fetchall()
        actions = connection.execute(
            "select count(*), sum(account_count) from marts.strategy_matrix"
        ).fetchall()
    assert accounts == [(0,)]
    assert actions[0][0] > 0
    assert actions[0][1] == 0


def test_columns_of_unexpected_types_are_read_or_named(tmp_path: Path) -> None:
    site = Site(tmp_path)
    site.raw.mkdir()
    duckdb.connect().execute(
        f"""
        copy (
            select
                i as account_id,
                cast(null as integer) as industry_normalized,
                'Large' as account_size_segment,
                i as days_since_last_activity,
                cast(i as decimal(12, 2)) as total_activities_30d,
                10 as total_contacts,
                5 as contacts_with_email,
                100.0 * i as annual_revenue,
                50.0 * i as total_won_amount,
                i as current_pipeline_amount,
                cast(20.5 as float) as win_rate_percentage,
                cast(i as smallint) as number_of_employees,
                100 as account_age_days,
                date '2020-01-01' as is_high_value_account
            from range(1, 21) as accounts(i)
        ) to '{site.raw / TABLE}.parquet'
        """
    )
    result = site.build()
    assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-1000:]
    with duckdb.connect(str(site.work), read_only=True) as connection:
        accounts = connection.execute(
            "select count(*), count(health_score), min(account_id) from marts.account_health"
        ).fetchall()
        findings = connection.execute(
            "select column_name, reason_code, count(*) from quality.value_findings"
            " group by all order by all"
        ).fetchall()
    assert accounts == [(20, 20, "1")]
    assert findings == [
        ("industry_normalized", "missing_label", 20),
        ("is_high_value_account", "not_a_flag", 20),
    ]
