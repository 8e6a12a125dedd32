"""The whole way from raw files to published marts: demo data if need be, load, dbt, publish."""

import datetime
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from customer_health.demo.writer import write_demo
from customer_health.engines import Engine, Published
from customer_health.errors import UserError, sentence
from customer_health.profile import Target
from customer_health.progress import say
from customer_health.project import FAILED_STATUSES
from customer_health.readers import table_files

DEMO_ACCOUNTS = 10_000


def build(
    engine: Engine, target: Target, folder: Path, project: Path, dbt_arguments: Sequence[str]
) -> Published:
    """Load `folder`, build and test the dbt project, publish its marts; `engine` is locked.

    Writes demo accounts first if the folder holds no tables. `dbt_arguments` follow `dbt build`.
    Raises UserError with dbt's first cause when anything fails; the published marts then stay.
    """
    if not table_files(folder):
        say(f"No table files in {folder}: writing demo data of {DEMO_ACCOUNTS:,} accounts.")
        # The day on which dbt counts this run, so that view and history end on its as_of_date.
        write_demo(folder, DEMO_ACCOUNTS, as_of=datetime.datetime.now(datetime.UTC).date())
    for table in engine.load(folder, project):
        say(table.line)
    os.environ.update(engine.prepare())
    try:
        _run_dbt(target, project, dbt_arguments)
    finally:
        engine.let_go()
    return engine.publish(project)


def _run_dbt(target: Target, project: Path, arguments: Sequence[str]) -> None:
    """Run `dbt build` in this process; raise UserError with the first cause if it does not pass."""
    # dbt takes seconds to import.
    from dbt.cli.main import dbtRunner

    command = ["build", "--project-dir", str(project)]
    if target.profiles_dir is not None:
        command += ["--profiles-dir", str(target.profiles_dir), "--target", target.name]
    # Unit tests prove the SQL, not the data: they belong to `make test`.
    if not any("resource-type" in argument for argument in arguments):
        command += ["--exclude-resource-type", "unit_test"]
    outcome = dbtRunner().invoke([*command, *arguments])
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
