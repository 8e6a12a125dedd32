"""Every moment counts in UTC, wherever the machine stands and whatever zone it came with."""

from pathlib import Path

import duckdb
import pytest
from builds import build

TABLES = {
    "customer_success__monthly_arr": (
        "'c' as customer_id, timestamptz '2026-02-01 00:00:00+00' as month, 12.0 as arr"
    ),
    "account_outcomes": (
        "'a' as account_id, timestamptz '2026-03-31 23:30:00-01' as outcome_date,"
        " 'churned' as outcome"
    ),
}
READ = {
    "stg_customer_success__monthly_arr": ("month", "2026-02-01"),
    "stg_outcomes__account_outcomes": ("outcome_date", "2026-04-01"),
}


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "UTC", "Pacific/Kiritimati"])
def test_instants_are_read_in_utc(
    zone: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", zone)
    raw = tmp_path / "raw"
    raw.mkdir()
    with duckdb.connect() as connection:
        for table, columns in TABLES.items():
            connection.execute(f"copy (select {columns}) to '{raw / table}.parquet'")
    select = [f"+{model}" for model in READ]
    work = build(raw, tmp_path, {"as_of_date": "2026-06-01"}, select=select)
    with duckdb.connect(work, read_only=True) as connection:
        # Also for those who read the views in another zone.
        connection.execute(f"set TimeZone = '{zone}'")
        found = {
            model: connection.execute(
                f"select cast({column} as varchar) from staging.{model}"
            ).fetchall()
            for model, (column, _) in READ.items()
        }
    assert found == {model: [(day,)] for model, (_, day) in READ.items()}
