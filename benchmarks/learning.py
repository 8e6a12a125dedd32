"""Measure learning from outcomes: fit and score 100,000 accounts over 52 weeks and 10 signals.

python benchmarks/learning.py [--accounts 100000] [--weeks 52] [--signals 10] [--folder DIR]

Writes the signals (seeded, by DuckDB), builds every model from the labels to the probability of
each account, and prints wall and CPU seconds, the largest process' peak memory, the seconds of each
part of the work and the slowest models.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import yaml

PROJECT = Path(__file__).resolve().parents[1]
AS_OF_DATE = "2026-06-01"
# Which part of the work a model belongs to, by the start of its name; the first that fits counts.
PARTS = {
    "score": ("int_account_", "int_churn_probabilities", "account_churn_probability"),
    "fit": ("int_signal_bins", "int_scorecard_"),
    "signals and labels": ("int_learning_", "outcome_labels", "stg_"),
    "report": ("signal_information", "churn_scorecard"),
    "other": ("",),
}


def write_sources(work_file: Path, accounts: int, weeks: int, signals: int) -> None:
    """Weekly signals, of which half foretell churn; about one account in five churns."""
    with duckdb.connect(str(work_file)) as connection:
        connection.execute("set memory_limit = '1500MB'; set threads = 2; create schema raw")
        connection.execute("""
            create table raw.salesforce__customer_360_view as
            select '' as account_id, 0 as days_since_last_activity, 0 as total_activities_30d,
                0 as total_contacts, 0 as contacts_with_email, 0e0 as annual_revenue,
                0e0 as total_won_amount, 0e0 as current_pipeline_amount, 0e0 as win_rate_percentage,
                0 as number_of_employees, 0 as account_age_days, '' as account_size_segment
            limit 0
        """)
        connection.execute(f"""
            create table raw.account_outcomes as
            select 'account ' || i as account_id,
                date '{AS_OF_DATE}' - (hash(i, 1) % {7 * weeks})::integer as outcome_date,
                'churned' as outcome, 1e0 as arr, null::varchar as reason
            from range({accounts}) as r (i) where hash(i, 2) % 5 = 0
        """)
        connection.execute(f"""
            create table raw.account_signals as
            select
                account_id, as_of_date, 'signal ' || s as signal,
                hash(i, w, s) % 1000 / 100e0 - case
                    when s % 2 = 0 and outcome_date - as_of_date between 0 and 90 then 3 else 0
                end as value
            from (
                select i, 'account ' || i as account_id from range({accounts}) as r (i)
            ) as accounts
            cross join (
                select w, date '{AS_OF_DATE}' - (7 * w)::integer as as_of_date
                from range({weeks}) as r (w)
            ) as dates
            cross join range({signals}) as r (s)
            left join raw.account_outcomes using (account_id)
            where outcome_date is null or as_of_date < outcome_date
        """)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--weeks", type=int, default=52)
    parser.add_argument("--signals", type=int, default=10)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        work_file = folder / "work.duckdb"
        start = time.perf_counter()
        write_sources(work_file, options.accounts, options.weeks, options.signals)
        print(f"sources written in {time.perf_counter() - start:.0f} s")
        project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))
        settings = project["vars"]["customer_health"]["customer_health_learning"]
        variables = {
            "as_of_date": AS_OF_DATE,
            "customer_health_subjects": ["account_health", "trajectory", "actions", "learning"],
            "customer_health_learning": {**settings, "signals_from": "account_signals"},
        }
        command = [
            *(str(Path(sys.executable).with_name("dbt")), "run", "--quiet"),
            *("--target-path", str(folder / "target"), "--vars", json.dumps(variables)),
            *("--select", "+account_churn_probability", "churn_scorecard", "signal_information"),
        ]
        environment = {
            **os.environ,
            "CUSTOMER_HEALTH_TARGET": "duckdb",
            "CUSTOMER_HEALTH_WORK": str(work_file),
            "CUSTOMER_HEALTH_PUBLISHED": str(folder / "published.duckdb"),
        }
        start = time.perf_counter()
        subprocess.run(command, cwd=PROJECT, env=environment, check=True)
        seconds = time.perf_counter() - start
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        print(
            f"built in {seconds:.0f} s (dbt's start included), CPU {used.ru_utime:.0f} s"
            f" + {used.ru_stime:.0f} s system, peak {used.ru_maxrss / 1024:,.0f} MiB"
        )
        results = json.loads((folder / "target" / "run_results.json").read_text(encoding="utf-8"))
        times = {
            row["unique_id"].split(".")[-1]: row["execution_time"] for row in results["results"]
        }
        print(f"models alone {sum(times.values()):.0f} s")
        parts = dict.fromkeys(PARTS, 0.0)
        for model, taken in times.items():
            parts[next(part for part, starts in PARTS.items() if model.startswith(starts))] += taken
        for part, taken in parts.items():
            print(f"  {taken:7.1f} s  {part}")
        print("slowest models")
        for model, taken in sorted(times.items(), key=lambda item: -item[1])[:8]:
            print(f"  {taken:7.1f} s  {model}")


if __name__ == "__main__":
    main()
