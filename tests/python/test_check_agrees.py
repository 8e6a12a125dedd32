"""What `check` says without dbt is what staging then does, and what the run's start asks for."""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import duckdb
from builds import ROOT, build, dbt, duckdb_environment
from oracle import adversarial

from customer_health.check import ACCOUNTS, check, required_columns
from customer_health.project import source_tables

# The reasons of a value that cannot be read; others are about what it says.
UNREAD = ("not_a_number", "not_finite", "not_a_flag")
TOLD = re.compile(rf"raw\.{ACCOUNTS}\.(\w+)  ([\d,]+) of ")


def test_as_many_values_are_refused(tmp_path: Path) -> None:
    [case] = [case for case in adversarial.CASES if case.name == "mixed"]
    raw = tmp_path / "raw"
    case.write(raw)
    with (raw / f"{ACCOUNTS}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    # What is wrong in a row that is rejected as a whole is no finding.
    times = Counter(row["account_id"].strip() for row in rows)
    accepted = [row for row in rows if row["account_id"] and times[row["account_id"].strip()] == 1]
    with (raw / f"{ACCOUNTS}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(accepted)
    told = {
        found[1]: int(found[2].replace(",", ""))
        for line in check(raw, ROOT)
        if (found := TOLD.match(line))
    }
    variables = {"as_of_date": case.as_of_date}
    work = build(raw, tmp_path, variables, select=["+value_findings"])
    with duckdb.connect(work, read_only=True) as connection:

        def findings(reasons: Sequence[str]) -> dict[str, int]:
            rows = connection.execute(
                "select column_name, count(*) from quality.value_findings"
                " where source = ? and reason_code in ? group by all",
                [ACCOUNTS, reasons],
            )
            return dict(rows.fetchall())

        # A date may also be refused for what it says, such as a day in the year 1800.
        unread, dates = findings(UNREAD), findings(["impossible_date"])
    assert len(unread) > 5
    assert {column: n for column, n in told.items() if column not in dates} == unread
    told_dates = {column: n for column, n in told.items() if column in dates}
    assert told_dates
    assert all(n <= dates[column] for column, n in told_dates.items())


def test_the_same_columns_are_required(tmp_path: Path) -> None:
    known = source_tables(ROOT)[ACCOUNTS]
    asked = "{{ customer_health.required_account_columns() | sort | join(' ') }}"
    outcome = dbt(
        *("compile", "--quiet", "--inline", f"select '{asked}'"),
        variables={},
        environment=duckdb_environment(tmp_path, tmp_path),
        folder=tmp_path,
    )
    [columns] = re.findall(r"'([\w ]+)'", outcome.output)
    assert set(columns.split()) == required_columns(ROOT, known).keys()
