"""The whole way from raw files to published marts: demo data if need be, load, dbt, publish."""

import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from customer_health.demo.writer import write_demo
from customer_health.errors import UserError
from customer_health.load import load
from customer_health.progress import say
from customer_health.project import FAILED_STATUSES, adapter_type
from customer_health.publish import Published, publish
from customer_health.readers import table_files

DEMO_ACCOUNTS = 10_000

# What surrounds the sentence in dbt's messages: the heading, the way there, and DuckDB's excerpts.
HEADING = re.compile(r"^[A-Z]\w* Error( in .*)?$")
END_OF_CAUSE = re.compile(r"^(> |-{5}|LINE \d+:|compiled code |Candidate |Possible |Original )")


def build(
    folder: Path, work_file: Path, target: Path, project: Path, dbt_arguments: Sequence[str]
) -> Published:
    """Load `folder`, build and test the dbt project in the work file, publish its marts.

    Writes demo accounts first if the folder holds no tables. `dbt_arguments` follow `dbt build`.
    Raises UserError with dbt's first cause when anything fails; `target` then stays as it was.
    """
    if not table_files(folder):
        say(f"No table files in {folder}: writing demo data of {DEMO_ACCOUNTS:,} accounts.")
        write_demo(folder, DEMO_ACCOUNTS)
    for table in load(folder, work_file, project):
        say(table.line)
    _run_dbt(project, work_file, dbt_arguments)
    engine = adapter_type(project)
    if engine != "duckdb":
        raise UserError(
            f"the marts are built on {engine}, where they are public at once; only DuckDB's are"
            " published as a file"
        )
    return publish(work_file, target)


def _run_dbt(project: Path, work_file: Path, arguments: Sequence[str]) -> None:
    """Run `dbt build` in this process; raise UserError with the first cause if it does not pass."""
    # dbt takes seconds to import, and no other command needs it.
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    # dbt may count relative paths from the project instead of the current directory.
    os.environ["CUSTOMER_HEALTH_WORK"] = str(work_file.absolute())
    command = ["build", "--project-dir", str(project)]
    if (project / "profiles.yml").is_file() and "--profiles-dir" not in arguments:
        command += ["--profiles-dir", str(project)]
    try:
        outcome = dbtRunner().invoke([*command, *arguments])
    finally:
        # Else the work file stays open, and locked, as long as this process lives.
        DuckDBConnectionManager.close_all_connections()
    if outcome.success:
        return
    results = getattr(outcome.result, "results", [])
    cause = first_cause(results) or f"dbt build failed: {sentence(str(outcome.exception))}"
    raise UserError(f"{cause}; nothing was published, the last good marts stay")


def first_cause(results: Iterable[Any]) -> str | None:
    """Return what the first failed node of a dbt run says, errors before failed tests."""
    failed = [result for result in results if result.status in FAILED_STATUSES]
    failed.sort(key=lambda result: result.status == "fail")
    if not failed:
        return None
    node = failed[0].node
    return f"{node.resource_type} {node.name} failed: {sentence(failed[0].message or 'no reason')}"


def sentence(message: str) -> str:
    """Return what a dbt message is about, without its heading and the way that led there."""
    said: list[str] = []
    for line in map(str.strip, message.splitlines()):
        if HEADING.match(line) or (not line and not said):
            continue
        if not line or END_OF_CAUSE.match(line):
            break
        said.append(line)
    text = " ".join(said).removeprefix("customer_health: ").rstrip(".")
    return text or "dbt gave no reason"
