# ruff: noqa: E501
"""Run accounts_duckdb.sql: python accounts_duckdb.py SOURCE.parquet OUT.duckdb [--views] [--threads N] [--profile]."""

import argparse
import re
import sys
import time
from datetime import date
from pathlib import Path

import duckdb

parser = argparse.ArgumentParser()
parser.add_argument("source")
parser.add_argument("out", type=Path)
parser.add_argument(
    "--views", action="store_true", help="one row per account as views over the stored scores"
)
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--as-of", default=date.today().isoformat())
parser.add_argument("--profile", action="store_true", help="show the seconds of each statement")
options = parser.parse_args()

script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
script = script.replace("{relation}", "view" if options.views else "table")
script = script.replace("{temp}", "" if options.views else "temp")
options.out.unlink(missing_ok=True)
with duckdb.connect(str(options.out), config={"threads": options.threads}) as connection:
    connection.execute("set preserve_insertion_order = false")
    connection.execute("set variable source = ?", [options.source])
    connection.execute("set variable as_of_date = ?", [options.as_of])
    for statement in re.split(r";\n", script):
        started, cpu = time.perf_counter(), time.process_time()
        connection.execute(statement)
        if options.profile:
            head = re.sub(r"--.*", "", statement).split("\n")
            head = " ".join(line for line in head if line)[:60]
            print(
                f"{time.perf_counter() - started:7.2f} s {time.process_time() - cpu:7.2f} cpu  {head}",
                file=sys.stderr,
            )
