"""Build the demo with dbt v2 and compare the figures of every mart with those kept in tests/golden.

python -m tests.v2.run --dbt FILE

dbt v2 fetches its database drivers over the network. Here it gets DuckDB from the Python package,
whose library has the same entry point: one engine builds both. Exit status 1 if a figure differs.
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
from pathlib import Path

import _duckdb
import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from builds import customer_health, demo_build, duckdb_environment  # noqa: E402
from golden.figures import WHOLE_ROWS, Figure, figures_of, read  # noqa: E402
from golden.inputs import INPUTS  # noqa: E402
from golden.run import differences, file_of, show_rows  # noqa: E402
from parity.compare import relations_of  # noqa: E402

# The build of the demo that other tests read too.
[DEMO] = [source for source in INPUTS if source.write is None]

# Their column position is the order in which a setting is written; v2 sorts the keys of a setting.
IN_WRITTEN_ORDER = ("alert_report", "alert_rules")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dbt", type=Path, required=True, help="the program of dbt v2")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="customer-health-v2-") as name:
        return compared(options.dbt.absolute(), Path(name))


def compared(dbt: Path, folder: Path) -> int:
    """Build in `folder` and compare; return the exit status."""
    library = driver(folder)
    if reason := cannot_run(dbt, library):
        print(f"skipped: {reason}")
        return 0
    demo = demo_build()
    own = duckdb_environment(demo / "raw", folder)
    customer_health("load", demo / "raw", environment=own)
    environment = {**os.environ, **own, "DBT_PROFILES_DIR": str(ROOT), **library}
    options = ["--target-path", folder / "target", "--log-path", folder / "logs"]
    options += ["--vars", json.dumps(DEMO.variables)]
    for verb, *arguments in (["parse"], ["build", "--exclude", *unsupported()]):
        wall, cpu = run([dbt, verb, *options, *arguments], environment)
        print(f"dbt v2 {verb}: {wall:.1f} s, CPU {cpu:.1f} s", flush=True)
    relations = relations_of(demo / "target" / "manifest.json")
    work_file = Path(own["CUSTOMER_HEALTH_WORK"])
    kept, now = (
        [figure for figure in figures if not hangs_on_written_order(figure)]
        for figures in (read(file_of(DEMO)), figures_of(work_file, relations))
    )
    changed = differences(kept, now)
    print(f"{len(now):,} figures, {len(changed):,} lines differ", *changed, sep="\n")
    if changed:
        marts = {text[1:].partition(",")[0] for text in changed}
        show_rows(DEMO, work_file, relations, marts)
    return int(bool(changed))


def hangs_on_written_order(figure: Figure) -> bool:
    """Whether a figure hangs on the order in which a setting is written."""
    mart, column, *_ = figure
    return mart in IN_WRITTEN_ORDER and column in ("position", WHOLE_ROWS)


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
