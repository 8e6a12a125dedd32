"""Build the demo with dbt v2 and with dbt-core 1, and compare every mart value by value.

python -m tests.v2.run --dbt FILE [--accounts 300]

dbt v2 fetches its database drivers over the network. Here it gets DuckDB from the Python package,
whose library has the same entry point: one engine builds both. Exit status 1 if anything differs.
"""

import argparse
import ctypes.util
import json
import os
import resource
import subprocess
import sys
import sysconfig
import tempfile
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import _duckdb
import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from parity.compare import compare_all, relations_of  # noqa: E402
from parity.readers import DuckDbReader  # noqa: E402

BIN = Path(sys.executable).parent
# Their column position is the order in which a setting is written; v2 sorts the keys of a setting.
IN_WRITTEN_ORDER = ("alert_report", "alert_rules")
VARIABLES = json.dumps({"as_of_date": "2026-06-01"})


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dbt", type=Path, required=True, help="the program of dbt v2")
    parser.add_argument("--accounts", type=int, default=300)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="customer-health-v2-") as name:
        return compared(options.dbt.absolute(), options.accounts, Path(name))


def compared(dbt: Path, accounts: int, folder: Path) -> int:
    """Build in `folder` with both; return the exit status."""
    library = driver(folder)
    if reason := cannot_run(dbt, library):
        print(f"skipped: {reason}")
        return 0
    raw = folder / "raw"
    run([BIN / "customer-health", "demo", "--accounts", accounts, "--out", raw], os.environ)
    builds = {
        "dbt-core 1": ([BIN / "dbt"], {}, []),
        "dbt v2": ([dbt], library, ["--exclude", *unsupported()]),
    }
    for kind, (command, more, without) in builds.items():
        place = folder / kind
        place.mkdir()
        environment = {
            **os.environ,
            "CUSTOMER_HEALTH_TARGET": "duckdb",
            "CUSTOMER_HEALTH_RAW": str(raw),
            "CUSTOMER_HEALTH_WORK": str(place / "work.duckdb"),
            "DBT_PROFILES_DIR": str(ROOT),
        }
        run([BIN / "customer-health", "load", raw], environment)
        places = ["--target-path", place / "target", "--log-path", place / "logs"]
        for verb, *arguments in (["parse"], ["build", *without]):
            # Only the program that is measured gets the library: it may not suit another Python.
            wall, cpu = run(
                [*command, verb, *places, "--vars", VARIABLES, *arguments], environment | more
            )
            print(f"{kind} {verb}: {wall:.1f} s, CPU {cpu:.1f} s", flush=True)
    relations = relations_of(folder / "dbt-core 1" / "target" / "manifest.json")
    with (
        closing(DuckDbReader(folder / "dbt-core 1" / "work.duckdb", engine="dbt-core 1")) as first,
        closing(DuckDbReader(folder / "dbt v2" / "work.duckdb", engine="dbt v2")) as second,
    ):
        for number, relation in enumerate(relations):
            if relation.name in IN_WRITTEN_ORDER:
                columns = [column.name for column in first.columns(relation.schema, relation.name)]
                columns.remove("position")
                relations[number] = replace(relation, columns=tuple(columns))
        return int(compare_all([first, second], relations) > 0)


def driver(folder: Path) -> dict[str, str]:
    """Return the environment in which dbt v2 finds DuckDB, and the Python that it is linked to."""
    (folder / "libduckdb.so").symlink_to(_duckdb.__file__)
    python = Path(sysconfig.get_config_var("LIBDIR")) / sysconfig.get_config_var("INSTSONAME")
    found = str(python) if python.exists() else ctypes.util.find_library(python.stem) or ""
    return {"LD_LIBRARY_PATH": str(folder), "LD_PRELOAD": found}


def cannot_run(dbt: Path, library: dict[str, str]) -> str | None:
    """Return why dbt v2 does not run on this machine; None if it does."""
    if not library["LD_PRELOAD"].endswith((".so", ".so.1.0")):
        return "this Python has no shared library, which DuckDB's package needs outside of it"
    try:
        done = subprocess.run(
            [dbt, "--version"],
            env=os.environ | library,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError as error:
        return f"dbt v2 does not run here ({error})"
    return None if done.returncode == 0 else f"dbt v2 does not run here ({done.stderr.strip()})"


def unsupported() -> list[str]:
    """Return the unit tests that override a setting or a macro: in v2 all others are gone then."""
    return [
        test["name"]
        for path in sorted((ROOT / "models").rglob("*unit_tests.yml"))
        for test in yaml.safe_load(path.read_text(encoding="utf-8"))["unit_tests"]
        if "overrides" in test
    ]


def run(command: list[object], environment: object) -> tuple[float, float]:
    """Run a command; return its wall and CPU seconds, or end with its output if it fails."""
    started = time.monotonic()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(f"{done.stdout[-6000:]}\n{' '.join(map(str, command[:2]))} failed")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - started, cpu


if __name__ == "__main__":
    sys.exit(main())
