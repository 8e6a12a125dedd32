"""Measure what a day costs when the history of scores grows.

python benchmarks/history.py [--accounts 10000] [--weeks 26,52,104] [--folder DIR]

For each length a demo with weekly snapshots of all its accounts is written and loaded. Then
  back-fill   one run that scores all snapshots and today's account view, and judges all alerts
  next day    a run for the following day on unchanged input: one slice more
of account health, trajectory, changes, alerts and plans; models only. Wall and CPU seconds (all
children included) and the peak memory of the process tree. Exit status 1 if the next day changes a
slice of another day.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path

import duckdb
from run import BIN, PROJECT, measure

AS_OF_DATE = date(2026, 6, 1)
SELECTED = ["+path:models/marts/trajectory", "+path:models/marts/actions", "path:models/history"]


def command(arguments, folder, raw):
    environment = {
        **os.environ,
        "CUSTOMER_HEALTH_WORK": str(folder / "work.duckdb"),
        "CUSTOMER_HEALTH_PUBLISHED": str(folder / "published.duckdb"),
        "CUSTOMER_HEALTH_RAW": str(raw),
        "DBT_PROFILES_DIR": str(PROJECT),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }
    return measure(arguments, cwd=PROJECT, env=environment)


def build(day, folder, raw):
    """The models as of a day; seeds and dbt's parse of the project come before and do not count."""
    variables = ["--vars", json.dumps({"as_of_date": day.isoformat()})]
    command([BIN / "dbt", "seed", "--quiet", *variables], folder, raw)
    return command([BIN / "dbt", "run", "--quiet", *variables, "--select", *SELECTED], folder, raw)


def slices(folder):
    """What the history holds of each day: rows and a fingerprint."""
    with duckdb.connect(str(folder / "work.duckdb"), read_only=True) as connection:
        return dict(
            connection.execute(
                "select as_of_date, count(*) || ' ' || sum(hash(slices)::hugeint)"
                " from history.account_health_slices as slices group by as_of_date"
            ).fetchall()
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--accounts", type=int, default=10_000)
    parser.add_argument("--weeks", default="26,52,104")
    parser.add_argument("--folder", type=Path, help="default: a temporary one")
    options = parser.parse_args()
    root = options.folder or Path(tempfile.mkdtemp(prefix="history-"))
    print(
        f"{'weeks':>5}  {'slices':>6}  {'rows':>11}  {'run':<10} {'wall':>7} {'CPU':>7} {'peak':>8}"
    )
    changed = 0
    for weeks in map(int, options.weeks.split(",")):
        folder = root / str(weeks)
        raw = folder / "raw"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        demo = ["--weeks", str(weeks), "--history-accounts", str(options.accounts)]
        customer_health = BIN / "customer-health"
        command(
            [customer_health, "demo", "--accounts", str(options.accounts), *demo, "--out", raw],
            folder,
            raw,
        )
        command([customer_health, "load", raw], folder, raw)
        before = {}
        for name, day in (("back-fill", AS_OF_DATE), ("next day", AS_OF_DATE + timedelta(days=1))):
            figures = build(day, folder, raw)
            after = slices(folder)
            rows = sum(int(told.split()[0]) for told in after.values())
            print(
                f"{weeks:>5}  {len(after):>6}  {rows:>11,}  {name:<10} {figures['wall']:>6.1f}s"
                f" {figures['cpu']:>6.1f}s {figures['peak'] / 1e9:>6.2f}GB",
                flush=True,
            )
            changed += sum(after.get(past) != told for past, told in before.items())
            before = after
        if options.folder is None:
            shutil.rmtree(folder)
    if changed:
        print(f"{changed} slices of other days changed")
    return int(changed > 0)


if __name__ == "__main__":
    sys.exit(main())
